"""The authorization endpoint as a client and a stranger see it: RFC 6749 §4.1, OIDC Core §3.1.2, RFC 7636, RFC
9207."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pyotp
import pytest

from idp.accounts import totp
from idp.gate import Gate
from idp.web import rate_limits
from idp.web.rate_limits import UNFINISHED_OF_A_NETWORK, Limit
from tests import local_http
from tests.clients.programs import register
from tests.people import a_person, enter
from tests.running import Running
from tests.sample_client import Browser, SampleClient, consent, log_in, sign_in

CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    return running.client()


def query(client: SampleClient, **changed: str | None) -> dict[str, str]:
    plain: dict[str, str | None] = {
        "response_type": "code", "client_id": client.client_id, "redirect_uri": client.redirect_uri,
        "scope": "openid profile", "state": "st", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | changed  # fmt: skip
    return {name: value for name, value in plain.items() if value is not None}


def ask(running: Running, text: str | dict[str, str], method: str = "GET") -> httpx.Response:
    encoded = text if isinstance(text, str) else urlencode(text)
    if method == "GET":
        return local_http.get(f"{running.issuer}/authorize?{encoded}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return local_http.post(f"{running.issuer}/authorize", content=encoded, headers=form)


def error_of(answer: httpx.Response, client: SampleClient) -> dict[str, str]:
    """The error that was told to the client, by redirect to its own address."""
    assert answer.status_code == 303, answer.text[:500]
    location = answer.headers["location"]
    assert location.startswith(client.redirect_uri)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def assert_a_page_that_leads_nowhere(answer: httpx.Response, address: str = "jahat.example") -> None:
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert 'data-error="' in answer.text
    assert address not in answer.text


MANGLED = [
    "{uri}/", "{uri}?x=1", "{uri}#f", "{uri}%20", "{uri}/../callback", "{uri}@jahat.example", "{upper}",
    "https://jahat.example/cb", "{uri}%0a", "{uri}%00", "https:\\\\jahat.example", "https://a@b@jahat.example/cb",
]  # fmt: skip


@pytest.mark.parametrize("mangled", MANGLED)
def test_an_address_that_is_not_registered_byte_for_byte_gets_a_page(
    running: Running, client: SampleClient, mangled: str
) -> None:
    """(row 1, C002, C003) Also with a second fault in the request."""
    uri = client.redirect_uri
    sent = mangled.format(uri=uri, upper=uri.upper())
    rest = urlencode(query(client, redirect_uri=None, scope="unknown"))
    encoded = sent if "%" in sent else urlencode({"u": sent})[2:]
    assert_a_page_that_leads_nowhere(ask(running, f"{rest}&redirect_uri={encoded}"))


def test_an_unknown_client_gets_a_page(running: Running, client: SampleClient) -> None:
    """(row 4)"""
    assert_a_page_that_leads_nowhere(ask(running, query(client, client_id="nobody")))
    assert_a_page_that_leads_nowhere(ask(running, query(client, client_id=None)))


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_proves_the_address_comes_once(
    running: Running, client: SampleClient, name: str, method: str
) -> None:
    """(C004, row 109)"""
    sent = query(client)
    assert_a_page_that_leads_nowhere(ask(running, urlencode([*sent.items(), (name, sent[name])]), method))


@pytest.mark.parametrize("name", ["scope", "nonce", "response_type", "prompt", "code_challenge"])
def test_any_other_doubled_parameter_is_told_to_the_client(
    running: Running, client: SampleClient, name: str
) -> None:
    """(C004, row 109)"""
    sent = query(client, prompt="login", nonce="n")
    told = error_of(ask(running, urlencode([*sent.items(), (name, "other")])), client)
    assert (told["error"], told["state"], told["iss"]) == ("invalid_request", "st", running.issuer)


def test_a_doubled_state_is_not_returned(running: Running, client: SampleClient) -> None:
    """(C004)"""
    told = error_of(ask(running, urlencode([*query(client).items(), ("state", "b")])), client)
    assert told["error"] == "invalid_request"
    assert "state" not in told


BROKEN = ["%ff", "%c3%28", "%00", "a%0d%0aSet-Cookie:x=y", "%ed%a0%80", "%7f"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("value", BROKEN)
def test_a_value_that_cannot_be_read_is_told_to_the_client_where_its_address_can(
    running: Running, client: SampleClient, value: str, method: str
) -> None:
    """(row 4, row 20, row 109, row 110) But not a broken id or address, alone or beside a whole one."""
    for name in ("nonce", "scope", "code_challenge", "login_hint", "nobody_reads_it"):
        sent = f"{urlencode(query(client, **{name: None}))}&{name}={value}"
        told = error_of(ask(running, sent, method), client)
        assert (told["error"], told["state"], told["iss"]) == ("invalid_request", "st", running.issuer), name
    broken_state = ask(running, f"{urlencode(query(client, state=None))}&state={value}", method)
    assert "state" not in error_of(broken_state, client)
    assert "set-cookie" not in broken_state.headers
    for name in ("client_id", "redirect_uri"):
        for kept in (None, query(client)[name]):
            sent = f"{urlencode(query(client, **{name: kept}))}&{name}={value}"
            assert_a_page_that_leads_nowhere(ask(running, sent, method))


def test_a_form_beside_a_query_is_a_page(running: Running, client: SampleClient) -> None:
    """(C004) What came split could be read in two ways."""
    sent = query(client)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for name in ("client_id", "redirect_uri", "scope", "state"):
        rest = urlencode({key: value for key, value in sent.items() if key != name})
        for body in (rest, urlencode(sent)):
            url = f"{running.issuer}/authorize?{urlencode({name: sent[name]})}"
            assert_a_page_that_leads_nowhere(local_http.post(url, content=body, headers=form))


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42]}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42] + "="}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42] + "+"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42] + "/"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"prompt": "login none"}, "invalid_request"),
    ({"prompt": "select_account create foo"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "abc"}, "invalid_request"),
    ({"max_age": "9" * 20}, "invalid_request"),
    ({"state": "s" * 4097}, "invalid_request"),
    ({"nonce": "n" * 2049}, "invalid_request"),
    ({"claims": "[]"}, "invalid_request"),
    ({"claims": '{"userinfo":[]}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"nik":null,"nik":null}}'}, "invalid_request"),
    ({"claims": "bukan json"}, "invalid_request"),
    ({"request": "e30.e30."}, "request_not_supported"),
    ({"request_uri": "https://jahat.example/r"}, "request_uri_not_supported"),
    ({"id_token_hint": "garbage"}, "invalid_request"),
    ({"resource": "https://api.example/"}, "invalid_target"),
    ({"prompt": "none"}, "login_required"),
]


@pytest.mark.parametrize(("changed", "error"), REFUSED, ids=[str(row)[:60] for row in REFUSED])
def test_each_fault_after_the_address_is_told_by_its_code(
    running: Running, client: SampleClient, changed: dict[str, str | None], error: str
) -> None:
    """(row 4, row 5, row 7, row 8, row 20, row 50, C005, C006, C015, C028, C029, C041)"""
    told = error_of(ask(running, query(client, **changed)), client)
    assert told["error"] == error
    assert told["iss"] == running.issuer
    assert "code" not in told
    assert set(told["error_description"]) <= {chr(c) for c in range(0x20, 0x7F)} - {'"', "\\"}


@pytest.mark.parametrize(
    "more",
    [{"login_hint": "x" * 300}, {"ui_locales": "jv xx"}, {"display": "popup"}, {"claims_locales": "id"},
     {"extra": "foobar"}, {"acr_values": "urn:unknown"}, {"registration": "x"}, {"claims": "{}"},
     {"claims": '{"userinfo":{"tidak_ada":null}}'}, {"scope": "profile openid openid unknown  profile"}],
)  # fmt: skip
def test_hints_and_unknown_parameters_are_never_an_error(
    running: Running, client: SampleClient, more: dict[str, str]
) -> None:
    answer = ask(running, query(client, **more))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?handle=")


def test_a_long_state_and_nonce_come_back_unchanged(running: Running, client: SampleClient) -> None:
    """(C015, row 10)"""
    browser, state, nonce = running.browser(), "s é&=\"<'" + "x" * 4000, "n" * 2000
    sign_in(browser, client, running.citizen(6), scope="openid profile")
    visit = client.visit("openid profile")
    text = visit.url.split("?")[1]
    sent = {name: values[0] for name, values in parse_qs(text).items()} | {"state": state, "nonce": nonce}
    page = browser.get(f"/authorize?{urlencode(sent)}")
    assert page.answer["state"] == state
    answer = client.redeem(visit, page.answer["code"]).json()
    payload = answer["id_token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["nonce"] == nonce


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_longest_state_and_nonce_outlive_the_screens(
    running: Running, client: SampleClient, method: str
) -> None:
    """(C015, row 10) Nobody is signed in: such a request does not fit an address, and a row keeps it meanwhile."""
    browser, visit = running.browser(), client.visit("openid profile")
    sent = dict(parse_qsl(visit.url.split("?")[1])) | {"state": "s" * 4096, "nonce": "n" * 2048}
    if method == "POST":
        sent |= {"state": "é" * 2048, "claims": json.dumps({"userinfo": {f"x{n}": None for n in range(250)}})}
        handle = local_http.post(f"{running.issuer}/authorize", data=sent).headers["location"]
        page = browser.get(handle)
    else:
        page = browser.get(f"/authorize?{urlencode(sent)}")
    page = log_in(browser, page, running.citizen(6))
    page = consent(browser, page) if page.has_form("decision") else page
    assert page.answer["state"] == sent["state"]
    assert client.redeem(visit, page.answer["code"]).status_code == 200


def test_what_nobody_reads_is_not_kept_and_no_length_breaks_the_door(
    running: Running, client: SampleClient
) -> None:
    """(row 109)"""
    sent = dict(parse_qsl(client.visit("openid profile").url.split("?")[1]))
    size = "SELECT max(octet_length(parameters_sealed)) FROM idp.unfinished_authorizations"
    running.rows("DELETE FROM idp.unfinished_authorizations RETURNING 1")
    padded = local_http.post(f"{running.issuer}/authorize", data=sent | {"kutu": "x" * 60_000})
    assert padded.status_code == 303
    assert (running.rows(size)[0][0] or 0) < 2048
    assert running.browser().get(padded.headers["location"]).has_form("identifier", "password")
    for name in ("login_hint", "ui_locales", "acr_values", "id_token_hint", "state", "claims"):
        answer = local_http.post(f"{running.issuer}/authorize", data=sent | {name: "x" * 60_000})
        assert answer.status_code in (303, 413), (name, answer.text[:500])


def test_nobody_fills_our_disk_with_requests_that_are_never_finished(
    running: Running, gate: Gate, client: SampleClient
) -> None:
    """protocol.md §5: budgets of browser and network, for what does not fit an address; other requests go on."""
    sent = dict(parse_qsl(client.visit("openid profile").url.split("?")[1]))
    spent = Limit(UNFINISHED_OF_A_NETWORK.name, at_once=2, every=timedelta(hours=1))
    with gate.database.writing() as db:
        assert rate_limits.spend(db, gate.vault, spent, "127.0.0.1", gate.now())
    try:
        long = local_http.post(f"{running.issuer}/authorize", data=sent | {"state": "s" * 4000})
        assert (long.status_code, 'data-error="too_many_attempts"' in long.text) == (429, True)
        assert "retry-after" in long.headers
        long_by_get = running.browser().get(f"/authorize?{urlencode(sent | {'state': 's' * 4000})}")
        assert (long_by_get.status, long_by_get.errors) == (429, ["too_many_attempts"])
        assert running.browser().get(f"/authorize?{urlencode(sent)}").has_form("identifier", "password")
    finally:
        running.rows("DELETE FROM idp.rate_limits RETURNING 1")


def test_form_post_carries_the_answer_byte_for_byte(running: Running, client: SampleClient) -> None:
    """(C091, row 5, row 10, row 12)"""
    browser, state = running.browser(), '"><script>x()</script> a+b&c=é'
    sign_in(browser, client, running.citizen(6), scope="openid profile")
    page = browser.get(client.visit("openid profile", response_mode="form_post").url)
    fields = {name: values[0] for name, values in page.form("code").fields.items()}
    assert fields["iss"] == running.issuer
    assert page.form("code").action == client.redirect_uri
    sent = query(client, response_mode="form_post", state=state)
    page = browser.get(f"/authorize?{urlencode(sent)}")
    assert page.form("code").fields["state"] == [state]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "script-src 'sha256-" in page.headers["content-security-policy"]


def test_a_post_from_another_site_is_looked_at_again_with_the_cookies(
    running: Running, client: SampleClient
) -> None:
    browser = running.browser()
    sign_in(browser, client, running.citizen(6), scope="openid profile")
    first = ask(running, query(client), "POST")
    assert first.status_code == 303
    assert first.headers["location"].startswith("/authorize/continue/")
    assert "set-cookie" not in first.headers, "it must not take the place of the browser's own"
    assert browser.get(first.headers["location"]).answer["state"] == "st"


class Watched(Browser):
    """It remembers by which status it was led on, and what it was shown."""

    def __init__(self, home: str) -> None:
        super().__init__(home, {"Accept-Language": "id"})
        self.led, self.shown = list[int](), list[str]()

    def _send(self, *request: Any) -> httpx.Response:
        answer = super()._send(*request)
        self.shown.append(answer.text)
        if "location" in answer.headers:
            self.led.append(answer.status_code)
        return answer


def test_no_redirect_of_a_story_keeps_the_method(running: Running, client: SampleClient, gate: Gate) -> None:
    """(row 6, row 12) From the request to the code, which no page shows, by login, factor and consent; and after a
    no."""
    for pressed in ("consent-allow", "consent-refuse"):
        browser, person = Watched(running.issuer), a_person(gate, app=True)
        page = log_in(browser, browser.get(client.visit("openid profile").url), person.as_told())
        answer = browser.submit(page, page.form("decision"), press=pressed).answer
        assert len(browser.led) >= 4
        assert set(browser.led) == {303}
        assert "code" in answer or answer["error"] == "access_denied"
        assert not any(answer.get("code", "error=access_denied") in page for page in browser.shown)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused_by_name(running: Running, client: SampleClient, method: str) -> None:
    """(C090, row 120)"""
    answer = local_http.request(method, f"{running.issuer}/authorize?{urlencode(query(client))}")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_a_form_is_never_posted_to_a_private_scheme(running: Running) -> None:
    """(row 9) Its script would run in our origin: the answer is an error, by query."""
    home = "id.go.example.uji:"
    added = register(running, home, "/kembali", "native", {"post_logout_redirect_uris": None})
    client = SampleClient(running.issuer, {"client_id": added["CLIENT_ID"], "redirect_uris": [home + "/kembali"],
                                           "token_endpoint_auth_method": "none"})  # fmt: skip
    for more in ({}, {"prompt": "none"}):
        visit = client.visit("openid profile", response_mode="form_post", **more)
        answer = local_http.get(visit.url)
        assert answer.status_code == 303
        location = answer.headers["location"]
        assert location.startswith(f"{home}/kembali?error=invalid_request&")
        assert f"state={visit.state}" in location


def test_what_a_client_registered_as_its_default_counts_where_a_request_says_nothing(
    running: Running, gate: Gate
) -> None:
    """OIDC Registration §2: `default_max_age` and `default_acr_values`; a parameter goes before either."""
    more = {"default_max_age": 0, "default_acr_values": ["urn:gapura:acr:substantial"]}
    told = register(running, "https://bawaan.example.go.id", "/cb", "classic", more)
    registered = {"client_id": told["CLIENT_ID"], "redirect_uris": ["https://bawaan.example.go.id/cb"]}
    client, person = SampleClient(running.issuer, registered), a_person(gate)
    browser, _ = enter(running, person)
    assert consent(browser, browser.get(client.visit("openid", max_age="3600").url)).answer["code"]
    assert browser.get(client.visit("openid").url).has_form("identifier", "password"), "0 s: the password again"
    assert "code" in browser.get(client.visit("openid", max_age="3600").url).answer
    with gate.database.writing() as db:  # from now on what is wished for can be reached
        setup = totp.begin(db, gate.vault, person.citizen_id, "test", gate.now())
        assert totp.confirm(
            db, gate.vault, person.citizen_id, setup.totp_id, pyotp.TOTP(setup.secret).now(), gate.now()
        )
    assert browser.get(client.visit("openid", max_age="3600").url).has_form("code")
    basic = {"max_age": "3600", "acr_values": "urn:gapura:acr:basic"}
    assert "code" in browser.get(client.visit("openid", **basic).url).answer
