"""What a client asks of claims: by scope (OIDC Core §5.4) and by the `claims` parameter (§5.5). Pure.

Refuses what two readers could read differently: duplicate members, a wrong shape, too much depth. Claims that we
do not know are ignored (§5.5), so a client written for another provider still works.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idp.claims.catalogue import CLAIMS, SCOPES
from idp.errors import Code, OAuthError

CLAIMS_LIMIT, DEPTH_LIMIT = 4096, 6


@dataclass(frozen=True)
class AskedClaims:
    """Attribute names asked for userinfo and for the ID token, and the two members that concern the login
    itself."""

    userinfo: frozenset[str] = frozenset()
    id_token: frozenset[str] = frozenset()
    subject: str | None = None  # the `sub` that must be signed in
    acr_values: tuple[str, ...] = ()
    acr_essential: bool = False


def of_scope(scope: Iterable[str]) -> frozenset[str]:
    return frozenset(attribute for value in scope for attribute in SCOPES.get(value, ()))


def parse(text: str) -> AskedClaims:
    """Read the `claims` parameter, or raise invalid_request."""
    if len(text.encode()) > CLAIMS_LIMIT:
        raise OAuthError(Code.INVALID_REQUEST, "claims is longer than 4 KB")
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        raise OAuthError(Code.INVALID_REQUEST, "claims is not a JSON object without duplicate members") from None
    if not isinstance(document, dict) or _depth(document) > DEPTH_LIMIT:
        raise OAuthError(Code.INVALID_REQUEST, "claims must be a JSON object no deeper than 6 levels")
    userinfo, id_token = _member(document, "userinfo"), _member(document, "id_token")
    acr = id_token.get("acr") or {}
    return AskedClaims(
        userinfo=_attributes(userinfo),
        id_token=_attributes(id_token),
        subject=_subject(userinfo) or _subject(id_token),
        acr_values=_wanted(acr),
        acr_essential=acr.get("essential") is True,
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _member(document: dict[str, Any], name: str) -> dict[str, dict[str, Any] | None]:
    member = document.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict) or not all(
        entry is None or isinstance(entry, dict) for entry in member.values()
    ):
        raise OAuthError(Code.INVALID_REQUEST, f"{name} in claims must be an object of objects or nulls")
    return member


def _attributes(member: dict[str, dict[str, Any] | None]) -> frozenset[str]:
    return frozenset(CLAIMS[name].attribute for name in member if name in CLAIMS)


def _subject(member: dict[str, dict[str, Any] | None]) -> str | None:
    value = (member.get("sub") or {}).get("value")
    if value is not None and not isinstance(value, str):
        raise OAuthError(Code.INVALID_REQUEST, "the value of sub in claims must be a string")
    return value


def _wanted(entry: dict[str, Any]) -> tuple[str, ...]:
    values = entry.get("values", [entry["value"]] if "value" in entry else [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise OAuthError(Code.INVALID_REQUEST, "the values of acr in claims must be strings")
    return tuple(values)
