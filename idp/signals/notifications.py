"""Messages to citizens: the inbox in the portal is the truth, other channels only say that there is one
(experience §3.11).

`detail` holds numbers and ids only; the words are made when the page is read, in that day's language. The one
writer of `idp.notifications`.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from idp.signals.models import Notification


def add(db: Session, citizen_id: UUID, kind: str, detail: dict[str, Any]) -> None:
    """Tell a citizen, in the transaction of what happened."""
    db.execute(
        insert(Notification).values(
            citizen_id=citizen_id, notification_id=func.uuidv7(), kind=kind, detail=detail, sent_by=["page"]
        )
    )


def list_of(db: Session, citizen_id: UUID, limit: int = 50) -> list[Notification]:
    """Newest first."""
    newest = select(Notification).where(Notification.citizen_id == citizen_id)
    return list(db.scalars(newest.order_by(Notification.notification_id.desc()).limit(limit)))


def mark_read(db: Session, citizen_id: UUID) -> None:
    unread = update(Notification).where(Notification.citizen_id == citizen_id, Notification.read_at.is_(None))
    db.execute(unread.values(read_at=func.now()))
