"""Whether an attribute may leave, and if not, why; and what is still to be asked of the citizen. Pure.

The caller brings what stands and the time. The states are those of a consent record in ISO/IEC TS 27560; the
order of the questions in `decide` is the order of the CASE in the may-I statement, and a test compares the two.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Reason(StrEnum):
    """Why an attribute may leave, or not. Kept with every disclosure: add members, never rename one."""

    CONSENT_GIVEN = "consent_given"
    LAW_NAMES_IT = "law_names_it"
    CONTRACT = "contract"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_TASK = "public_task"

    NOT_ASKED_YET = "not_asked_yet"
    NOT_IN_CONSENT = "not_in_consent"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    PAUSED = "paused"
    USED_UP = "used_up"
    AGREEMENT_MISSING = "agreement_missing"
    PURPOSE_UNKNOWN = "purpose_unknown"
    STEP_UP_REQUIRED = "step_up_required"
    APPLICATION_SUSPENDED = "application_suspended"
    ACCOUNT_CLOSED = "account_closed"

    # Only in answers; no disclosure carries these.
    CITIZEN_UNKNOWN = "citizen_unknown"
    MALFORMED_ITEM = "malformed_item"
    OBLIGATION_UNSUPPORTED = "obligation_unsupported"

    @property
    def permits(self) -> bool:
        return self in PERMITS


PERMITS = frozenset(
    {Reason.CONSENT_GIVEN, Reason.LAW_NAMES_IT, Reason.CONTRACT, Reason.VITAL_INTEREST, Reason.PUBLIC_TASK}
)
# Which basis of an agreement permits without consent. `legitimate_interest` is no basis on which a public body
# reads here.
BASES_WITHOUT_CONSENT = {
    "law": Reason.LAW_NAMES_IT,
    "contract": Reason.CONTRACT,
    "vital_interest": Reason.VITAL_INTEREST,
    "public_task": Reason.PUBLIC_TASK,
}


class Terms(Protocol):
    """What `decision` reads of an agreement."""

    @property
    def agreement_no(self) -> int: ...
    @property
    def required_nos(self) -> Sequence[int]: ...
    @property
    def optional_nos(self) -> Sequence[int]: ...
    @property
    def law_nos(self) -> Sequence[int]: ...
    @property
    def statute_no(self) -> int: ...
    @property
    def law_statute_no(self) -> int | None: ...
    @property
    def retention_days(self) -> int: ...
    @property
    def recipients(self) -> Sequence[str]: ...
    @property
    def automated_decision(self) -> bool: ...
    @property
    def storage_country(self) -> str: ...


class Standing(Protocol):
    """What `decision` reads of a consent as it stands, or stood. `expires_at` is the first instant not covered."""

    @property
    def agreement_no(self) -> int: ...
    @property
    def attribute_nos(self) -> AbstractSet[int]: ...
    @property
    def law_nos(self) -> AbstractSet[int]: ...
    @property
    def offered_nos(self) -> AbstractSet[int]: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def paused_at(self) -> datetime | None: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside consent and agreement. The defaults are the good case."""

    application_open: bool = True  # client and agency are live
    account_open: bool = True
    purpose_known: bool = True
    law_kind: str | None = None  # kind of the agreement's `law_statute_no`
    refused: bool = False  # the latest answer to this asking was no
    level_reached: bool = True  # identity and authenticator assurance reach the attribute's least


def in_force(standing: Standing, now: datetime) -> bool:
    """Whether a consent permits anything now."""
    return standing.withdrawn_at is None and standing.paused_at is None and now < standing.expires_at


def decide(
    attribute_no: int, chain: Sequence[Standing], now: datetime, terms: Terms | None, situation: Situation
) -> Reason:
    """Judge one attribute. `chain` is the consent's versions, oldest first: the latest alone is judged, the
    others tell only whether what it lacks was taken back. `terms` is the agreement in force for this client and
    purpose.
    """
    if not situation.application_open:
        return Reason.APPLICATION_SUSPENDED
    if not situation.account_open:
        return Reason.ACCOUNT_CLOSED
    if not situation.purpose_known:
        return Reason.PURPOSE_UNKNOWN
    if terms is None:
        return Reason.AGREEMENT_MISSING
    basis = BASES_WITHOUT_CONSENT.get(situation.law_kind or "")
    verdict = (
        basis
        if basis is not None and attribute_no in terms.law_nos
        else _by_consent(attribute_no, chain, now, situation)
    )
    return Reason.STEP_UP_REQUIRED if verdict.permits and not situation.level_reached else verdict


