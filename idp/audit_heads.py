"""The trail's head, one a minute: a chain over its rows, and one leaf in the ledger, so that a row that changes or
vanishes no longer fits its minute, and whoever makes all heads anew has none of them in the ledger. Writer of
`idp.audit_heads`; the worker's duty.

A minute is closed once no transaction that could still write into it is open. Minutes without an event are closed
too: a missing one would be a place to hide. The leaf is a salted commitment, which tells nothing of the trail.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from consent import disclosure_days
from consent.ledger import entries, log, verify_acts
from idp.database import Database

MINUTE = timedelta(minutes=1)
AFTER_ITS_END = timedelta(seconds=5)  # an event's id is made within its statement
ROUND = 100  # minutes

LATEST = text("SELECT h.minute_at, h.head FROM idp.audit_heads AS h ORDER BY h.minute_at DESC LIMIT 1")
HEADS = text("""
SELECT h.minute_at, h.rows_seen, h.head, h.salt
  FROM idp.audit_heads AS h
 WHERE h.minute_at > :after
 ORDER BY h.minute_at
 LIMIT 1000
""")
FIRST = text("SELECT uuid_extract_timestamp(e.event_id) FROM idp.audit_events AS e ORDER BY e.event_id LIMIT 1")
EVENTS = text("""
SELECT e.event_id, e.actor_id, e.actor_no, e.action, e.object_id, e.outcome, e.request_id, e.detail
  FROM idp.audit_events AS e
 WHERE e.event_id >= consent.uuid_floor(:begins) AND e.event_id < consent.uuid_floor(:ends)
 ORDER BY e.event_id
""")
CLOSE = text("""
INSERT INTO idp.audit_heads (minute_at, rows_seen, head, salt) VALUES (:minute_at, :rows_seen, :head, :salt)
ON CONFLICT (minute_at) DO NOTHING
RETURNING minute_at
""")


class TrailHeads:
    """Closes minutes that are over, oldest first. Remembers only what a restart may forget."""

    def __init__(self) -> None:
        self._marked: tuple[int, datetime] | None = None  # a transaction, and the first minute not over before it

    def step(self, database: Database, now: datetime) -> bool:
        """One round; True: there is more to do at once. `now` is the database's."""
        if self._marked is None:
            with database.writing() as db:
                self._marked = disclosure_days.mark(db), _minute(now - AFTER_ITS_END)
            return False
        marked, until = self._marked
        with database.writing() as db:
            if not disclosure_days.settled(db, marked):
                return False
            closed = close(db, until, ROUND)
        if closed == ROUND:
            return True
        self._marked = None
        return False


def close(db: Session, until: datetime, most: int) -> int:
    """Close at most `most` minutes that end by `until`; how many. Two workers close each of them once."""
    latest = db.execute(LATEST).one_or_none()
    if latest is None:
        first: datetime | None = db.scalar(FIRST)
        if first is None:
            return 0
        begins, head = _minute(first), b""
    else:
        begins, head = latest.minute_at.astimezone(UTC) + MINUTE, bytes(latest.head)
    closed = 0
    while begins + MINUTE <= until and closed < most:
        rows = _rows(db, begins)
        head, salt = chain(head, rows), secrets.token_bytes(entries.SALT_BYTES)
        row = {"minute_at": begins, "rows_seen": len(rows), "head": head, "salt": salt}
        if db.execute(CLOSE, row).one_or_none() is None:
            break  # another worker is at it
        log.append(db, _leaf(salt, begins, len(rows), head))
        begins, closed = begins + MINUTE, closed + 1
    return closed


def chain(before: bytes, rows: Sequence[RowMapping]) -> bytes:
    """The head after a minute's rows: SHA-256 over the head before and each row in canonical form."""
    digest = hashlib.sha256(before)
    for row in rows:
        digest.update(entries.canonical({name: _as_json(value) for name, value in row.items()}))
    return digest.digest()


def document(minute_at: datetime, rows_seen: int, head: bytes) -> dict[str, Any]:
    """What the leaf commits to."""
    return {
        "head": entries.base64url(head),
        "minute": _written(minute_at),
        "rows": rows_seen,
    }


def newest(db: Session) -> tuple[datetime, bytes] | None:
    """The last closed minute and its head, for somebody outside to keep: a trail that was cut fits itself."""
    latest = db.execute(LATEST).one_or_none()
    return None if latest is None else (latest.minute_at.astimezone(UTC), bytes(latest.head))


def verify(db: Session) -> Iterator[str]:
    """What does not fit, as sentences: a changed, added or missing row, a missing minute, a head without leaf."""
    before, expected, after = b"", None, datetime.min.replace(tzinfo=UTC)
    while page := db.execute(HEADS, {"after": after}).all():
        for closed in page:
            begins = closed.minute_at.astimezone(UTC)
            if expected is not None and begins != expected:
                yield f"no head for the minutes from {_written(expected)} to {_written(begins)}"
            rows = _rows(db, begins)
            if chain(before, rows) != bytes(closed.head):
                yield f"the {len(rows)} rows of {_written(begins)} do not fit its head over {closed.rows_seen}"
            before, expected, after = bytes(closed.head), begins + MINUTE, begins
        leaves = [_leaf(bytes(closed.salt), closed.minute_at, closed.rows_seen, closed.head) for closed in page]
        for place in verify_acts.absent(db, leaves):
            yield f"the head of {_written(page[place].minute_at)} has no entry in the log"


def _rows(db: Session, begins: datetime) -> Sequence[RowMapping]:
    return db.execute(EVENTS, {"begins": begins, "ends": begins + MINUTE}).mappings().all()


def _leaf(salt: bytes, minute_at: datetime, rows_seen: int, head: bytes) -> bytes:
    return entries.entry(entries.commitment(salt, document(minute_at, rows_seen, bytes(head))))


def _written(minute_at: datetime) -> str:
    return f"{minute_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _as_json(value: object) -> object:
    return value if value is None or isinstance(value, (int, dict)) else str(value)
