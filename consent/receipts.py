"""The signed receipt that a citizen keeps of each act of consent. Writer of its table.

A receipt is due from the transaction of its act, and the worker signs it, who alone has the key of role
`receipts`. It is a promise: by `in_log_by` the leaf is in the log, or the receipt is proof against us. It is
signed only while the record still says what was committed to; what it says can then be made again, so its
signature is all that is kept, and an erasure leaves nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent import models, receipt_form
from consent.ledger import entries, recorded
from consent.ledger.record_form import PROMISE
from consent.ledger.recorded import Recorded
from keys import jws
from keys.keyring import SigningKey

Subjects = Callable[[UUID, int], Iterable[str]]
"""Each pairwise `sub` by which a client may have known a citizen (citizen_id, client_no)."""

ALGORITHM = "ES256"

# Lent to a statement that has a CTE `changed`, for the record that it writes: an act has its receipt or is none.
PROMISED = """
receipt AS (
  INSERT INTO consent.receipts (citizen_id, record_id) SELECT %(citizen_id)s::uuid, %(record_id)s FROM changed
)"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed receipt. `token` is the compact JWS; `salt` opens its commitment, and only together with it."""

    receipt_id: UUID
    signed_at: datetime
    log: str
    document: dict[str, Any]
    token: str
    commitment: bytes
    salt: bytes

    @property
    def in_log_by(self) -> datetime:
        return self.signed_at + PROMISE


@dataclass(frozen=True, slots=True)
class NotPromised:
    """The act is of before there were receipts: it has one once somebody asks (`promise`)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is signed within seconds."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The record no longer says what was committed to: `ledger verify` names it, and nobody signs it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The record was erased, and its receipt with it. Who kept a copy can still verify that."""


Standing = Receipt | NotPromised | Waiting | Unfit | Erased


def promise(db: Session, citizen_id: UUID, record_id: UUID) -> None:
    """Have a receipt made of an act that has none yet. The caller knows that the record is this citizen's."""
    db.execute(insert(models.Receipt).values(citizen_id=citizen_id, record_id=record_id).on_conflict_do_nothing())


def find(db: Session, found: Recorded, subjects: Subjects) -> Standing:
    """How the receipt of a record stands."""
    row = db.get(models.Receipt, (found.citizen_id, found.act.record_id), populate_existing=True)
    if found.salt is None:
        return Erased()
    if row is None:
        return NotPromised()
    if row.signature is None or row.log is None or row.kid is None or row.signed_at is None:
        return Unfit() if row.unfit_at is not None else Waiting()
    subject = _subject(found, subjects)
    if subject is None:
        return Unfit()
    made = _document(found, subject, row.receipt_id, row.log, row.signed_at)
    token = jws.compact(
        ALGORITHM, row.kid, receipt_form.TYPE, receipt_form.CONTENT, entries.canonical(made), row.signature
    )
    return Receipt(row.receipt_id, row.signed_at, row.log, made, token, found.commitment, found.salt)


def sign_waiting(db: Session, key: SigningKey, log: str, subjects: Subjects, limit: int) -> tuple[int, list[UUID]]:
    """Sign what waits, the oldest first: how many wait no more, and the records among them that say something else
    than was committed to. Any number of workers may do it at once.
    """
    now: datetime = db.execute(select(func.now())).scalar_one()
    table = models.Receipt
    waiting = db.execute(
        select(table.citizen_id, table.record_id, table.receipt_id)
        .where(table.signature.is_(None), table.unfit_at.is_(None))
        .order_by(table.receipt_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    done, unfit = 0, []
    for citizen_id, record_id, receipt_id in waiting:
        found = recorded.find(db, citizen_id, record_id)
        try:
            subject = None if found is None else _subject(found, subjects)
        except KeyError:
            continue  # of an application that this process does not know yet: it waits on
        if found is None or subject is None:
            unfit.append(record_id)
            changed: dict[str, Any] = {"unfit_at": now}
        else:
            payload = entries.canonical(_document(found, subject, receipt_id, log, now))
            signature = jws.sign_payload(key, payload, receipt_form.TYPE, receipt_form.CONTENT)
            changed = {"log": log, "kid": key.kid, "signed_at": now, "signature": signature}
        db.execute(
            update(table).where(table.citizen_id == citizen_id, table.record_id == record_id).values(changed)
        )
        done += 1
    return done, unfit


def _subject(found: Recorded, subjects: Subjects) -> str | None:
    """By which `sub` the record was committed to; None when it fits none."""
    known = subjects(found.citizen_id, found.client_no)
    return next((subject for subject in known if found.commits_to(subject)), None)


def _document(found: Recorded, subject: str, receipt_id: UUID, log: str, signed_at: datetime) -> dict[str, Any]:
    return receipt_form.document(
        found.document(subject),
        issuer=found.named["issuer"],
        receipt_id=receipt_id,
        commitment=found.commitment,
        log=log,
        signed_at=signed_at,
    )
