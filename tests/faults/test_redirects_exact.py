"""A redirect goes to an address that is registered, byte for byte, or nowhere (DESIGN §6.3; RFC 9700 §4.1).

Seen to fail: with addresses compared in lower case or without a last slash, with the port of any registered
address left open, with the registered query re-encoded, and with a page where `prompt=none` was asked.
"""

import random
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest

from tests import local_http
from tests.clients.programs import register
from tests.faults.races import rounds
from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, sign_in

HOME = "https://layanan.example.go.id"
SCOPE = "openid profile"
SEED = 20261125


def registered(running: Running, callback: str, home: str = HOME, profile: str = "standard") -> SampleClient:
    added = register(running, home, callback, profile, {})
    return SampleClient(running.issuer, {
        "client_id": added["CLIENT_ID"], "client_secret": added.get("CLIENT_SECRET"),
        "redirect_uris": [home + callback],
        "token_endpoint_auth_method": "client_secret_basic" if profile == "standard" else "none",
    })  # fmt: skip


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    return registered(running, "/cb")


@pytest.fixture(scope="module")
def browser(running: Running, client: SampleClient) -> Browser:
    """Signed in, with a consent: whatever is right goes through without a page."""
    browser = running.browser()
    sign_in(browser, client, running.citizen(7), scope=SCOPE)
    return browser


def sent_to(client: SampleClient, address: str, **more: str) -> str:
    """The request, with these bytes in the place of the address."""
    asked = client.visit(SCOPE, **more).url
    return asked.replace(urlencode({"redirect_uri": client.redirect_uri}), f"redirect_uri={address}")


def assert_stays_here(running: Running, browser: Browser, url: str) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    answer = local_http.get(url, headers={"Cookie": cookies, "Accept": "text/html"})
    assert answer.status_code == 400, (url, answer.headers.get("location"))
    assert "location" not in answer.headers
    path, _, query = url.partition("?")
    posted = local_http.post(path, content=query, headers={
        "Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html",
    })  # fmt: skip
    assert "location" not in posted.headers or posted.headers["location"].startswith("/"), posted.headers
    assert posted.status_code in (303, 400)
    if posted.status_code == 303:
        assert browser.get(running.issuer + posted.headers["location"]).url.startswith(running.issuer)


NEAR = [
    f"{HOME}/cb/", f"{HOME}/CB", "https://LAYANAN.example.go.id/cb", "HTTPS://layanan.example.go.id/cb",
    f"{HOME}:443/cb", f"{HOME}/%63b", f"{HOME}/cb?x=1", f"{HOME}/cb?", f"{HOME}/cb#f", f"{HOME}/cb#",
    f"{HOME}/cb/../cb", f"{HOME}/./cb", f"{HOME}//cb", f"{HOME}/cb;x", f"{HOME}/cb.", f"{HOME}./cb",
    "https://layanan.example.go.id@jahat.example/cb", "https://jahat.example/cb", f"{HOME}.jahat.example/cb",
    "https://u:p@layanan.example.go.id/cb", "http://layanan.example.go.id/cb", "//layanan.example.go.id/cb", "/cb",
    f"{HOME}\\@jahat.example/cb", f"{HOME}/cb\\", "https:layanan.example.go.id/cb",
    "https:/layanan.example.go.id/cb",
    "javascript:alert(1)", "data:text/html,x", "", HOME, f"{HOME}/", f"{HOME}/c", f"{HOME}/cbb",
]  # fmt: skip
RAW = ["/cb%20", "/cb%00", "/cb%0a", "/cb%0d%0aX:y", "%20/cb", "/cb%09", "/c%C4%B1b", "/cb%EF%BB%BF", "/cb%FF"]


@pytest.mark.parametrize(
    "address", [quote(one, safe="") for one in NEAR] + [quote(HOME, safe="") + one for one in RAW]
)
def test_what_is_nearly_registered_is_a_page(
    running: Running, client: SampleClient, browser: Browser, address: str
) -> None:
    """(row 1, C002, C003) Of a citizen whose next code needs no page; by GET and POST, also under prompt=none."""
    for more in ({}, {"prompt": "none"}):
        assert_stays_here(running, browser, sent_to(client, address, **more))


@rounds(150, 5_000)
def test_no_change_of_a_byte_is_followed(
    running: Running, client: SampleClient, browser: Browser, rounds: int
) -> None:
    """(row 1) Drawn from a seed: a byte put in, taken out, replaced or doubled, anywhere."""
    chance, cookies = random.Random(SEED), {"Cookie": "; ".join(f"{n}={v}" for n, v in browser.cookies.items())}
    with local_http.Client(headers=cookies) as line:
        for _ in range(rounds):
            changed = mutated(chance, client.redirect_uri.encode())
            answer = line.get(sent_to(client, quote(changed, safe="")))
            assert answer.status_code == 400, changed
            assert "location" not in answer.headers


