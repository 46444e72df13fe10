"""Client assertions: `private_key_jwt` (OIDC Core §9, RFC 7523, FAPI 2.0 §5.3.2.1). One string as audience, a
bounded life, a `jti` that works once.

The keys are those of the client (`jwks`); nothing in the token's header chooses it. What is wrong is not told.
"""

import base64
import binascii
import contextlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from idp import replay
from idp.clients import jwks
from idp.clients.profiles import ASSERTION_ALGS
from idp.clients.registry import Client
from keys import jws
from keys.errors import BadSignature

_ED25519 = frozenset({"EdDSA", "Ed25519"})  # two names of one algorithm (RFC 9864)
TYPES = (None, "JWT", "client-authentication+jwt")
LIMIT, LONGEST = 16 * 1024, timedelta(minutes=5)
FUTURE, LEEWAY, KEPT_BEYOND = timedelta(seconds=30), timedelta(seconds=10), timedelta(seconds=60)
JTI_LIMIT = 128


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


def accepted(
    assertion: str, client: Client, connection: Connection, issuer: str, now: datetime, *, loopback: bool
) -> bool:
    """Whether this assertion proves the client, now and for the first time."""
    claims = _verified(assertion, client, connection, loopback)
    if claims is None or not _holds(claims, client.client_id, issuer, now):
        return False
    expires_at = datetime.fromtimestamp(claims["exp"], UTC) + KEPT_BEYOND
    return replay.first_use(connection, "client_assertion", client.client_id, claims["jti"], expires_at)


def _verified(assertion: str, client: Client, connection: Connection, loopback: bool) -> dict[str, Any] | None:
    """The `kid` is an opaque string that can only pick among the keys we hold (RFC 8725 §3.10)."""
    try:
        kid = jws.header_of(assertion).get("kid")
    except BadSignature:
        return None
    for missed in (False, True) if kid is None and client.jwks_uri else (False,):
        keys = jwks.keys_of(client, kid, connection, loopback=loopback, missed=missed)
        with contextlib.suppress(BadSignature):
            return jws.verify(assertion, keys, typ=TYPES, algorithms=_algorithms_of(client))
    return None


def _algorithms_of(client: Client) -> frozenset[str]:
    """Any that we read, or the registered one alone (OIDC Registration §2)."""
    registered = client.metadata.get("token_endpoint_auth_signing_alg")
    if registered is None:
        return frozenset(ASSERTION_ALGS)
    return _ED25519 if registered in _ED25519 else frozenset({registered})


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
