"""What happened, what it is worth, and what is still missing."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.accounts.assurance import (
    Acr,
    Asked,
    Reached,
    Requirement,
    Shortfall,
    UnknownAcr,
    aal_of,
    acr_of,
    find_shortfall,
    highest,
    is_out_of_reach,
    read_asked,
    requirement_of,
)

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


def reached(*amr: str, ial: int = 2, hours_ago: float = 0) -> Reached:
    return Reached(ial, aal_of(amr), amr, NOW - timedelta(hours=hours_ago))


@pytest.mark.parametrize(
    ("amr", "aal"),
    [
        pytest.param({"pwd"}, 1, id="a password alone"),
        pytest.param({"otp"}, 1, id="a code alone"),
        pytest.param({"pwd", "otp"}, 2, id="a password and a code"),
        pytest.param({"pwd", "sms"}, 2, id="a password and an SMS"),
        pytest.param({"swk", "user", "mfa"}, 2, id="a synced passkey is never more than AAL2"),
        pytest.param({"hwk", "user", "mfa"}, 3, id="a passkey that cannot leave its device"),
        pytest.param({"hwk", "user"}, 1, id="a passkey that asked for nothing"),
        pytest.param({"pwd", "email"}, 1, id="e-mail is no factor"),
        pytest.param({"pwd", "kba"}, 1, id="an unknown method is worth nothing"),
    ],
)
def test_methods_are_worth_what_the_standard_says(amr: set[str], aal: int) -> None:
    """(row 89) (row 93)"""
    assert aal_of(amr) == aal


@pytest.mark.parametrize(
    ("session", "acr"),
    [
        pytest.param(reached("pwd"), Acr.BASIC, id="a password"),
        pytest.param(reached("pwd", "otp"), Acr.SUBSTANTIAL, id="two factors of a person proved"),
        pytest.param(reached("pwd", "otp", ial=1), Acr.BASIC, id="two factors of a person not proved"),
        pytest.param(reached("swk", "mfa"), Acr.HIGH, id="a passkey just now"),
        pytest.param(reached("swk", "mfa", hours_ago=1.9), Acr.HIGH, id="a passkey less than two hours ago"),
        pytest.param(reached("swk", "mfa", hours_ago=2), Acr.SUBSTANTIAL, id="a passkey two hours ago"),
        pytest.param(reached("hwk", "mfa", ial=1), Acr.BASIC, id="a passkey of a person not proved"),
    ],
)
def test_acr_says_what_is_true_now(session: Reached, acr: Acr) -> None:
    """(row 94)"""
    assert acr_of(session, NOW) is acr


@pytest.mark.parametrize(
    ("session", "required", "missing"),
    [
        pytest.param(reached("pwd", ial=0), Requirement(), None, id="nothing required, nothing missing"),
        pytest.param(
            reached("pwd"), Requirement(ial=2), None, id="an attribute may need a proved person and no factor"
        ),
        pytest.param(reached("pwd"), requirement_of(Acr.SUBSTANTIAL), Shortfall.SECOND_FACTOR, id="a factor"),
        pytest.param(reached("pwd", "otp"), requirement_of(Acr.HIGH), Shortfall.PASSKEY, id="a passkey"),
        pytest.param(reached("pwd"), requirement_of(Acr.HIGH), Shortfall.PASSKEY, id="a passkey mends both"),
        pytest.param(
            reached("swk", "mfa", hours_ago=3), requirement_of(Acr.HIGH), Shortfall.FRESH, id="the passkey again"
        ),
        pytest.param(
            reached("swk", "mfa"), Requirement(aal=3), Shortfall.SECOND_FACTOR, id="a key that stays in its device"
        ),
        pytest.param(
            reached("pwd", "otp", ial=1), requirement_of(Acr.SUBSTANTIAL), Shortfall.IDENTITY, id="a letter"
        ),
    ],
)
def test_the_first_thing_missing_is_named(
    session: Reached, required: Requirement, missing: Shortfall | None
) -> None:
    assert find_shortfall(session, required, NOW) is missing


def test_the_floor_is_the_highest_of_each_kind() -> None:
    assert highest([]) == Requirement()
    assert highest([Requirement(ial=2), Requirement(aal=2)]) == Requirement(ial=2, aal=2)
    assert highest([requirement_of(Acr.HIGH), Requirement()]) == requirement_of(Acr.HIGH)


def test_the_door_knows_before_asking_for_a_factor_that_it_would_be_in_vain() -> None:
    assert is_out_of_reach(1, requirement_of(Acr.SUBSTANTIAL))
    assert not is_out_of_reach(2, requirement_of(Acr.SUBSTANTIAL))


def test_unknown_voluntary_classes_are_passed_over_and_unknown_essential_ones_refused() -> None:
    assert read_asked(["phr", Acr.HIGH, "1"], None) == Asked((Acr.HIGH,))
    assert read_asked(["phr"], ["phr", Acr.BASIC]) == Asked((Acr.BASIC,), essential=True)
    assert read_asked([], []) == Asked()
    with pytest.raises(UnknownAcr):
        read_asked([Acr.BASIC], ["phr"])
