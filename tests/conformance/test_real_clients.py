"""What twenty-one measured applications send, replayed one by one: a sign-in as each of them does it.

The rows are recordings of real software. Some of it runs for real in tests/clients; here its requests stay when it
cannot be installed. A row that fails is an application that cannot drop its own login.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from tests import local_http
from tests.clients.programs import AGREEMENT, register
from tests.running import Running
from tests.sample_client import Browser, Page, consent, log_in

HOME = "https://layanan.example.go.id"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
OPTIONAL_EMAIL = {
    "scope": "openid profile email",
    "sign_in_agreement": AGREEMENT | {"optional": ["email", "preferred_username"]},
}


@dataclass(frozen=True)
class Row:
    """One application. `auth`: basic, encoded (Basic, percent-encoded), repeated (Basic, and client_id in the
    form), post, retried (a Basic that fails, then post with the same code) or none.
    """

    application: str
    auth: str
    pkce: bool = False
    nonce: bool = True
    alg: str = "RS256"
    callback: str = "/callback"
    userinfo: int = 1
    sent: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile(self) -> str:
        if self.auth == "none":
            return "native"
        return "standard" if self.pkce else "classic"


SCOPE_CLAIMS = {"id_token_claims": "scope"}
REFRESHES = {"grant_types": ["authorization_code", "refresh_token"]}
ROWS = [
    Row("mod_auth_openidc", "basic", pkce=True, callback="/oidc/callback", more=REFRESHES),
    Row("nginx auth_request and a gate", "basic", pkce=True, alg="ES256"),
    Row("openid-client", "encoded", pkce=True, alg="ES256"),
    Row("oauth4webapi", "encoded", pkce=True, alg="EdDSA", sent={"max_age": "600"}),
    Row("Auth.js", "encoded", pkce=True, callback="/auth/callback/gapura", userinfo=0, more=SCOPE_CLAIMS),
    Row("express-openid-connect", "encoded", pkce=True, userinfo=0, sent={"response_mode": "query"}),
    Row("passport-openidconnect", "post", userinfo=0),
    Row("oidc-client-ts", "none", pkce=True, nonce=False, callback="/"),
    Row("mozilla-django-oidc", "post", alg="ES256", callback="/oidc/callback/"),
    Row("django-allauth", "basic", pkce=True, nonce=False, callback="/accounts/oidc/gapura/login/callback/"),
    Row("social-auth-app-django", "basic", alg="EdDSA", callback="/complete/oidc/"),
    Row("Authlib", "basic", pkce=True, alg="EdDSA"),
    Row("Flask-AppBuilder", "basic", callback="/oauth-authorized/gapura"),
    Row("idpyoidc", "repeated", sent={"claims": '{"id_token":{"email":null}}'}),
    Row("Flask-pyoidc", "basic", callback="/redirect_uri"),
    Row("JupyterHub", "post", pkce=True, nonce=False, callback="/hub/oauth_callback", more=REFRESHES),
    Row("Roundcube", "post", nonce=False, callback="/index.php/login/oauth", userinfo=2, more=REFRESHES),
    Row("OpenID-Connect-PHP", "repeated", pkce=True),
    Row("WordPress", "post", nonce=False, callback="/wp-admin/admin-ajax.php?action=openid-connect-authorize"),
    Row("omniauth_openid_connect", "basic", alg="ES256", callback="/auth/openid_connect/callback",
        sent={"display": "popup", "ui_locales": "fr-FR fr", "login_hint": "siapa", "unheard_of": "1"}),
    Row("go-oidc", "retried", nonce=False, callback="/login/generic_oauth"),
]  # fmt: skip


@pytest.fixture(scope="module")
def browser(running: Running) -> Browser:
    """Of a citizen who is signed in: what follows is single sign-on."""
    browser, client = running.browser(), running.client()
    page = log_in(browser, browser.get(client.visit("openid").url), running.citizen(1))
    if page.has_form("decision"):
        consent(browser, page)
    return browser


@pytest.fixture(scope="module")
def published(running: Running) -> KeySet:
    return KeySet.import_key_set(local_http.get(f"{running.issuer}/jwks").json())


class Replay:
    """One row's registered client and its requests."""

    def __init__(self, running: Running, row: Row) -> None:
        self.issuer, self.row = running.issuer, row
        self.redirect_uri = HOME + row.callback
        algorithm = {} if row.alg == "RS256" else {"id_token_signed_response_alg": row.alg}
        public = {"token_endpoint_auth_method": "none"} if row.auth == "none" else {}
        told = register(
            running, HOME, row.callback, row.profile, OPTIONAL_EMAIL | algorithm | public | dict(row.more)
        )
        self.client_id, self.secret = told["CLIENT_ID"], told.get("CLIENT_SECRET", "")

    def address(self) -> str:
        query = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri,
            "scope": "openid profile email", "state": "s t&=+", **self.row.sent,
        }  # fmt: skip
        if self.row.nonce:
            query["nonce"] = "n-0S6"
        if self.row.pkce:
            query |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return f"{self.issuer}/authorize?{urlencode(query)}"

    def code(self, page: Page) -> str:
        """The answer stands behind what the registered address had already, and says who gives it (RFC 9207)."""
        assert page.url.startswith(self.redirect_uri + ("&" if "?" in self.redirect_uri else "?")), page.url
        answer = dict(parse_qsl(urlsplit(page.url).query))
        assert (answer["state"], answer["iss"]) == ("s t&=+", self.issuer)
        return answer["code"]

    def redeem(self, code: str, auth: str, secret: str | None = None) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        if self.row.pkce:
            form["code_verifier"] = VERIFIER
        return self.token(form, auth, secret)

    def token(self, form: dict[str, str], auth: str, secret: str | None = None) -> httpx.Response:
        secret, headers = secret or self.secret, {}
        if auth in ("basic", "encoded", "repeated"):
            names = (self.client_id, secret)
            pair = ":".join(quote(name, safe="") if auth == "encoded" else name for name in names)
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if auth in ("post", "repeated", "none"):
            form = form | {"client_id": self.client_id}
        if auth == "post":
            form = form | {"client_secret": secret}
        return local_http.post(f"{self.issuer}/token", data=form, headers=headers)

    def userinfo(self, access_token: str) -> httpx.Response:
        return local_http.get(f"{self.issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"})


