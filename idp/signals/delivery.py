"""The clock an agency is on after a withdrawal, as it is kept: begun, told, answered, reminded, numbered, read.
The one writer of `idp.withdrawals`; what an answer means is judged in `withdrawal_clock`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from idp.signals.withdrawal_clock import ANSWER_WITHIN, Answer, Clock, Verdict, judge

REMINDERS = 3  # after 24, 48 and 72 hours
LISTED = 100

_START = """
INSERT INTO idp.withdrawals (citizen_id, consent_id, client_no, withdrawn_at, due_at, remind_at)
VALUES (%(citizen_id)s, %(consent_id)s, %(client_no)s::integer, %(withdrawn_at)s, %(due_at)s,
        %(withdrawn_at)s::timestamptz + interval '24 hours')
ON CONFLICT (citizen_id, consent_id) DO NOTHING
"""
_TOLD = """
UPDATE idp.withdrawals AS w SET told_at = now()
 WHERE w.citizen_id = %(citizen_id)s AND w.consent_id = %(consent_id)s AND w.told_at IS NULL
RETURNING true
"""
_NOT_TOLD = """
UPDATE idp.withdrawals AS w SET not_told_at = now(), attempts = %(attempts)s::smallint
 WHERE w.citizen_id = %(citizen_id)s AND w.consent_id = %(consent_id)s AND w.told_at IS NULL
RETURNING true
"""
_COLUMNS = """w.citizen_id, w.consent_id, w.client_no, w.withdrawn_at, w.due_at, w.told_at, w.not_told_at,
       w.attempts, w.acknowledged_at, w.deleted_at, w.kept_at, w.kept_under"""
_OF_CITIZEN = f"SELECT {_COLUMNS} FROM idp.withdrawals AS w WHERE w.citizen_id = %(citizen_id)s"
_FIND = f"{_OF_CITIZEN} AND w.consent_id = %(consent_id)s"
_OF_CLIENTS = f"""
SELECT {_COLUMNS} FROM idp.withdrawals AS w
 WHERE w.consent_id = %(consent_id)s AND w.client_no = ANY(%(client_nos)s::integer[])
"""
_LIST = f"""
SELECT {_COLUMNS}, w.event_no FROM idp.withdrawals AS w
 WHERE w.client_no = ANY(%(client_nos)s::integer[]) AND w.event_no > %(after)s
 ORDER BY w.event_no LIMIT %(limit)s
"""
_ANSWER = """
UPDATE idp.withdrawals AS w
   SET told_at = coalesce(w.told_at, now()),
       acknowledged_at = coalesce(w.acknowledged_at, now()),
       deleted_at = CASE WHEN %(answer)s = 'deleted' THEN now() ELSE w.deleted_at END,
       kept_at = CASE WHEN %(answer)s = 'kept' THEN now() ELSE w.kept_at END,
       kept_under = CASE WHEN %(answer)s = 'kept' THEN %(statute)s::text ELSE w.kept_under END,
       remind_at = CASE WHEN %(answer)s = 'acknowledged' THEN w.remind_at END
 WHERE w.citizen_id = %(citizen_id)s AND w.consent_id = %(consent_id)s
