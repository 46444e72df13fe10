"""Client assertions: `private_key_jwt` (OIDC Core §9, RFC 7523, FAPI 2.0 §5.3.2.1). One string as audience, a
bounded life, a `jti` that works once.

The key is the one we hold for the client; nothing in the token's header chooses it. What is wrong is not told.
"""

import base64
import binascii
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from psycopg import Connection

from idp import replay
from idp.clients.registry import Client

ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"]
LIMIT, LONGEST = 16 * 1024, timedelta(minutes=5)
FUTURE, LEEWAY, KEPT_BEYOND = timedelta(seconds=30), timedelta(seconds=10), timedelta(seconds=60)
JTI_LIMIT, TRIED_KEYS = 128, 5


class _Assertions(jws.JWSRegistry):
    max_header_length = 4096
    max_payload_length = LIMIT


_REGISTRY = _Assertions(algorithms=ALGORITHMS, strict_check_header=False)


def claimed_client_id(assertion: str) -> str:
    """Who the assertion says it is from, unproven; empty when it cannot be read."""
    if len(assertion) > LIMIT or assertion.count(".") != 2:
        return ""
    payload = assertion.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    claimed = claims.get("sub") if isinstance(claims, dict) else None
    return claimed if isinstance(claimed, str) else ""


def accepted(assertion: str, client: Client, connection: Connection, issuer: str, now: datetime) -> bool:
    """Whether this assertion proves the client, now and for the first time."""
    claims = _verified(assertion, client)
    if claims is None or not _holds(claims, client.client_id, issuer, now):
        return False
    expires_at = datetime.fromtimestamp(claims["exp"], UTC) + KEPT_BEYOND
    return replay.first_use(connection, "client_assertion", client.client_id, claims["jti"], expires_at)


def _verified(assertion: str, client: Client) -> dict[str, Any] | None:
    for key in _keys(client, _named_key(assertion)):
        try:
            token = jwt.decode(assertion, key, registry=_REGISTRY)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if token.header.get("typ", "JWT") in ("JWT", "client-authentication+jwt") and "crit" not in token.header:
            return dict(token.claims)
    return None


def _named_key(assertion: str) -> str | None:
    """The `kid` of the header: an opaque string that can only pick among the keys we hold (RFC 8725 §3.10)."""
    segment = assertion.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else None


def _keys(client: Client, kid: str | None) -> list[Key]:
    """The client's keys that can be read and that are meant; a bad one spoils only itself."""
    keys: list[Key] = []
    for member in (client.jwks or {}).get("keys", []):
        if kid is not None and isinstance(member, dict) and member.get("kid") != kid:
            continue
        try:
            keys.append(import_key(member))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return keys[:TRIED_KEYS]


def _holds(claims: dict[str, Any], client_id: str, issuer: str, now: datetime) -> bool:
    if claims.get("iss") != client_id or claims.get("sub") != client_id or claims.get("aud") != issuer:
        return False
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= JTI_LIMIT:
        return False
    expires_at = numeric_date(claims.get("exp"))
    if expires_at is None or not now - LEEWAY < expires_at <= now + LONGEST + LEEWAY:
        return False
    begins = [numeric_date(claims[name]) for name in ("iat", "nbf") if name in claims]
    return all(moment is not None and moment <= now + FUTURE for moment in begins)


def numeric_date(value: object) -> datetime | None:
    """A NumericDate (RFC 7519 §2): a finite number, not a boolean, between 0 and 2^33; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return datetime.fromtimestamp(value, UTC) if 0 < value < 2**33 else None