@pytest.fixture(params=ROWS, ids=[row.application for row in ROWS], scope="module")
def replay(request: pytest.FixtureRequest, running: Running) -> Replay:
    return Replay(running, request.param)


def arrive(browser: Browser, replay: Replay) -> str:
    page = browser.get(replay.address())
    assert not page.has_form("identifier", "password"), "signed in already: nobody has to type"
    if page.has_form("decision"):
        page = consent(browser, page, ["email", "preferred_username"])
    return replay.code(page)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # measured clients know Ed25519 by no other name
def test_it_signs_a_citizen_in_as_it_always_did(browser: Browser, published: KeySet, replay: Replay) -> None:
    """(clients.md)"""
    row, code = replay.row, arrive(browser, replay)
    auth = row.auth
    if auth == "retried":
        assert replay.redeem(code, "basic", "wrong").status_code == 401
        auth = "post"
    response = replay.redeem(code, auth)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert (answer["token_type"], type(answer["expires_in"])) == ("Bearer", int)
    assert ("refresh_token" in answer) == (row.more is REFRESHES), "by registration; it never asks for it"

    claims = verified(replay, published, answer)
    seen = claims if row.more is SCOPE_CLAIMS else {}
    for _ in range(row.userinfo):
        seen = replay.userinfo(answer["access_token"]).json()
        assert seen["sub"] == claims["sub"]
    if seen:
        assert (seen["name"], seen["email"]) == ("Siti Nur Rahayu", "siti.rahayu@warga.example")
        assert seen["preferred_username"] == "siti.rahayu"


