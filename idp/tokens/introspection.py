"""What a resource server is told of a token (RFC 7662): consent is asked at use, and the answer is a disclosure.

Whoever is not the token's client and not registered as `introspects` of it learns nothing: `{"active": false}`.
"""

from typing import Any

from idp.claims import release
from idp.clients.registry import Client
from idp.gate import Gate
from idp.tokens import use
from idp.tokens.access_token import AccessToken

INACTIVE: dict[str, Any] = {"active": False}


def told(gate: Gate, asking: Client, token: AccessToken) -> dict[str, Any]:
    """The members for this caller. `sub` is what the asking client's own sector calls the citizen."""
    owner = gate.registry.get().by_no.get(token.client_no)
    if owner is None:
        return INACTIVE
    if owner.client_no != asking.client_no and owner.client_id not in asking.introspects:
        return INACTIVE
    if token.citizen_id is None:
        if not use.machine_lives(gate.database.hot(), token, list(gate.open_states), asking_no=asking.client_no):
            return INACTIVE
        return _members(gate, owner, token) | {"sub": owner.client_id, "scope": token.scope}
    covered = use.introspected(
        gate.database.hot(),
        token,
        list(gate.open_states),
        asking_no=asking.client_no,
        asking_agency_no=asking.agency_no,
    )
    if covered is None:
        return INACTIVE
    scope = release.scope_left(token.scope, covered, gate.attributes.get())
    told = _members(gate, owner, token) | {"sub": gate.sub(token.citizen_id, asking), "scope": scope}
    return told | {"acr": token.acr, "auth_time": token.auth_time} if token.acr else told


def _members(gate: Gate, owner: Client, token: AccessToken) -> dict[str, Any]:
    return {
        "active": True,
        "iss": gate.issuer,
        "aud": gate.issuer,
        "client_id": owner.client_id,
        "token_type": "Bearer",
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "jti": token.token_id.hex,
    }
