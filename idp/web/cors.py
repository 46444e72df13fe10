"""CORS for the few doors that browsers call from an application's own pages (clients.md §2.9): discovery and
keys for all; token, userinfo and revocation for the origins of registered redirect URIs. Never credentials,
never a page.
"""

from idp.clients.registry import Registry
from idp.exchange import Request

Pairs = list[tuple[str, str]]
FOR_ALL = frozenset({"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"})
FOR_CLIENTS = frozenset({"/token", "/userinfo", "/revoke"})
_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP"),
    ("Access-Control-Max-Age", "600"),
]


def headers(request: Request, registry: Registry) -> Pairs:
    """What to add to this answer, errors included: a token request is a simple request and gets no preflight."""
    if request.path in FOR_ALL:
        return [("Access-Control-Allow-Origin", "*")]
    if request.path not in FOR_CLIENTS:
        return []
    origin = request.header("origin")
    if not origin:
        return [("Vary", "Origin")]
    if origin not in registry.origins:
        return [("Vary", "Origin")]
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "WWW-Authenticate"),
        ("Vary", "Origin"),
    ]


def preflight(request: Request, registry: Registry) -> Pairs:
    allowed = headers(request, registry)
    return [*allowed, *_PREFLIGHT] if allowed and allowed[0][0] != "Vary" else allowed
