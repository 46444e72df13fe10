"""The worker's duties towards the ledger: a tick every ten seconds, the receipts that wait for their signature,
and a root for each citizen's day once it is over.

All may run in any number of workers and be killed at any line: the sequencer's lock, the receipts' own rows and
the days' own key decide.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent import disclosure_days, receipts
from consent.ledger import checkpoint, sequencer
from consent.ledger.checkpoint import Checkpoint
from consent.receipts import Subjects
from idp.database import Database
from idp.settings import Mode, Settings
from keys.keyring import Keyring, SigningKey
from keys.rotation import Role

TICK_SECONDS = 10
RECEIPTS_AT_ONCE = 200
LEAST_LEAVES = 32  # in production: neither the size nor the time of a checkpoint tells of an act
# A disclosure's id is made within its statement, which lasts seconds at most.
AFTER_MIDNIGHT = timedelta(minutes=1)
DAYS_BACK = 7  # a worker that was away for longer is a matter for a person

log = structlog.get_logger()


def origin_of(issuer: str, year: int) -> str:
    """What a new log of this installation is called: where its tiles are served, and the year it was begun."""
    return f"{urlsplit(issuer).netloc}/ledger/{year}"


def tick(database: Database, keyring: Keyring, settings: Settings) -> Checkpoint | None:
    """Number and sign what waits; None when nothing does, or another worker is at it."""
    with database.writing() as db:
        now: datetime = db.execute(select(func.now())).scalar_one()
        origin = sequencer.begin(db, origin_of(settings.issuer, now.year))
    signer = checkpoint.signer_of(origin, keyring.signer(Role.LEDGER, "EdDSA"))
    fillers = LEAST_LEAVES if settings.mode is Mode.PRODUCTION else 0
    return sequencer.advance(database.writing, signer, fillers)


def sign_receipts(database: Database, key: SigningKey, subjects: Subjects) -> bool:
    """Sign a batch of the receipts that wait; whether more do. They wait while there is no log to promise."""
    with database.writing() as db:
        origin = sequencer.find_origin(db)
        if origin is None:
            return False
        taken, unfit = receipts.sign_waiting(db, key, origin, subjects, RECEIPTS_AT_ONCE)
    for record_id in unfit:
        log.error("receipt.unfit", record_id=str(record_id))
    return taken == RECEIPTS_AT_ONCE


class DayClosing:
    """Which days this process has closed, and since when it waits for the writers of the next.

    `too`: what else is due, once, for citizens whose day is being closed; it is done in the same transaction.
    """

    def __init__(self, too: Callable[[Session, list[UUID], date], None]) -> None:
        self._too = too
        self._closed: set[date] = set()
        self._marks: dict[date, int] = {}

    def step(self, database: Database) -> int:
        """Close what can be closed now; how many citizens' days that were. Called every few minutes."""
        with database.writing() as db:
            now: datetime = db.execute(select(func.now())).scalar_one()
        return sum(self._close(database, day_on) for day_on in self._due(now.astimezone(UTC)))

    def _due(self, now: datetime) -> list[date]:
        days = [now.date() - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
        self._closed &= set(days)
        return [day for day in days if day not in self._closed and now >= _end_of(day) + AFTER_MIDNIGHT]

    def _close(self, database: Database, day_on: date) -> int:
        with database.writing() as db:
            if day_on not in self._marks:
                self._marks[day_on] = disclosure_days.mark(db)
                return 0
            if not disclosure_days.settled(db, self._marks[day_on]):
                return 0
        closed, last = 0, disclosure_days.NOBODY
        while (step := self._close_some(database, day_on, last)) is not None:
            newly, last = step
            closed += newly
        self._closed.add(day_on)
        del self._marks[day_on]
        log.info("ledger.day_closed", day=day_on.isoformat(), citizens=closed)
        return closed

    def _close_some(self, database: Database, day_on: date, after: UUID) -> tuple[int, UUID] | None:
        """A transaction's worth of citizens: how many were newly closed, and the last one. None: there were no
        more.
        """
        with database.writing() as db:
            closed, last = disclosure_days.close(db, day_on, after=after)
            if closed:
                self._too(db, closed, day_on)
        return None if last is None else (len(closed), last)


def _end_of(day_on: date) -> datetime:
    return datetime.combine(day_on + timedelta(days=1), time(), UTC)
