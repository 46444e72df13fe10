"""A consent that will run out is told 30 and 7 days before, and that cannot be switched off (experience §3.11).

Walks along the ends as time goes on; silence lets the consent end. Two workers may walk at once, and a new one
begins two days back, so that a night without a worker is made up for: the same end is told once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent import consents
from consent.consents import Head
from idp.database import Database
from idp.signals import notifications

KIND = "consent_ending"
DAYS = (30, 7)
BACK = timedelta(days=2)
BATCH = 500
_BEFORE_ALL = UUID(int=0)

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('endings ahead', 0))"


@dataclass
class EndingsAhead:
    """How far this worker has walked, by the days before."""

    reached: dict[int, tuple[datetime, UUID]] = field(default_factory=dict)

    def step(self, database: Database, now: datetime) -> bool:
        """A batch; whether there is more at once."""
        return any(self._tell(database, now, days) for days in DAYS)

    def _tell(self, database: Database, now: datetime, days: int) -> bool:
        until = now + timedelta(days=days)
        after = self.reached.get(days, (until - BACK, _BEFORE_ALL))
        with database.writing() as db:
            db.connection().exec_driver_sql(_ONE_AT_A_TIME)
            ending = consents.list_ending(db, after, until, BATCH)
            told = notifications.details_of(db, {citizen_id for citizen_id, _ in ending}, KIND)
            for citizen_id, head in ending:
                detail = _detail(head, days)
                if (citizen_id, detail) not in told:
                    notifications.add(db, citizen_id, KIND, detail)
        if ending:
            last = ending[-1][1]
            self.reached[days] = (last.expires_at, last.consent_id)
        return len(ending) == BATCH


def _detail(head: Head, days: int) -> dict[str, Any]:
    """A renewal is another revision: its end is told anew."""
    return {
        "client_no": head.client_no,
        "consent_id": str(head.consent_id),
        "revision": head.revision,
        "days": days,
    }
