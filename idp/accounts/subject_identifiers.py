"""What one sector's clients call a citizen (`sub`) and a session (`sid`), and back (OIDC Core §8.1).

A permutation, not a table: nothing to look up, nothing to leak, nothing to join across sectors. Which sector and
key version a client belongs to is the registry's knowledge and comes as arguments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from keys.pairwise import Pairwise


@dataclass(frozen=True, slots=True)
class Sector:
    """A group of clients that may know a citizen by one `sub`: its label, and the version of its key."""

    label: str
    version: int


def sub_of(pairwise: Pairwise, citizen_id: UUID, sector: Sector) -> str:
    """The citizen's `sub` in this sector."""
    return pairwise.subject(citizen_id, sector.label, sector.version)


def previous_sub_of(pairwise: Pairwise, citizen_id: UUID, sector: Sector) -> str | None:
    """The `sub` under the key before this one (the claim `previous_sub`); None in a sector's first version."""
    return pairwise.subject(citizen_id, sector.label, sector.version - 1) if sector.version > 1 else None


def subs_of(pairwise: Pairwise, citizen_id: UUID, sector: Sector) -> Iterator[str]:
    """Every `sub` by which this sector may have known the citizen, the present one first."""
    for version in range(sector.version, 0, -1):
        yield pairwise.subject(citizen_id, sector.label, version)


def sid_of(pairwise: Pairwise, session_id: UUID, sector: Sector) -> str:
    """The session's `sid` in this sector."""
    return pairwise.session(session_id, sector.label, sector.version)


def find_citizen(pairwise: Pairwise, sub: str, sector: Sector) -> UUID | None:
    """Whom this sector calls `sub`, under any version of its key up to the present; None: nobody of ours can be
    meant.

    A made-up `sub` of the right form names a random UUID: whether there is such an account is the caller's to ask.
    """
    version = ord(sub[0]) - ord("a") + 1 if sub else 0
    return pairwise.citizen(sub, sector.label) if 1 <= version <= sector.version else None
