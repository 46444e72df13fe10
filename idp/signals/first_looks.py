"""An agency's first look at a citizen is told in their inbox, and that cannot be switched off (experience §3.11).

Never on the hop. Soon after the first consent a job looks whether the agency came; whoever comes later is found
when the day's disclosures are gone through. Both may meet and repeat themselves: an agency is told of once.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consent import disclosures
from consent.disclosures import Look
from idp import jobs
from idp.gate import Gate
from idp.signals import notifications

KIND = "first_look"
# An application that was just allowed comes within seconds; after the last of these the day's end is soon enough.
WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))
AFTER_MIDNIGHT = timedelta(minutes=2)  # a disclosure's id is made within its statement, which lasts seconds
DAYS_BACK = 7

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('first look ' || %(citizen_id)s, 0))"


def await_look(db: Session, citizen_id: UUID, client_no: int, now: datetime, *, asked: int = 0) -> None:
    """Have it asked, once the caller's transaction commits, whether this client's agency came.

    `asked`: how often it was already.
    """
    arguments: dict[str, str | int] = {"citizen_id": str(citizen_id), "client_no": client_no, "asked": asked}
    jobs.defer(db, jobs.AWAIT_FIRST_LOOK, arguments, not_before=now + WAITS[asked])


def after_consent(gate: Gate, arguments: Mapping[str, Any]) -> None:
    """The job: tell of the look, or ask again later."""
    citizen_id, client_no, now = UUID(arguments["citizen_id"]), arguments["client_no"], gate.now()
    with gate.database.writing() as db:
        since = now - 2 * sum(WAITS, timedelta())
        looks = disclosures.first_looks(db, [citizen_id], since, now + timedelta(minutes=1))
        mine = [look for look in looks if look.client_no == client_no]
        if mine:
            tell(db, gate, mine)
        elif arguments["asked"] + 1 < len(WAITS):
            await_look(db, citizen_id, client_no, now, asked=arguments["asked"] + 1)


def tell(db: Session, gate: Gate, looks: Iterable[Look]) -> int:
    """Tell of those that are an agency's first; how many that were."""
    known = gate.registry.get().by_no
    told = 0
    for look in looks:
        agency_no = known[look.client_no].agency_no if look.client_no in known else None
        if agency_no is None or notifications.was_told(db, look.citizen_id, KIND, {"agency_no": agency_no}):
            continue
        db.connection().exec_driver_sql(_ONE_AT_A_TIME, {"citizen_id": str(look.citizen_id)})
        own = [client.client_no for client in known.values() if client.agency_no == agency_no]
        if notifications.was_told(db, look.citizen_id, KIND, {"agency_no": agency_no}):
            continue
        if disclosures.has_looked(db, look.citizen_id, own, look.disclosure_id):
            continue
        notifications.add(db, look.citizen_id, KIND, {"agency_no": agency_no, "client_no": look.client_no})
        told += 1
    return told


class Days:
    """Which days this process has gone through; a new one goes through the last few again and tells nothing
    twice."""

    def __init__(self) -> None:
        self._done: set[date] = set()

    def step(self, gate: Gate) -> bool:
        """Go through the days that are over. Called every minute; there is never more to do at once."""
        now = gate.now().astimezone(UTC)
        days = [now.date() - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
        self._done &= set(days)
        for day_on in days:
            ends = datetime.combine(day_on, time(), UTC) + timedelta(days=1)
            if day_on not in self._done and now >= ends + AFTER_MIDNIGHT:
                _go_through(gate, ends - timedelta(days=1), ends)
                self._done.add(day_on)
        return False


def _go_through(gate: Gate, begins: datetime, ends: datetime) -> None:
    """A transaction's worth of citizens at a time."""
    last = disclosures.NOBODY
    while True:
        with gate.database.writing() as db:
            citizen_ids = disclosures.list_citizens(db, begins, ends, after=last)
            if not citizen_ids:
                return
            tell(db, gate, disclosures.first_looks(db, citizen_ids, begins, ends))
            last = citizen_ids[-1]
