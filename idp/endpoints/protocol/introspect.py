"""POST /introspect (RFC 7662): a resource server asks about a token. Unknown hints are ignored; only clients
that can prove who they are may ask.
"""

import json
from collections.abc import Callable

from idp.clients import authentication
from idp.errors import Code, OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.tokens import introspection

METHODS = ("POST",)
HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def door(gate: Gate) -> Callable[[Request], Reply]:
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
        told = introspection.told(gate, asking, form.single["token"])
        return Reply(200, json.dumps(told, separators=(",", ":")).encode(), list(HEADERS))

    return introspect
