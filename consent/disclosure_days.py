"""The worker's job on yesterday's disclosures: for each citizen one root over the day's rows, and its leaf. Writer
of `disclosure_days`.

A day (UTC) is closed once no transaction that could still write into it is open: `mark` after its end, then
wait until `settled`. Closing again changes nothing, so a job that died is simply run again.
"""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, exists, func, select
from sqlalchemy.orm import Session

from consent import models
from consent.ledger import day_form, entries
from consent.ledger.day_form import Row

NOBODY = UUID(int=0)

_CLOSE = """
WITH closed AS (
  INSERT INTO consent.disclosure_days (citizen_id, day_on, rows_seen, root, salt)
  SELECT d.citizen_id, %(day_on)s, d.rows_seen, d.root, d.salt
    FROM unnest(%(citizen_ids)s::uuid[], %(rows_seen)s::integer[], %(roots)s::bytea[], %(salts)s::bytea[])
         AS d (citizen_id, rows_seen, root, salt)
  ON CONFLICT (citizen_id, day_on) DO NOTHING
  RETURNING citizen_id
), leaf AS (
  INSERT INTO consent.ledger_intake (entry)
  SELECT d.entry
    FROM unnest(%(citizen_ids)s::uuid[], %(entries)s::bytea[]) AS d (citizen_id, entry)
    JOIN closed ON closed.citizen_id = d.citizen_id
)
SELECT citizen_id FROM closed
"""


def mark(db: Session) -> int:
    """The number of this transaction: every other that is open now and has written has a lower one. Taken at
    least a minute after the day's end: the id of a disclosure is made within its statement, which lasts at most
    seconds.
    """
    return int(db.execute(select(cast(func.pg_current_xact_id(), Text))).scalar_one())


def settled(db: Session, marked: int) -> bool:
    """Whether all of those, and the one that marked, have ended."""
    oldest = select(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text))
    return int(db.execute(oldest).scalar_one()) > marked


def close(db: Session, day_on: date, *, after: UUID = NOBODY, limit: int = 1000) -> tuple[list[UUID], UUID | None]:
    """Close the day for the next `limit` citizens for whom it is open, in the order of their ids. Answers whose
    it closed, and the last citizen seen: None when there are no more.
    """
    begins, ends = bounds(day_on)
    table, day = models.Disclosure, models.DisclosureDay
    within = (
        table.disclosure_id >= func.consent.uuid_floor(begins),
        table.disclosure_id < func.consent.uuid_floor(ends),
    )
    citizens = (
        select(table.citizen_id)
        .where(
            *within,
            table.citizen_id > after,
            ~exists().where(day.citizen_id == table.citizen_id, day.day_on == day_on),
        )
        .distinct()
        .order_by(table.citizen_id)
        .limit(limit)
    )
    citizen_ids = db.scalars(citizens).all()
    if not citizen_ids:
        return [], None
    rows = db.scalars(
        select(table)
        .where(*within, table.citizen_id.in_(citizen_ids))
        .order_by(table.citizen_id, table.disclosure_id)
    )
    days = [
        _day(day_on, citizen_id, list(of_citizen))
        for citizen_id, of_citizen in groupby(map(_read, rows), key=lambda row: row.citizen_id)
    ]
    columns = {
        name: [each[name] for each in days] for name in ("citizen_ids", "rows_seen", "roots", "salts", "entries")
    }
    closed = db.connection().exec_driver_sql(_CLOSE, {"day_on": day_on, **columns}).scalars().all()
    return list(closed), citizen_ids[-1]


def _day(day_on: date, citizen_id: UUID, rows: list[Row]) -> dict[str, Any]:
    salt, day_root = secrets.token_bytes(entries.SALT_BYTES), day_form.root(rows)
    committed = entries.commitment(salt, day_form.day(day_on, len(rows), day_root))
    return {
        "citizen_ids": citizen_id,
        "rows_seen": len(rows),
        "roots": day_root,
        "salts": salt,
        "entries": entries.entry(committed),
    }


def bounds(day_on: date) -> tuple[datetime, datetime]:
    """Its beginning and its end, UTC."""
    begins = datetime.combine(day_on, time(), UTC)
    return begins, begins + timedelta(days=1)


def _read(row: models.Disclosure) -> Row:
    return Row(
        citizen_id=row.citizen_id,
        disclosure_id=row.disclosure_id,
        consent_id=row.consent_id,
        client_no=row.client_no,
        purpose_no=row.purpose_no,
        channel=row.channel,
        reason=row.reason,
        source_agency_no=row.source_agency_no,
        acting_citizen_id=row.acting_citizen_id,
        shown_after=row.shown_after,
        statute_no=row.statute_no,
        attribute_nos=tuple(row.attribute_nos),
    )
