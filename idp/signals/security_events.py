"""What an application must learn about a citizen beside the end of a session: the events of CAEP 1.0 and RISC 1.0
that protocol.md §3.13 names, put into the outbox with their cause.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from consent import consents
from idp.signals import outbox


class Event(StrEnum):
    """The last part of each event's URI."""

    CREDENTIAL_CHANGE = "credential-change"
    TOKEN_CLAIMS_CHANGE = "token-claims-change"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_ENABLED = "account-enabled"
    ACCOUNT_PURGED = "account-purged"


def tell_all(db: Session, citizen_id: UUID, event: Event) -> None:
    """Every application to which the citizen has given a consent that was not taken back."""
    heads = consents.list_of(db, citizen_id)
    for client_no in sorted({head.client_no for head in heads if head.withdrawn_at is None}):
        outbox.put(db, client_no, citizen_id, event, {})
