"""Reading an ID token that comes back to us as a hint (OIDC Core §3.1.2.1, RP-Initiated Logout 1.0 §2).

Ours by signature and issuer, under any key still known, and expired is fine: a hint says who was meant, it proves
nothing about now. So a key that verifies here is one of role `tokens`, and nothing but an ID token passes (`typ`
JWT, no `events`).
"""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from idp.accounts import subject_identifiers
from idp.accounts.subject_identifiers import Sector
from idp.clients.registry import Client
from idp.gate import Gate
from keys import jws
from keys.errors import BadSignature

NOBODY = UUID(int=0)
ALGORITHMS = ["RS256", "ES256", "EdDSA", "PS256"]


def claims_of(gate: Gate, hint: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed, or None for anything else."""
    try:
        claims = jws.verify(hint, gate.keyring.get().verifiers("tokens"), typ="JWT", algorithms=ALGORITHMS)
    except BadSignature:
        return None
    if claims.get("iss") != gate.issuer or not isinstance(claims.get("sub"), str) or "events" in claims:
        return None
    return claims


class Subjects(Protocol):
    """Who is meant by what a client sent: an earlier ID token, or a `sub`."""

    def of_hint(self, hint: str) -> UUID | None: ...

    def of_sub(self, sub: str) -> UUID: ...


@dataclass(frozen=True)
class SubjectsOf:
    """The citizens that this client's sector can name."""

    gate: Gate
    client: Client

    def of_hint(self, hint: str) -> UUID | None:
        """The citizen of an ID token that was given to this client, or None for anything else."""
        claims = claims_of(self.gate, hint)
        if claims is None or claims.get("aud") != self.client.client_id:
            return None
        return self.of_sub(claims["sub"])

    def of_sub(self, sub: str) -> UUID:
        """Nobody, where the sector calls none of ours so: then whoever is signed in is somebody else."""
        sector = Sector(self.client.sector, self.client.sector_version)
        return subject_identifiers.find_citizen(self.gate.pairwise, sub, sector) or NOBODY
