"""Messages to citizens: the inbox in the portal is the truth, other channels only say that there is one
(experience §3.11).

`detail` holds numbers and ids only; the words are made when the page is read, in that day's language. The one
writer of `idp.notifications`.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from idp.accounts import channels
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Vault
from idp.signals import message_words, messages
from idp.signals.models import Notification


def add(
    db: Session, citizen_id: UUID, kind: str, detail: dict[str, Any], sent_by: tuple[str, ...] = ("page",)
) -> None:
    """Tell a citizen, in the transaction of what happened."""
    db.execute(
        insert(Notification).values(
            citizen_id=citizen_id, notification_id=func.uuidv7(), kind=kind, detail=detail, sent_by=list(sent_by)
        )
    )


def warn(db: Session, vault: Vault, citizen_id: UUID, kind: str, language: str) -> None:
    """Tell a citizen on every channel, because it touches how they sign in (protocol.md §6 rows 91, 92)."""
    words = message_words.words(message_words.Kind.NOTIFICATION, language)
    sent = [messages.put(db, vault, citizen_id, to, words) for to in addresses_of(db, vault, citizen_id)]
    add(db, citizen_id, kind, {}, ("page", *sent))


def addresses_of(db: Session, vault: Vault, citizen_id: UUID) -> list[Identifier]:
    """Where the citizen can be reached outside the portal: what they proved and still have."""
    found = (channels.find_proved(db, vault, citizen_id, kind) for kind in (Kind.EMAIL, Kind.PHONE))
    return [address for address in found if address is not None]


def was_told(db: Session, citizen_id: UUID, kind: str, detail: dict[str, Any]) -> bool:
    """Whether there is a message of this kind whose detail holds at least this."""
    told = (Notification.citizen_id == citizen_id, Notification.kind == kind, Notification.detail.contains(detail))
    return db.scalar(select(Notification.notification_id).where(*told).limit(1)) is not None


def details_of(db: Session, citizen_ids: Collection[UUID], kind: str) -> list[tuple[UUID, dict[str, Any]]]:
    """What messages of this kind these citizens have: whose, and its detail."""
    theirs = (Notification.citizen_id.in_(citizen_ids), Notification.kind == kind)
    query = select(Notification.citizen_id, Notification.detail).where(*theirs)
    return [(citizen_id, detail) for citizen_id, detail in db.execute(query)]


def list_of(db: Session, citizen_id: UUID, limit: int = 50) -> list[Notification]:
    """Newest first."""
    newest = select(Notification).where(Notification.citizen_id == citizen_id)
    return list(db.scalars(newest.order_by(Notification.notification_id.desc()).limit(limit)))


def mark_read(db: Session, citizen_id: UUID) -> None:
    unread = update(Notification).where(Notification.citizen_id == citizen_id, Notification.read_at.is_(None))
    db.execute(unread.values(read_at=func.now()))
