"""The ID token (OIDC Core §2): who signed in, how and when, for one client. Personal claims only where they
were asked for this very token and the statement that gave the token recorded their disclosure.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from authlib.oidc.core.util import create_half_hash

from idp.accounts import assurance
from idp.accounts.assurance import Acr, Reached
from idp.clients.registry import Client
from idp.gate import Gate
from keys import jws

LIFE_SECONDS = 300
# `EdDSA` names no hash, so libraries disagree about one; in the code flow at_hash is optional (docs/adr/0052).
AT_HASH_ALGS = ("RS256", "ES256")


@dataclass(frozen=True)
class Authentication:
    """What the session says of the sign-in: the honest `acr`, `amr` and `auth_time` are made of it."""

    citizen_id: UUID
    session_id: UUID | None
    authenticated_at: datetime
    aal: int
    ial: int
    amr: tuple[str, ...]

    def acr(self, now: datetime) -> Acr:
        """The class that is true of it now."""
        return assurance.acr_of(Reached(self.ial, self.aal, self.amr, self.authenticated_at), now)


def issue(
    gate: Gate,
    client: Client,
    authentication: Authentication,
    now: datetime,
    *,
    access_token: str,
    nonce: str,
    personal: dict[str, Any],
) -> str:
    """The signed token. The algorithm is the client's; RS256 for one that registered none (clients.md §2.1)."""
    issued_at = int(now.timestamp())
    claims = personal | {
        "iss": gate.issuer,
        "sub": gate.sub(authentication.citizen_id, client),
        "aud": client.client_id,
        "exp": issued_at + LIFE_SECONDS,
        "iat": issued_at,
        "auth_time": int(authentication.authenticated_at.timestamp()),
        "acr": authentication.acr(now),
        "amr": list(authentication.amr),
    }
    if client.id_token_alg in AT_HASH_ALGS:
        claims["at_hash"] = create_half_hash(access_token, client.id_token_alg).decode()
    if nonce:
        claims["nonce"] = nonce
    if authentication.session_id is not None:
        claims["sid"] = gate.sid(authentication.session_id, client)
    return jws.sign(gate.keyring.get().signer("tokens", client.id_token_alg), claims, typ="JWT")
