"""What is sealed opens as what it was, where it was sealed, while it can live; and in no other way."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from keys.derivation import Label
from keys.errors import CannotOpen
from keys.sealing import LONGEST_SEALED, Kind, RestSealer, Sealer, open_with, seal_with

MASTER, ISSUER = bytes(range(32)), "https://gapura.example"
NOON, DAY = datetime(2030, 6, 1, 12, tzinfo=UTC), timedelta(days=1)
SEALER = Sealer(MASTER, ISSUER, "production")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 100])
def test_what_is_sealed_opens_again(kind: Kind, length: int) -> None:
    assert SEALER.open(kind, SEALER.seal(kind, b"x" * length, NOON), NOON) == b"x" * length


def test_the_same_is_never_sealed_twice_alike() -> None:
    assert SEALER.seal(Kind.CODE, b"x", NOON) != SEALER.seal(Kind.CODE, b"x", NOON)


def test_no_kind_opens_as_another() -> None:
    for kind in Kind:
        sealed = SEALER.seal(kind, b"x", NOON)
        for other in set(Kind) - {kind}:
            with pytest.raises(CannotOpen):
                SEALER.open(other, sealed, NOON)


def test_every_kind_has_a_label_of_its_own() -> None:
    assert len({kind.label for kind in Kind}) == len(Kind.__members__)


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(Sealer(MASTER, ISSUER, "sandbox"), id="the sandbox"),
        pytest.param(Sealer(MASTER, "https://other.example", "production"), id="another issuer"),
        pytest.param(Sealer(bytes(32), ISSUER, "production"), id="another master key"),
    ],
)
def test_what_another_installation_sealed_does_not_open(elsewhere: Sealer) -> None:
    """(row 22)"""
    with pytest.raises(CannotOpen):
        SEALER.open(Kind.CODE, elsewhere.seal(Kind.CODE, b"x", NOON), NOON)


def test_a_flipped_bit_anywhere_closes_it() -> None:
    """(row 22)"""
    sealed = SEALER.seal(Kind.CODE, b"payload", NOON)
    for position, character in enumerate(sealed):
        for other in "ABab01-_":
            if other != character:
                with pytest.raises(CannotOpen):
                    SEALER.open(Kind.CODE, sealed[:position] + other + sealed[position + 1 :], NOON)


@pytest.mark.parametrize("kind", Kind)
def test_it_is_refused_once_it_is_older_than_its_kind_can_live(kind: Kind) -> None:
    """(row 22)"""
    sealed = SEALER.seal(kind, b"x", NOON)
    assert SEALER.open(kind, sealed, NOON + kind.longest_days * DAY) == b"x"
    with pytest.raises(CannotOpen):
        SEALER.open(kind, sealed, NOON + (kind.longest_days + 1) * DAY)


def test_a_server_whose_clock_is_behind_midnight_still_opens_it() -> None:
    sealed = SEALER.seal(Kind.CODE, b"x", NOON)
    assert SEALER.open(Kind.CODE, sealed, NOON - DAY) == b"x"
    with pytest.raises(CannotOpen):
        SEALER.open(Kind.CODE, sealed, NOON - 2 * DAY)


def test_the_day_is_that_of_utc_in_whatever_zone_the_time_is_told() -> None:
    late = NOON.replace(hour=23).astimezone(timezone(timedelta(hours=9)))  # the next day in Jayapura
    sealed = SEALER.seal(Kind.CODE, b"x", late)
    assert sealed[:4] == SEALER.seal(Kind.CODE, b"x", NOON)[:4]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing"),
        pytest.param("AUr", id="cut short"),
        pytest.param("!" * 80, id="not base64url"),
        pytest.param("é" * 80, id="not ASCII"),
        pytest.param("\ud800" * 80, id="lone surrogates"),
        pytest.param("A" * 81, id="a length that no bytes have"),
        pytest.param("A" * (LONGEST_SEALED + 1), id="too long"),
        pytest.param(SEALER.seal(Kind.CODE, b"x", NOON) + "=", id="padding after it"),
        pytest.param(SEALER.seal(Kind.CODE, b"x", NOON) + "\n", id="a line end after it"),
        pytest.param("Ag" + SEALER.seal(Kind.CODE, b"x", NOON)[2:], id="a version to come"),
    ],
)
def test_whatever_else_is_sent_does_not_open(sent: str) -> None:
    with pytest.raises(CannotOpen):
        SEALER.open(Kind.CODE, sent, NOON)


def test_one_code_has_one_spelling() -> None:
    """Base64 leaves bits over at the end: flipped, they would be another string for the same code."""
    sealed = next(one for length in range(3) if len(one := SEALER.seal(Kind.CODE, b"x" * length, NOON)) % 4)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for last in set(alphabet) - {sealed[-1]}:
        with pytest.raises(CannotOpen):
            SEALER.open(Kind.CODE, sealed[:-1] + last, NOON)


def test_a_refusal_does_not_say_why() -> None:
    with pytest.raises(CannotOpen) as refusal:
        SEALER.open(Kind.CODE, "garbage", NOON)
    assert str(refusal.value) == ""


# At rest


def test_what_is_sealed_at_rest_opens_with_its_label_and_row() -> None:
    sealer = RestSealer(MASTER)
    sealed = sealer.seal(Label.CITIZEN_KEY, b"secret", b"row 1")
    assert sealer.open(Label.CITIZEN_KEY, sealed, b"row 1") == b"secret"
    assert sealed[0] == 1
    assert len(sealed) == 1 + 12 + len(b"secret") + 16


@pytest.mark.parametrize(
    ("label", "context"),
    [
        pytest.param(Label.CITIZEN_KEY, b"row 2", id="moved to another row"),
        pytest.param(Label.DATA_KEY, b"row 1", id="taken for something else"),
    ],
)
def test_it_opens_nowhere_else(label: Label, context: bytes) -> None:
    sealer = RestSealer(MASTER)
    sealed = sealer.seal(Label.CITIZEN_KEY, b"secret", b"row 1")
    with pytest.raises(CannotOpen):
        sealer.open(label, sealed, context)


def test_when_the_master_key_moves_rows_are_sealed_anew() -> None:
    before = RestSealer(MASTER)
    sealed = before.seal(Label.CITIZEN_KEY, b"secret", b"row 1")
    after = RestSealer(bytes(32), version=2, others={1: MASTER})
    assert after.open(Label.CITIZEN_KEY, sealed, b"row 1") == b"secret"
    resealed = after.reseal(Label.CITIZEN_KEY, sealed, b"row 1")
    assert resealed is not None
    assert resealed[0] == 2
    assert after.reseal(Label.CITIZEN_KEY, resealed, b"row 1") is None
    assert RestSealer(bytes(32), version=2).open(Label.CITIZEN_KEY, resealed, b"row 1") == b"secret"
    with pytest.raises(CannotOpen):
        RestSealer(bytes(32), version=2).open(Label.CITIZEN_KEY, sealed, b"row 1")


def test_the_version_byte_cannot_be_exchanged() -> None:
    sealer = RestSealer(MASTER, version=2, others={1: MASTER})
    sealed = sealer.seal(Label.CITIZEN_KEY, b"secret", b"row 1")
    with pytest.raises(CannotOpen):
        sealer.open(Label.CITIZEN_KEY, b"\x01" + sealed[1:], b"row 1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 28, b"\x07" * 60])
def test_what_is_too_short_or_of_an_unknown_version_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        RestSealer(MASTER).open(Label.CITIZEN_KEY, sealed, b"row 1")


def test_a_data_key_seals_too() -> None:
    sealed = seal_with(MASTER, b"secret", b"row 1")
    assert open_with(MASTER, sealed, b"row 1") == b"secret"
    for key, context in ((bytes(32), b"row 1"), (MASTER, b"row 2")):
        with pytest.raises(CannotOpen):
            open_with(key, sealed, context)
