"""What an application asks of a citizen at sign-in, as a developer writes it: names and codes, read into an
agreement.

`sign_in_agreement` of a registration: purpose (a code), required, optional and law (attribute names), law_statute
(the citation on which `law` rests), retention_days, if_refused (a text, or one by language), justification by
attribute name. The agreement itself, and that one is in force at a time, is `consent/agreements`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from consent import agreements, attributes, purposes
from consent.agreements import Agreement, Proposal
from consent.attributes import Attributes
from consent.errors import NoSuchPurpose
from consent.purposes import CONSENT_CITATION, Purposes
from idp.clients.metadata import LANGUAGES, Fault, Refused
from idp.clients.models import Client

FIELD = "sign_in_agreement"
LONGEST_RETENTION_DAYS = 36_600
LONGEST_WORDS = 300
# What a citizen would have to be told of, and no page says yet.
NOT_OFFERED = ("automated_decision", "recipients", "retention_statute", "storage_country")


def read(db: Session, raw: object) -> Proposal | Refused | None:
    """The terms, still without client and agency; None where nothing is asked yet."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return Refused(
            (Fault(FIELD, "write an object with purpose, required, optional, law, retention_days, if_refused"),)
        )
    return _Reader(raw, attributes.load(db), purposes.load(db)).read()


def propose(db: Session, client: Client, terms: Proposal, *, now: datetime, approve: bool) -> Agreement:
    """Put the terms before an operator, or in a rehearsal straight into force. The caller moves the generation."""
    proposal = replace(terms, client_no=client.client_no, agency_no=client.agency_no)
    agreement = agreements.propose(db, proposal, now)
    return agreements.approve(db, agreement.agreement_no, now) if approve else agreement


def find_in_force(db: Session, client_no: int) -> Agreement | None:
    for agreement in agreements.list_of_client(db, client_no):
        if agreement.for_sign_in and agreement.state == "approved":
            return agreement
    return None


class _Reader:
    """One reading, member by member; what is wrong is gathered."""

    def __init__(self, raw: Mapping[str, Any], known: Attributes, catalogue: Purposes) -> None:
        self.raw, self.known, self.catalogue = raw, known, catalogue
        self.faults: list[Fault] = []

    def fault(self, member: str, mend: str) -> None:
        self.faults.append(Fault(f"{FIELD}.{member}", mend))

    def read(self) -> Proposal | Refused:
        for member in NOT_OFFERED:
            if self.raw.get(member):
                self.fault(member, "leave it out; it is not offered here yet")
        purpose = self.catalogue.by_code.get(str(self.raw.get("purpose")))
        if purpose is None:
            self.fault("purpose", f"choose from {', '.join(sorted(self.catalogue.by_code))}")
        lists = {member: self.names(member) for member in ("required", "optional", "law")}
        names = [name for one in lists.values() for name in one]
        if len(names) != len(set(names)):
            self.fault("required", "name each attribute once, in required, optional or law")
        law_statute_no = self.law_statute(bool(lists["law"]))
        retention_days, if_refused = self.retention_days(), self.if_refused()
        reasons = self.justification(names)
        if self.faults or purpose is None:
            return Refused(tuple(self.faults))
        return Proposal(
            agency_no=0,
            client_no=0,
            purpose_no=purpose.purpose_no,
            for_sign_in=True,
            statute_no=self.catalogue.basis(CONSENT_CITATION).statute_no,
            required_nos=self.known.numbers(lists["required"]),
            optional_nos=self.known.numbers(lists["optional"]),
            law_nos=self.known.numbers(lists["law"]),
            law_statute_no=law_statute_no,
            retention_days=retention_days,
            if_refused=if_refused,
            justification={name: reasons.get(name, purpose.sentence) for name in names},
        )

    def names(self, member: str) -> list[str]:
        names = self.raw.get(member, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.fault(member, "write a list of attribute names")
            return []
        if not set(names) <= set(self.known.by_name):
            self.fault(member, f"choose from {', '.join(sorted(self.known.by_name))}")
            return []
        return names

    def law_statute(self, needed: bool) -> int | None:
        citation = self.raw.get("law_statute")
        if citation is None and not needed:
            return None
        try:
            return self.catalogue.basis(str(citation)).statute_no
        except NoSuchPurpose:
            cited = sorted(basis.citation for basis in self.catalogue.bases.values() if basis.kind != "consent")
            self.fault("law_statute", f"name the law on which these attributes rest: {'; '.join(cited)}")
            return None

    def retention_days(self) -> int:
        days = self.raw.get("retention_days")
        if type(days) is int and 1 <= days <= LONGEST_RETENTION_DAYS:
            return days
        self.fault("retention_days", "write for how many days the agency keeps what it receives")
        return 0

    def justification(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Why each attribute is asked. Of those of which nothing is said, the purpose is the reason."""
        given = self.raw.get("justification", {})
        if not isinstance(given, dict) or not set(given) <= set(names):
            self.fault("justification", "say by attribute name why each is needed")
            return {}
        reasons = {name: words for name in given if (words := _in_all_languages(given[name])) is not None}
        if len(reasons) < len(given):
            self.fault("justification", "write each reason as a text, or in id and en")
        return reasons

    def if_refused(self) -> dict[str, str]:
        """What refusing costs, and the other way to the service: no screen may leave it out (DESIGN §6.9)."""
        words = _in_all_languages(self.raw.get("if_refused"))
        if words is None:
            self.fault("if_refused", "say in id and en what refusing costs and how else to reach the service")
        return words or {}


def _in_all_languages(given: object) -> dict[str, str] | None:
    """Words in each of our languages; one text stands for all of them."""
    words = dict.fromkeys(LANGUAGES, given) if isinstance(given, str) else given
    if not isinstance(words, dict):
        return None
    texts = {tongue: words[tongue] for tongue in LANGUAGES if isinstance(words.get(tongue), str)}
    return texts if all(_may_be_shown(texts.get(tongue, "")) for tongue in LANGUAGES) else None


def _may_be_shown(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_WORDS and text.isprintable()
