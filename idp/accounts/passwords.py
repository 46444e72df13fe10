"""A citizen's password, and the account's one memory of wrong proofs. Writer of `passwords`.

The memory counts wrong passwords and wrong second factors alike, by whichever name the citizen was called (C064),
and is empty again after a complete sign-in. It makes the next proof wait, never for ever. The row's lock decides
between guesses made at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from idp.accounts.delays import Failures, after_one_more
from idp.accounts.models import StoredPassword
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.password_rules import Refusal, find_refusal

_SET = """
    INSERT INTO idp.passwords AS p (citizen_id, hash, set_at) VALUES (%(citizen_id)s, %(hash)s, %(now)s)
    ON CONFLICT (citizen_id) DO UPDATE
       SET hash = excluded.hash, set_at = excluded.set_at, failures = 0, failed_at = NULL, refused_until = NULL
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """What decides under the row's lock: since when this password is the password, and what was proved wrong
    lately.
    """

    set_at: datetime
    failures: Failures


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
        params = {"citizen_id": citizen_id, "hash": hashing.hash(password), "now": now}
        db.connection().exec_driver_sql(_SET, params)
    return refusal


def rehash(db: Session, citizen_id: UUID, outdated: str, renewed: str) -> None:
    """Put the same password's newer hash in the place of the one just verified; a change meanwhile wins."""
    where = (StoredPassword.citizen_id == citizen_id, StoredPassword.hash == outdated)
    db.execute(update(StoredPassword).where(*where).values(hash=renewed))


def give_up(db: Session, citizen_id: UUID) -> None:
    """Delete it: the account is closed or erased, or lives by passkeys alone."""
    db.execute(delete(StoredPassword).where(StoredPassword.citizen_id == citizen_id))


def lock(db: Session, citizen_id: UUID) -> Memory | None:
    """The memory of wrong proofs, nobody else's until the transaction ends.

    None: there is no password, and no proof that needs counting is accepted.
    """
    stored = _locked(db, citizen_id)
    return None if stored is None else Memory(stored.set_at, _failures(stored))


def count_failure(db: Session, citizen_id: UUID, now: datetime) -> Failures:
    """Remember one more wrong proof. Guesses made at once are counted one after the other."""
    stored = _locked(db, citizen_id)
    if stored is None:
        return Failures()
    failures = after_one_more(_failures(stored), now)
    stored.failures, stored.failed_at, stored.refused_until = failures.count, now, failures.refused_until
    db.flush()
    return failures


def forget_failures(db: Session, citizen_id: UUID) -> None:
    """After a complete sign-in: whoever failed before, the citizen is here."""
    where = (StoredPassword.citizen_id == citizen_id, StoredPassword.failures > 0)
    db.execute(update(StoredPassword).where(*where).values(failures=0, failed_at=None, refused_until=None))


def _failures(stored: StoredPassword) -> Failures:
    return Failures(stored.failures, stored.failed_at, stored.refused_until)


def _locked(db: Session, citizen_id: UUID) -> StoredPassword | None:
    statement = select(StoredPassword).where(StoredPassword.citizen_id == citizen_id).with_for_update()
    return db.scalar(statement.execution_options(populate_existing=True))
