"""What stands now between citizens and clients: the heads, found, listed, and locked before an act.

A head is one row for a citizen, client and purpose; `records` changes it. The lock comes before the clock: an
act waits for every release under way (each holds the row FOR SHARE until its disclosure is committed) and takes
its time after that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.orm import Session

from consent import models
from consent.ledger.record_form import TERMS


@dataclass(frozen=True, slots=True)
class Head:
    """`expires_at` is the first instant not covered. `attribute_nos` are all that may be read, `law_nos` those
    of them that rest on law, `offered_nos` what was ever put to the citizen while this consent lived.
    """

    consent_id: UUID
    client_no: int
    agency_no: int
    purpose_no: int
    agreement_no: int
    revision: int
    given_at: datetime
    expires_at: datetime
    attribute_nos: frozenset[int]
    law_nos: frozenset[int]
    offered_nos: frozenset[int]
    paused_at: datetime | None
    withdrawn_at: datetime | None

    def lives(self, now: datetime) -> bool:
        """Neither withdrawn nor run out; a paused consent lives."""
        return self.withdrawn_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Locked:
    """What an act needs to know, read under the lock. `now` was taken after the wait; `record_id` and
    `fresh_id` are new ids; `terms` is what the catalogues say (`record_form.TERMS`); `previous_id` and
    `previous_commitment` the act before.
    """

    head: Head | None
    now: datetime
    record_id: UUID
    fresh_id: UUID
    notice_no: int | None
    previous_id: UUID | None
    previous_commitment: bytes | None
    terms: Mapping[str, Any]
    agreement_in_force: bool

    @property
    def revision(self) -> int:
        """Of the head; 0 when nothing was ever given."""
        return 0 if self.head is None else self.head.revision


_HEAD = """c.consent_id, c.client_no, c.agency_no, c.purpose_no, c.agreement_no, c.revision, c.given_at,
         c.expires_at, c.attribute_nos, c.law_nos, c.offered_nos, c.paused_at, c.withdrawn_at"""
# `clock` depends on `locked`, so clock_timestamp() is taken when the lock is held. `previous` is the record of the
# very revision that is locked: where there is a head and no previous, another act came between snapshot and lock.
_UNDER_THE_LOCK = """
clock AS MATERIALIZED (
  SELECT count(locked.revision) AS heads, coalesce(%(now)s::timestamptz, clock_timestamp()) AS now FROM locked
), previous AS (
  SELECT r.record_id, r.commitment, r.notice_no
    FROM consent.records AS r
    JOIN locked ON r.consent_id = locked.consent_id AND r.revision = locked.revision
   WHERE r.citizen_id = %(citizen_id)s::uuid
)"""
_ANSWER = f"""
SELECT locked.*, clock.now, uuidv7() AS record_id, uuidv7() AS fresh_id, act.notice_no,
       previous.record_id AS previous_id, previous.commitment AS previous_commitment, {TERMS} AS terms,
       (SELECT a.state = 'approved' FROM consent.agreements AS a
         WHERE a.agreement_no = act.agreement_no) AS agreement_in_force
  FROM clock CROSS JOIN act LEFT JOIN locked ON true LEFT JOIN previous ON true