def mutated(chance: random.Random, address: bytes) -> bytes:
    changed = address
    while changed == address:
        place, byte = (
            chance.randrange(len(address) + 1),
            bytes([chance.choice([chance.randrange(256), *b"/.@:#?%\\"])]),
        )
        kept = address[place:], address[place + 1 :], address[place : place + 1] + address[place:]
        changed = address[:place] + chance.choice([byte + kept[0], byte + kept[1], kept[1], kept[2]])
    return changed


def test_the_right_one_is_followed(client: SampleClient, browser: Browser) -> None:
    """What all the others are measured by."""
    visit = client.visit(SCOPE)
    assert client.code(visit, browser.get(visit.url))


def test_a_registered_query_keeps_its_bytes(running: Running) -> None:
    """(row 2, C001)"""
    client = registered(running, "/cb?x=1&y=%20&z=%e2%82%ac&empty")
    browser, visit = running.browser(), client.visit(SCOPE, state="s")
    page = browser.get(visit.url.replace(
        urlencode({"redirect_uri": client.redirect_uri}), f"redirect_uri={quote(client.redirect_uri, safe='')}"
    ))  # fmt: skip
    assert page.has_form("identifier", "password")
    told = browser.get(client.visit(SCOPE, prompt="none").url).url
    assert told.startswith(f"{client.redirect_uri}&error=login_required&"), told
    tokens = sign_in(browser, client, running.citizen(7), scope=SCOPE)
    assert tokens.access_token
    for near in (f"{HOME}/cb", f"{client.redirect_uri}&y=1", f"{client.redirect_uri}&", f"{client.redirect_uri}=",
                 f"{HOME}/cb?y=%20&x=1&z=%e2%82%ac&empty", f"{HOME}/cb?x=1&y=%20&z=%E2%82%AC&empty",
                 f"{HOME}/cb?x=1&y=+&z=%e2%82%ac&empty"):  # fmt: skip
        assert_stays_here(running, browser, sent_to(client, quote(near, safe="")))
    again = client.visit(SCOPE)
    arrived = browser.get(again.url).url
    assert arrived.startswith(f"{client.redirect_uri}&code="), arrived
    assert client.redeem(again, dict(pair.split("=") for pair in urlsplit(arrived).query.split("&") if "=" in pair)
                         ["code"]).status_code == 200  # fmt: skip


LOOPBACK = [
    ("http://127.0.0.1:51234/cb", True), ("http://127.0.0.1/cb", True), ("http://localhost:51234/cb", False),
    ("http://127.0.0.2:51234/cb", False), ("http://127.0.0.1:51234/cb/", False),
    ("https://127.0.0.1:51234/cb", False), ("http://127.0.0.1:65536/cb", False),
    ("http://127.1:51234/cb", False), ("http://2130706433:51234/cb", False), ("http://0x7f000001:51234/cb", False),
    ("http://[::1]:51234/cb", False), ("http://127.0.0.1:99999/cb", False), ("http://127.0.0.1:/cb", False),
    ("http://127.0.0.1:51234@jahat.example/cb", False), ("http://u@127.0.0.1:51234/cb", False),
    ("http://127.0.0.1:51234/cb?x", False), ("http://127.0.0.1:51234/cb#x", False),
    ("http://127.0.0.1:+1/cb", False), ("http://127.0.0.1:0x50/cb", False),
]  # fmt: skip


def test_only_the_port_of_a_registered_loopback_address_is_open(running: Running) -> None:
    """(row 3, C007)"""
    native = registered(running, "/cb", "http://127.0.0.1", "native")
    for address, followed in LOOPBACK:
        answer = local_http.get(sent_to(native, quote(address, safe=""), prompt="none"))
        if followed:
            assert answer.headers["location"].startswith(f"{address}?error=login_required&"), address
        else:
            assert (answer.status_code, answer.headers.get("location")) == (400, None), address


SIX = [
    ("http://[::1]:50000/cb", True), ("http://[::1]/cb", True), ("http://[0:0:0:0:0:0:0:1]:50000/cb", False),
    ("http://[::0001]:50000/cb", False), ("http://[::1%25lo]:50000/cb", False), ("http://[::2]:50000/cb", False),
    ("http://[::ffff:127.0.0.1]:50000/cb", False), ("http://127.0.0.1:50000/cb", False),
    ("http://[::1]:50000/cb/", False), ("https://[::1]:50000/cb", False),
]  # fmt: skip


