"""Who is calling: the authentication methods of clients (RFC 6749 §2.3, RFC 7523, OIDC Core §9; protocol.md §2).

Exactly one method a request. A client with a secret may use Basic or post, whatever it registered;
`private_key_jwt` is exclusive. An unknown client, a wrong secret and a wrong method answer the same body after the
same work.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_to_bytes

from psycopg import Connection

from idp.clients import assertions, secret_uses
from idp.clients.registry import Client, Registry
from idp.errors import Code, OAuthError
from idp.exchange import Parameters, Request

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
# What may stand in a body and never in an address, which others write down (RFC 6749 §2.3.1).
_SECRET_PARAMETERS = frozenset(
    {"client_secret", "client_assertion", "code", "code_verifier", "password", "refresh_token", "token"}
)
_HEADER_LIMIT = 4096
_TOKEN68 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")


@dataclass(frozen=True)
class Presented:
    """How the request says who it is: one method and what it brought."""

    method: str
    client_id: str
    secret: str = ""


def refused(with_challenge: bool) -> OAuthError:
    """401 invalid_client; Basic is named where the client used it (RFC 6749 §5.2)."""
    challenge = (("WWW-Authenticate", 'Basic realm="gapura"'),) if with_challenge else ()
    return OAuthError(Code.INVALID_CLIENT, "client authentication failed", 401, challenge)


def authenticate(
    request: Request,
    form: Parameters,
    registry: Registry,
    connection: Connection,
    issuer: str,
    now: datetime,
    *,
    loopback: bool,
) -> Client:
    """The client that this request proves to come from. Touches no code or token, so a failure burns nothing.

    A public client proves nothing and is only named; a door that is not for public clients asks `auth_method`.
    `loopback`: this machine itself may be asked for a client's keys.
    """
    if _SECRET_PARAMETERS & {name for name, _ in request.query.pairs}:
        raise OAuthError(Code.INVALID_REQUEST, "send secrets, codes and tokens in the body, not in the address")
    presented = _presented(request, form)
    client = registry.by_id.get(presented.client_id)
    used: bytes | None = None
    with_basic = presented.method == "client_secret_basic"
    if presented.method == "private_key_jwt":
        assertion = form.single["client_assertion"]
        if client is None or client.auth_method != "private_key_jwt":
            raise refused(False)
        if not assertions.accepted(assertion, client, connection, issuer, now, loopback=loopback):
            raise refused(False)
    elif presented.method == "none":
        if client is None or client.auth_method != "none":
            raise refused(not request.header("authorization"))
    else:
        used = _find_secret(client, presented.secret, now)
        if used is None or client is None or client.auth_method not in _SECRET_METHODS:
            raise refused(with_basic)
    if client.state in ("suspended", "closed", "draft") or client.agency_state in ("suspended", "dissolved"):
        raise refused(with_basic)
    if used is not None:
        secret_uses.note(connection, client.client_no, used, now)
    return client


def named(request: Request, form: Parameters) -> str:
    """Who the request says it is from, unproven."""
    return _presented(request, form).client_id


def _presented(request: Request, form: Parameters) -> Presented:
    authorization, single = request.header("authorization"), form.single
    if form.doubled & {"client_id", "client_secret", "client_assertion", "client_assertion_type"}:
        raise OAuthError(Code.INVALID_REQUEST, "a parameter came more than once")
    if "," in authorization:  # two fields, as servers join them (C089); Basic has none
        raise OAuthError(Code.INVALID_REQUEST, "the Authorization header came more than once")
    ways = [bool(authorization), "client_secret" in single, "client_assertion" in single]
    if sum(ways) > 1:
        raise OAuthError(Code.INVALID_REQUEST, "the client authenticated in more than one way")
    named = single.get("client_id", "")
    if authorization:
        client_id, secret = _basic(authorization)
        if named and named != client_id:
            raise refused(True)
        return Presented("client_secret_basic", client_id, secret)
    if "client_secret" in single:
        return Presented("client_secret_post", named, single["client_secret"])
    if "client_assertion" in single:
        if single.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError(Code.INVALID_REQUEST, "client_assertion_type must be jwt-bearer")
        client_id = assertions.claimed_client_id(single["client_assertion"])
        if not client_id or (named and named != client_id):
            raise refused(False)
        return Presented("private_key_jwt", client_id)
    return Presented("none", named)


def _basic(header: str) -> tuple[str, str]:
    """Id and secret: base64, split at the first colon, then both form-decoded (RFC 6749 §2.3.1 and Appendix B)."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic" or len(token) > _HEADER_LIMIT or not _TOKEN68.match(token.strip()):
        raise refused(True)
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise refused(True) from None
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise refused(True)
    return _form_decoded(client_id), _form_decoded(secret)


def _form_decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise refused(True) from None


_DUMMY = hashlib.sha256(b"no client has this secret").digest()


def _find_secret(client: Client | None, secret: str, now: datetime) -> bytes | None:
    """The digest of the live secret that this is. Compares with each; with a dummy where there is none, so that
    the work is the same."""
    digest = hashlib.sha256(secret.encode()).digest()
    secrets = client.secret_digests if client else ()
    live = [stored for _, stored, expires_at in secrets if expires_at is None or expires_at > now]
    right = [hmac.compare_digest(digest, stored) for stored in live or [_DUMMY]]
    return digest if any(right) and live else None
