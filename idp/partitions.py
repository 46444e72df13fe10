"""Partitions by time, made ahead and dropped when over. A statement whose partition is missing fails: it is
better that this module runs a week early than a second late. Called by the upgrade and, each hour, by the worker.

The database's own functions make and drop (`consent.make_partition`, `consent.drop_partition`); they alone have
the right, and refuse to drop what a law says is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

import psycopg


class Period(Enum):
    """How much time one partition holds."""

    TEN_MINUTES = timedelta(minutes=10)
    HOUR = timedelta(hours=1)
    DAY = timedelta(days=1)
    MONTH = timedelta(days=31)  # the calendar's; see `start`


@dataclass(frozen=True)
class Partitioned:
    """A table in partitions: how long each is, how far ahead they are made, when one that is over is dropped."""

    table: str
    period: Period
    ahead: timedelta
    kept: timedelta | None  # after its end; None: an operator archives it, this program does not drop it


# used_once is looked through in all its partitions ("no other end for the same jti"): a day ahead, not a week.
PARTITIONED = (
    Partitioned("consent.disclosures", Period.MONTH, timedelta(days=40), None),
    Partitioned("consent.disclosure_days", Period.MONTH, timedelta(days=40), None),
    Partitioned("idp.audit_events", Period.MONTH, timedelta(days=40), None),
    Partitioned("idp.redeemed_codes", Period.HOUR, timedelta(days=7), timedelta(hours=24)),
    Partitioned("idp.unfinished_authorizations", Period.HOUR, timedelta(days=7), timedelta(hours=1)),
    Partitioned("idp.authorization_requests", Period.DAY, timedelta(days=7), timedelta(days=2)),
    Partitioned("idp.used_once", Period.TEN_MINUTES, timedelta(days=1), timedelta(minutes=10)),
)

EXISTING = """
SELECT c.oid::regclass::text
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
 WHERE i.inhparent = %(table)s::regclass
"""
MAKE = "SELECT consent.make_partition(%(table)s::regclass, %(begins)s::timestamptz, %(ends)s::timestamptz)"
DROP = "SELECT consent.drop_partition(%(partition)s::regclass, %(older_than)s::timestamptz)"


def start(period: Period, moment: datetime) -> datetime:
    """The beginning of the period a moment lies in, in UTC."""
    if period is Period.MONTH:
        return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    length: timedelta = period.value
    return midnight + (moment - midnight) // length * length


def periods(wanted: Partitioned, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the period before `now` (an id may have been made a moment ago) to the last that begins in time."""
    begins = start(wanted.period, start(wanted.period, now) - timedelta(microseconds=1))
    while begins <= now + wanted.ahead:
        ends = start(wanted.period, begins + wanted.period.value)
        yield begins, ends
        begins = ends


def name(table: str, begins: datetime) -> str:
    """What `consent.make_partition` calls it."""
    return f"{table}{begins:_%Y%m%d_%H%M}"


def make_ahead(connection: psycopg.Connection, now: datetime) -> list[str]:
    """Make what is missing; returns the names. Others are not touched: making locks the parent."""
    made = []
    for wanted in PARTITIONED:
        existing = _existing(connection, wanted.table)
        for begins, ends in periods(wanted, now):
            if name(wanted.table, begins) not in existing:
                connection.execute(MAKE, {"table": wanted.table, "begins": begins, "ends": ends})
                made.append(name(wanted.table, begins))
    return made


def missing_soon(connection: psycopg.Connection, now: datetime) -> list[str]:
    """Partitions that are not there although half the time to make them has passed: the worker does not run."""
    missing = []
    for wanted in PARTITIONED:
        existing = _existing(connection, wanted.table)
        soon = replace(wanted, ahead=wanted.ahead / 2)
        needed = [name(wanted.table, begins) for begins, ends in periods(soon, now) if ends > now]
        missing += [partition for partition in needed if partition not in existing]
    return missing


def drop_over(connection: psycopg.Connection, now: datetime) -> list[str]:
    """Drop what has been over for longer than it is kept; returns their names."""
    dropped = []
    for wanted in PARTITIONED:
        if wanted.kept is None:
            continue
        # The database compares with its own clock, to the microsecond: a minute's grace keeps the two from
        # arguing.
        older_than = now - wanted.kept - timedelta(minutes=1)
        newest_kept = name(wanted.table, start(wanted.period, older_than))
        for partition in sorted(_existing(connection, wanted.table)):
            if partition < newest_kept:  # names sort as their times do
                connection.execute(DROP, {"partition": partition, "older_than": older_than})
                dropped.append(partition)
    return dropped


def _existing(connection: psycopg.Connection, table: str) -> set[str]:
    return {str(row[0]) for row in connection.execute(EXISTING, {"table": table})}
