"""A step works once, and only forward."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import totp
from idp.accounts.profile import Vault
from idp.accounts.totp import Setup
from idp.database import Database
from tests.builders import NOW, a_citizen

STEP = timedelta(seconds=30)


def code(setup: Setup, at: datetime) -> str:
    return pyotp.TOTP(setup.secret).at(at)


def set_up(db: Session, vault: Vault, citizen_id: UUID, now: datetime = NOW) -> Setup:
    setup = totp.begin(db, vault, citizen_id, "Sukarni", now)
    assert totp.confirm(db, vault, citizen_id, setup.totp_id, code(setup, now), now)
    return setup


@pytest.fixture
def citizen_id(db: Session, vault: Vault) -> UUID:
    return a_citizen(db, vault).citizen_id


def test_the_secret_has_160_bits_and_comes_as_text_address_and_image(
    db: Session, vault: Vault, citizen_id: UUID
) -> None:
    setup = totp.begin(db, vault, citizen_id, "Sukarni", NOW)
    assert len(pyotp.TOTP(setup.secret).byte_secret()) == 20
    assert setup.uri == f"otpauth://totp/Gapura:Sukarni?secret={setup.secret}&issuer=Gapura"
    assert setup.svg.lstrip().startswith(("<?xml", "<svg"))
    assert 'fill="white"' in setup.svg, "on a page's dark ground no camera reads it"
    assert setup.secret not in repr(setup)
    stored = db.scalar(
        text("SELECT secret_sealed FROM idp.totp_secrets WHERE totp_id = :id"), {"id": setup.totp_id}
    )
    assert setup.secret.encode() not in bytes(stored)


def test_until_a_code_confirms_it_a_secret_is_worth_nothing(db: Session, vault: Vault, citizen_id: UUID) -> None:
    setup = totp.begin(db, vault, citizen_id, "Sukarni", NOW)
    again = totp.find_setup(db, vault, citizen_id, setup.totp_id, "Sukarni")
    assert again is not None
    assert again.secret == setup.secret
    assert not totp.is_set_up(db, citizen_id)
    assert not totp.use(db, vault, citizen_id, code(setup, NOW), NOW)
    assert not totp.confirm(db, vault, citizen_id, setup.totp_id, "000000", NOW)
    assert totp.confirm(db, vault, citizen_id, setup.totp_id, code(setup, NOW), NOW)
    assert totp.is_set_up(db, citizen_id)
    assert totp.find_setup(db, vault, citizen_id, setup.totp_id, "Sukarni") is None


def test_the_code_that_enrolled_does_not_sign_in(db: Session, vault: Vault, citizen_id: UUID) -> None:
    """(C062)"""
    setup = set_up(db, vault, citizen_id)
    assert not totp.use(db, vault, citizen_id, code(setup, NOW), NOW)
    assert totp.use(db, vault, citizen_id, code(setup, NOW + STEP), NOW + STEP)


def test_a_code_works_once_and_an_older_step_never_after_a_newer(
    db: Session, vault: Vault, citizen_id: UUID
) -> None:
    """(C062) (row 84)"""
    setup = set_up(db, vault, citizen_id)
    later = NOW + 10 * STEP
    assert totp.use(db, vault, citizen_id, code(setup, later), later)
    assert not totp.use(db, vault, citizen_id, code(setup, later), later + timedelta(seconds=1))
    assert not totp.use(db, vault, citizen_id, code(setup, later - STEP), later)


@pytest.mark.parametrize(
    ("steps", "good"),
    [
        pytest.param(0, True, id="its own step"),
        pytest.param(-1, True, id="the step before"),
        pytest.param(-2, False, id="two steps before"),
        pytest.param(+1, False, id="the step after"),
    ],
)
def test_a_code_is_good_for_its_step_and_the_next(
    db: Session, vault: Vault, citizen_id: UUID, steps: int, good: bool
) -> None:
    setup = set_up(db, vault, citizen_id)
    later = NOW + 10 * STEP
    assert totp.use(db, vault, citizen_id, code(setup, later + steps * STEP), later) is good


def test_spaces_and_full_width_digits_are_read(db: Session, vault: Vault, citizen_id: UUID) -> None:
    setup = set_up(db, vault, citizen_id)
    for n, dress in enumerate(
        (lambda c: f"{c[:3]} {c[3:]}", lambda c: c.translate({48 + i: 0xFF10 + i for i in range(10)}))
    ):
        later = NOW + (n + 1) * STEP
        assert totp.use(db, vault, citizen_id, dress(code(setup, later)), later)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800", "1" * 10_000])
def test_what_is_no_code_is_wrong_and_not_an_error(
    db: Session, vault: Vault, citizen_id: UUID, typed: str
) -> None:
    set_up(db, vault, citizen_id)
    assert not totp.use(db, vault, citizen_id, typed, NOW + STEP)


def test_another_citizens_code_is_wrong(db: Session, vault: Vault, citizen_id: UUID) -> None:
    setup = set_up(db, vault, citizen_id)
    other = a_citizen(db, vault).citizen_id
    set_up(db, vault, other)
    assert not totp.use(db, vault, other, code(setup, NOW + STEP), NOW + STEP)
    assert not totp.remove(db, other, setup.totp_id)


def test_two_apps_may_show_codes_and_either_may_go(db: Session, vault: Vault, citizen_id: UUID) -> None:
    first, second = set_up(db, vault, citizen_id), set_up(db, vault, citizen_id)
    assert list(totp.list_ids(db, citizen_id)) == [first.totp_id, second.totp_id]
    assert totp.remove(db, citizen_id, first.totp_id)
    assert not totp.remove(db, citizen_id, first.totp_id)
    assert not totp.use(db, vault, citizen_id, code(first, NOW + STEP), NOW + STEP)
    assert totp.use(db, vault, citizen_id, code(second, NOW + STEP), NOW + STEP)
    totp.remove_all(db, citizen_id)
    assert not totp.is_set_up(db, citizen_id)


def test_of_many_who_use_one_code_at_once_one_succeeds(database: Database, vault: Vault) -> None:
    """(C062)"""
    with database.writing() as db:
        citizen_id = a_citizen(db, vault).citizen_id
        setup = set_up(db, vault, citizen_id)
    for round_ in range(1, 11):
        now = NOW + round_ * STEP
        typed, barrier, outcomes = code(setup, now), threading.Barrier(4), []

        def sign_in() -> None:
            with database.writing() as db:
                barrier.wait()  # noqa: B023
                outcomes.append(totp.use(db, vault, citizen_id, typed, now))  # noqa: B023

        threads = [threading.Thread(target=sign_in) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, False, False, True]
