"""The clock an agency is on after a withdrawal: told, acknowledged, deleted. The one writer of
`idp.withdrawals`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

ANSWER_WITHIN = timedelta(hours=72)  # 3 × 24 hours (UU 27/2022 art. 40)

_START = """
INSERT INTO idp.withdrawals (citizen_id, consent_id, client_no, withdrawn_at, due_at)
VALUES (%(citizen_id)s, %(consent_id)s, %(client_no)s::integer, %(withdrawn_at)s, %(due_at)s)
ON CONFLICT (citizen_id, consent_id) DO NOTHING
"""
_TOLD = """
UPDATE idp.withdrawals AS w SET told_at = now()
 WHERE w.citizen_id = %(citizen_id)s AND w.consent_id = %(consent_id)s AND w.told_at IS NULL
"""
_NOT_TOLD = """
UPDATE idp.withdrawals AS w SET not_told_at = now(), attempts = %(attempts)s::smallint
 WHERE w.citizen_id = %(citizen_id)s AND w.consent_id = %(consent_id)s AND w.told_at IS NULL
"""


def start_clock(db: Session, citizen_id: UUID, consent_id: UUID, client_no: int, withdrawn_at: datetime) -> None:
    """From now the agency has three days to delete what it received, or to name the law that makes it keep it."""
    given = {
        "citizen_id": citizen_id,
        "consent_id": consent_id,
        "client_no": client_no,
        "withdrawn_at": withdrawn_at,
    }
    db.connection().exec_driver_sql(_START, given | {"due_at": withdrawn_at + ANSWER_WITHIN})


def told(db: Session, citizen_id: UUID, consent_id: UUID) -> None:
    """The agency's application took the message."""
    db.connection().exec_driver_sql(_TOLD, {"citizen_id": citizen_id, "consent_id": consent_id})


def not_told(db: Session, citizen_id: UUID, consent_id: UUID, attempts: int) -> None:
    """We stopped trying (after none: there is no address to tell). The agency's three days run on; the page says
    both."""
    given = {"citizen_id": citizen_id, "consent_id": consent_id, "attempts": attempts}
    db.connection().exec_driver_sql(_NOT_TOLD, given)


@dataclass(frozen=True)
class Clock:
    """How far a withdrawal has come at the agency; `due_at` is when it must have answered."""

    withdrawn_at: datetime
    due_at: datetime
    told_at: datetime | None
    not_told_at: datetime | None  # when we stopped trying
    attempts: int  # until then; 0: there was no address
    acknowledged_at: datetime | None
    deleted_at: datetime | None
    kept_under: str | None


_CLOCKS = """
SELECT w.consent_id, w.withdrawn_at, w.due_at, w.told_at, w.not_told_at, w.attempts,
       w.acknowledged_at, w.deleted_at, w.kept_under
  FROM idp.withdrawals AS w WHERE w.citizen_id = %(citizen_id)s
"""


def clocks_of(db: Session, citizen_id: UUID) -> dict[UUID, Clock]:
    """The clock of each ended consent of a citizen."""
    rows = db.connection().exec_driver_sql(_CLOCKS, {"citizen_id": citizen_id})
    return {row[0]: Clock(*row[1:]) for row in rows}
