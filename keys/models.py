"""The tables of schema `keys`: signing keys, their sealed private halves, and keys that must die one by one."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Identity, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

KEY_STATE = ENUM(
    "published",
    "signing",
    "retired",
    "destroyed",
    "compromised",
    name="key_state",
    schema="keys",
    create_type=False,
)


class Base(DeclarativeBase):
    """This floor's own base: no foreign key crosses a floor."""

    metadata = MetaData(schema="keys")


class SigningKeyRow(Base):
    """One key through its whole life, with its public half. Never deleted."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(Text, primary_key=True)  # RFC 7638 thumbprint
    algorithm: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(KEY_STATE)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    signing_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    destroyed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    compromised_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PrivateKeyRow(Base):
    """A private half, sealed. Only the worker may read it; it is gone in the commit that destroys its key."""

    __tablename__ = "private_keys"

    kid: Mapped[str] = mapped_column(Text, ForeignKey("keys.signing_keys.kid"), primary_key=True)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    hsm_label: Mapped[str | None] = mapped_column(Text)


class StoreMarkRow(Base):
    """What tells a secret of the key store from another. Written once."""

    __tablename__ = "store_marks"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class TokenKeyRow(Base):
    """The private halves of role `tokens`: the view through which the doors see them, and no others."""

    __tablename__ = "token_keys"

    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    hsm_label: Mapped[str | None] = mapped_column(Text)


class DataKeyRow(Base):
    """A key that must die alone, sealed until then: one for each batch of old password hashes."""

    __tablename__ = "data_keys"

    key_no: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    destroyed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
