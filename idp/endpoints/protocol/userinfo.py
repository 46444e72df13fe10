"""GET, POST /userinfo (OIDC Core §5.3): what a token's consent covers at this moment, and the disclosure of it.

A hot door: one statement judges everything the token rests on, writes the disclosure and brings the sealed
profile. It holds the consent's row, so no answer is ever later than a withdrawal that was acknowledged.
"""

import json
from collections.abc import Callable

from idp.claims import release, values
from idp.errors import OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.tokens import access_token, use
from idp.web import bearer, problems

METHODS = ("GET", "POST", "OPTIONS")
HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def door(gate: Gate) -> Callable[[Request], Reply]:
    def userinfo(request: Request) -> Reply:
        try:
            return _answer(gate, request)
        except OAuthError as error:
            return problems.reply(error)

    return userinfo


def _answer(gate: Gate, request: Request) -> Reply:
    token = access_token.open_sealed(gate.sealer, bearer.of(request), gate.clock())
    if token is None:
        raise bearer.invalid_token()
    if token.citizen_id is None or "openid" not in token.scope.split(" "):  # a machine's own speaks of nobody
        # Refused in either case; this process's clock says only how, the database's judges all others (row 114).
        raise bearer.invalid_token() if token.expires_at <= gate.clock() else bearer.insufficient_scope("openid")
    client = gate.registry.get().by_no.get(token.client_no)
    released = use.release(gate.database.hot(), token, list(gate.open_states))
    if released is None or client is None:
        raise bearer.invalid_token()
    profile = gate.vault.open_profile(token.citizen_id, released.key_sealed, released.profile_sealed)
    names = release.names(released.attribute_nos, gate.attributes.get())
    claims = values.of_attributes(names, profile, released.updated_at)
    claims["sub"] = gate.sub(token.citizen_id, client)
    return Reply(200, json.dumps(claims, separators=(",", ":")).encode(), list(HEADERS))
