"""One function a rule of protocol.md's authorize table, in its order. Until the client and the address are
proven an error is a page (`PageError`); after that it is told to the client by redirect (`OAuthError`). Pure.
"""

import re
from dataclasses import dataclass, field
from uuid import UUID

from consent.attributes import Attributes
from idp.accounts import assurance
from idp.accounts.assurance import Asked
from idp.authorization.id_token_hint import Subjects
from idp.authorization.request import AuthorizationRequest
from idp.claims import release
from idp.claims import request as claims_request
from idp.claims.catalogue import BARE_SCOPES, SCOPES
from idp.claims.request import AskedClaims
from idp.clients import profiles
from idp.clients.registry import Client, Registry, is_registered, near_miss
from idp.errors import Code, OAuthError, PageError
from idp.exchange import Parameters

REDIRECT_URI_LIMIT, CLIENT_ID_LIMIT, SCOPE_LIMIT, STATE_LIMIT, NONCE_LIMIT = 512, 256, 1024, 4096, 2048
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
VSCHAR = re.compile(r"[\x20-\x7e]*\Z")


@dataclass
class Reading:
    """What the rules share: the parameters, the proven client and address, and what is known of the answer's
    form."""

    parameters: Parameters
    client: Client
    redirect_uri: str
    response_mode: str = "query"
    asked: AskedClaims = field(default_factory=AskedClaims)

    @property
    def state(self) -> str | None:
        """`state` as sent; none when it was doubled or is too long, for then there is no one value to return."""
        value = self.parameters.single.get("state")
        return (
            None
            if value is None or "state" in self.parameters.doubled or len(value.encode()) > STATE_LIMIT
            else value
        )

    def get(self, name: str) -> str | None:
        return self.parameters.single.get(name)


def client_of(parameters: Parameters, registry: Registry) -> Client:
    """Rule 1: a known client, once. A suspended one gets its own page (experience §3.14)."""
    client_id = parameters.single.get("client_id", "")
    client = registry.by_id.get(client_id)
    if "client_id" in parameters.doubled or client is None:
        raise PageError("client_unknown", 400, "client_id is missing, doubled or not registered here")
    return client


def open_for_sign_in(client: Client, open_states: tuple[str, ...]) -> None:
    """Rule 2: the client and its agency are live, may sign citizens in, and have the agreement that says what
    for."""
    if client.state == "suspended" or client.agency_state in ("suspended", "dissolved"):
        raise PageError("application_suspended", 400, "the client or its agency is suspended")
    if client.state not in open_states or client.sign_in_agreement is None:
        raise PageError("client_unknown", 400, "the client is not open for sign-in")


def redirect_uri_of(parameters: Parameters, client: Client) -> str:
    """Rule 3: byte-equal to a registered one; a registered loopback address of a native client matches with any
    port."""
    sent = parameters.single.get("redirect_uri", "")
    if "redirect_uri" in parameters.doubled:
        raise PageError("redirect_uri_unregistered", 400, "redirect_uri came more than once")
    if not sent or len(sent.encode()) > REDIRECT_URI_LIMIT or not is_registered(client, sent):
        finding = near_miss(client, sent) if sent else "redirect_uri is missing"
        raise PageError("redirect_uri_unregistered", 400, finding or "redirect_uri is not registered")
    return sent


def response_type(reading: Reading) -> None:
    value = reading.get("response_type")
    if value is None:
        raise OAuthError(Code.INVALID_REQUEST, "response_type is missing")
    if value != "code":
        raise OAuthError(Code.UNSUPPORTED_RESPONSE_TYPE, "only the response type code is supported")


def response_mode(reading: Reading) -> None:
    value = reading.get("response_mode") or "query"
    if value not in ("query", "form_post") or value not in profiles.of(reading.client.profile).response_modes:
        raise OAuthError(Code.INVALID_REQUEST, "this response_mode is not supported for the client")
    if value == "form_post" and not reading.redirect_uri.startswith(("https://", "http://")):
        raise OAuthError(
            Code.INVALID_REQUEST, "form_post needs a web address"
        )  # row 9: a script in our origin otherwise
    reading.response_mode = value


def no_resource(reading: Reading) -> None:
    """No resource is known here yet: a token for our own doors is not what was asked for (RFC 8707 §2)."""
    if reading.get("resource") is not None:
        raise OAuthError(Code.INVALID_TARGET, "no resource is known here, so leave the resource parameter out")


def no_doubles(reading: Reading) -> None:
    if reading.parameters.doubled:
        raise OAuthError(Code.INVALID_REQUEST, "a parameter came more than once")


def no_request_object(reading: Reading) -> None:
    if reading.get("request") is not None:
        raise OAuthError(Code.REQUEST_NOT_SUPPORTED, "the request parameter is not supported")
    if reading.get("request_uri") is not None:
        raise OAuthError(Code.REQUEST_URI_NOT_SUPPORTED, "the request_uri parameter is not supported")


def sizes(reading: Reading) -> None:
    state, nonce = reading.get("state") or "", reading.get("nonce") or ""
    if len(state.encode()) > STATE_LIMIT:
        raise OAuthError(Code.INVALID_REQUEST, "state is longer than 4096 bytes")
    if len(nonce) > NONCE_LIMIT or not VSCHAR.match(nonce):
        raise OAuthError(Code.INVALID_REQUEST, "nonce must be at most 2048 printable ASCII characters")
    if len((reading.get("scope") or "").encode()) > SCOPE_LIMIT:
        raise OAuthError(Code.INVALID_REQUEST, "scope is longer than 1024 bytes")


