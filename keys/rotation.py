"""The life of a signing key, and which step is due when. Pure: the caller brings keys and time.

    publish          start signing             (its successor starts)           destroy
      ──────► published ──────► signing ──────────────► retired ──────────────► destroyed
                 2 × 900 s          90 days                    longest token + 24 h

A verifier may have fetched the JWKS just before a key was published, and keeps it for `max-age` (900 s): twice
that must pass before the first signature, and a retired key stays listed until the last token it signed has
expired and a day more. So no verifier ever meets a key that it cannot know. A step that comes too early is refused
with its date, whoever asks; the only way around is `compromised`, which breaks things and says so. A role's very
first key signs at once: nobody has cached anything.

States only move forwards, and rows are never deleted: a destroyed key has lost its private half and keeps its
public one, since receipts and ledger heads are judged by it for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

JWKS_MAX_AGE = timedelta(seconds=900)
PUBLISHED_BEFORE_SIGNING = 2 * JWKS_MAX_AGE
KEPT_AFTER_LAST_TOKEN = timedelta(hours=24)


class Role(StrEnum):
    """What a key may sign, and nothing else. Only keys of `tokens` are in `/jwks`."""

    TOKENS = "tokens"
    LEDGER = "ledger"
    RECEIPTS = "receipts"
    EVENTS = "events"


class State(StrEnum):
    """Where a key is in its life; kept in the database."""

    PUBLISHED = "published"
    SIGNING = "signing"
    RETIRED = "retired"
    DESTROYED = "destroyed"
    COMPROMISED = "compromised"


LISTED = frozenset({State.PUBLISHED, State.SIGNING, State.RETIRED})  # in the JWKS, and good for verifying


@dataclass(frozen=True, slots=True)
class Policy:
    """How long keys of a role sign, and how long the longest-lived thing they sign is good for."""

    signs_for: timedelta | None  # None: rotated only when an operator asks
    longest_token: timedelta


POLICIES = {
    Role.TOKENS: Policy(timedelta(days=90), timedelta(seconds=600)),
    # The ledger's key is its identity to witnesses: they must be told before it changes.
    Role.LEDGER: Policy(None, timedelta(0)),
    Role.RECEIPTS: Policy(timedelta(days=365), timedelta(0)),
    Role.EVENTS: Policy(timedelta(days=90), timedelta(days=7)),  # a SET is offered again for a week
}

# Every signer an installation must have. RS256 for clients that say nothing, ES256 and EdDSA for those that ask.
LANES = (
    (Role.TOKENS, "RS256"),
    (Role.TOKENS, "ES256"),
    (Role.TOKENS, "EdDSA"),
    (Role.LEDGER, "EdDSA"),
    (Role.RECEIPTS, "ES256"),
    (Role.EVENTS, "ES256"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What rotation needs to know of a key. Times are UTC."""

    kid: str
    role: Role
    algorithm: str
    state: State
    published_at: datetime
    signing_at: datetime | None = None
    retired_at: datetime | None = None


class Act(StrEnum):
    """What can be due. Retiring is not among them: a key retires in the moment its successor starts."""

    PUBLISH = "publish"
    START_SIGNING = "start_signing"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Step:
    """One act and the first moment at which it may be taken. A step to publish has no key yet."""

    act: Act
    role: Role
    algorithm: str
    kid: str | None
    at: datetime


def may_sign_at(key: Key) -> datetime:
    """The first moment at which a published key may sign."""
    return key.published_at + PUBLISHED_BEFORE_SIGNING


def may_be_destroyed_at(key: Key) -> datetime | None:
    """The first moment at which a retired key's private half may go and its public half leave the JWKS."""
    if key.retired_at is None:
        return None
    return key.retired_at + POLICIES[key.role].longest_token + KEPT_AFTER_LAST_TOKEN


def coming(keys: Iterable[Key]) -> list[Step]:
    """Every step that follows from the keys as they stand, the earliest first; due ones are in it too."""
    ordered = sorted(keys, key=lambda key: (key.role, key.algorithm, key.published_at, key.kid))
    lanes = groupby(ordered, key=lambda key: (key.role, key.algorithm))
    return sorted((step for _, lane in lanes for step in _of_lane(list(lane))), key=lambda step: step.at)


def due(keys: Iterable[Key], now: datetime) -> list[Step]:
    """The steps that may be taken at `now`, the earliest first. When taken, ask again: a step brings the next."""
    return [step for step in coming(keys) if step.at <= now]


def next_at(keys: Iterable[Key], now: datetime) -> datetime | None:
    """When the next step after `now` is due; None if an operator must ask for it."""
    return next((step.at for step in coming(keys) if step.at > now), None)


def successor(keys: Iterable[Key], role: str, algorithm: str) -> Key | None:
    """The published key that signs next for a role and algorithm."""
    waiting = [key for key in keys if (key.role, key.algorithm, key.state) == (role, algorithm, State.PUBLISHED)]
    return min(waiting, key=lambda key: (key.published_at, key.kid), default=None)


def _of_lane(lane: list[Key]) -> Iterable[Step]:
    role, algorithm = lane[0].role, lane[0].algorithm
    signer = next((key for key in lane if key.state is State.SIGNING), None)
    waiting = successor(lane, role, algorithm)
    signs_for = POLICIES[role].signs_for
    if waiting is not None:
        yield Step(Act.START_SIGNING, role, algorithm, waiting.kid, may_sign_at(waiting))
    elif signer is not None and signer.signing_at is not None and signs_for is not None:
        # So early that the successor starts in the moment this one has signed for its time.
        yield Step(Act.PUBLISH, role, algorithm, None, signer.signing_at + signs_for - PUBLISHED_BEFORE_SIGNING)
    for key in lane:
        at = may_be_destroyed_at(key) if key.state is State.RETIRED else None
        if at is not None:
            yield Step(Act.DESTROY, role, algorithm, key.kid, at)