def test_of_loopback_in_ipv6_there_is_one_spelling(running: Running) -> None:
    """(row 3, C007)"""
    native = registered(running, "/cb", "http://[::1]", "native")
    for address, followed in SIX:
        answer = local_http.get(sent_to(native, quote(address, safe=""), prompt="none"))
        if followed:
            assert answer.headers["location"].startswith(f"{address}?error=login_required&"), address
        else:
            assert (answer.status_code, answer.headers.get("location")) == (400, None), address


def test_the_port_of_another_profile_is_not_open(running: Running) -> None:
    """(row 3, C007)"""
    web = registered(running, "/cb", "http://127.0.0.1:8123")
    answer = local_http.get(sent_to(web, quote("http://127.0.0.1:8124/cb", safe=""), prompt="none"))
    assert answer.status_code == 400
    remote = registered(running, "/cb", profile="native")
    answer = local_http.get(sent_to(remote, quote(f"{HOME}:8443/cb", safe=""), prompt="none"))
    assert answer.status_code == 400, "nor of a native application's address elsewhere"


ELSEWHERE = [
    "https://jahat.example/",
    "//jahat.example",
    "/\\jahat.example",
    "https:jahat.example",
    "javascript:x",
]
NAMES = ["next", "return_to", "continue", "onward", "url", "redirect", "r", "redirect_uri",
         "post_logout_redirect_uri", "target_link_uri", "RelayState"]  # fmt: skip
PATHS = ["/", "/login", "/login/second", "/login/account", "/consent", "/logout", "/consents", "/services",
         "/security", "/account", "/activate", "/notifications", "/disclosures", "/authorize",
         "/authorize/continue/x"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_parameter_leads_off_the_site(running: Running, browser: Browser, path: str) -> None:
    """(row 11) Neither signed in nor out."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    for who in ({}, {"Cookie": cookies}):
        for place in ELSEWHERE:
            asked = f"{running.issuer}{path}?{urlencode(dict.fromkeys(NAMES, place))}"
            headers = {"Accept": "text/html", "Referer": "https://jahat.example/x"} | who
            answer = local_http.get(asked, headers=headers)
            assert answer.status_code < 500
            assert leads_nowhere_else(running, answer), (asked, answer.headers["location"])
            assert 'content="0' not in answer.text, "no refresh by a meta element"
            assert f'href="{place}' not in answer.text
            assert f'action="{place}' not in answer.text


def leads_nowhere_else(running: Running, answer: httpx.Response) -> bool:
    location = answer.headers.get("location", "/")
    return location.startswith(f"{running.issuer}/") or (location[:1] == "/" and location[:2] not in ("//", "/\\"))


def test_signing_in_goes_on_within_the_site_whatever_was_asked(running: Running) -> None:
    """(row 11) The page to go on with stands in the address of the login page; it can only name a page of ours."""
    citizen = running.citizen(7)
    for place in ELSEWHERE:
        browser = running.browser("https://jahat.example")
        page = browser.get(f"/login?{urlencode({'onward': place, 'next': place})}")
        form = page.form("identifier", "password")
        done = browser.submit(page, form, identifier=citizen["nik"], password=citizen["password"])
        assert done.url.startswith(f"{running.issuer}/"), done.url


FRAMED = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
          "Referer": "https://orang-asing.example/"}  # fmt: skip


def silent(browser: Browser, client: SampleClient, **more: str) -> Page:
    return browser.get(client.visit(SCOPE, prompt="none", **more).url)


def test_a_silent_request_never_shows_a_page(running: Running, client: SampleClient, browser: Browser) -> None:
    """(row 79) In the frame of a stranger: an answer to the registered address, or a page without anything of the
    citizen where the request names none.
    """
    other = registered(running, "/lain")
    nobody = running.browser()
    seen = {
        "nobody": silent(nobody, client),
        "no consent": silent(browser, other),
        "all is given": silent(browser, client),
        "too old": silent(browser, client, max_age="0"),
        "another citizen": silent(browser, client, id_token_hint="x.y.z"),
        "more proof": silent(browser, client, acr_values="urn:gapura:acr:substantial"),
        "broken": silent(browser, client, claims="{"),
    }
    for name, page in seen.items():
        assert page.url.startswith((client.redirect_uri + "?", other.redirect_uri + "?")), (name, page.url)
        assert page.html == ""
    assert seen["nobody"].answer["error"] == "login_required"
    assert seen["no consent"].answer["error"] == "consent_required"
    assert "code" in seen["all is given"].answer
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    page = local_http.get(sent_to(client, "https%3A%2F%2Fjahat.example%2F", prompt="none"),
                     headers=FRAMED | {"Cookie": cookies, "Accept": "text/html"})  # fmt: skip
    assert page.status_code == 400
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "Cut Nur" not in page.text
