"""What an agency may ask, through one client, for one purpose, on which basis (GovStack: data disclosure
agreement).

Proposed by the agency, approved by an operator, superseded by its next revision; its terms are never edited. At
most one is in force for a client and purpose, and one is its sign-in agreement: both are promises of an index.
Writer of its table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from consent import models
from consent.decision import BASES_WITHOUT_CONSENT
from consent.errors import BadAgreement, NoSuchAgreement


@dataclass(frozen=True, slots=True)
class Proposal:
    """The terms that an agency proposes. The three lists hold attribute numbers and do not overlap; no
    attribute at all is `openid` alone. `justification` says why, by attribute name; `if_refused` what refusing
    costs, by language.
    """

    agency_no: int
    client_no: int
    purpose_no: int
    statute_no: int
    required_nos: tuple[int, ...]
    optional_nos: tuple[int, ...]
    retention_days: int
    if_refused: Mapping[str, Any]
    for_sign_in: bool = False
    law_nos: tuple[int, ...] = ()
    law_statute_no: int | None = None
    justification: Mapping[str, Any] = field(default_factory=dict)
    retention_statute: int | None = None
    recipients: tuple[str, ...] = ()
    automated_decision: bool = False
    storage_country: str = "ID"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One revision of an agreement, with all its columns. `agreement_id` is the same through all revisions."""

    agreement_no: int
    agreement_id: UUID
    revision: int
    agency_no: int
    client_no: int
    purpose_no: int
    for_sign_in: bool
    statute_no: int
    law_nos: tuple[int, ...]
    law_statute_no: int | None
    required_nos: tuple[int, ...]
    optional_nos: tuple[int, ...]
    justification: dict[str, Any]
    retention_days: int
    retention_statute: int | None
    recipients: tuple[str, ...]
    automated_decision: bool
    storage_country: str
    if_refused: dict[str, Any]
    state: str
    proposed_at: datetime
    decided_at: datetime | None
    ended_at: datetime | None


def propose(db: Session, proposal: Proposal, now: datetime) -> Agreement:
    """Put terms before an operator. BadAgreement says what could never be approved, in one sentence."""
    purpose = db.get(models.Purpose, proposal.purpose_no)
    if purpose is None or purpose.superseded_at is not None:
        raise BadAgreement(f"purpose {proposal.purpose_no} is not in force")
    _refuse_unknown_attributes(db, proposal)
    _refuse_unfit_bases(db, proposal)
    if proposal.retention_days < 1:
        raise BadAgreement("say for how many days the agency keeps what it receives")
    latest = _latest_for(db, proposal.client_no, purpose.code)
    row = models.Agreement(
        agreement_id=func.uuidv7() if latest is None else latest.agreement_id,
        revision=1 if latest is None else latest.revision + 1,
        agency_no=proposal.agency_no,
        client_no=proposal.client_no,
        purpose_no=proposal.purpose_no,
        for_sign_in=proposal.for_sign_in,
        statute_no=proposal.statute_no,
        law_nos=sorted(proposal.law_nos),
        law_statute_no=proposal.law_statute_no,
        required_nos=sorted(proposal.required_nos),
        optional_nos=sorted(proposal.optional_nos),
        justification=dict(proposal.justification),
        retention_days=proposal.retention_days,
        retention_statute=proposal.retention_statute,
        recipients=list(proposal.recipients),
        automated_decision=proposal.automated_decision,
        storage_country=proposal.storage_country,
        if_refused=dict(proposal.if_refused),
        state="proposed",
        proposed_at=now,
    )
    db.add(row)
    db.flush()
    return _read(row)


def approve(db: Session, agreement_no: int, now: datetime) -> Agreement:
    """Bring a proposal into force. What it replaces is superseded: the client's agreement for this purpose, and
    its sign-in agreement when this is one, whatever purpose that had.
    """
    row = _get_in(db, agreement_no, "proposed")
    same_place: ColumnElement[bool] = models.Agreement.purpose_no.in_(_versions_of(row.purpose_no))
    if row.for_sign_in:
        same_place = or_(same_place, models.Agreement.for_sign_in)
    replaced = db.scalars(
        select(models.Agreement)
        .where(models.Agreement.client_no == row.client_no, models.Agreement.state == "approved", same_place)
        .with_for_update()
    )
    for earlier in replaced:
        earlier.state, earlier.ended_at = "superseded", now
    db.flush()  # before the new one: the indexes allow one at a time
    row.state, row.decided_at = "approved", now
    db.flush()
    return _read(row)


def refuse(db: Session, agreement_no: int, now: datetime) -> Agreement:
    """The operator's no to a proposal."""
    row = _get_in(db, agreement_no, "proposed")
    row.state, row.decided_at = "refused", now
    db.flush()
    return _read(row)


