"""A password is set, replaced and given up; wrong proofs are remembered per account."""

import threading
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.accounts import passwords
from idp.accounts.delays import Failures
from idp.accounts.models import StoredPassword
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.password_rules import Refusal, Weakness
from idp.accounts.passwords import Guess
from idp.accounts.profile import Vault
from idp.database import Database
from tests.builders import NOW, PASSWORD, a_citizen

OTHER = "hujan di bulan yang lain"
LATER = NOW + timedelta(hours=1)


def stored(db: Session, citizen_id: UUID) -> StoredPassword | None:
    return db.scalar(select(StoredPassword).where(StoredPassword.citizen_id == citizen_id))


def test_another_password_takes_the_place_of_the_first_and_forgives(
    db: Session, vault: Vault, hashing: PasswordHashing
) -> None:
    citizen_id = a_citizen(db, vault, hashing=hashing).citizen_id
    passwords.count_failure(db, citizen_id, Guess.PASSWORD, NOW)
    assert passwords.change(db, hashing, citizen_id, OTHER, personal=(), second_factor=False, now=LATER) is None
    db.expire_all()
    row = stored(db, citizen_id)
    assert row is not None
    assert hashing.verify(row.hash, OTHER)
    assert not hashing.verify(row.hash, PASSWORD)
    assert (row.set_at, row.failures, row.failed_at, row.refused_until) == (LATER, 0, None, None)


def test_a_refused_password_changes_nothing(db: Session, vault: Vault, hashing: PasswordHashing) -> None:
    """(row 85)"""
    citizen = a_citizen(db, vault, hashing=hashing)
    refusal = passwords.change(
        db,
        hashing,
        citizen.citizen_id,
        citizen.nik.normal,
        personal=(citizen.nik.normal,),
        second_factor=True,
        now=NOW,
    )
    assert refusal == Refusal(Weakness.PERSONAL)
    row = stored(db, citizen.citizen_id)
    assert row is not None
    assert hashing.verify(row.hash, PASSWORD)


def test_a_newer_hash_takes_the_place_only_of_the_one_that_was_verified(
    db: Session, vault: Vault, hashing: PasswordHashing
) -> None:
    citizen_id = a_citizen(db, vault, hashing=hashing).citizen_id
    before = stored(db, citizen_id)
    assert before is not None
    old = before.hash
    passwords.rehash(db, citizen_id, "another hash", "x")
    db.expire_all()
    assert before.hash == old
    passwords.rehash(db, citizen_id, old, "x")
    db.expire_all()
    assert before.hash == "x"


def test_failures_add_up_and_a_sign_in_forgets_them(db: Session, vault: Vault, hashing: PasswordHashing) -> None:
    citizen_id = a_citizen(db, vault, hashing=hashing).citizen_id
    for _ in range(5):
        failures = passwords.count_failure(db, citizen_id, Guess.PASSWORD, NOW)
    assert failures == Failures(5, NOW, NOW + timedelta(minutes=1))
    memory = passwords.lock(db, citizen_id)
    assert memory is not None
    assert memory.of_passwords == failures
    passwords.forget_failures(db, citizen_id, Guess.PASSWORD)
    memory = passwords.lock(db, citizen_id)
    assert memory is not None
    assert memory.of_passwords == Failures()


def test_who_has_no_password_has_no_memory(db: Session, vault: Vault) -> None:
    citizen_id = a_citizen(db, vault).citizen_id
    assert passwords.lock(db, citizen_id) is None
    assert passwords.count_failure(db, citizen_id, Guess.PASSWORD, NOW) == Failures()


def test_a_password_given_up_is_gone(db: Session, vault: Vault, hashing: PasswordHashing) -> None:
    citizen_id = a_citizen(db, vault, hashing=hashing).citizen_id
    passwords.give_up(db, citizen_id)
    assert stored(db, citizen_id) is None


def test_guesses_made_at_once_are_all_counted(database: Database, vault: Vault, hashing: PasswordHashing) -> None:
    with database.writing() as db:
        citizen_id = a_citizen(db, vault, hashing=hashing).citizen_id

    def guess() -> None:
        with database.writing() as db:
            passwords.count_failure(db, citizen_id, Guess.PASSWORD, NOW)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as db:
        row = stored(db, citizen_id)
        assert row is not None
        assert row.failures == 8
