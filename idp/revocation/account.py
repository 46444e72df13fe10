"""What ends when something about the account changes: an authenticator, or the account itself (DESIGN §4)."""

from enum import Enum
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import sessions
from idp.accounts.states import SessionEnd
from idp.revocation import session as revocation
from idp.signals import outbox
from idp.tokens import refresh_families
from idp.tokens.refresh_families import FamilyEnd


class Change(Enum):
    """What changed, in the words of the event that tells it: `credential_type`, `change_type` (CAEP 1.0 §3.3)."""

    PASSWORD = "password", "update"
    APP_ADDED = "app", "create"
    APP_REPLACED = "app", "update"
    APP_REMOVED = "app", "delete"
    CODES_REPLACED = "printed-code", "update"
    RECOVERED = "password", "revoke"


def credential_changed(db: Session, citizen_id: UUID, kept_id: UUID | None, change: Change) -> None:
    """A password or factor was changed: every other session and every refresh family ends.

    `kept_id`: the session in which it was changed. After a recovery none is kept: nobody is sure whose they were.
    """
    because = SessionEnd.RECOVERY if change is Change.RECOVERED else SessionEnd.CREDENTIAL_CHANGED
    ended = sessions.end_all_but(db, citizen_id, kept_id, because)
    of_families = refresh_families.end_of_citizen(db, citizen_id, FamilyEnd.CREDENTIAL_CHANGED)
    revocation.end_with(db, ended)
    credential_type, change_type = change.value
    detail = {"credential_type": credential_type, "change_type": change_type}
    for client_no in sorted(of_families.union(*(one.client_nos for one in ended))):
        outbox.put(db, client_no, citizen_id, "credential-change", detail)