def challenge(reading: Reading) -> str | None:
    value, method = reading.get("code_challenge"), reading.get("code_challenge_method")
    if value is None:
        if method is not None or profiles.of(reading.client.profile).pkce_required:
            raise OAuthError(Code.INVALID_REQUEST, "code_challenge is missing")
        return None
    if method != "S256":
        raise OAuthError(Code.INVALID_REQUEST, "code_challenge_method must be S256")
    if not CHALLENGE.match(value):
        raise OAuthError(Code.INVALID_REQUEST, "code_challenge must be 43 base64url characters")
    return value


def scope(reading: Reading) -> str:
    """Unknown and unregistered values are dropped (OIDC Core §3.1.2.1); order and doubles do not matter (C042)."""
    client, known = reading.client, {*SCOPES, *BARE_SCOPES}
    kept = {value for value in (reading.get("scope") or "").split() if value in known and value in client.scopes}
    if "refresh_token" not in client.grant_types:
        kept.discard("offline_access")
    if "openid" not in kept:
        raise OAuthError(Code.INVALID_SCOPE, "scope must contain openid and be registered for the client")
    return " ".join(sorted(kept, key=lambda value: (value != "openid", value)))


def prompt(reading: Reading) -> tuple[str, ...]:
    values = frozenset((reading.get("prompt") or "").split())
    if not values <= PROMPTS or ("none" in values and len(values) > 1):
        raise OAuthError(Code.INVALID_REQUEST, "prompt has an unknown value, or none beside another")
    return tuple(sorted(values))


def max_age(reading: Reading) -> int | None:
    """What the client registered as its default counts where the request says nothing (OIDC Registration §2)."""
    value = reading.get("max_age")
    if value is None:
        default: int | None = reading.client.metadata.get("default_max_age")
        return default
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise OAuthError(Code.INVALID_REQUEST, "max_age must be a whole number of seconds")
    return int(value)


def asked_claims(reading: Reading) -> AskedClaims:
    value = reading.get("claims")
    return claims_request.parse(value) if value is not None else AskedClaims()


def citizen_meant(reading: Reading, asked: AskedClaims, subjects: Subjects) -> UUID | None:
    """Who must be signed in: by `id_token_hint` (expired accepted, not ours an error) or `claims`."""
    hint = reading.get("id_token_hint")
    named = subjects.of_sub(asked.subject) if asked.subject is not None else None
    if hint is None:
        return named
    hinted = subjects.of_hint(hint)
    if hinted is None:
        raise OAuthError(Code.INVALID_REQUEST, "id_token_hint is not an ID token of this issuer for this client")
    if named is not None and named != hinted:
        raise OAuthError(Code.INVALID_REQUEST, "id_token_hint and claims name different subjects")
    return hinted


def validated(reading: Reading, attributes: Attributes, subjects: Subjects) -> AuthorizationRequest:
    """All rules after the address is proven, in order; the first that fails is told to the client."""
    response_type(reading)
    response_mode(reading)
    no_resource(reading)
    no_doubles(reading)
    no_request_object(reading)
    sizes(reading)
    code_challenge, scopes = challenge(reading), scope(reading)
    prompts, age, asked = prompt(reading), max_age(reading), asked_claims(reading)
    agreed = _agreed(reading.client)
    of_scope = set(release.numbers(claims_request.of_scope(scopes.split(" ")), attributes)) & agreed
    in_id_token = of_scope if reading.client.id_token_claims_scope else set()
    return AuthorizationRequest(
        client_id=reading.client.client_id,
        redirect_uri=reading.redirect_uri,
        scope=scopes,
        userinfo_nos=tuple(sorted(of_scope | set(release.numbers(asked.userinfo, attributes)) & agreed)),
        id_token_nos=tuple(sorted(in_id_token | set(release.numbers(asked.id_token, attributes)) & agreed)),
        response_mode=reading.response_mode,
        state=reading.state,
        nonce=reading.get("nonce"),
        code_challenge=code_challenge,
        prompt=prompts,
        max_age=age,
        acr=_asked_acr(reading, asked),
        citizen_id=citizen_meant(reading, asked, subjects),
    )


def _agreed(client: Client) -> set[int]:
    """What the sign-in agreement lets this client ask; nothing else is shown, recorded or released."""
    agreement = client.sign_in_agreement
    if agreement is None:
        return set()
    return {*agreement.required_nos, *agreement.optional_nos, *agreement.law_nos}


def _asked_acr(reading: Reading, asked: AskedClaims) -> Asked:
    """The `acr` of `claims` goes before `acr_values`, and both before what the client registered as its default.
    An essential one that we do not know cannot be met."""
    try:
        default = " ".join(reading.client.metadata.get("default_acr_values", ()))
        voluntary = asked.acr_values or tuple((reading.get("acr_values") or default).split())
        return assurance.read_asked(voluntary, asked.acr_values if asked.acr_essential else None)
    except assurance.UnknownAcr:
        raise OAuthError(Code.UNMET_AUTHENTICATION, "the essential acr is not known here") from None
