"""The tables of agencies and their applications, in schema `idp`; schema and constraints are the migrations'."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Date, DateTime, Enum, ForeignKey, Identity, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base

AGENCY_STATES = ("registered", "verified", "suspended", "dissolved")
CLIENT_STATES = ("draft", "sandbox", "live", "suspended", "closed")
PROFILES = ("standard", "classic", "native", "fapi2", "machine")

_agency_state = Enum(*AGENCY_STATES, name="agency_state", schema="idp", create_type=False)
_client_state = Enum(*CLIENT_STATES, name="client_state", schema="idp", create_type=False)
_client_profile = Enum(*PROFILES, name="client_profile", schema="idp", create_type=False)
_moment = DateTime(timezone=True)
SCHEMA = {"schema": "idp"}


class Agency(Base):
    """A public body. Never deleted: a dissolved agency keeps its history."""

    __tablename__ = "agencies"
    __table_args__ = SCHEMA

    agency_no: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    agency_code: Mapped[str] = mapped_column(Text)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(_agency_state)
    dpo_contact: Mapped[str] = mapped_column(Text)
    domains: Mapped[list[str]] = mapped_column(ARRAY(Text))
    successor_no: Mapped[int | None] = mapped_column(ForeignKey("idp.agencies.agency_no"))
    created_at: Mapped[datetime] = mapped_column(_moment)
    state_at: Mapped[datetime] = mapped_column(_moment)


class Sector(Base):
    """Clients of one sector see the same `sub`. Its label is the pairwise key's context and never used again."""

    __tablename__ = "sectors"
    __table_args__ = SCHEMA

    sector_no: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    agency_no: Mapped[int] = mapped_column(ForeignKey("idp.agencies.agency_no"))
    label: Mapped[str] = mapped_column(Text)
    narrowed_for: Mapped[str | None] = mapped_column(Text)
    key_version: Mapped[int] = mapped_column(SmallInteger, default=1)
    previous_key_version: Mapped[int | None] = mapped_column(SmallInteger)
    previous_until: Mapped[datetime | None] = mapped_column(_moment)


class Client(Base):
    """An application on the wire. Never deleted: a closed one stays the name in the citizen's history.

    `agency_state` is the agency's own, kept equal by the foreign key's cascade: nobody here writes it after the
    insert.
    """

    __tablename__ = "clients"
    __table_args__ = SCHEMA

    client_no: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    client_id: Mapped[str] = mapped_column(Text)
    agency_no: Mapped[int] = mapped_column(Integer)
    agency_state: Mapped[str] = mapped_column(_agency_state)
    sector_no: Mapped[int] = mapped_column(Integer)
    previous_sector_no: Mapped[int | None] = mapped_column(Integer)
    previous_sub_until: Mapped[datetime | None] = mapped_column(_moment)
    profile: Mapped[str] = mapped_column(_client_profile)
    state: Mapped[str] = mapped_column(_client_state)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    auth_method: Mapped[str] = mapped_column(Text)
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    post_logout_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    id_token_alg: Mapped[str] = mapped_column(Text)
    backchannel_logout_uri: Mapped[str | None] = mapped_column(Text)
    # `metadata` is a name that SQLAlchemy keeps for itself.
    rest: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    catalogue: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(_moment)
    live_at: Mapped[datetime | None] = mapped_column(_moment)
    state_at: Mapped[datetime] = mapped_column(_moment)


class ClientSecret(Base):
    """A secret's digest. Two slots, so that one can be replaced without a gap."""

    __tablename__ = "client_secrets"
    __table_args__ = SCHEMA

    client_no: Mapped[int] = mapped_column(ForeignKey("idp.clients.client_no"), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_moment)
    expires_at: Mapped[datetime | None] = mapped_column(_moment)
    used_on: Mapped[date | None] = mapped_column(Date)
