"""Logout tokens (OpenID Connect Back-Channel Logout 1.0): what a client is told when a session that it took part
in ends.

`typ` is logout+jwt, `events` the one member that says so, and there is no `nonce`, so it can never pass for an ID
token. It names the session where one ended, and the citizen alone where a whole consent did: then all of the
client's sessions end.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from idp.clients.registry import Client
from idp.gate import Gate
from keys import jws

LIFE_SECONDS = 120
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def token(
    gate: Gate, client: Client, delivery_id: UUID, citizen_id: UUID, session_id: UUID | None, now: datetime
) -> str:
    """Signed anew at each attempt, because it lives two minutes; `jti` stays, so the client can tell a
    repetition."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": gate.issuer,
        "aud": client.client_id,
        "iat": issued_at,
        "exp": issued_at + LIFE_SECONDS,
        "jti": delivery_id.hex,
        "sub": gate.sub(citizen_id, client),
        "events": {EVENT: {}},
    }
    if session_id is not None:
        claims["sid"] = gate.sid(session_id, client)
    return jws.sign(gate.keyring.get().signer("tokens", client.id_token_alg), claims, typ="logout+jwt")
