"""Printed recovery codes: ten at a time, each good once. Writer of `recovery_codes`.

Only keyed digests are kept. A new set replaces the old one as a whole, so that a lost sheet is worth nothing.
Wrong codes are counted by whoever asks for one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts.models import RecoveryCode
from idp.accounts.printed_codes import grouped, new_code, read_code
from idp.accounts.profile import Vault
from keys.derivation import Label

SET = 10
LENGTH = 16  # 79 bits; protocol.md §6 row 91 asks for 64

_USE = """
    UPDATE idp.recovery_codes AS c SET used_at = %(now)s
     WHERE c.citizen_id = %(citizen_id)s AND c.code_digest = %(code_digest)s AND c.used_at IS NULL
    RETURNING c.code_digest
"""


def make(db: Session, vault: Vault, citizen_id: UUID, now: datetime) -> list[str]:
    """A new set, as it is printed; the only time that anybody sees it."""
    codes = [new_code(LENGTH) for _ in range(SET)]
    discard(db, citizen_id)
    for code in codes:
        db.add(RecoveryCode(citizen_id=citizen_id, code_digest=_digest(vault, citizen_id, code), made_at=now))
    db.flush()
    audit.record(db, action="recovery_codes.made", object_id=str(citizen_id), outcome="done", actor_id=citizen_id)
    return [grouped(code) for code in codes]


def discard(db: Session, citizen_id: UUID) -> None:
    """What was printed before the account came back to life is worth nothing."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.citizen_id == citizen_id))


def find_made_at(db: Session, citizen_id: UUID) -> datetime | None:
    """Since when the present set is the present one; None: there is none."""
    return db.scalar(select(RecoveryCode.made_at).where(RecoveryCode.citizen_id == citizen_id).limit(1))


def use(db: Session, vault: Vault, citizen_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the code is of this citizen's present set and was never used; it is spent by this."""
    code = read_code(typed, LENGTH)
    if code is None:
        return False
    params = {"citizen_id": citizen_id, "code_digest": _digest(vault, citizen_id, code), "now": now}
    if db.connection().exec_driver_sql(_USE, params).one_or_none() is None:
        return False
    audit.record(db, action="recovery_code.used", object_id=str(citizen_id), outcome="done", actor_id=citizen_id)
    return True


def give_up(db: Session, citizen_id: UUID) -> None:
    """None of the set works any more: somebody else may have read it."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.citizen_id == citizen_id))


def count_left(db: Session, citizen_id: UUID) -> int:
    """How many of the set are unused: "sisa 7"."""
    unused = (RecoveryCode.citizen_id == citizen_id, RecoveryCode.used_at.is_(None))
    return db.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def _digest(vault: Vault, citizen_id: UUID, code: str) -> bytes:
    return vault.keyed_digest(Label.RECOVERY_CODE, str(citizen_id), code)
