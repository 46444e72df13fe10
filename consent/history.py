"""The acts that led to what stands, read back: one consent's history, what ended with its last act, and when a
citizen said no. Writes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from consent import models

ENDS = ("withdrawn", "expired", "ended", "struck_down")


@dataclass(frozen=True, slots=True)
class PastAct:
    """One row of a consent's history."""

    record_id: UUID
    consent_id: UUID
    client_no: int
    agency_no: int
    purpose_no: int
    agreement_no: int
    notice_no: int | None
    revision: int
    act: str
    actor: str
    acted_at: datetime
    expires_at: datetime | None
    attribute_nos: frozenset[int]
    law_nos: frozenset[int]
    acr: str | None
    method: str
    reason: str | None
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """The act that ended a consent, and what had been in force until then."""

    act: str
    acted_at: datetime
    client_no: int
    purpose_no: int
    agreement_no: int
    attribute_nos: frozenset[int]
    law_nos: frozenset[int]


def history(db: Session, citizen_id: UUID, consent_id: UUID) -> list[PastAct]:
    """The acts of one of this citizen's consents, oldest first; empty when it is not theirs."""
    rows = db.scalars(
        select(models.Record)
        .where(models.Record.citizen_id == citizen_id, models.Record.consent_id == consent_id)
        .order_by(models.Record.revision)
    )
    return [_past(row) for row in rows]


def endings_of(db: Session, places: Collection[tuple[UUID, UUID]]) -> dict[UUID, Ending]:
    """What ended, by consent; `places` are citizens and their consents. One that still stands is not in the
    answer.
    """
    theirs = tuple_(models.Record.citizen_id, models.Record.consent_id).in_(list(places))
    before: dict[UUID, models.Record] = {}
    found: dict[UUID, Ending] = {}
    for row in db.scalars(select(models.Record).where(theirs).order_by(models.Record.revision)):
        if row.act in ENDS and row.consent_id in before:
            stood = before[row.consent_id]
            found[row.consent_id] = Ending(
                act=row.act,
                acted_at=row.acted_at,
                client_no=row.client_no,
                purpose_no=row.purpose_no,
                agreement_no=row.agreement_no,
                attribute_nos=frozenset(stood.attribute_nos),
                law_nos=frozenset(stood.law_nos or ()),
            )
        before[row.consent_id] = row
    return found


def refusals(
    db: Session,
    citizen_id: UUID,
    *,
    client_no: int | None = None,
    purpose_no: int | None = None,
    since: datetime | None = None,
) -> list[PastAct]:
    """When this citizen said no, newest first; `agreement_no` and `notice_no` say to what."""
    query = select(models.Record).where(models.Record.citizen_id == citizen_id, models.Record.act == "refused")
    if client_no is not None:
        query = query.where(models.Record.client_no == client_no)
    if purpose_no is not None:
        query = query.where(models.Record.purpose_no == purpose_no)
    if since is not None:
        query = query.where(models.Record.acted_at >= since)
    return [_past(row) for row in db.scalars(query.order_by(models.Record.acted_at.desc()))]


def _past(row: models.Record) -> PastAct:
    return PastAct(
        record_id=row.record_id,
        consent_id=row.consent_id,
        client_no=row.client_no,
        agency_no=row.agency_no,
        purpose_no=row.purpose_no,
        agreement_no=row.agreement_no,
        notice_no=row.notice_no,
        revision=row.revision,
        act=row.act,
        actor=row.actor,
        acted_at=row.acted_at,
        expires_at=row.expires_at,
        attribute_nos=frozenset(row.attribute_nos),
        law_nos=frozenset(row.law_nos or ()),
        acr=row.acr,
        method=row.method,
        reason=row.reason,
        commitment=row.commitment,
    )
