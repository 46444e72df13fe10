"""The tables of citizens: accounts, sealed keys and profiles, identifiers, authenticators, recovery, sessions.

Each is written by one module of this folder, named beside it. What races is written as SQL there; these classes
serve the rest. Every unique index of a citizen's table begins with `citizen_id` (schema.sql): on many machines
they lie together.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Enum, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from idp.accounts.identifiers import Kind
from idp.accounts.states import AccountState, Audience, Proof, RecoveryState, SessionEnd
from idp.database import Base

_IDP = {"schema": "idp"}


def _enum(members: type[StrEnum], name: str) -> Enum:
    return Enum(
        members, name=name, schema="idp", values_callable=lambda all_of: [member.value for member in all_of]
    )


class Account(Base):
    """Writer: enrolment. Never deleted: the same person re-activated is the same row."""

    __tablename__ = "accounts"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[AccountState] = mapped_column(_enum(AccountState, "account_state"))
    ial: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]
    state_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class StoredKey(Base):
    """Writer: profile. Destroying the row is the erasure."""

    __tablename__ = "citizen_keys"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_sealed: Mapped[bytes]


class StoredProfile(Base):
    """Writer: profile. One document under the citizen's key; replaced as a whole by whoever saw its revision."""

    __tablename__ = "profiles"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_sealed: Mapped[bytes]
    revision: Mapped[int]
    updated_at: Mapped[datetime]


class StoredIdentifier(Base):
    """Writer: profile. The digest comes first: finding the citizen is its job."""

    __tablename__ = "identifiers"
    __table_args__ = _IDP
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(_enum(Kind, "identifier_kind"), primary_key=True)
    citizen_id: Mapped[UUID]
    verified_at: Mapped[datetime]


class StoredPassword(Base):
    """Writer: passwords. Also the account's memory of wrong proofs, of either kind."""

    __tablename__ = "passwords"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[str]
    set_at: Mapped[datetime]
    failures: Mapped[int]
    failed_at: Mapped[datetime | None]
    refused_until: Mapped[datetime | None]
    factor_failures: Mapped[int]
    factor_failed_at: Mapped[datetime | None]
    factor_refused_until: Mapped[datetime | None]


class StoredSession(Base):
    """Writer: sessions."""

    __tablename__ = "sessions"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_digest: Mapped[bytes]
    started_at: Mapped[datetime]
    authenticated_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[SessionEnd | None] = mapped_column(_enum(SessionEnd, "session_end"))
    audience: Mapped[Audience] = mapped_column(_enum(Audience, "audience"))
    aal: Mapped[int] = mapped_column(SmallInteger)
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    client_nos: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    acting_for_id: Mapped[UUID | None]
    device_sealed: Mapped[bytes | None]


class StoredTotp(Base):
    """Writer: totp. `last_step` only grows: a step works once."""

    __tablename__ = "totp_secrets"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    totp_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_sealed: Mapped[bytes]
    label_sealed: Mapped[bytes | None]
    last_step: Mapped[int]
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """Writer: recovery_codes. A set of ten, replaced as a whole; each works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_digest: Mapped[bytes] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Recovery(Base):
    """Writer: recovery. At most one is open for a citizen (index `recoveries_one_open`)."""

    __tablename__ = "recoveries"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    recovery_id: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[str]
    first_proof: Mapped[Proof] = mapped_column(_enum(Proof, "proof"))
    second_proof: Mapped[Proof | None] = mapped_column(_enum(Proof, "proof"))
    state: Mapped[RecoveryState] = mapped_column(_enum(RecoveryState, "recovery_state"))
    asked_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    cancel_digest: Mapped[bytes]
    cancelled_by: Mapped[str | None]
    state_at: Mapped[datetime]


class SentCode(Base):
    """Writer: sent_codes. A code proves only the address it was sent to."""

    __tablename__ = "sent_codes"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    sent_id: Mapped[UUID] = mapped_column(primary_key=True)
    use: Mapped[str]
    code_digest: Mapped[bytes]
    destination_digest: Mapped[bytes]
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Activation(Base):
    """Writer: letters. Found by the digest of what stands in the letter, before there is a session."""

    __tablename__ = "activations"
    __table_args__ = _IDP
    letter_digest: Mapped[bytes] = mapped_column(primary_key=True)
    citizen_id: Mapped[UUID]
    vouched_by_no: Mapped[int | None]
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AssuranceEvent(Base):
    """Writer: enrolment. Append-only: the evidence behind an identity assurance level."""

    __tablename__ = "assurance_events"
    __table_args__ = _IDP
    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    ial: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[str]
    vouched_by_no: Mapped[int | None]
    evidence_sealed: Mapped[bytes | None]
    at: Mapped[datetime]
