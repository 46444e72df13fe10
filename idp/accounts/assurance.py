"""How sure we are: identity (IAL), authenticators (AAL), and what the wire says of both (`acr`, `amr`). Pure.

Levels are those of NIST SP 800-63-4; `acr` names are ours (DESIGN §7); `amr` values are those of RFC 8176. What is
said is what happened, never what was asked (protocol.md §6 row 94). A request may ask for more than the floor, and
nothing lowers the floor.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Acr(StrEnum):
    """Authentication context classes, least first."""

    BASIC = "urn:gapura:acr:basic"
    SUBSTANTIAL = "urn:gapura:acr:substantial"
    HIGH = "urn:gapura:acr:high"


class Amr(StrEnum):
    """Authentication methods, as `amr` names them (RFC 8176 §2)."""

    PASSWORD = "pwd"
    ONE_TIME_PASSWORD = "otp"  # a code app, a code card, or a printed code
    SMS = "sms"
    DEVICE_BOUND_KEY = "hwk"  # a passkey that cannot leave its device
    SYNCED_KEY = "swk"  # a passkey that is copied between devices
    USER_PRESENT = "user"
    MULTI_FACTOR = "mfa"  # the passkey asked for finger, face or PIN


_POSSESSION = frozenset({Amr.ONE_TIME_PASSWORD, Amr.SMS, Amr.DEVICE_BOUND_KEY, Amr.SYNCED_KEY})
_PHISHING_RESISTANT = frozenset({Amr.DEVICE_BOUND_KEY, Amr.SYNCED_KEY})
HIGH_LASTS = timedelta(hours=2)  # since the citizen last proved who they are


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be met before something is released; the level of each kind, each the highest of all that ask."""

    ial: int = 0
    aal: int = 1
    phishing_resistant: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """What stands behind a session: its account's IAL, its own AAL and methods, and when they were last proved."""

    ial: int
    aal: int
    amr: Collection[str]
    authenticated_at: datetime


class Shortfall(StrEnum):
    """The first thing missing, in the order of mending; the last takes a letter or a counter."""

    PASSKEY = "passkey"
    SECOND_FACTOR = "second_factor"
    FRESH = "fresh"
    IDENTITY = "identity"


_OF_ACR = {
    Acr.BASIC: Requirement(),
    Acr.SUBSTANTIAL: Requirement(ial=2, aal=2),
    Acr.HIGH: Requirement(ial=2, aal=2, phishing_resistant=True),
}


def aal_of(amr: Collection[str]) -> int:
    """The level that these methods together reach.

    A synced passkey is never AAL3 (row 89), e-mail is no factor (row 93).
    """
    methods = frozenset(amr)
    two_factors = Amr.MULTI_FACTOR in methods or (Amr.PASSWORD in methods and bool(methods & _POSSESSION))
    if not two_factors:
        return 1
    return 3 if Amr.DEVICE_BOUND_KEY in methods else 2


def acr_of(reached: Reached, now: datetime) -> Acr:
    """The class that is true of this session now: the claim `acr`."""
    return next(acr for acr in reversed(Acr) if find_shortfall(reached, _OF_ACR[acr], now) is None)


def requirement_of(acr: Acr) -> Requirement:
    """What a class demands."""
    return _OF_ACR[acr]


def highest(requirements: Iterable[Requirement]) -> Requirement:
    """What meets all of them: the client's floor, the agreement's, each attribute's, the request's."""
    ial, aal, phishing_resistant = 0, 1, False
    for one in requirements:
        ial, aal = max(ial, one.ial), max(aal, one.aal)
        phishing_resistant = phishing_resistant or one.phishing_resistant
    return Requirement(ial, aal, phishing_resistant)


def find_shortfall(reached: Reached, required: Requirement, now: datetime) -> Shortfall | None:
    """What is still to be proved; None: enough.

    A door whose `is_out_of_reach` is true says so before it asks for anything.
    """
    if required.phishing_resistant and not _PHISHING_RESISTANT.intersection(reached.amr):
        return Shortfall.PASSKEY
    if reached.aal < required.aal:
        return Shortfall.SECOND_FACTOR
    if required.phishing_resistant and reached.authenticated_at <= now - HIGH_LASTS:
        return Shortfall.FRESH
    return Shortfall.IDENTITY if is_out_of_reach(reached.ial, required) else None


def is_out_of_reach(ial: int, required: Requirement) -> bool:
    """No sign-in can mend a missing identity proof: it takes a letter or a counter."""
    return ial < required.ial


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of `acr`: classes that would be welcome, best first, and whether one of them must be
    met.
    """

    wished: tuple[Acr, ...] = ()
    essential: bool = False


class UnknownAcr(Exception):
    """An essential request names no class that we have: it cannot be met, so it must be refused (OIDC Core
    §5.5.1.1).
    """


def read_asked(acr_values: Iterable[str], essential: Collection[str] | None) -> Asked:
    """Parse what `acr_values` (voluntary: unknown ones are passed over) and an essential `acr` claim name."""
    if essential is not None:
        known = _known(essential)
        if essential and not known:
            raise UnknownAcr
        return Asked(known, essential=bool(essential))
    return Asked(_known(acr_values))


def _known(names: Iterable[str]) -> tuple[Acr, ...]:
    return tuple(Acr(name) for name in names if name in _OF_ACR)