"""
# A worker that was away for two days sends the reminder of today, not those of the days before.
_REMIND = """
WITH due AS (
  SELECT w.citizen_id, w.consent_id,
         least(%(reminders)s, greatest(1, floor(extract(epoch FROM now() - w.withdrawn_at) / 86400)))::integer
           AS number
    FROM idp.withdrawals AS w
   WHERE w.remind_at <= now()
   ORDER BY w.remind_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE idp.withdrawals AS w
   SET remind_at = CASE WHEN due.number < %(reminders)s
                        THEN w.withdrawn_at + (due.number + 1) * interval '24 hours' END
  FROM due
 WHERE w.citizen_id = due.citizen_id AND w.consent_id = due.consent_id
RETURNING w.citizen_id, w.consent_id, w.client_no, due.number
"""
# Of the worker that has the turn; whoever comes after it sees what it numbered, so numbers appear in their order.
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('withdrawal events', 0))"
_NUMBER = """
WITH next AS (
  SELECT w.citizen_id, w.consent_id FROM idp.withdrawals AS w
   WHERE w.event_no IS NULL ORDER BY w.withdrawn_at LIMIT %(limit)s
)
UPDATE idp.withdrawals AS w SET event_no = nextval('idp.withdrawal_events')
  FROM next
 WHERE w.citizen_id = next.citizen_id AND w.consent_id = next.consent_id
"""


@dataclass(frozen=True)
class Withdrawal:
    """Whose consent ended, to which client it was, and how far the client's agency is."""

    citizen_id: UUID
    consent_id: UUID
    client_no: int
    clock: Clock


@dataclass(frozen=True)
class Reminder:
    """The `number`-th of the three that fall due; the third says that it is overdue."""

    citizen_id: UUID
    consent_id: UUID
    client_no: int
    number: int


def start_clock(db: Session, citizen_id: UUID, consent_id: UUID, client_no: int, withdrawn_at: datetime) -> None:
    """From now the agency has three days to delete what it received, or to name the law that makes it keep it."""
    given = {
        "citizen_id": citizen_id,
        "consent_id": consent_id,
        "client_no": client_no,
        "withdrawn_at": withdrawn_at,
    }
    db.connection().exec_driver_sql(_START, given | {"due_at": withdrawn_at + ANSWER_WITHIN})


def told(db: Session, citizen_id: UUID, consent_id: UUID) -> bool:
    """The agency took the message, by one way or another. False: it had one before."""
    return _changed(db, _TOLD, citizen_id, consent_id)


def not_told(db: Session, citizen_id: UUID, consent_id: UUID, attempts: int) -> bool:
    """We stopped trying (after none: there is no address to tell). The agency's three days run on; the page says
    both. False: it was told by another way."""
    return _changed(db, _NOT_TOLD, citizen_id, consent_id, attempts=attempts)


def answer(db: Session, found: Withdrawal, said: Answer, statute: str | None) -> Verdict:
    """Write down what the agency says, once: of answers at the same time the later one is judged by the first."""
    place = {"citizen_id": found.citizen_id, "consent_id": found.consent_id}
    locked = db.connection().exec_driver_sql(f"{_FIND} FOR UPDATE", place).one()
    verdict = judge(_withdrawal(locked).clock, said, statute)
    if verdict is Verdict.NEW:
        db.connection().exec_driver_sql(_ANSWER, place | {"answer": said, "statute": statute})
    return verdict


def clocks_of(db: Session, citizen_id: UUID) -> dict[UUID, Clock]:
    """The clock of each ended consent of a citizen."""
    rows = db.connection().exec_driver_sql(_OF_CITIZEN, {"citizen_id": citizen_id})
    return {row.consent_id: _withdrawal(row).clock for row in rows}


def find(db: Session, citizen_id: UUID, consent_id: UUID) -> Withdrawal | None:
    given = {"citizen_id": citizen_id, "consent_id": consent_id}
    row = db.connection().exec_driver_sql(_FIND, given).one_or_none()
    return None if row is None else _withdrawal(row)


def find_of_clients(db: Session, client_nos: Collection[int], consent_id: UUID) -> Withdrawal | None:
    """Among these clients' own; another's is as absent as one that never was."""
    given = {"client_nos": list(client_nos), "consent_id": consent_id}
    row = db.connection().exec_driver_sql(_OF_CLIENTS, given).one_or_none()
    return None if row is None else _withdrawal(row)


def list_of_clients(db: Session, client_nos: Collection[int], after: int) -> list[tuple[int, Withdrawal]]:
    """Those of these clients with a number above `after`, at most 100, each with its number."""
    given = {"client_nos": list(client_nos), "after": after, "limit": LISTED}
    rows = db.connection().exec_driver_sql(_LIST, given)
    return [(row.event_no, _withdrawal(row)) for row in rows]


def take_reminders(db: Session, limit: int) -> list[Reminder]:
    """What falls due now, each once; the caller has it sent in the same transaction. The worker's."""
    rows = db.connection().exec_driver_sql(_REMIND, {"reminders": REMINDERS, "limit": limit})
    return [Reminder(*row) for row in rows]


def number_events(db: Session, limit: int) -> int:
    """Give what is new its place in the list; how many that were. The worker's."""
    db.connection().exec_driver_sql(_TURN)
    return db.connection().exec_driver_sql(_NUMBER, {"limit": limit}).rowcount


def _changed(db: Session, sql: str, citizen_id: UUID, consent_id: UUID, **more: int) -> bool:
    given = {"citizen_id": citizen_id, "consent_id": consent_id} | more
    return db.connection().exec_driver_sql(sql, given).one_or_none() is not None


def _withdrawal(row: Row[Any]) -> Withdrawal:
    clock = Clock(row.withdrawn_at, row.due_at, *row[5:12])
    return Withdrawal(row.citizen_id, row.consent_id, row.client_no, clock)
