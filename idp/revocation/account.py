"""What ends when something about the account changes: an authenticator, or the account itself (DESIGN §4)."""

from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import sessions
from idp.accounts.states import SessionEnd
from idp.revocation import session as revocation
from idp.tokens import refresh_families
from idp.tokens.refresh_families import FamilyEnd


def credential_changed(db: Session, citizen_id: UUID, kept_id: UUID | None) -> None:
    """A password or factor was changed: every other session and every refresh family ends (`kept_id` None:
    all)."""
    ended = sessions.end_all_but(db, citizen_id, kept_id, SessionEnd.CREDENTIAL_CHANGED)
    refresh_families.end_of_citizen(db, citizen_id, FamilyEnd.CREDENTIAL_CHANGED)
    revocation.end_with(db, ended)
