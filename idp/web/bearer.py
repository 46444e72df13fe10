"""The access token of a request (RFC 6750 §2), or the challenge that asks for one.

In the Authorization header, or in a POST form; in the query it is refused, and two ways at once are an error.
Without any credentials the challenge carries no error code (RFC 6750 §3.1).
"""

from idp.errors import Code, OAuthError
from idp.exchange import FORM_TYPE, Request

_CHALLENGE = "WWW-Authenticate"


def of(request: Request) -> str:
    """The token that was sent, unopened."""
    if "access_token" in request.query.single:
        raise _bad_request("the access token must not be in the address")
    header = request.header("authorization")
    if "," in header:  # two fields, as servers join them (C089); no token has one
        raise _bad_request("the Authorization header came more than once")
    posted = _posted(request)
    if header and posted:
        raise _bad_request("the access token was sent in two ways")
    if posted:
        return posted
    if not header:
        raise OAuthError(
            Code.INVALID_TOKEN, "an access token is needed", 401, ((_CHALLENGE, 'Bearer realm="gapura"'),)
        )
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise invalid_token()
    return token.strip()


def _posted(request: Request) -> str:
    if request.method != "POST" or not request.header("content-type").lower().startswith(FORM_TYPE):
        return ""
    if "access_token" in request.form.doubled:
        raise _bad_request("a parameter came more than once")
    return request.form.single.get("access_token", "")


def invalid_token() -> OAuthError:
    """Bad, expired, revoked, withdrawn: one answer for all."""
    challenge = (
        'Bearer realm="gapura", error="invalid_token", error_description="the access token is not valid now"'
    )
    return OAuthError(Code.INVALID_TOKEN, "the access token is not valid now", 401, ((_CHALLENGE, challenge),))


def insufficient_scope(scope: str) -> OAuthError:
    challenge = f'Bearer realm="gapura", error="insufficient_scope", scope="{scope}"'
    return OAuthError(Code.INSUFFICIENT_SCOPE, "the access token lacks a scope", 403, ((_CHALLENGE, challenge),))


def _bad_request(description: str) -> OAuthError:
    challenge = f'Bearer realm="gapura", error="invalid_request", error_description="{description}"'
    return OAuthError(Code.INVALID_REQUEST, description, 400, ((_CHALLENGE, challenge),))
