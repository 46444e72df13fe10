"""An agency's first look at a citizen is told in their inbox, and that cannot be switched off (experience §3.11).

Never on the hop. Soon after the first consent a job looks whether the agency came; whoever comes later is found
when the citizen's day is closed. Both may meet and repeat themselves: an agency is told of once.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consent import disclosure_days, disclosures
from consent.disclosures import Look
from idp import jobs
from idp.gate import Gate
from idp.signals import notifications

KIND = "first_look"
# An application that was just allowed comes within seconds; after the last of these the day's end is soon enough.
WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))

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


def tell(db: Session, gate: Gate, looks: Collection[Look]) -> int:
    """Tell of those that are an agency's first; how many that were."""
    known = gate.registry.get().by_no
    before = notifications.details_of(db, {look.citizen_id for look in looks}, KIND)
    told_of, told = {(citizen_id, detail["agency_no"]) for citizen_id, detail in before}, 0
    for look in looks:
        agency_no = known[look.client_no].agency_no if look.client_no in known else None
        if agency_no is None or (look.citizen_id, agency_no) in told_of:
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


def tell_of_day(gate: Gate, db: Session, citizen_ids: list[UUID], day_on: date) -> None:
    """Tell these citizens of the first looks of a day that is over."""
    tell(db, gate, disclosures.first_looks(db, citizen_ids, *disclosure_days.bounds(day_on)))
