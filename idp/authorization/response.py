"""The answer that goes back to the client through the browser: by query or form_post, always with `iss` (RFC
9207).

The registered address is never re-encoded: what is added is appended as text, so a query that was registered keeps
its bytes (protocol.md §3.1, RFC 6749 §3.1.2). A redirect is 303, so that no form is ever sent on (RFC 9700 §4.12).
"""

from dataclasses import dataclass
from urllib.parse import quote

from idp.errors import OAuthError
from idp.exchange import Reply


@dataclass(frozen=True)
class FormPost:
    """A page that posts these fields to the client; the shell renders it (OAuth 2.0 Form Post Response Mode)."""

    action: str
    fields: dict[str, str]


def success(issuer: str, redirect_uri: str, mode: str, code: str, state: str | None) -> Reply | FormPost:
    return _answer(redirect_uri, mode, {"code": code} | _state(state) | {"iss": issuer})


def failure(issuer: str, redirect_uri: str, mode: str, error: OAuthError, state: str | None) -> Reply | FormPost:
    fields = {"error": error.error.value, "error_description": error.description}
    return _answer(redirect_uri, mode, fields | _state(state) | {"iss": issuer})


def _state(state: str | None) -> dict[str, str]:
    return {} if state is None else {"state": state}


def _answer(redirect_uri: str, mode: str, fields: dict[str, str]) -> Reply | FormPost:
    if mode == "form_post":
        return FormPost(redirect_uri, fields)
    return Reply(303, headers=[("Location", with_query(redirect_uri, fields))])


def with_query(address: str, fields: dict[str, str]) -> str:
    """A registered address, its bytes untouched, with these parameters appended."""
    if not fields:
        return address
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    separator = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{separator}{query}"
