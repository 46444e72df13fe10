"""The acts that led to what stands, read back: one consent's history, and when a citizen said no. Writes
nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import models


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


def history(db: Session, citizen_id: UUID, consent_id: UUID) -> list[PastAct]:
    """The acts of one of this citizen's consents, oldest first; empty when it is not theirs."""
    rows = db.scalars(
        select(models.Record)
        .where(models.Record.citizen_id == citizen_id, models.Record.consent_id == consent_id)
        .order_by(models.Record.revision)
    )
    return [_past(row) for row in rows]


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
