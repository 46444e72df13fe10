"""That every act and every closed day has its leaf, and still says what it committed to. What only the house can
check.

Each check is a generator of sentences; none of them names a citizen: an act is named by the id of its record.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from consent.ledger import day_form, entries
from consent.ledger.record_form import PROMISE
from consent.ledger.recorded import Recorded, read_again

MOST = 100  # sentences of one kind
# The leaf of a commitment, as `entries.entry` writes it.
_LEAF_OF = (
    """convert_to('{"c":"' || translate(rtrim(encode(%s, 'base64'), '='), '+/', '-_') || '","v":1}', 'UTF8')"""
)
_UNLOGGED = f"""
SELECT r.record_id, r.acted_at
  FROM consent.records AS r
  LEFT JOIN consent.ledger_entries AS e ON e.entry = {_LEAF_OF % "r.commitment"}
  LEFT JOIN consent.ledger_intake AS i ON i.entry = {_LEAF_OF % "r.commitment"}
 WHERE e.entry IS NULL AND (i.entry IS NULL OR i.made_at < now() - %(promise)s::interval)
 ORDER BY r.record_id
 LIMIT %(most)s
"""
# In each chain every act but a first names the one before, by a commitment that stands there.
_BROKEN = """
SELECT r.record_id
  FROM consent.records AS r
 WHERE r.revision > 1
   AND NOT EXISTS (SELECT FROM consent.records AS before
                    WHERE before.citizen_id = r.citizen_id AND before.client_no = r.client_no
                      AND before.purpose_no = r.purpose_no AND before.revision = r.revision - 1
                      AND before.commitment = r.previous_commitment)
 ORDER BY r.record_id
 LIMIT %(most)s
"""
# What stands is what the newest act of the chain left.
_STRAYED = """
SELECT c.consent_id
  FROM consent.consents AS c
  LEFT JOIN consent.records AS r
    ON r.citizen_id = c.citizen_id AND r.consent_id = c.consent_id AND r.revision = c.revision
 WHERE r.record_id IS NULL
    OR (c.withdrawn_at IS NULL) <> (r.act IN ('given', 'renewed', 'amended'))
    OR c.withdrawn_at IS NULL
       AND NOT (c.attribute_nos <@ r.attribute_nos AND r.attribute_nos <@ c.attribute_nos
                AND c.expires_at = r.expires_at)
 ORDER BY c.consent_id
 LIMIT %(most)s
"""
_DAYS = """
SELECT d.citizen_id, d.day_on, d.rows_seen, d.root, d.salt
  FROM consent.disclosure_days AS d
 WHERE (d.citizen_id, d.day_on) > (%(citizen_id)s::uuid, %(day_on)s::date)
 ORDER BY d.citizen_id, d.day_on
 LIMIT 1000
"""
_ROWS = """
SELECT d.citizen_id, d.disclosure_id, d.consent_id, d.client_no, d.purpose_no, d.channel, d.reason,
       d.source_agency_no, d.acting_citizen_id, d.shown_after, d.statute_no, d.attribute_nos
  FROM consent.disclosures AS d
 WHERE d.citizen_id = %(citizen_id)s
   AND d.disclosure_id >= consent.uuid_floor(%(day_on)s::date::timestamp AT TIME ZONE 'UTC')
   AND d.disclosure_id < consent.uuid_floor((%(day_on)s::date + 1)::timestamp AT TIME ZONE 'UTC')
 ORDER BY d.disclosure_id
"""
# Which of these leaves are nowhere.
_ABSENT = """
SELECT l.n
  FROM unnest(%(entries)s::bytea[]) WITH ORDINALITY AS l (entry, n)
  LEFT JOIN consent.ledger_entries AS e ON e.entry = l.entry
  LEFT JOIN consent.ledger_intake AS i ON i.entry = l.entry
 WHERE e.entry IS NULL AND i.entry IS NULL
 ORDER BY l.n
