"""A citizen's password, and the account's memory of wrong proofs. Writer of `passwords`.

Wrong passwords are counted per account, by whichever name the citizen was called (C064), and so are wrong second
factors, apart: a stranger can spend the one budget, only who knows the password the other (protocol.md §6 rows 83,
84). A memory makes the next proof wait, never for ever, and is empty again after a complete sign-in. The row's
lock decides between guesses made at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts.delays import Failures, after_one_more
from idp.accounts.models import StoredPassword
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.password_rules import Refusal, find_refusal

_SET = """
    INSERT INTO idp.passwords AS p (citizen_id, hash, set_at) VALUES (%(citizen_id)s, %(hash)s, %(now)s)
    ON CONFLICT (citizen_id) DO UPDATE
       SET hash = excluded.hash, set_at = excluded.set_at, failures = 0, failed_at = NULL, refused_until = NULL
"""


class Guess(StrEnum):
    """What was wrong: each has its own memory."""

    PASSWORD = "password"
    FACTOR = "factor"


@dataclass(frozen=True, slots=True)
class Memory:
    """What decides under the row's lock: since when this password is the password, and what was wrong lately."""

    set_at: datetime
    of_passwords: Failures
    of_factors: Failures


@dataclass(frozen=True, slots=True)
class Stored:
    """A password's hash, and since when it is the password."""

    hash: str = field(repr=False)
    set_at: datetime


def store(db: Session, citizen_id: UUID, hash: str, now: datetime) -> None:
    """Set the first password or another, hashed already. Whether it may be chosen is the caller's."""
    db.connection().exec_driver_sql(_SET, {"citizen_id": citizen_id, "hash": hash, "now": now})
    audit.record(db, action="password.changed", object_id=str(citizen_id), outcome="done", actor_id=citizen_id)


def find_stored(db: Session, citizen_id: UUID) -> Stored | None:
    """What a password is verified against; None: the citizen has none."""
    columns = (StoredPassword.hash, StoredPassword.set_at)
    row = db.execute(select(*columns).where(StoredPassword.citizen_id == citizen_id)).one_or_none()
    return Stored(row.hash, row.set_at) if row is not None else None


def change(
    db: Session,
    hashing: PasswordHashing,
    citizen_id: UUID,
    password: str,
    *,
    personal: Iterable[str],
    second_factor: bool,
    now: datetime,
) -> Refusal | None:
    """Set the first password or another. A refusal is the citizen's to mend; nothing was written then."""
    refusal = find_refusal(password, personal=personal, second_factor=second_factor)
    if refusal is None:
        store(db, citizen_id, hashing.hash(password), now)
    return refusal


def rehash(db: Session, citizen_id: UUID, outdated: str, renewed: str) -> None:
    """Put the same password's newer hash in the place of the one just verified; a change meanwhile wins."""
    where = (StoredPassword.citizen_id == citizen_id, StoredPassword.hash == outdated)
    db.execute(update(StoredPassword).where(*where).values(hash=renewed))


def give_up(db: Session, citizen_id: UUID) -> None:
    """Delete it: the account is closed or erased, or lives by passkeys alone."""
    db.execute(delete(StoredPassword).where(StoredPassword.citizen_id == citizen_id))


def find_set_at(db: Session, citizen_id: UUID) -> datetime | None:
    """Since when the citizen's password is their password; None: they have none."""
    return db.scalar(select(StoredPassword.set_at).where(StoredPassword.citizen_id == citizen_id))


def list_set_at(db: Session, citizen_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """The same of several citizens; who has no password is not in it."""
    columns = (StoredPassword.citizen_id, StoredPassword.set_at)
    rows = db.execute(select(*columns).where(StoredPassword.citizen_id.in_(citizen_ids)))
    return {row.citizen_id: row.set_at for row in rows}


def lock(db: Session, citizen_id: UUID) -> Memory | None:
    """The memory of wrong proofs, nobody else's until the transaction ends.

    None: there is no password, and no proof that needs counting is accepted.
    """
    stored = _locked(db, citizen_id)
    if stored is None:
        return None
    return Memory(stored.set_at, _failures(stored, Guess.PASSWORD), _failures(stored, Guess.FACTOR))


def count_failure(db: Session, citizen_id: UUID, guess: Guess, now: datetime) -> Failures:
    """Remember one more wrong proof. Guesses made at once are counted one after the other."""
    stored = _locked(db, citizen_id)
    if stored is None:
        return Failures()
    failures = after_one_more(_failures(stored, guess), now)
    if guess is Guess.PASSWORD:
        stored.failures, stored.failed_at, stored.refused_until = failures.count, now, failures.refused_until
    else:
        stored.factor_failures, stored.factor_failed_at = failures.count, now
        stored.factor_refused_until = failures.refused_until
    db.flush()
    return failures


def forget_failures(db: Session, citizen_id: UUID, guess: Guess) -> None:
    """The right proof was given: whoever failed before, the citizen is here."""
    where = StoredPassword.citizen_id == citizen_id
    if guess is Guess.PASSWORD:
        nothing = {"failures": 0, "failed_at": None, "refused_until": None}
        db.execute(update(StoredPassword).where(where, StoredPassword.failures > 0).values(nothing))
    else:
        nothing = {"factor_failures": 0, "factor_failed_at": None, "factor_refused_until": None}
        db.execute(update(StoredPassword).where(where, StoredPassword.factor_failures > 0).values(nothing))


def _failures(stored: StoredPassword, guess: Guess) -> Failures:
    if guess is Guess.PASSWORD:
        return Failures(stored.failures, stored.failed_at, stored.refused_until)
    return Failures(stored.factor_failures, stored.factor_failed_at, stored.factor_refused_until)


def _locked(db: Session, citizen_id: UUID) -> StoredPassword | None:
    statement = select(StoredPassword).where(StoredPassword.citizen_id == citizen_id).with_for_update()
    return db.scalar(statement.execution_options(populate_existing=True))
