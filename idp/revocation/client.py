"""A client suspended, or an agency with each of its clients, and the suspension lifted (DESIGN §4).

Nothing is ended: every statement that lets something out asks the state of client and agency, so codes, tokens and
families are refused from this commit on, and the citizens' pages show the consents as paused. Lifted, consents and
families work again; codes and access tokens of before do not, because they are older than `clients.state_at`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp.clients import agencies, registration
from idp.clients.models import Agency, Client


def suspend(db: Session, client: Client, *, actor_id: UUID | None = None) -> None:
    registration.suspend(db, client, _now(db), actor_id=actor_id)


def resume(db: Session, client: Client, *, actor_id: UUID | None = None) -> None:
    """`ValueError`: it is not suspended."""
    registration.resume(db, client, _now(db), actor_id=actor_id)


def suspend_agency(db: Session, agency: Agency, *, actor_id: UUID | None = None) -> None:
    """`ValueError`: it is dissolved."""
    agencies.suspend(db, agency, _now(db), actor_id=actor_id)


def resume_agency(db: Session, agency: Agency, *, actor_id: UUID | None = None) -> None:
    """`ValueError`: it is not suspended."""
    agencies.resume(db, agency, _now(db), actor_id=actor_id)
    registration.begin_anew(db, agency.agency_no, _now(db))


def _now(db: Session) -> datetime:
    """The database's time, as codes and tokens carry it."""
    return db.execute(select(func.now())).scalar_one()