def _by_consent(attribute_no: int, chain: Sequence[Standing], now: datetime, situation: Situation) -> Reason:
    if not chain:
        return Reason.REFUSED if situation.refused else Reason.NOT_ASKED_YET
    latest = chain[-1]
    if latest.withdrawn_at is not None:
        # The sweep of what has run out ends a consent at its own last instant; any other end is somebody's act.
        # Not compared with `now`: the server that withdrew it may have a faster clock than this one.
        return Reason.EXPIRED if latest.withdrawn_at == latest.expires_at else Reason.WITHDRAWN
    if latest.paused_at is not None:
        return Reason.PAUSED
    if now >= latest.expires_at:
        return Reason.EXPIRED
    if attribute_no in latest.attribute_nos:
        return Reason.CONSENT_GIVEN
    held_before = any(attribute_no in version.attribute_nos for version in chain)
    return Reason.WITHDRAWN if held_before else Reason.NOT_IN_CONSENT


class Why(StrEnum):
    """Why a citizen is shown the consent page, or is not."""

    NOTHING = "nothing"  # all that is asked was answered before
    PAUSED = "paused"  # nothing leaves and nothing is asked again: the citizen resumes it
    FIRST_TIME = "first_time"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TERMS_CHANGED = "terms_changed"  # the old consent does not stretch (UU PDP art. 21(2))
    MORE = "more"
    ASKED_ANEW = "asked_anew"  # prompt=consent


@dataclass(frozen=True, slots=True)
class StillToAsk:
    """What the page puts to the citizen. `standing_nos` are granted already, stay so, and are shown as such."""

    why: Why
    required: frozenset[int] = frozenset()
    optional: frozenset[int] = frozenset()
    law: frozenset[int] = frozenset()
    standing_nos: frozenset[int] = frozenset()
    standing_law_nos: frozenset[int] = frozenset()
    standing_offered_nos: frozenset[int] = frozenset()

    @property
    def page_needed(self) -> bool:
        return self.why not in (Why.NOTHING, Why.PAUSED)

    def answered(self, allowed: AbstractSet[int]) -> "Answered":
        """What is to be given when the citizen allows, of the optional ones, `allowed`: required and law are
        not a choice.
        """
        given = self.standing_nos | self.required | self.law | (self.optional & allowed)
        return Answered(
            given, self.standing_law_nos | self.law, self.standing_offered_nos | self.required | self.optional
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """The three lists of a giving."""

    attribute_nos: frozenset[int]
    law_nos: frozenset[int]
    offered_nos: frozenset[int]


def still_to_ask(
    terms: Terms,
    head: Standing | None,
    asked: AbstractSet[int],
    now: datetime,
    *,
    earlier_terms: Terms | None = None,
    anew: bool = False,
) -> StillToAsk:
    """Whether the page is needed for what a request asks, and with which rows.

    Judged by sets of attribute numbers, so order, doubles and spelling of a request cannot ask anybody twice
    (C042). `earlier_terms` is the agreement that `head` rests on, where that is not `terms`; unknown counts as
    wider.
    """
    required = asked & set(terms.required_nos)
    optional = asked & set(terms.optional_nos)
    law = asked & set(terms.law_nos)
    why = _why_from_the_start(terms, head, now, earlier_terms, anew)
    if why is Why.PAUSED:
        return StillToAsk(why)
    if why is not None or head is None:
        return StillToAsk(why or Why.FIRST_TIME, frozenset(required), frozenset(optional), frozenset(law))
    required = required - head.attribute_nos
    optional = optional - head.attribute_nos - head.offered_nos
    law = law - head.attribute_nos
    if not (required or optional or law):
        return StillToAsk(Why.NOTHING)
    return StillToAsk(
        Why.MORE,
        frozenset(required),
        frozenset(optional),
        frozenset(law),
        frozenset(head.attribute_nos),
        frozenset(head.law_nos),
        frozenset(head.offered_nos),
    )


def _why_from_the_start(
    terms: Terms, head: Standing | None, now: datetime, earlier_terms: Terms | None, anew: bool
) -> Why | None:
    """The reason to put the whole request to the citizen again; none when only what is new may have to be."""
    if head is None:
        return Why.FIRST_TIME
    if head.withdrawn_at is not None:
        return Why.EXPIRED if head.withdrawn_at == head.expires_at else Why.WITHDRAWN
    if now >= head.expires_at:
        return Why.EXPIRED
    if head.paused_at is not None:
        return Why.PAUSED
    if head.agreement_no != terms.agreement_no and (earlier_terms is None or _wider(terms, earlier_terms)):
        return Why.TERMS_CHANGED
    return Why.ASKED_ANEW if anew else None


def _wider(terms: Terms, earlier: Terms) -> bool:
    """Whether the newer agreement lets the agency do more with what it already receives."""
    return (
        terms.retention_days > earlier.retention_days
        or not set(terms.recipients) <= set(earlier.recipients)
        or terms.storage_country != earlier.storage_country
        or (terms.automated_decision and not earlier.automated_decision)
        or (terms.statute_no, terms.law_statute_no) != (earlier.statute_no, earlier.law_statute_no)
    )
