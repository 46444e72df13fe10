"""The words of a consent page that come from review: who asks, what for, which data and why, how long, what
refusing costs.

One source for the screen, the notice whose digest the record keeps, and the receipt (experience §2.3). No value of
a citizen is among them, so a notice is the same for everybody who is asked the same.
"""

from typing import Any

from consent.agreements import Agreement
from consent.attributes import Attributes
from consent.purposes import Purposes
from idp.clients.registry import Client


def in_language(words: dict[str, str], language: str) -> str:
    """The text in this language, else in Indonesian, else in whichever there is."""
    return words.get(language) or words.get("id") or next(iter(words.values()), "")


def compose(
    client: Client,
    agreement: Agreement,
    attributes: Attributes,
    purposes: Purposes,
    offered_nos: frozenset[int],
    language: str,
) -> dict[str, Any]:
    """The notice for this asking: `offered_nos` are the attributes on the page, law rows among them."""
    purpose = purposes.by_no[agreement.purpose_no]

    def rows(numbers: tuple[int, ...]) -> list[dict[str, str]]:
        return [
            {
                "name": attributes.by_no[number].name,
                "label": in_language(attributes.by_no[number].label, language),
                "reason": in_language(agreement.justification.get(attributes.by_no[number].name, {}), language),
            }
            for number in numbers
            if number in offered_nos
        ]

    return {
        "application": in_language(client.name, language),
        "agency": in_language(client.agency_name, language),
        "purpose": in_language(purpose.sentence, language),
        "required": rows(agreement.required_nos),
        "optional": rows(agreement.optional_nos),
        "law": rows(agreement.law_nos),
        "law_citation": purposes.bases[agreement.law_statute_no].citation if agreement.law_statute_no else "",
        "basis": purposes.bases[agreement.statute_no].citation,
        "longest_days": purpose.longest_days,
        "retention_days": agreement.retention_days,
        "if_refused": in_language(agreement.if_refused, language),
        "contact": client.dpo_contact,
    }