"""


def verify_acts(db: Session, subjects: Callable[[UUID, int], Iterable[str]] | None = None) -> Iterator[str]:
    """Every sentence that is wrong about acts and days. `subjects` gives each pairwise `sub` by which a client
    may have known a citizen (citizen_id, client_no); without it the records' contents are not made again.
    """
    yield from unlogged(db)
    yield from broken_chains(db)
    yield from strayed_heads(db)
    yield from changed_days(db)
    if subjects is not None:
        yield from changed_records(db, subjects)


def unlogged(db: Session) -> Iterator[str]:
    """Acts whose leaf is nowhere, or has waited longer than a receipt promises."""
    found = db.connection().exec_driver_sql(_UNLOGGED, {"promise": PROMISE, "most": MOST})
    for record_id, acted_at in found:
        yield f"record {record_id} of {acted_at:%Y-%m-%dT%H:%M:%SZ} has no entry in the log"


def broken_chains(db: Session) -> Iterator[str]:
    """Acts before which one was dropped."""
    for (record_id,) in db.connection().exec_driver_sql(_BROKEN, {"most": MOST}):
        yield f"the act before record {record_id} is missing or is another one"


def strayed_heads(db: Session) -> Iterator[str]:
    """Consents that stand otherwise than their newest act left them."""
    for (consent_id,) in db.connection().exec_driver_sql(_STRAYED, {"most": MOST}):
        yield f"consent {consent_id} stands otherwise than its newest act left it"


def changed_records(db: Session, subjects: Callable[[UUID, int], Iterable[str]]) -> Iterator[str]:
    """Acts that no longer say what they committed to. An erased one says nothing and is passed over."""
    after: tuple[UUID, UUID] | None = None
    while page := read_again(db, after=after):
        after = (page[-1].citizen_id, page[-1].act.record_id)
        yield from (
            f"record {recorded.act.record_id} no longer says what it committed to"
            for recorded in page
            if recorded.salt is not None and not _fits(recorded, subjects)
        )


def changed_days(db: Session) -> Iterator[str]:
    """Closed days of disclosures whose rows changed, or whose leaf is nowhere."""
    after = {"citizen_id": UUID(int=0), "day_on": date.min}
    while page := db.connection().exec_driver_sql(_DAYS, after).mappings().all():
        after = {"citizen_id": page[-1]["citizen_id"], "day_on": page[-1]["day_on"]}
        leaves = []
        for closed in page:
            rows = [day_form.Row(**row) for row in _rows(db, closed)]
            if (len(rows), day_form.root(rows)) != (closed["rows_seen"], bytes(closed["root"])):
                yield f"the disclosures of {closed['day_on']} no longer fit their root {_named(closed)}"
            stated = day_form.day(closed["day_on"], closed["rows_seen"], bytes(closed["root"]))
            leaves.append(entries.entry(entries.commitment(bytes(closed["salt"]), stated)))
        for place in absent(db, leaves):
            lost = page[place]
            yield f"the disclosures of {lost['day_on']} with root {_named(lost)} have no entry in the log"


def absent(db: Session, leaves: Sequence[bytes]) -> list[int]:
    """Which of these leaves are neither in the log nor waiting for their place, counted from 0."""
    found = db.connection().exec_driver_sql(_ABSENT, {"entries": list(leaves)})
    return [int(place) - 1 for place in found.scalars()]


def _rows(db: Session, closed: RowMapping) -> Iterator[dict[str, Any]]:
    found = db.connection().exec_driver_sql(
        _ROWS, {"citizen_id": closed["citizen_id"], "day_on": closed["day_on"]}
    )
    for row in found.mappings():
        yield {**row, "attribute_nos": tuple(row["attribute_nos"])}


def _fits(recorded: Recorded, subjects: Callable[[UUID, int], Iterable[str]]) -> bool:
    return any(recorded.commits_to(subject) for subject in subjects(recorded.citizen_id, recorded.client_no))


def _named(closed: RowMapping) -> str:
    """A day is named by its root: whose it is, the sentence must not tell."""
    return bytes(closed["root"]).hex()[:16]