def end(db: Session, agreement_no: int, now: datetime) -> Agreement:
    """Nothing may be asked under it any more. Consents that rest on it are the caller's to end."""
    row = _get_in(db, agreement_no, "approved")
    row.state, row.ended_at = "ended", now
    db.flush()
    return _read(row)


def get(db: Session, agreement_no: int) -> Agreement:
    """Any revision in any state, by its number; NoSuchAgreement."""
    row = db.get(models.Agreement, agreement_no)
    if row is None:
        raise NoSuchAgreement(agreement_no)
    return _read(row)


def list_in_force(db: Session) -> list[Agreement]:
    """All that may be asked now, for a process to keep."""
    rows = db.scalars(
        select(models.Agreement)
        .where(models.Agreement.state == "approved")
        .order_by(models.Agreement.agreement_no)
    )
    return [_read(row) for row in rows]


def list_of_client(db: Session, client_no: int) -> list[Agreement]:
    """All revisions of a client's agreements, newest first."""
    rows = db.scalars(
        select(models.Agreement)
        .where(models.Agreement.client_no == client_no)
        .order_by(models.Agreement.agreement_no.desc())
    )
    return [_read(row) for row in rows]


def _refuse_unknown_attributes(db: Session, proposal: Proposal) -> None:
    asked = [*proposal.required_nos, *proposal.optional_nos, *proposal.law_nos]
    if len(asked) != len(set(asked)):
        raise BadAgreement("an attribute is listed twice")
    known = db.scalars(
        select(models.Attribute.attribute_no).where(
            models.Attribute.attribute_no.in_(asked), models.Attribute.superseded_at.is_(None)
        )
    )
    if unknown := set(asked) - set(known):
        raise BadAgreement(f"attribute {min(unknown)} is not in force")


def _refuse_unfit_bases(db: Session, proposal: Proposal) -> None:
    wanted = (proposal.statute_no, proposal.law_statute_no, proposal.retention_statute)
    cited = {statute_no for statute_no in wanted if statute_no is not None}
    kinds = {
        row.statute_no: row.kind
        for row in db.scalars(select(models.LegalBasis).where(models.LegalBasis.statute_no.in_(cited)))
    }
    if unknown := cited - set(kinds):
        raise BadAgreement(f"legal basis {min(unknown)} is not in the catalogue")
    if kinds[proposal.statute_no] != "consent" and (proposal.required_nos or proposal.optional_nos):
        raise BadAgreement("what is asked of the citizen rests on consent; list what rests on law as law")
    if proposal.law_nos and proposal.law_statute_no is None:
        raise BadAgreement("name the law on which the attributes by law rest")
    if proposal.law_statute_no is not None and kinds[proposal.law_statute_no] not in BASES_WITHOUT_CONSENT:
        raise BadAgreement("attributes by law rest on a law, a contract, a vital interest or a public task")


def _latest_for(db: Session, client_no: int, purpose_code: str) -> models.Agreement | None:
    """The newest revision of the client's agreement for this purpose, in whichever of the purpose's versions."""
    return db.scalars(
        select(models.Agreement)
        .join(models.Purpose, models.Purpose.purpose_no == models.Agreement.purpose_no)
        .where(models.Agreement.client_no == client_no, models.Purpose.code == purpose_code)
        .order_by(models.Agreement.revision.desc())
        .limit(1)
        .with_for_update(of=models.Agreement)
    ).one_or_none()


def _versions_of(purpose_no: int) -> Any:
    """The numbers of all versions of a purpose, as a subquery."""
    code = select(models.Purpose.code).where(models.Purpose.purpose_no == purpose_no).scalar_subquery()
    return select(models.Purpose.purpose_no).where(models.Purpose.code == code)


def _get_in(db: Session, agreement_no: int, state: str) -> models.Agreement:
    row = db.get(models.Agreement, agreement_no, with_for_update=True, populate_existing=True)
    if row is None or row.state != state:
        raise NoSuchAgreement(f"{agreement_no} is not {state}")
    return row


def _read(row: models.Agreement) -> Agreement:
    return Agreement(
        agreement_no=row.agreement_no,
        agreement_id=row.agreement_id,
        revision=row.revision,
        agency_no=row.agency_no,
        client_no=row.client_no,
        purpose_no=row.purpose_no,
        for_sign_in=row.for_sign_in,
        statute_no=row.statute_no,
        law_nos=tuple(row.law_nos),
        law_statute_no=row.law_statute_no,
        required_nos=tuple(row.required_nos),
        optional_nos=tuple(row.optional_nos),
        justification=row.justification,
        retention_days=row.retention_days,
        retention_statute=row.retention_statute,
        recipients=tuple(row.recipients),
        automated_decision=row.automated_decision,
        storage_country=row.storage_country,
        if_refused=row.if_refused,
        state=row.state,
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
    )
