"""Who received, or was refused, what about whom, when, on which basis: "who looked". Writer of its tables.

A release is written in the statement that releases: this module lends the clause, the hot doors compose it. So
nothing leaves without its row, and each row is committed before a withdrawal can be (the statement holds the
consent FOR SHARE).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from consent import models
from consent.decision import PERMITS

# Clauses for the hot doors. Each stands in a WITH list, after the CTE that judged: `allowed` at the token door,
# `token` at userinfo and introspection; both have consent_id and attribute_nos. Parameters: citizen_id, client_no,
# purpose_no, and released_nos (token), asked_nos (userinfo), source_agency_no (introspection).
DISCLOSED_ID_TOKEN = """
disclosed AS (
  INSERT INTO consent.disclosures (citizen_id, consent_id, client_no, purpose_no, channel, reason, attribute_nos)
  SELECT %(citizen_id)s, released.consent_id, %(client_no)s, %(purpose_no)s, 'id_token', 'consent_given',
         released.nos
    FROM (SELECT allowed.consent_id, ARRAY(SELECT unnest(allowed.attribute_nos)
                                           INTERSECT SELECT unnest(%(released_nos)s::smallint[])) AS nos
            FROM allowed
           WHERE cardinality(%(released_nos)s::smallint[]) > 0) AS released
   WHERE cardinality(released.nos) > 0
  RETURNING attribute_nos
)"""
# What the consent covers of what was asked; the first branch is the common one and costs no sort.
DISCLOSED_USERINFO = """
disclosed AS (
  INSERT INTO consent.disclosures (citizen_id, consent_id, client_no, purpose_no, channel, reason, attribute_nos)
  SELECT %(citizen_id)s, token.consent_id, %(client_no)s, %(purpose_no)s, 'userinfo', 'consent_given',
         CASE WHEN token.attribute_nos @> %(asked_nos)s::smallint[] THEN %(asked_nos)s::smallint[]
              ELSE ARRAY(SELECT unnest(token.attribute_nos) INTERSECT SELECT unnest(%(asked_nos)s::smallint[])) END
    FROM token
  RETURNING attribute_nos
)"""
DISCLOSED_INTROSPECTION = """
disclosed AS (
  INSERT INTO consent.disclosures (citizen_id, consent_id, client_no, purpose_no, channel, reason,
         source_agency_no, attribute_nos)
  SELECT %(citizen_id)s, token.consent_id, %(client_no)s, %(purpose_no)s, 'introspection', 'consent_given',
         %(source_agency_no)s, token.attribute_nos
    FROM token
)"""
# Permits and denials alike, a row for each reason that one look met, so that no row says two things; the first
# has the decision's own id. After `verdict` (see the module of that name), and `anew`, which has a row unless
# this is an answer given before. Of nobody, and of an application that nobody registered, there is no list.
DISCLOSED_EVALUATION = """
disclosed AS (
  INSERT INTO consent.disclosures (citizen_id, disclosure_id, consent_id, client_no, purpose_no, channel, reason,
         source_agency_no, statute_no, attribute_nos)
  SELECT said.citizen_id, CASE WHEN said.turn = 1 THEN said.decision_id ELSE uuidv7() END,
         CASE WHEN NOT said.by_law THEN said.consent_id END, said.client_no, said.purpose_no, 'evaluation',
         said.reason, %(source_agency_no)s::integer, CASE WHEN said.by_law THEN said.statute_no END,
         said.attribute_nos
    FROM (SELECT any_value(v.citizen_id) AS citizen_id, any_value(v.decision_id) AS decision_id,
                 any_value(v.consent_id) AS consent_id, any_value(v.client_no) AS client_no,
                 any_value(v.purpose_no) AS purpose_no, any_value(v.statute_no) AS statute_no,
                 v.reason, bool_or(v.by_law) AS by_law,
                 array_agg(v.attribute_no ORDER BY v.attribute_no) AS attribute_nos,
                 row_number() OVER (PARTITION BY v.look_no ORDER BY min(v.place)) AS turn
            FROM verdict AS v
           WHERE v.account_known AND v.client_no > 0 AND EXISTS (SELECT FROM anew)
           GROUP BY v.look_no, v.reason) AS said
)"""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One release, or one refusal, as its citizen may see it. `disclosure_id` is the cursor of a page."""

    disclosure_id: UUID
    disclosed_at: datetime
    consent_id: UUID | None
    client_no: int
    purpose_no: int
    channel: str
    reason: str
    source_agency_no: int | None
    statute_no: int | None
    attribute_nos: frozenset[int]


