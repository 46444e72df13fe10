"""GET /jwks: the public keys that tokens are signed with (RFC 7517), for verifiers that keep a copy for 15
minutes.

It decides nothing, so it goes on while the database is away (C082). A copy that nobody could confirm counts as if
the verifier held it: it may be kept for what is left of the 15 minutes, so that a key which was withdrawn is gone
from everywhere when it always was (docs/adr/0051).
"""

from collections.abc import Callable

from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.invalidation import GOOD_FOR_SECONDS
from keys.rotation import JWKS_MAX_AGE

METHODS = ("GET", "HEAD", "OPTIONS")
MAX_AGE_SECONDS = int(JWKS_MAX_AGE.total_seconds())


def door(gate: Gate) -> Callable[[Request], Reply]:
    def jwks(request: Request) -> Reply:
        (body, etag), unconfirmed = gate.jwks.recent(MAX_AGE_SECONDS)
        left = MAX_AGE_SECONDS - (int(unconfirmed) if unconfirmed > GOOD_FOR_SECONDS else 0)
        headers = [("Cache-Control", f"public, max-age={left}"), ("ETag", etag)]
        if request.header("if-none-match") == etag:
            return Reply(304, b"", headers)
        return Reply(200, body, [("Content-Type", "application/json"), *headers])

    return jwks
