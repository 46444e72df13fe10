"""Tables of what is to be told: notifications to citizens, and the agencies' clock after a withdrawal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base


class Notification(Base):
    """What a citizen was told. `kind` names the template; the words are made when read. Writer:
    signals/notifications."""

    __tablename__ = "notifications"
    __table_args__ = {"schema": "idp"}  # noqa: RUF012

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    sent_by: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    read_at: Mapped[datetime | None]
