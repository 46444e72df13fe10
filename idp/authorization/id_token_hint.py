"""Reading an ID token that comes back to us as a hint (OIDC Core §3.1.2.1, RP-Initiated Logout 1.0 §2).

Ours by signature and issuer, under any key still known, and expired is fine: a hint says who was meant, it proves
nothing about now. So a key that verifies here is one of role `tokens`, and nothing but an ID token passes (`typ`
JWT, no `events`).
"""

from collections.abc import Callable
from typing import Any

from idp.clients.registry import Client
from idp.gate import Gate
from keys import jws
from keys.errors import BadSignature

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


def reader(gate: Gate) -> Callable[[str, Client], str | None]:
    """What validation asks of a hint: the `sub` in it, if it was given to this client."""

    def subject_of_hint(hint: str, client: Client) -> str | None:
        claims = claims_of(gate, hint)
        return str(claims["sub"]) if claims is not None and claims.get("aud") == client.client_id else None

    return subject_of_hint
