"""What the acts on a consent are asked with and what they come to: plain values, each outcome a class of its own.

A refusal that must leave a trace, or that a page answers like a success, is a value; nothing here is raised.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.agreements import Agreement
from consent.ledger.record_form import Parties
from consent.notices import Notice
from consent.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Giving:
    """The citizen's answer to a page. `revision` is the one that the page was made from (0: there was none);
    the three lists are those of `decision.StillToAsk.answered`: all that is in force afterwards, what of it
    rests on law, what was put to the citizen. The last instant is `expires_at`, or the purpose's longest when
    that comes sooner.
    """

    citizen_id: UUID
    agreement: Agreement
    purpose: Purpose
    attribute_nos: frozenset[int]
    law_nos: frozenset[int]
    offered_nos: frozenset[int]
    notice: Notice
    expires_at: datetime
    acr: str
    amr: tuple[str, ...]
    method: str
    revision: int
    parties: Parties


@dataclass(frozen=True, slots=True)
class Given:
    """`gained_nos` is what this act added to what stood: nothing after a mere renewal."""

    consent_id: UUID
    revision: int
    act: str
    at: datetime
    expires_at: datetime
    gained_nos: frozenset[int]


@dataclass(frozen=True, slots=True)
class Moved:
    """Another act came between the page and its answer, or the agreement went out of force: show the page
    again.
    """


@dataclass(frozen=True, slots=True)
class Ended:
    """Over: by the citizen (`withdrawn`) or by the clock (`expired`). `attribute_nos` is what it covered."""

    consent_id: UUID
    client_no: int
    agency_no: int
    purpose_no: int
    revision: int
    act: str
    at: datetime
    attribute_nos: frozenset[int]


@dataclass(frozen=True, slots=True)
class Amended:
    """One attribute was taken back, by the act `record_id`; the consent lives on with `attribute_nos`."""

    record_id: UUID
    consent_id: UUID
    client_no: int
    agency_no: int
    purpose_no: int
    revision: int
    at: datetime
    attribute_nos: frozenset[int]
    taken_back_no: int


@dataclass(frozen=True, slots=True)
class AlreadyEnded:
    """Withdrawn or run out before. Pages answer it like the first time: on a slow network people tap twice."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Not this citizen's consent. The answer must not tell whether it is somebody else's."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The attribute rests on law, or the consent does not have it: nothing changed."""

    rests_on_law: bool