@dataclass(frozen=True, slots=True)
class Look:
    """A client had a sight of a citizen; `disclosure_id` is which, and when."""

    citizen_id: UUID
    client_no: int
    disclosure_id: UUID


def list_for(
    db: Session,
    citizen_id: UUID,
    *,
    before: UUID | None = None,
    since: datetime | None = None,
    client_nos: Collection[int] | None = None,
    until: datetime | None = None,
    limit: int = 20,
) -> list[Disclosure]:
    """A page of a citizen's list, newest first. `before` is the last id of the page before; `since` and `until`
    bound it in time and spare the partitions outside. What a statute hides until a day is not in it before that
    day.
    """
    table = models.Disclosure
    query = select(table).where(*_visible(citizen_id, since, until, client_nos))
    if before is not None:
        query = query.where(table.disclosure_id < before)
    return [_read(row) for row in db.scalars(query.order_by(table.disclosure_id.desc()).limit(limit))]


def count(
    db: Session,
    citizen_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    client_nos: Collection[int] | None = None,
) -> int:
    """How many rows that list has."""
    query = select(func.count()).select_from(models.Disclosure)
    return db.execute(query.where(*_visible(citizen_id, since, until, client_nos))).scalar_one()


def last_seen(db: Session, citizen_id: UUID, since: datetime | None = None) -> Mapping[int, datetime]:
    """When each client last received something of this citizen. Refusals are not sights."""
    table = models.Disclosure
    seen = (
        select(table.client_no, func.max(func.uuid_extract_timestamp(table.disclosure_id)))
        .where(table.citizen_id == citizen_id, *_seen(since, None))
        .group_by(table.client_no)
    )
    return {client_no: at.astimezone(UTC) for client_no, at in db.execute(seen)}


def first_looks(db: Session, citizen_ids: Sequence[UUID], since: datetime, until: datetime) -> list[Look]:
    """The first sight that each client had of each of these citizens in this time, oldest first."""
    table = models.Disclosure
    seen = (
        select(table.citizen_id, table.client_no, table.disclosure_id)
        .where(table.citizen_id.in_(citizen_ids), *_seen(since, until))
        .ext(distinct_on(table.citizen_id, table.client_no))
        .order_by(table.citizen_id, table.client_no, table.disclosure_id)
    )
    return sorted((Look(*row) for row in db.execute(seen)), key=lambda look: look.disclosure_id)


def has_looked(db: Session, citizen_id: UUID, client_nos: Collection[int], before: UUID) -> bool:
    """Whether one of these clients had a sight of this citizen before that disclosure, as far as they are kept."""
    table = models.Disclosure
    earlier = (table.citizen_id == citizen_id, table.disclosure_id < before, table.client_no.in_(client_nos))
    query = select(table.disclosure_id).where(*earlier, *_seen(None, None)).limit(1)
    return db.scalar(query) is not None


def _seen(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """What was released and its citizen may know of: refusals are not sights."""
    permitted = models.Disclosure.reason.in_([str(reason) for reason in PERMITS])
    return [permitted, *_may_be_known(since, until)]


def _visible(
    citizen_id: UUID, since: datetime | None, until: datetime | None, client_nos: Collection[int] | None
) -> list[ColumnElement[bool]]:
    conditions = [models.Disclosure.citizen_id == citizen_id, *_may_be_known(since, until)]
    if client_nos is not None:
        conditions.append(models.Disclosure.client_no.in_(client_nos))
    return conditions


def _may_be_known(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    table = models.Disclosure
    conditions: list[Any] = [or_(table.shown_after.is_(None), table.shown_after < func.current_date())]
    if since is not None:
        conditions.append(table.disclosure_id >= func.consent.uuid_floor(since))
    if until is not None:
        conditions.append(table.disclosure_id < func.consent.uuid_floor(until))
    return conditions


def _read(row: models.Disclosure) -> Disclosure:
    return Disclosure(
        disclosure_id=row.disclosure_id,
        disclosed_at=row.disclosed_at,
        consent_id=row.consent_id,
        client_no=row.client_no,
        purpose_no=row.purpose_no,
        channel=row.channel,
        reason=row.reason,
        source_agency_no=row.source_agency_no,
        statute_no=row.statute_no,
        attribute_nos=frozenset(row.attribute_nos),
    )
