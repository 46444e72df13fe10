"""From the names of a question to our numbers: what the statement judges. Pure, over what a process has cached.

Items of a batch about the same citizen, application and purpose are one look, so that "who looked" has one line
for them. A look asks about each attribute once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from consent.agreements import Agreement
from consent.attributes import Attribute, Attributes
from consent.decision import BASES_WITHOUT_CONSENT, Reason
from consent.purposes import Purposes
from idp.accounts import subject_identifiers
from idp.accounts.subject_identifiers import Sector
from idp.clients.registry import Client, Registry
from idp.evaluation.question import Item, Malformed, Question
from idp.tokens.access_token import NOBODY
from keys.pairwise import Pairwise

NONE = 0  # in the place of a number of ours, where a name is not known here


@dataclass(frozen=True, slots=True)
class Place:
    """Whom and what a look is about. `client_no` and `purpose_no` are NONE where the name is not known here."""

    citizen_id: UUID
    client_no: int
    purpose_no: int


@dataclass(slots=True)
class Look:
    """One place, with what the asker wants to give away there. `agreement`: the one in force, if any;
    `law_reason`: on which basis its attributes by law need no consent; `held` are the attributes that the asker
    itself holds, `asked` all of them, in the order of asking.
    """

    place: Place
    agreement: Agreement | None
    law_reason: Reason | None
    asked: list[Attribute] = field(default_factory=list)
    held: set[int] = field(default_factory=set)

    def is_by_law(self, attribute: Attribute) -> bool:
        return (
            self.agreement is not None
            and self.law_reason is not None
            and attribute.attribute_no in self.agreement.law_nos
        )


@dataclass(frozen=True, slots=True)
class Catalogues:
    """What a process knows of names."""

    registry: Registry
    purposes: Purposes
    attributes: Attributes
    pairwise: Pairwise


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of the request: its look, and the attributes that this item is about."""

    look: Look
    attributes: tuple[Attribute, ...]


def resolve(
    items: Sequence[Item], asking: Client, known: Catalogues, *, alone: bool
) -> tuple[list[Wanted | None], list[Look]]:
    """For each item what it wants, None where nothing is to be judged; and the looks, each once.

    An attribute that the catalogue does not have is `Malformed` in a question that stands alone, and denies its
    own item in a batch.
    """
    looks: dict[Place, Look] = {}
    wanted = [_wanted(item, asking, known, looks, alone=alone) for item in items]
    return wanted, list(looks.values())


def _wanted(
    item: Item, asking: Client, known: Catalogues, looks: dict[Place, Look], *, alone: bool
) -> Wanted | None:
    if not isinstance(item, Question):
        return None
    attributes = [known.attributes.by_name.get(name) for name in item.attributes]
    found = tuple(attribute for attribute in attributes if attribute is not None)
    if len(found) < len(attributes):
        if alone:
            raise Malformed("resource.properties.attributes names one that is not in the catalogue of attributes")
        return None
    look = _look(_place(item, asking, known), known, looks)
    look.asked.extend(attribute for attribute in found if attribute not in look.asked)
    look.held.update(one.attribute_no for one in found if one.holder_agency_no == asking.agency_no)
    return Wanted(look, found)


def _place(question: Question, asking: Client, known: Catalogues) -> Place:
    sector = Sector(asking.sector, asking.sector_version)
    client = known.registry.by_id.get(question.application)
    purpose = known.purposes.by_name.get(question.purpose)
    return Place(
        subject_identifiers.find_citizen(known.pairwise, question.sub, sector) or NOBODY,
        client.client_no if client else NONE,
        purpose.purpose_no if purpose else NONE,
    )


def _look(place: Place, known: Catalogues, looks: dict[Place, Look]) -> Look:
    if place not in looks:
        agreement = known.registry.agreements.get((place.client_no, place.purpose_no))
        basis = known.purposes.bases.get(agreement.law_statute_no or NONE) if agreement else None
        law_reason = BASES_WITHOUT_CONSENT.get(basis.kind) if basis else None
        looks[place] = Look(place, agreement, law_reason)
    return looks[place]
