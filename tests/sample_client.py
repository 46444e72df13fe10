"""A client in miniature, and a browser for its citizen: a whole code flow over HTTP with none of our code.

The browser keeps its own cookies, because Python's jar does not send a Secure cookie to http://127.0.0.1 as
browsers do, and because it must refuse what a browser refuses (a `__Host-` cookie with a Domain). It follows
redirects within the provider and stops at the client's address.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import httpx
import pyotp
from joserfc import jwt
from joserfc.jwk import KeySet

from tests import local_http

MOST_REDIRECTS = 15
MOST_RUSHES = 5


@dataclass
class Form:
    """One form of a page. `fields` holds what a browser would send untouched; `choices` the boxes there are to
    tick.
    """

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, id

    def names(self) -> set[str]:
        return {*self.fields, *self.choices, *(name for name, _, _ in self.buttons)}


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.errors: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-error" in given:
            self.errors.append(given["data-error"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif self.forms and "disabled" not in given:
            self._control(self.forms[-1], tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons.append((name, given.get("value", ""), given.get("id", "")))
        elif tag == "input" and name and kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields.setdefault(name, []).append(given.get("value", "on"))
        elif tag in ("input", "textarea", "select") and name:
            form.fields.setdefault(name, []).append(given.get("value", ""))


@dataclass(frozen=True)
class Page:
    """What the browser shows after its redirects, or the redirect that leads away from the provider."""

    url: str
    status: int
    headers: httpx.Headers
    html: str

    @property
    def forms(self) -> list[Form]:
        return _Forms(self.html).forms

    @property
    def errors(self) -> list[str]:
        """The stable codes of `data-error`."""
        return _Forms(self.html).errors

    def form(self, *names: str) -> Form:
        """The one that has all these fields, boxes or buttons."""
        for form in self.forms:
            if set(names) <= form.names():
                return form
        seen = [sorted(form.names()) for form in self.forms]
        raise AssertionError(
            f"{self.url} ({self.status}) has no form with {names}; its forms: {seen}; {self.html[:1500]}"
        )

    def has_form(self, *names: str) -> bool:
        return any(set(names) <= form.names() for form in self.forms)

    @property
    def answer(self) -> dict[str, str]:
        """The parameters that came back to the client."""
        return {
            name: values[0] for name, values in parse_qs(urlsplit(self.url).query, keep_blank_values=True).items()
        }


class Browser:
    """One person's browser. `headers` go with every request, such as Accept-Language.

    It follows redirects at home and at the addresses in `also` (agencies beside it), and stops elsewhere. Cookies
    know no ports: on one host all of them see them, as in any browser.
    """

    def __init__(self, home: str, headers: Mapping[str, str] | None = None, also: Iterable[str] = ()) -> None:
        self.home, self.cookies = home, dict[str, str]()
        self._known = {self._origin(url) for url in (home, *also)}
        self._http = local_http.Client(
            timeout=15, follow_redirects=False, headers={"Accept": "text/html", **(headers or {})}
        )

    def get(self, url: str) -> Page:
        return self._walk("GET", urljoin(self.home, url), None)

    def submit(self, page: Page, form: Form, press: str | None = None, **values: str | list[str]) -> Page:
        """Send a form as a browser does. `press` names a button: its id, its name or `name=value`."""
        fields = {name: list(kept) for name, kept in form.fields.items()}
        for name, value in values.items():
            fields[name] = [value] if isinstance(value, str) else value
        for name, value, button_id in form.buttons:
            if name and press in (button_id, name, f"{name}={value}"):
                fields[name] = [value]
        pairs = [(name, value) for name, kept in fields.items() for value in kept]
        url = urljoin(page.url, form.action)
        if form.method == "get":
            return self._walk("GET", f"{url.partition('?')[0]}?{urlencode(pairs)}", None)
        return self._walk("POST", url, pairs, page.url)

    def _walk(self, method: str, url: str, pairs: list[tuple[str, str]] | None, referer: str = "") -> Page:
        for _ in range(MOST_REDIRECTS):
            response = self._send(method, url, pairs, referer)
            if not 300 < response.status_code < 400 or "location" not in response.headers:
                return Page(url, response.status_code, response.headers, response.text)
            url = urljoin(url, response.headers["location"])
            if self._origin(url) not in self._known:
                return Page(url, response.status_code, response.headers, "")
            if response.status_code < 307:
                method, pairs = "GET", None
        raise AssertionError(f"still redirected after {MOST_REDIRECTS} answers, now to {url}")

    def _send(self, method: str, url: str, pairs: list[tuple[str, str]] | None, referer: str) -> httpx.Response:
        headers = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if self.cookies
            else {}
        )
        content = None
        if pairs is not None:
            content = urlencode(pairs).encode()
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": referer,
                        "Origin": self._origin(referer), "Sec-Fetch-Site": "same-origin"}  # fmt: skip
        response = self._http.request(method, url, content=content, headers=headers)
        for line in response.headers.get_list("set-cookie"):
            self._keep(line)
        return response

    def _keep(self, line: str) -> None:
        pair, *rest = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        options = {key.lower(): text for key, _, text in (part.partition("=") for part in rest)}
        if name.startswith("__Host-"):
            assert "secure" in options, f"a browser refuses {name} without Secure"
            assert options.get("path") == "/", f"a browser refuses {name} without Path=/"
            assert "domain" not in options, f"a browser refuses {name} with a Domain"
        if options.get("max-age") == "0" or "1970" in options.get("expires", ""):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    @staticmethod
    def _origin(url: str) -> str:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Visit:
    """One request for authorization, and what the client keeps of it until the answer."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Tokens:
    """What a code was exchanged for, after every check that OpenID Connect asks of a client."""

    access_token: str
    id_token: str
    claims: dict[str, Any]
    answer: dict[str, Any]


