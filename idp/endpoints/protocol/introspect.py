"""POST /introspect (RFC 7662): a resource server asks about a token. Unknown hints are ignored; only clients
that can prove who they are may ask.
"""

import json
import math
from collections.abc import Callable

from idp.clients import authentication
from idp.errors import Code, OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.tokens import access_token, introspection
from idp.tokens.strays import Strays

METHODS = ("POST",)
HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def door(gate: Gate) -> Callable[[Request], Reply]:
    strays = Strays()

    def introspect(request: Request) -> Reply:
        form = request.form
        asking = authentication.authenticate(
            request, form, gate.registry.get(), gate.database.hot(), gate.issuer, gate.clock(),
            loopback=gate.loopback,
        )  # fmt: skip
        if asking.auth_method == "none":
            raise authentication.refused(with_challenge=True)
        if "token" in form.doubled or "token" not in form.single:
            raise OAuthError(Code.INVALID_REQUEST, "token is missing or came more than once")
        token = access_token.open_sealed(gate.sealer, form.single["token"], gate.clock())
        told = introspection.INACTIVE if token is None else introspection.told(gate, asking, token)
        wait = strays.wait(asking.client_no) if token is None else 0
        if wait:
            again = (("Retry-After", str(math.ceil(wait))),)
            raise OAuthError(Code.SLOW_DOWN, "too many strings that are no tokens", 429, again)
        return Reply(200, json.dumps(told, separators=(",", ":")).encode(), list(HEADERS))

    return introspect
