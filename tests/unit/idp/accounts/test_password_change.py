"""The present password is asked, counted when wrong, and judged anew when the new one is written."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from idp.accounts import password_change, passwords
from idp.accounts.password_change import Judged, Right, Wrong
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.password_rules import Refusal, Weakness
from idp.accounts.profile import Vault
from idp.database import Database
from tests.builders import NOW, PASSWORD, Citizen, a_citizen

Judge = Callable[..., Judged | Refusal]
OTHER = "hujan di bulan yang lain"


@pytest.fixture
def citizen(database: Database, vault: Vault, hashing: PasswordHashing) -> Citizen:
    """Committed: judging reads with a connection of its own."""
    with database.writing() as db:
        return a_citizen(db, vault, hashing=hashing)


@pytest.fixture
def judge(database: Database, vault: Vault, hashing: PasswordHashing, citizen: Citizen) -> Judge:
    def judged(typed: str, chosen: str | None = OTHER) -> Judged | Refusal:
        return password_change.judge(database, vault, hashing, citizen.citizen_id, typed=typed, chosen=chosen)

    return judged


def test_the_right_one_is_replaced(db: Session, hashing: PasswordHashing, citizen: Citizen, judge: Judge) -> None:
    assert isinstance(password_change.settle(db, citizen.citizen_id, judge(PASSWORD), NOW), Right)
    stored = passwords.find_stored(db, citizen.citizen_id)
    assert stored is not None
    assert hashing.verify(stored.hash, OTHER)
    assert stored.set_at == NOW


def test_a_wrong_one_is_counted_and_the_fifth_waits(db: Session, citizen: Citizen, judge: Judge) -> None:
    """(row 83)"""
    wrong, right = judge("bukan kata sandinya"), judge(PASSWORD)
    outcomes = [password_change.settle(db, citizen.citizen_id, wrong, NOW) for _ in range(5)]
    until = NOW + timedelta(minutes=1)
    assert outcomes == [Wrong()] * 4 + [Wrong(until)]
    assert password_change.settle(db, citizen.citizen_id, right, NOW) == Wrong(until)
    assert isinstance(password_change.settle(db, citizen.citizen_id, right, until), Right)


def test_one_that_was_changed_meanwhile_is_the_old_one(
    db: Session, hashing: PasswordHashing, citizen: Citizen, judge: Judge
) -> None:
    judged, later = judge(PASSWORD), NOW + timedelta(seconds=1)
    passwords.store(db, citizen.citizen_id, hashing.hash(OTHER), later)
    assert password_change.settle(db, citizen.citizen_id, judged, later) == Wrong()


def test_who_has_no_password_has_none_that_is_right(
    db: Session, vault: Vault, database: Database, hashing: PasswordHashing
) -> None:
    with database.writing() as committed:
        nobody = a_citizen(committed, vault).citizen_id
    judged = password_change.judge(database, vault, hashing, nobody, typed=PASSWORD, chosen=None)
    assert isinstance(judged, Judged)
    assert password_change.settle(db, nobody, judged, NOW) == Wrong()


def test_what_others_know_of_the_citizen_is_refused_before_anything_is_hashed(
    citizen: Citizen, judge: Judge
) -> None:
    """(row 85)"""
    assert judge("wrong", citizen.nik.normal) == Refusal(Weakness.PERSONAL)
    assert judge("wrong", citizen.email.normal) == Refusal(Weakness.PERSONAL)
