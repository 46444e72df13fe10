"""What ends when something about the account changes: an authenticator, or the account itself (DESIGN §4).

Codes need nothing: they hang on their session. Access tokens hang on theirs or, with `offline_access`, on their
family. Locks are taken in the order in which redeeming a code takes them: consents, sessions, families.
"""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy.orm import Session

from consent import endings
from idp.accounts import enrolment, session_endings
from idp.accounts.states import AccountState, SessionEnd
from idp.gate import Gate
from idp.revocation import session as revocation
from idp.signals import outbox, security_events
from idp.signals.security_events import Event
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
    told = _end(db, citizen_id, kept_id, because, FamilyEnd.CREDENTIAL_CHANGED)
    credential_type, change_type = change.value
    detail = {"credential_type": credential_type, "change_type": change_type}
    for client_no in sorted(told):
        outbox.put(db, client_no, citizen_id, Event.CREDENTIAL_CHANGE, detail)


def suspend(db: Session, citizen_id: UUID, now: datetime, *, actor_id: UUID | None = None) -> bool:
    """Freeze an account: nothing leaves and nobody signs in, until it is resumed. Consents wait. False: there is
    no account that could be frozen."""
    if enrolment.change_state(db, citizen_id, AccountState.SUSPENDED, now, actor_id=actor_id) is None:
        return False
    _end(db, citizen_id, None, SessionEnd.ACCOUNT_SUSPENDED, FamilyEnd.ACCOUNT_SUSPENDED)
    security_events.tell_all(db, citizen_id, Event.ACCOUNT_DISABLED)
    return True


def resume(db: Session, citizen_id: UUID, now: datetime, *, actor_id: UUID | None = None) -> bool:
    """Lift a suspension: the citizen signs in again, and consents are in force as they were. False: it is not
    suspended."""
    account = enrolment.find_account(db, citizen_id)
    if account is None or account.state is not AccountState.SUSPENDED:
        return False
    if enrolment.change_state(db, citizen_id, AccountState.ACTIVE, now, actor_id=actor_id) is None:
        return False
    security_events.tell_all(db, citizen_id, Event.ACCOUNT_ENABLED)
    return True


def close(db: Session, gate: Gate, citizen_id: UUID, now: datetime, *, actor_id: UUID | None = None) -> bool:
    """End an account with everything that it gave. The row stays: the same person who comes back is the same
    citizen. False: there is no account that could be closed."""
    if enrolment.change_state(db, citizen_id, AccountState.CLOSED, now, actor_id=actor_id) is None:
        return False
    security_events.tell_all(db, citizen_id, Event.ACCOUNT_PURGED)
    registry = gate.registry.get()
    endings.end_all(db, citizen_id, lambda head: gate.parties(citizen_id, registry.by_no[head.client_no]))
    _end(db, citizen_id, None, SessionEnd.ACCOUNT_CLOSED, FamilyEnd.ACCOUNT_CLOSED)
    return True


def _end(
    db: Session, citizen_id: UUID, kept_id: UUID | None, session_end: SessionEnd, family_end: FamilyEnd
) -> frozenset[int]:
    """All sessions but the one kept, and all families; the clients that took part in any, by `client_no`."""
    ended = session_endings.end_all_but(db, citizen_id, kept_id, session_end)
    of_families = refresh_families.end_of_citizen(db, citizen_id, family_end)
    revocation.end_with(db, ended)
    return of_families.union(*(one.client_nos for one in ended))