def verified(replay: Replay, published: KeySet, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Every check that any of them makes of an ID token."""
    row, id_token = replay.row, answer["id_token"]
    header = jws.extract_compact(id_token.encode()).headers()
    assert header["alg"] == row.alg
    assert header["kid"] in {key.kid for key in published.keys}
    claims: dict[str, Any] = jwt.decode(id_token, published, algorithms=[row.alg]).claims
    assert (claims["iss"], claims["aud"]) == (replay.issuer, replay.client_id)
    assert claims.get("nonce") == ("n-0S6" if row.nonce else None)
    assert claims["exp"] > claims["iat"] >= claims["auth_time"]
    assert re.fullmatch(r"a[a-z2-7]{26}", claims["sub"]), "it fits a column for login names, folded or not"
    digest = hashlib.sha256(answer["access_token"].encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert claims.get("at_hash") == (None if row.alg == "EdDSA" else half), "EdDSA names no hash"
    return claims


def test_a_code_that_was_redeemed_is_no_code_however_it_is_sent(browser: Browser, replay: Replay) -> None:
    """(clients.md)"""
    auth = "post" if replay.row.auth == "retried" else replay.row.auth
    code = arrive(browser, replay)
    answer = replay.redeem(code, auth).json()
    again = replay.redeem(code, auth)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert replay.userinfo(answer["access_token"]).status_code == 401


def test_the_published_keys_serve_every_kind_of_client(running: Running) -> None:
    """(clients.md) RSA, EC and Ed25519, each with what a client selects it by; `EdDSA` is the name they know."""
    keys = local_http.get(f"{running.issuer}/jwks").json()["keys"]
    assert {(key["kty"], key["alg"]) for key in keys} == {("RSA", "RS256"), ("EC", "ES256"), ("OKP", "EdDSA")}
    assert all(key["kid"] and key["use"] == "sig" for key in keys)
    assert not any({"d", "p", "q"} & set(key) for key in keys)


def test_a_mail_server_may_ask_about_the_tokens_of_the_webmail_before_it(
    running: Running, browser: Browser
) -> None:
    """(clients.md) Dovecot beside Roundcube: userinfo with the token, or introspection by a client of its own."""
    webmail = Replay(running, next(row for row in ROWS if row.application == "Roundcube"))
    token = webmail.redeem(arrive(browser, webmail), "post").json()["access_token"]
    nothing = dict.fromkeys(("redirect_uris", "post_logout_redirect_uris", "scope", "sign_in_agreement"))
    told = register(running, HOME, "", "machine", nothing | {"introspects": [webmail.client_id]})
    mail_server = (told["CLIENT_ID"], told["CLIENT_SECRET"])
    answer = local_http.post(f"{running.issuer}/introspect", data={"token": token}, auth=mail_server).json()
    assert answer["active"] is True
    assert answer["client_id"] == webmail.client_id
    assert answer["sub"] == webmail.userinfo(token).json()["sub"]


def test_a_page_may_read_errors_of_its_token_request_too(running: Running) -> None:
    """(clients.md) oidc-client-ts: a simple request, so no preflight comes before it."""
    told = register(running, HOME, "/", "native", {"token_endpoint_auth_method": "none"})
    form = {"grant_type": "authorization_code", "code": "x", "client_id": told["CLIENT_ID"]}
    answer = local_http.post(f"{running.issuer}/token", data=form, headers={"Origin": HOME})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, HOME)
    asked = {
        "Origin": HOME,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = local_http.options(f"{running.issuer}/userinfo", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == HOME
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert int(preflight.headers["access-control-max-age"]) >= 600
    assert "access-control-allow-credentials" not in preflight.headers


def test_a_sign_out_brings_back_the_state_that_was_sent(running: Running, browser: Browser) -> None:
    """(clients.md) Flask-pyoidc compares it; openid-client names itself beside the hint."""
    replay = Replay(running, next(row for row in ROWS if row.application == "Flask-pyoidc"))
    answer = replay.redeem(arrive(browser, replay), "basic").json()
    query = {"id_token_hint": answer["id_token"], "client_id": replay.client_id,
             "post_logout_redirect_uri": f"{HOME}/", "state": "s t"}  # fmt: skip
    assert browser.get(f"/logout?{urlencode(query)}").url == f"{HOME}/?state=s%20t"
    assert browser.get(replay.address()).has_form("identifier", "password"), "single sign-on is over"