class SampleClient:
    """A registered client: discovery, authorization request, token request, userinfo."""

    def __init__(self, issuer: str, registered: Mapping[str, Any]) -> None:
        self.issuer = issuer
        self.client_id: str = registered["client_id"]
        self.secret: str | None = registered.get("client_secret")
        self.auth: str = registered.get("token_endpoint_auth_method", "client_secret_basic")
        self.redirect_uri: str = registered["redirect_uris"][0]
        self.alg: str = registered.get("id_token_signed_response_alg") or "RS256"
        self.http = local_http.Client(timeout=15)
        self.metadata: dict[str, Any] = self.http.get(f"{issuer}/.well-known/openid-configuration").json()
        assert self.metadata["issuer"] == issuer

    def visit(self, scope: str = "openid profile email", **more: str) -> Visit:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **more,
        }
        return Visit(f"{self.metadata['authorization_endpoint']}?{urlencode(query)}", state, nonce, verifier)

    def code(self, visit: Visit, page: Page) -> str:
        """The code in the answer, after the checks of RFC 6749 §10.12 and RFC 9207."""
        assert page.url.startswith(self.redirect_uri), (
            f"not back at the client: {page.url} {page.status} {page.html[:1500]}"
        )
        assert page.answer.get("state") == visit.state
        assert page.answer.get("iss") == self.issuer
        assert "error" not in page.answer, page.answer
        return page.answer["code"]

    def token(self, form: Mapping[str, str]) -> httpx.Response:
        """POST to the token door with this client's authentication."""
        fields, headers = dict(form), {}
        if self.auth == "client_secret_basic" and self.secret:
            pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            fields["client_id"] = self.client_id
            if self.auth == "client_secret_post" and self.secret:
                fields["client_secret"] = self.secret
        return self.http.post(self.metadata["token_endpoint"], data=fields, headers=headers)

    def redeem(self, visit: Visit, code: str) -> httpx.Response:
        return self.token({
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": visit.verifier,
        })  # fmt: skip

    def exchange(self, visit: Visit, page: Page) -> Tokens:
        response = self.redeem(visit, self.code(visit, page))
        assert response.status_code == 200, response.text
        answer = response.json()
        return Tokens(answer["access_token"], answer["id_token"], self.verified(answer["id_token"], visit), answer)

    def verified(self, id_token: str, visit: Visit) -> dict[str, Any]:
        """OIDC Core §3.1.3.7: signature by a published key, `iss`, `aud`, `exp`, `nonce`."""
        keys = KeySet.import_key_set(self.http.get(self.metadata["jwks_uri"]).json())
        token = jwt.decode(id_token, keys, algorithms=[self.alg])
        rules = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": visit.nonce},
        )
        rules.validate(token.claims)
        return token.claims

    def userinfo(self, access_token: str) -> httpx.Response:
        return self.http.get(
            self.metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {access_token}"}
        )


def log_in(browser: Browser, page: Page, citizen: Mapping[str, Any]) -> Page:
    """Through the login pages, second factor included, to whatever comes next. Who is told that many sign in waits
    as long as the page says, and presses again.
    """
    typed = {"identifier": citizen["nik"], "password": citizen["password"]}
    for _ in range(MOST_RUSHES):
        page = browser.submit(page, page.form("identifier", "password"), press="login-submit", **typed)
        if page.status != 503 or not page.has_form("identifier", "password"):
            break
        time.sleep(int(page.headers["Retry-After"]))
    if citizen.get("totp_secret") and page.has_form("code"):
        app = pyotp.TOTP(citizen["totp_secret"])
        page = browser.submit(page, page.form("code"), press="second-factor-submit", code=app.now())
        if page.status == 400 and page.has_form("code"):  # a code is good once, and somebody used this one
            time.sleep(app.interval - time.time() % app.interval)
            page = browser.submit(page, page.form("code"), press="second-factor-submit", code=app.now())
    return page


def consent(browser: Browser, page: Page, attributes: Iterable[str] | None = None) -> Page:
    """Allow on the consent page: all that is optional or of it only `attributes`; what is not asked has no box."""
    form = page.form("decision")
    offered = form.choices.get("attributes", [])
    chosen = offered if attributes is None else [one for one in offered if one in set(attributes)]
    return browser.submit(page, form, press="decision=allow", attributes=chosen)


def sign_in(
    browser: Browser, client: SampleClient, citizen: Mapping[str, Any], *, scope: str = "openid profile email",
    attributes: Iterable[str] | None = None, **more: str,
) -> Tokens:  # fmt: skip
    """The whole story, through whichever of its pages appear."""
    visit = client.visit(scope, **more)
    page = browser.get(visit.url)
    if page.has_form("identifier", "password"):
        page = log_in(browser, page, citizen)
    if page.has_form("decision"):
        page = consent(browser, page, attributes)
    return client.exchange(visit, page)
