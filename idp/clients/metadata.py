"""Is a client's metadata acceptable, and if not, which field and what to write instead (RFC 7591 §2, OIDC
Registration §2).

Pure: the caller says which profile the client has and whether this is a country where loopback is open. Members
that nobody defined are ignored, as RFC 7591 §2 says; members that ask for something we do not do are refused,
because a client that believes in an encryption it does not get is worse off than one that was told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idp.clients import addresses
from idp.clients.profiles import ASSERTION_ALGS, ID_TOKEN_ALGS, RULES, SECRETS, Profile, Rules
from keys import public_keys

LANGUAGES = ("id", "en")
LONGEST_NAME = 100
MOST_ADDRESSES = 50
ACRS = ("urn:gapura:acr:basic", "urn:gapura:acr:substantial", "urn:gapura:acr:high")
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{3,64}")
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")

NOT_OFFERED = (
    "id_token_encrypted_response_alg",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "introspection_signed_response_alg",
    "authorization_signed_response_alg",
    "request_uris",
    "sector_identifier_uri",
    "frontchannel_logout_uri",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "software_statement",
)
PAGES = ("client_uri", "initiate_login_uri", "logo_uri", "policy_uri", "tos_uri")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the member, the code of RFC 7591 §3.2.2, and what to write instead. Repeats no
    input.
    """

    field: str
    mend: str

    @property
    def error(self) -> str:
        return "invalid_redirect_uri" if self.field == "redirect_uris" else "invalid_client_metadata"


@dataclass(frozen=True, slots=True)
class Refused:
    """Everything that is wrong, so that a developer mends it in one go."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Every effective value. `rest` is what has no column of its own: the `metadata` of `idp.clients`."""

    name: dict[str, str]
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    post_logout_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    id_token_alg: str
    backchannel_logout_uri: str | None
    rest: dict[str, Any]

    @property
    def has_secret(self) -> bool:
        return self.auth_method in SECRETS


def validate(raw: Mapping[str, Any], profile: Profile, *, loopback: bool) -> Accepted | Refused:
    """Judge `raw`. `loopback` opens http on this machine for pages and fetches, and `localhost` (demo and
    sandbox).
    """
    rules = RULES.get(profile)
    if rules is None:
        return Refused(
            (Fault("profile", "choose standard, classic, native or machine; fapi2 is not offered yet"),)
        )
    reader = _Reader(raw, rules, loopback)
    accepted = reader.read()
    return Refused(tuple(reader.faults)) if reader.faults else accepted


