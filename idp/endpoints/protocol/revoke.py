"""POST /revoke (RFC 7009): a client gives back a token it no longer needs. 200 for ours, unknown, expired or
garbage; what belongs to another client is refused and stays. Nothing is answered before it is written.
"""

from collections.abc import Callable

from idp.clients import authentication
from idp.errors import Code, OAuthError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.revocation import token as revocation

METHODS = ("POST", "OPTIONS")
HEADERS = [("Cache-Control", "no-store")]


def door(gate: Gate) -> Callable[[Request], Reply]:
    def revoke(request: Request) -> Reply:
        form = request.form
        client = authentication.authenticate(
            request, form, gate.registry.get(), gate.database.hot(), gate.issuer, gate.clock(),
            loopback=gate.loopback,
        )  # fmt: skip
        if "token" in form.doubled or "token" not in form.single:
            raise OAuthError(Code.INVALID_REQUEST, "token is missing or came more than once")
        with gate.database.writing() as db:
            outcome = revocation.revoke(db, gate, client, form.single["token"])
        if outcome is revocation.Outcome.OF_ANOTHER_CLIENT:
            raise OAuthError(Code.INVALID_GRANT, "the token was not issued to this client")
        return Reply(200, b"", list(HEADERS))

    return revoke
