"""A citizen's consents as pages show them: named, in the page's language, with the last look and what is owed.

Reads only. Whether something is in force is judged by the doors that let data out, never from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consent import agreements, consents, disclosures
from consent import history as past
from consent.agreements import Agreement
from consent.attributes import Attribute
from consent.consents import Head
from idp.claims.notice_words import in_language
from idp.gate import Gate
from idp.signals import delivery
from idp.signals.withdrawal_clock import Clock
from idp.web import languages

ENDING_SOON = timedelta(days=30)  # from the first reminder on
A_YEAR = timedelta(days=365)
MOST_REFUSALS = 20


@dataclass(frozen=True)
class Held:
    """One attribute of a consent."""

    name: str
    label: str
    by_law: bool


@dataclass(frozen=True)
class Permit:
    """One consent. `state`: on, ending, paused, suspended, withdrawn, expired; `since`: when it ended, or None."""

    consent_id: UUID
    client_id: str
    name: str
    agency_name: str
    agency_code: str
    agency_no: int
    dpo_contact: str
    purpose: str
    citation: str  # of the law on which its law rows rest; empty where there are none
    attributes: tuple[Held, ...]
    state: str
    given_at: datetime
    until: datetime
    since: datetime | None
    days_left: int
    retention_days: int
    last_seen: datetime | None
    clock: Clock | None

    @property
    def ended(self) -> bool:
        return self.since is not None

    @property
    def labels(self) -> str:
        return listed(one.label for one in self.attributes)

    @property
    def law_labels(self) -> str:
        return listed(one.label for one in self.attributes if one.by_law)


@dataclass(frozen=True)
class AgencyPermits:
    """The consents of one agency, which one act withdraws together."""

    code: str
    name: str
    permits: tuple[Permit, ...]


@dataclass(frozen=True)
class Refused:
    """One request that the citizen said no to."""

    at: datetime
    name: str
    agency_name: str


def list_of(db: Session, gate: Gate, citizen_id: UUID, now: datetime) -> list[Permit]:
    """Every consent a citizen ever gave, ended ones too, by the names of agency and application."""
    seen, clocks = disclosures.last_seen(db, citizen_id), delivery.clocks_of(db, citizen_id)
    found = [
        _permit(gate, head, agreements.get(db, head.agreement_no), seen.get(head.client_no), clocks, now)
        for head in consents.list_of(db, citizen_id)
    ]
    return sorted(
        found, key=lambda permit: (permit.agency_name.casefold(), permit.name.casefold(), permit.given_at)
    )


def by_agency(permits: Iterable[Permit]) -> list[AgencyPermits]:
    """The same, under their agencies, in the order given."""
    groups: dict[tuple[str, str], list[Permit]] = {}
    for permit in permits:
        groups.setdefault((permit.agency_code, permit.agency_name), []).append(permit)
    return [AgencyPermits(code, name, tuple(found)) for (code, name), found in groups.items()]


def refused(db: Session, gate: Gate, citizen_id: UUID, now: datetime) -> list[Refused]:
    """To whom this citizen said no in the last year, newest first. No consent comes of it; it is seen (C043)."""
    clients, language = gate.registry.get().by_no, languages.current()
    acts = past.refusals(db, citizen_id, since=now - A_YEAR)
    return [
        Refused(
            act.acted_at,
            in_language(clients[act.client_no].name, language),
            in_language(clients[act.client_no].agency_name, language),
        )
        for act in acts[:MOST_REFUSALS]
    ]


def label_of(attribute: Attribute) -> str:
    """An attribute's name in the page's language."""
    return in_language(attribute.label, languages.current())


def listed(labels: Iterable[str]) -> str:
    """`Nama, NIK, nomor BPJS`: only the first keeps its capital, abbreviations keep theirs."""
    first, *rest = list(labels) or [""]
    return ", ".join([first, *map(_small, rest)])


def in_sentence(labels: Iterable[str]) -> str:
    """`nama, NIK, nomor BPJS`: within a sentence."""
    return ", ".join(map(_small, labels))


def _small(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _permit(
    gate: Gate,
    head: Head,
    agreement: Agreement,
    last_seen: datetime | None,
    clocks: dict[UUID, Clock],
    now: datetime,
) -> Permit:
    client = gate.registry.get().by_no[head.client_no]
    purposes, language = gate.purposes.get(), languages.current()
    law = purposes.bases.get(agreement.law_statute_no or 0)
    since = head.withdrawn_at or (head.expires_at if head.expires_at <= now else None)
    open_now = client.state in gate.open_states and client.agency_state in ("registered", "verified")
    return Permit(
        consent_id=head.consent_id,
        client_id=client.client_id,
        name=in_language(client.name, language),
        agency_name=in_language(client.agency_name, language),
        agency_code=client.agency_code,
        agency_no=client.agency_no,
        dpo_contact=client.dpo_contact,
        purpose=in_language(purposes.by_no[head.purpose_no].sentence, language),
        citation=law.citation if law and head.law_nos else "",
        attributes=held(gate, head.attribute_nos, head.law_nos),
        state=_state(head, now, open_now=open_now),
        given_at=head.given_at,
        until=head.expires_at,
        since=since,
        days_left=max((head.expires_at - now).days, 0),
        retention_days=agreement.retention_days,
        last_seen=last_seen,
        clock=clocks.get(head.consent_id),
    )


def _state(head: Head, now: datetime, *, open_now: bool) -> str:
    if head.withdrawn_at is not None:
        return "expired" if head.withdrawn_at == head.expires_at else "withdrawn"
    if head.expires_at <= now:
        return "expired"
    if not open_now:
        return "suspended"
    if head.paused_at is not None:
        return "paused"
    return "ending" if head.expires_at - now <= ENDING_SOON else "on"


def held(gate: Gate, numbers: frozenset[int], law_nos: frozenset[int]) -> tuple[Held, ...]:
    """Attributes by their numbers, named in the page's language."""
    catalogue = gate.attributes.get()
    found = [catalogue.by_no[number] for number in sorted(numbers)]
    return tuple(Held(one.name, label_of(one), one.attribute_no in law_nos) for one in found)
