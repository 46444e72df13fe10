"""The tables of schema `consent`, as SQLAlchemy classes. What each column means stands in the migration.

Only this floor imports them, and each table has one writer: the module named in its docstring. The racing
statements (records, disclosures, the ledger) are SQL texts beside their writers; the classes serve reads and
the catalogues.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Enum,
    FetchedValue,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

AGREEMENT_STATES = ("proposed", "approved", "refused", "ended", "superseded")
ACTS = (
    "given", "renewed", "amended", "paused", "resumed", "refused", "left", "expired", "withdrawn", "ended",
    "struck_down",
)  # fmt: skip
ACTORS = ("self", "guardian", "representative", "assisted", "agency", "operator", "court", "clock")
CHANNELS = ("id_token", "userinfo", "introspection", "evaluation", "credential", "reported", "officer")
REASONS = (
    "consent_given", "law_names_it", "contract", "vital_interest", "public_task",
    "not_asked_yet", "not_in_consent", "refused", "expired", "withdrawn", "paused", "used_up", "agreement_missing",
    "purpose_unknown", "step_up_required", "application_suspended", "account_closed",
)  # fmt: skip


def _enum(name: str, members: tuple[str, ...]) -> Enum:
    """A PostgreSQL enum that the migrations made; its members stay strings."""
    return Enum(*members, name=name, schema="consent", create_type=False, native_enum=True)


class Base(DeclarativeBase):
    """Of this floor alone: no metadata, and so no foreign key, is shared with another."""

    metadata = MetaData(schema="consent")
    type_annotation_map: ClassVar = {
        int: Integer,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        date: Date,
        str: Text,
        dict[str, Any]: JSONB,
        list[int]: ARRAY(SmallInteger),
        list[str]: ARRAY(Text),
        list[bytes]: ARRAY(LargeBinary),
    }


class Attribute(Base):
    """Writer: consent/attributes."""

    __tablename__ = "attributes"

    attribute_no: Mapped[int] = mapped_column(SmallInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(SmallInteger)
    holder_agency_no: Mapped[int]
    sensitivity: Mapped[str]
    least_ial: Mapped[int] = mapped_column(SmallInteger)
    least_aal: Mapped[int] = mapped_column(SmallInteger)
    label: Mapped[dict[str, Any]]
    dpv_iri: Mapped[str | None]
    introduced_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class LegalBasis(Base):
    """Writer: consent/purposes."""

    __tablename__ = "legal_bases"

    statute_no: Mapped[int] = mapped_column(SmallInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    citation: Mapped[str]
    text_uri: Mapped[str | None]


class Purpose(Base):
    """Writer: consent/purposes. Superseded, never edited."""

    __tablename__ = "purposes"

    purpose_no: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    sentence: Mapped[dict[str, Any]]
    dpv_purpose: Mapped[str]
    longest_days: Mapped[int]
    introduced_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class Agreement(Base):
    """Writer: consent/agreements. One row a revision; its terms are never edited."""

    __tablename__ = "agreements"

    agreement_no: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    agreement_id: Mapped[UUID]
    revision: Mapped[int]
    agency_no: Mapped[int]
    client_no: Mapped[int]
    purpose_no: Mapped[int]
    for_sign_in: Mapped[bool]
    statute_no: Mapped[int] = mapped_column(SmallInteger)
    law_nos: Mapped[list[int]]
    law_statute_no: Mapped[int | None] = mapped_column(SmallInteger)
    required_nos: Mapped[list[int]]
    optional_nos: Mapped[list[int]]
    justification: Mapped[dict[str, Any]]
    retention_days: Mapped[int]
    retention_statute: Mapped[int | None] = mapped_column(SmallInteger)
    recipients: Mapped[list[str]]
    automated_decision: Mapped[bool]
    storage_country: Mapped[str]
    if_refused: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(_enum("agreement_state", AGREEMENT_STATES))
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Notice(Base):
    """Writer: consent/notices. Append-only (trigger)."""

    __tablename__ = "notices"

    notice_no: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    agreement_no: Mapped[int]
    language: Mapped[str]
    version: Mapped[int]
    words: Mapped[dict[str, Any]]
    words_digest: Mapped[bytes]
    issued_at: Mapped[datetime]


class Parties(Base):
    """Writer: consent/records. How controller, application and sources were called when an act was recorded."""

    __tablename__ = "parties"

    parties_digest: Mapped[bytes] = mapped_column(primary_key=True)
    parties: Mapped[dict[str, Any]]
    first_named_at: Mapped[datetime]


class Consent(Base):
    """Writer: consent/records. What stands now: the head of the acts, the lock of every release."""

    __tablename__ = "consents"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_no: Mapped[int] = mapped_column(primary_key=True)
    purpose_no: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID]
    agency_no: Mapped[int]
    agreement_no: Mapped[int]
    revision: Mapped[int]
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    attribute_nos: Mapped[list[int]]
    law_nos: Mapped[list[int] | None]
    offered_nos: Mapped[list[int]]


class Record(Base):
    """Writer: consent/records. Each act of consent, for good; only an erasure may touch a row, once (trigger)."""

    __tablename__ = "records"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID]
    client_no: Mapped[int]
    agency_no: Mapped[int]
    purpose_no: Mapped[int]
    agreement_no: Mapped[int]
    notice_no: Mapped[int | None]
    revision: Mapped[int]
    act: Mapped[str] = mapped_column(_enum("act", ACTS))
    actor: Mapped[str] = mapped_column(_enum("actor", ACTORS))
    acting_citizen_id: Mapped[UUID | None]
    acted_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    attribute_nos: Mapped[list[int]]
    law_nos: Mapped[list[int] | None]
    acr: Mapped[str | None]
    amr: Mapped[list[str] | None]
    method: Mapped[str]
    reason: Mapped[str | None]
    parties_digest: Mapped[bytes]
    previous_commitment: Mapped[bytes | None]
    commitment: Mapped[bytes]
    salt: Mapped[bytes | None]
    erased_at: Mapped[datetime | None]


class Receipt(Base):
    """Writer: consent/receipts. Signed once (trigger); goes with an erasure of its record (trigger)."""

    __tablename__ = "receipts"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt_id: Mapped[UUID] = mapped_column(FetchedValue())
    log: Mapped[str | None]
    kid: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    signature: Mapped[bytes | None]
    unfit_at: Mapped[datetime | None]


class Disclosure(Base):
    """Writer: consent/disclosures, by the fragments it lends to the statements that release. Append-only
    (trigger).
    """

    __tablename__ = "disclosures"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    disclosure_id: Mapped[UUID] = mapped_column(FetchedValue(), primary_key=True)
    consent_id: Mapped[UUID | None]
    client_no: Mapped[int]
    purpose_no: Mapped[int]
    channel: Mapped[str] = mapped_column(_enum("channel", CHANNELS))
    reason: Mapped[str] = mapped_column(_enum("reason", REASONS))
    source_agency_no: Mapped[int | None]
    acting_citizen_id: Mapped[UUID | None]
    shown_after: Mapped[date | None]
    statute_no: Mapped[int | None] = mapped_column(SmallInteger)
    attribute_nos: Mapped[list[int]]
    disclosed_at: Mapped[datetime] = mapped_column(FetchedValue())


class DisclosureDay(Base):
    """Writer: consent/disclosure_days (the worker's job). Append-only (trigger)."""

    __tablename__ = "disclosure_days"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    rows_seen: Mapped[int]
    root: Mapped[bytes]
    salt: Mapped[bytes]


class LedgerIntake(Base):
    """Writers: consent/ledger/log inserts, consent/ledger/sequencer takes out. An id is not an order."""

    __tablename__ = "ledger_intake"

    leaf_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entry: Mapped[bytes]
    made_at: Mapped[datetime] = mapped_column(FetchedValue())


class LedgerEntry(Base):
    """Writer: consent/ledger/sequencer. Append-only (trigger)."""

    __tablename__ = "ledger_entries"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    entry: Mapped[bytes]


class LedgerTile(Base):
    """Writer: consent/ledger/sequencer. Append-only (trigger). Full tiles only."""

    __tablename__ = "ledger_tiles"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    tile_no: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hashes: Mapped[bytes]


class LedgerHead(Base):
    """Writer: consent/ledger/sequencer. One row a log, and the lock that makes the sequencer one."""

    __tablename__ = "ledger_head"

    origin: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    edge: Mapped[list[bytes]]
    published_size: Mapped[int] = mapped_column(BigInteger)


class LedgerCheckpoint(Base):
    """Writer: consent/ledger/sequencer. Append-only (trigger). One root for one size."""

    __tablename__ = "ledger_checkpoints"

    origin: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root: Mapped[bytes]
    note: Mapped[str]
    signed_at: Mapped[datetime]
