"""The canonical form of a citizen's day of disclosures. Pure.

The day's rows, ordered by their ids, are the leaves of a tree of their own (RFC 9162 §2.1); its root is bound
by one leaf of the log. A row that changes or vanishes no longer fits its day, and a hop adds no leaf.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from consent.ledger import entries, merkle

SCHEMA = "gapura-disclosure-day/1"


@dataclass(frozen=True, slots=True)
class Row:
    """A disclosure, in the words of its columns."""

    citizen_id: UUID
    disclosure_id: UUID
    consent_id: UUID | None
    client_no: int
    purpose_no: int
    channel: str
    reason: str
    source_agency_no: int | None
    acting_citizen_id: UUID | None
    shown_after: date | None
    statute_no: int | None
    attribute_nos: tuple[int, ...]


def root(rows: Iterable[Row]) -> bytes:
    """Of the day's tree; the rows come in the order of their ids."""
    return merkle.root([merkle.leaf_hash(entries.canonical(_row(row))) for row in rows])


def day(day_on: date, rows_seen: int, day_root: bytes) -> dict[str, Any]:
    """What the day's leaf commits to, under the day's salt."""
    return {
        "g:schema": SCHEMA,
        "day_on": day_on.isoformat(),
        "rows_seen": rows_seen,
        "root": entries.base64url(day_root),
    }


def _row(row: Row) -> dict[str, Any]:
    """Members that say nothing are left out. The attributes stand in the order of the column."""
    members: dict[str, Any] = {
        "disclosure_id": str(row.disclosure_id),
        "client_no": row.client_no,
        "purpose_no": row.purpose_no,
        "channel": row.channel,
        "reason": row.reason,
        "attribute_nos": list(row.attribute_nos),
    }
    optional = {
        "consent_id": row.consent_id,
        "source_agency_no": row.source_agency_no,
        "acting_citizen_id": row.acting_citizen_id,
        "shown_after": row.shown_after,
        "statute_no": row.statute_no,
    }
    for name, value in optional.items():
        if value is not None:
            members[name] = value if isinstance(value, int) else str(value)
    return members
