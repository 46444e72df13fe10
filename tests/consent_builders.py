"""The smallest valid things of the consent floor, changed by keyword."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from consent import agreements, attributes, notices, purposes, records
from consent.agreements import Agreement, Proposal
from consent.ledger.record_form import Parties
from consent.outcomes import Giving

NOW = datetime(2026, 11, 25, 2, 10, 5, tzinfo=UTC)
ISSUER = "https://id.gapura.example"
WORDS = {"title": "Antrean Puskesmas meminta data Anda", "why": "Mendaftarkan Anda di antrean puskesmas."}
# Each agreement is for a client of its own: tests that commit share one database.
_client_nos = itertools.count(70_000)


def catalogues(db: Session) -> tuple[attributes.Attributes, purposes.Purposes]:
    attributes.ensure(db)
    purposes.ensure(db)
    return attributes.load(db), purposes.load(db)


def numbers(db: Session, names: Iterable[str]) -> frozenset[int]:
    return frozenset(attributes.load(db).numbers(list(names)))


def a_proposal(db: Session, **changed: Any) -> Proposal:
    """For the clinic queue: name required, mobile number optional, and nothing by law. Attributes are given by
    name in `required`, `optional`, `law`, the purpose by code.
    """
    known, catalogue = catalogues(db)
    names = {"required": ("name",), "optional": ("phone_number",), "law": ()}
    by_name = {
        f"{place}_nos": known.numbers(list(changed.pop(place, default))) for place, default in names.items()
    }
    if by_name["law_nos"]:
        changed.setdefault("law_statute_no", catalogue.basis("UU 24/2013 Pasal 58 ayat (4)").statute_no)
    return Proposal(
        purpose_no=catalogue.by_code[changed.pop("purpose", "clinic-queue")].purpose_no,
        **{
            "agency_no": 7,
            "client_no": next(_client_nos),
            "statute_no": catalogue.basis(purposes.CONSENT_CITATION).statute_no,
            "retention_days": 90,
            "if_refused": {
                "id": "Anda tetap bisa mendaftar di loket.",
                "en": "You can still register at the counter.",
            },
            "for_sign_in": True,
            **by_name,
            **changed,
        },
    )


def an_agreement(db: Session, **changed: Any) -> Agreement:
    """In force."""
    return agreements.approve(db, agreements.propose(db, a_proposal(db, **changed), NOW).agreement_no, NOW)


def parties(**changed: Any) -> Parties:
    return Parties(
        **{
            "subject": "abkx3vq2",
            "controller": {
                "code": "social",
                "name": {"id": "Dinas Sosial Kota Sukamaju", "en": "Sukamaju Social Office"},
                "dpo_contact": "pdp@social.sukamaju.example",
            },
            "application": {"client_id": "antrean", "name": {"id": "Antrean Puskesmas", "en": "Clinic queue"}},
            "sources": {3: "civil-registry"},
            "issuer": ISSUER,
            **changed,
        }
    )


def a_giving(db: Session, agreement: Agreement, **changed: Any) -> Giving:
    """A first yes to what is required. Attributes are given by name in `allowed` (all of them) and `by_law`."""
    known, catalogue = catalogues(db)
    allowed, by_law = changed.pop("allowed", None), changed.pop("by_law", ())
    given = frozenset(agreement.required_nos if allowed is None else known.numbers(list(allowed)))
    law = frozenset(known.numbers(list(by_law)))
    return Giving(
        **{
            "citizen_id": uuid4(),
            "agreement": agreement,
            "purpose": catalogue.by_no[agreement.purpose_no],
            "attribute_nos": given | law,
            "law_nos": law,
            "offered_nos": frozenset({*agreement.required_nos, *agreement.optional_nos}),
            "notice": notices.issue(db, agreement.agreement_no, "id", WORDS, NOW),
            "expires_at": NOW + timedelta(days=365),
            "acr": "urn:gapura:acr:basic",
            "amr": ("pwd",),
            "method": "web-button",
            "revision": 0,
            "parties": parties(sources=_holders(known)),
            **changed,
        }
    )


def _holders(known: attributes.Attributes) -> dict[int, str]:
    """The catalogue's, whoever filled it: tests that commit share one database."""
    numbers = {attribute.holder_agency_no for attribute in known.by_no.values()} - {None}
    return {3: "civil-registry"} | {number: f"agency-{number}" for number in numbers}


def a_consent(
    db: Session, agreement: Agreement | None = None, now: datetime = NOW, **changed: Any
) -> tuple[Giving, UUID]:
    """Given at `now`: the giving, and the consent's id."""
    giving = a_giving(db, agreement or an_agreement(db), **changed)
    given = records.give(db, giving, now)
    assert isinstance(given, records.Given)
    return giving, given.consent_id