"""
_LOCK_FOR_GIVING = f"""
WITH locked AS MATERIALIZED (
  SELECT {_HEAD}
    FROM consent.consents AS c
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.client_no = %(client_no)s::integer
     AND c.purpose_no = %(purpose_no)s::integer
  FOR UPDATE
), {_UNDER_THE_LOCK}, act AS (
  SELECT %(agreement_no)s::integer AS agreement_no, %(notice_no)s::integer AS notice_no,
         %(attribute_nos)s::smallint[] AS attribute_nos
){_ANSWER}"""
_LOCK_FOR_ENDING = f"""
WITH locked AS MATERIALIZED (
  SELECT {_HEAD}
    FROM consent.consents AS c
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.consent_id = %(consent_id)s::uuid
  FOR UPDATE
), {_UNDER_THE_LOCK}, act AS (
  SELECT locked.agreement_no, previous.notice_no, locked.attribute_nos FROM locked LEFT JOIN previous ON true
){_ANSWER}"""


def find(db: Session, citizen_id: UUID, client_no: int, purpose_no: int) -> Head | None:
    """What stands, also when it is over; None when nothing was ever given."""
    row = db.get(models.Consent, (citizen_id, client_no, purpose_no), populate_existing=True)
    return None if row is None else _from_row(row)


def list_of(db: Session, citizen_id: UUID) -> list[Head]:
    """Everything a citizen ever gave, ended ones too, by agency, the newest of each first."""
    rows = db.scalars(
        select(models.Consent)
        .where(models.Consent.citizen_id == citizen_id)
        .order_by(models.Consent.agency_no, models.Consent.given_at.desc())
        .execution_options(populate_existing=True)
    )
    return [_from_row(row) for row in rows]


def list_ending(db: Session, after: tuple[datetime, UUID], until: datetime, limit: int) -> list[tuple[UUID, Head]]:
    """What stands and runs out up to `until`, the soonest first, each with its citizen. `after`: the end and the
    id of the last one that is known already.
    """
    table = models.Consent
    beyond = tuple_(table.expires_at, table.consent_id) > after
    rows = db.scalars(
        select(table)
        .where(table.withdrawn_at.is_(None), table.expires_at.between(after[0], until), beyond)
        .order_by(table.expires_at, table.consent_id)
        .limit(limit)
    )
    return [(row.citizen_id, _from_row(row)) for row in rows]


def lock_for_giving(
    db: Session,
    citizen_id: UUID,
    client_no: int,
    purpose_no: int,
    *,
    agreement_no: int,
    notice_no: int,
    attribute_nos: frozenset[int],
    now: datetime | None,
) -> Locked:
    """The place where a consent is or will be. A first giving finds nothing to lock; the primary key decides
    its race.
    """
    locked = _lock(
        db,
        _LOCK_FOR_GIVING,
        {
            "citizen_id": citizen_id,
            "client_no": client_no,
            "purpose_no": purpose_no,
            "agreement_no": agreement_no,
            "notice_no": notice_no,
            "attribute_nos": sorted(attribute_nos),
            "now": now,
        },
    )
    if locked is None:
        raise LookupError("a lock for giving always has a row")
    return locked


def lock_for_ending(db: Session, citizen_id: UUID, consent_id: UUID, now: datetime | None) -> Locked | None:
    """A consent of this citizen by its id; None when it is not theirs."""
    return _lock(db, _LOCK_FOR_ENDING, {"citizen_id": citizen_id, "consent_id": consent_id, "now": now})


def _lock(db: Session, statement: str, parameters: dict[str, Any]) -> Locked | None:
    for _ in range(2):
        # The second time the lock is held already, so its snapshot shows whatever came between.
        row = db.connection().exec_driver_sql(statement, parameters).mappings().one_or_none()
        if row is None or row["consent_id"] is None or row["previous_id"] is not None:
            break
    if row is None:
        return None
    return Locked(
        head=None if row["consent_id"] is None else _from_mapping(row),
        now=row["now"],
        record_id=row["record_id"],
        fresh_id=row["fresh_id"],
        notice_no=row["notice_no"],
        previous_id=row["previous_id"],
        previous_commitment=row["previous_commitment"],
        terms=row["terms"],
        agreement_in_force=row["agreement_in_force"],
    )


def _from_mapping(row: Mapping[str, Any] | RowMapping) -> Head:
    return Head(
        consent_id=row["consent_id"],
        client_no=row["client_no"],
        agency_no=row["agency_no"],
        purpose_no=row["purpose_no"],
        agreement_no=row["agreement_no"],
        revision=row["revision"],
        given_at=row["given_at"],
        expires_at=row["expires_at"],
        attribute_nos=frozenset(row["attribute_nos"]),
        law_nos=frozenset(row["law_nos"] or ()),
        offered_nos=frozenset(row["offered_nos"]),
        paused_at=row["paused_at"],
        withdrawn_at=row["withdrawn_at"],
    )


def _from_row(row: models.Consent) -> Head:
    return _from_mapping({column.key: getattr(row, column.key) for column in models.Consent.__table__.columns})
