"""GET /jwks: the public keys that tokens are signed with (RFC 7517), for verifiers that keep a copy for 15
minutes."""

from collections.abc import Callable

from idp.exchange import Reply, Request
from idp.gate import Gate

METHODS = ("GET", "HEAD", "OPTIONS")
CACHE = "public, max-age=900"


def door(gate: Gate) -> Callable[[Request], Reply]:
    def jwks(request: Request) -> Reply:
        body, etag = gate.jwks.get()
        headers = [("Cache-Control", CACHE), ("ETag", etag)]
        if request.header("if-none-match") == etag:
            return Reply(304, b"", headers)
        return Reply(200, body, [("Content-Type", "application/json"), *headers])

    return jwks
