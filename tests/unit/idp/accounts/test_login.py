"""One attempt is one value; what strangers do to an account never keeps its owner out for good."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from idp.accounts import login, passwords
from idp.accounts.delays import Failures, after_one_more
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.login import NeedsSecondFactor, Outcome, Refused, SignedIn, Why
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.passwords import Guess
from idp.accounts.profile import Vault
from idp.accounts.states import AccountState
from idp.database import Database
from tests.builders import NOW, PASSWORD, Citizen, a_citizen

NOBODY = Identifier(Kind.EMAIL, "nobody@example.id")


class Door:
    """The parts of an attempt that a test does not state."""

    def __init__(self, database: Database, vault: Vault, hashing: PasswordHashing) -> None:
        self.database, self.vault, self.hashing = database, vault, hashing

    def citizen(self, **changes: Any) -> Citizen:
        with self.database.writing() as db:
            return a_citizen(db, self.vault, hashing=self.hashing, **changes)

    def attempt(
        self,
        identifier: Identifier,
        password: str = PASSWORD,
        *,
        of_nobody: Failures | None = None,
        known_here: frozenset[UUID] = frozenset(),
        now: datetime = NOW,
    ) -> Outcome:
        return login.attempt(
            self.database,
            self.vault,
            self.hashing,
            identifier=identifier,
            password=password,
            of_nobody=of_nobody or Failures(),
            known_here=known_here,
            now=now,
        )


@pytest.fixture(scope="module")
def door(database: Database, vault: Vault, hashing: PasswordHashing) -> Door:
    return Door(database, vault, hashing)


def test_by_any_of_the_three_names_a_citizen_signs_in(door: Door) -> None:
    citizen = door.citizen()
    for identifier in (citizen.nik, citizen.email, citizen.phone):
        assert door.attempt(identifier) == SignedIn(citizen.citizen_id, ("pwd",))


def test_a_wrong_password_and_an_unknown_name_get_one_answer(door: Door) -> None:
    """(row 82)"""
    citizen = door.citizen()
    wrong, unknown = door.attempt(citizen.nik, "x"), door.attempt(NOBODY, "x")
    assert isinstance(wrong, Refused)
    assert isinstance(unknown, Refused)
    assert (wrong.why, wrong.until) == (unknown.why, unknown.until) == (Why.NO_MATCH, None)
    assert (wrong.citizen_id, unknown.citizen_id) == (citizen.citizen_id, None)


def test_wrong_guesses_count_per_account_by_whichever_name(door: Door) -> None:
    """(C064)"""
    citizen = door.citizen()
    for identifier in (citizen.nik, citizen.email, citizen.phone, citizen.nik):
        assert door.attempt(identifier, "x") == Refused(Why.NO_MATCH, None, citizen.citizen_id)
    until = NOW + timedelta(minutes=1)
    assert door.attempt(citizen.email, "x") == Refused(Why.TOO_MANY, until, citizen.citizen_id)
    assert door.attempt(citizen.phone) == Refused(Why.TOO_MANY, until, citizen.citizen_id)
    assert door.attempt(citizen.phone, now=until) == SignedIn(citizen.citizen_id)


def test_guesses_at_nobody_wait_as_those_at_somebody_do(door: Door) -> None:
    """(C064) (row 82)"""
    citizen, remembered = door.citizen(), Failures()
    now = NOW
    for _ in range(12):
        known = door.attempt(citizen.nik, "x", now=now)
        unknown = door.attempt(NOBODY, "x", of_nobody=remembered, now=now)
        assert isinstance(known, Refused)
        assert isinstance(unknown, Refused)
        assert unknown.why is Why.NO_MATCH  # what the door counts, and then says as for a known one:
        remembered = after_one_more(remembered, now)
        assert known.until == remembered.refused_until
        assert (known.why is Why.TOO_MANY) == remembered.waits(now)
        if remembered.refused_until is not None:
            waiting = door.attempt(NOBODY, of_nobody=remembered, now=now)
            assert waiting == Refused(Why.TOO_MANY, remembered.refused_until)
            now = remembered.refused_until


def test_after_a_hundred_wrong_guesses_the_owner_gets_in_within_the_hour_or_at_once_at_home(door: Door) -> None:
    """(row 83)"""
    citizen = door.citizen()
    with door.database.writing() as db:
        for _ in range(100):
            passwords.count_failure(db, citizen.citizen_id, Guess.PASSWORD, NOW)
    assert door.attempt(citizen.nik) == Refused(Why.TOO_MANY, NOW + timedelta(hours=1), citizen.citizen_id)
    at_home = door.attempt(citizen.nik, known_here=frozenset({citizen.citizen_id}))
    assert at_home == SignedIn(citizen.citizen_id)


def test_within_the_hour_the_owner_gets_in_from_anywhere(door: Door) -> None:
    """(row 83)"""
    citizen = door.citizen()
    with door.database.writing() as db:
        for _ in range(100):
            passwords.count_failure(db, citizen.citizen_id, Guess.PASSWORD, NOW)
    assert door.attempt(citizen.nik, now=NOW + timedelta(hours=1)) == SignedIn(citizen.citizen_id)


def test_of_many_guesses_at_once_none_slips_past_the_wait(door: Door) -> None:
    citizen = door.citizen()
    with door.database.writing() as db:
        for _ in range(4):
            passwords.count_failure(db, citizen.citizen_id, Guess.PASSWORD, NOW)
    outcomes: list[Outcome] = []

    def guess(password: str) -> None:
        outcomes.append(door.attempt(citizen.nik, password))

    threads = [threading.Thread(target=guess, args=(f"guess {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(one, Refused) for one in outcomes)
    with door.database.reading() as db:
        counted = db.scalar(
            text("SELECT failures FROM idp.passwords WHERE citizen_id = :id"), {"id": citizen.citizen_id}
        )
    assert counted == 5


def test_the_right_password_among_guesses_at_once_is_judged_again_after_the_wait_began(door: Door) -> None:
    citizen = door.citizen()
    candidate = login.find(door.database.hot(), door.vault, citizen.nik, Failures())
    with door.database.writing() as db:
        for _ in range(5):
            passwords.count_failure(db, citizen.citizen_id, Guess.PASSWORD, NOW)
    with door.database.writing() as db:
        outcome = login.settle(db, candidate, right=True, known=False, renewed=None, now=NOW)
    assert outcome == Refused(Why.TOO_MANY, NOW + timedelta(minutes=1), citizen.citizen_id)


def test_a_password_changed_while_it_was_verified_is_the_old_one(door: Door) -> None:
    citizen = door.citizen()
    candidate = login.find(door.database.hot(), door.vault, citizen.nik, Failures())
    with door.database.writing() as db:
        passwords.change(
            db,
            door.hashing,
            citizen.citizen_id,
            "hujan di bulan yang lain",
            personal=(),
            second_factor=False,
            now=NOW + timedelta(seconds=1),
        )
    with door.database.writing() as db:
        outcome = login.settle(db, candidate, right=True, known=False, renewed=None, now=NOW)
    assert outcome == Refused(Why.NO_MATCH, None, citizen.citizen_id)


def test_a_password_alone_signs_nobody_in_who_has_a_second_factor(door: Door) -> None:
    """(row 88)"""
    citizen = door.citizen()
    with door.database.writing() as db:
        db.execute(
            text(
                "INSERT INTO idp.totp_secrets (citizen_id, totp_id, secret_sealed, confirmed_at, created_at)"
                " VALUES (:id, uuidv7(), '', now(), now())"
            ),
            {"id": citizen.citizen_id},
        )
    door.attempt(citizen.nik, "x")
    assert door.attempt(citizen.nik) == NeedsSecondFactor(citizen.citizen_id)


def test_a_factor_not_yet_confirmed_asks_nothing(door: Door) -> None:
    citizen = door.citizen()
    with door.database.writing() as db:
        db.execute(
            text(
                "INSERT INTO idp.totp_secrets (citizen_id, totp_id, secret_sealed, created_at)"
                " VALUES (:id, uuidv7(), '', now())"
            ),
            {"id": citizen.citizen_id},
        )
    assert door.attempt(citizen.nik) == SignedIn(citizen.citizen_id)


def test_a_suspended_account_says_so_only_to_who_knows_the_password(door: Door) -> None:
    """(row 97)"""
    citizen = door.citizen(state=AccountState.SUSPENDED)
    assert door.attempt(citizen.nik, "x") == Refused(Why.NO_MATCH, None, citizen.citizen_id)
    assert door.attempt(citizen.nik) == Refused(Why.NOT_ACTIVE, None, citizen.citizen_id)


def test_an_account_without_a_password_answers_as_nobody_does(door: Door) -> None:
    """(row 82)"""
    with door.database.writing() as db:
        citizen = a_citizen(db, door.vault)
    assert door.attempt(citizen.nik) == Refused(Why.NO_MATCH)


def test_a_success_forgets_and_rehashes_what_was_hashed_with_older_parameters(door: Door) -> None:
    citizen = door.citizen()
    older = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with door.database.writing() as db:
        old = older.hash(door.hashing._keyed(PASSWORD))
        statement = text("UPDATE idp.passwords SET hash = :hash, failures = 2 WHERE citizen_id = :id")
        db.execute(statement, {"hash": old, "id": citizen.citizen_id})
    assert door.attempt(citizen.nik) == SignedIn(citizen.citizen_id)
    with door.database.reading() as db:
        statement = text("SELECT hash, failures FROM idp.passwords WHERE citizen_id = :id")
        row = db.execute(statement, {"id": citizen.citizen_id}).one()
    assert row.failures == 0
    assert row.hash != old
    assert not door.hashing.is_outdated(row.hash)
    assert door.attempt(citizen.nik) == SignedIn(citizen.citizen_id)