class _Reader:
    """One reading of one client's metadata, member by member; what is wrong is gathered, and a default goes on."""

    def __init__(self, raw: Mapping[str, Any], rules: Rules, loopback: bool) -> None:
        self.raw, self.rules, self.loopback = raw, rules, loopback
        self.faults: list[Fault] = []

    def fault(self, field: str, mend: str | None) -> None:
        if mend:
            self.faults.append(Fault(field, mend))

    def read(self) -> Accepted:
        for field in NOT_OFFERED:
            if self.raw.get(field):
                self.fault(field, "leave it out; it is not offered here")
        auth_method = self.choice("token_endpoint_auth_method", self.rules.auth_methods)
        grant_types = self.grant_types()
        accepted = Accepted(
            name=self.names(),
            auth_method=auth_method,
            grant_types=grant_types,
            redirect_uris=self.redirects("redirect_uris", needed=self.rules.signs_in),
            post_logout_uris=self.redirects("post_logout_redirect_uris", needed=False),
            scopes=self.scopes(),
            id_token_alg=self.choice("id_token_signed_response_alg", ID_TOKEN_ALGS),
            backchannel_logout_uri=self.address("backchannel_logout_uri", addresses.fetched_refusal),
            rest=self.rest(auth_method, grant_types),
        )
        self.only("response_types", ["code"] if self.rules.signs_in else [])
        self.only("subject_type", "pairwise")
        return accepted

    def rest(self, auth_method: str, grant_types: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {"grant_types": list(grant_types)}
        found |= self.keys(auth_method)
        for field in PAGES:
            found[field] = self.address(field, addresses.page_refusal)
        found["token_endpoint_auth_signing_alg"] = self.choice(
            "token_endpoint_auth_signing_alg", (None, *ASSERTION_ALGS)
        )
        found["acr_floor"] = self.choice("acr_floor", (None, *ACRS))
        found["id_token_claims"] = self.choice("id_token_claims", (None, "scope"))
        found["application_type"] = self.choice("application_type", ("web", "native"))
        found["default_max_age"] = self.seconds("default_max_age")
        for field in ("contacts", "introspects", "default_acr_values"):
            found[field] = self.words(field)
        for field in ("require_auth_time", "backchannel_logout_session_required"):
            found[field] = self.choice(field, (False, True))
        for field in ("software_id", "software_version"):
            found[field] = self.text(field)
        # By identity: a `default_max_age` of 0 is said, although 0 equals False.
        return {name: value for name, value in found.items() if value not in (None, []) and value is not False}

    # -- members with a rule of their own --

    def names(self) -> dict[str, str]:
        """`client_name` in Indonesian or for all, `client_name#en` beside it (RFC 7591 §2.2)."""
        plain = self.text("client_name", longest=LONGEST_NAME) or self.text("client_name#id", longest=LONGEST_NAME)
        named = {tongue: self.text(f"client_name#{tongue}", longest=LONGEST_NAME) or plain for tongue in LANGUAGES}
        if not all(named.values()):
            self.fault("client_name", "write the name that citizens know the application by")
        return {tongue: name for tongue, name in named.items() if name}

    def redirects(self, field: str, *, needed: bool) -> tuple[str, ...]:
        uris = self.texts(field)
        for uri in uris:
            self.fault(
                field,
                addresses.redirect_refusal(uri, custom_schemes=self.rules.custom_schemes, localhost=self.loopback),
            )
        if len(uris) > MOST_ADDRESSES:
            self.fault(field, f"register at most {MOST_ADDRESSES} addresses")
        if needed and not uris:
            self.fault(field, "write at least one address to which citizens come back")
        return tuple(dict.fromkeys(uris))

    def grant_types(self) -> tuple[str, ...]:
        offered = self.rules.grant_types
        asked = tuple(dict.fromkeys(self.texts("grant_types"))) or offered[:1]
        if not set(asked) <= set(offered):
            self.fault("grant_types", f"choose from {', '.join(offered)}")
        if self.rules.signs_in and "authorization_code" not in asked:
            self.fault("grant_types", "add authorization_code")
        return asked

    def scopes(self) -> tuple[str, ...]:
        given = self.text("scope", longest=1024) or ("openid" if self.rules.signs_in else "")
        scopes = tuple(dict.fromkeys(given.split()))
        if not all(_SCOPE.fullmatch(scope) for scope in scopes):
            self.fault("scope", "write scopes of letters, digits and _ . : / - with one space between")
        if self.rules.signs_in and "openid" not in scopes:
            self.fault("scope", "add openid")
        return scopes

    def keys(self, auth_method: str) -> dict[str, Any]:
        jwks, jwks_uri = self.raw.get("jwks"), self.address("jwks_uri", addresses.fetched_refusal)
        if jwks is not None and self.raw.get("jwks_uri") is not None:
            self.fault("jwks", "send jwks or jwks_uri, not both")
        if jwks is not None:
            self.fault("jwks", public_keys.refusal(jwks))
        elif auth_method == "private_key_jwt" and jwks_uri is None:
            self.fault("jwks", "send the public key with which the client signs, as jwks or by jwks_uri")
        return {"jwks": jwks, "jwks_uri": jwks_uri}

    # -- the kinds of value --

    def only(self, field: str, value: object) -> None:
        if self.raw.get(field, value) != value:
            self.fault(field, f"write {value} or leave it out")

    def choice(self, field: str, offered: tuple[Any, ...]) -> Any:
        """The first is what a client gets that says nothing."""
        value = self.raw.get(field, offered[0])
        # `True == 1`, and an unhashable value must not raise: so compare kind and value one by one.
        if not any(type(value) is type(one) and value == one for one in offered):
            said = (str(one).lower() if isinstance(one, bool) else one for one in offered if one is not None)
            self.fault(field, f"choose from {', '.join(said)}")
            return offered[0]
        return value

    def text(self, field: str, *, longest: int = 256) -> str | None:
        value = self.raw.get(field)
        if value is None:
            return None
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= longest or not value.isprintable():
            self.fault(field, f"write a text of 1 to {longest} printable characters")
            return None
        return value.strip()

    def texts(self, field: str) -> list[str]:
        value = self.raw.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault(field, "write a list of texts")
            return []
        return value

    def words(self, field: str) -> list[str]:
        """Texts that are kept as they are."""
        found = self.texts(field)
        if len(found) > MOST_ADDRESSES or not all(1 <= len(one) <= 256 and one.isprintable() for one in found):
            self.fault(field, f"write at most {MOST_ADDRESSES} texts of 1 to 256 printable characters")
            return []
        return found

    def address(self, field: str, refusal: Callable[..., str | None]) -> str | None:
        value = self.text(field, longest=addresses.LONGEST)
        if value is not None:
            self.fault(field, refusal(value, loopback=self.loopback))
        return value

    def seconds(self, field: str) -> int | None:
        value = self.raw.get(field)
        if value is not None and (type(value) is not int or not 0 <= value < 2**31):
            self.fault(field, "write a whole number of seconds, 0 or more")
            return None
        return value
