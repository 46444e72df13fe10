"""The story between a request and a code, and what becomes of its parts when something is taken back meanwhile."""

import html
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from keys.key_store import KeyStore
from keys.sealing import Kind, Sealer
from tests import local_http
from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, log_in, sign_in

SCOPE = "openid profile"


def told(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("door", ["/login", "/consent", "/login/second"])
def test_a_handle_of_another_browser_is_refused_with_a_way_on(running: Running, door: str) -> None:
    """(row 27, C017)"""
    first, second = running.browser(), running.browser()
    begun = first.get(running.client().visit(SCOPE).url)
    handle = begun.form("handle").fields["handle"][0]
    page = second.get(f"{door}?{urlencode({'handle': handle})}")
    assert page.status == 400
    assert page.errors
    assert "<a " in page.html
    assert first.get(f"/login?{urlencode({'handle': handle})}").status == 200


def begun(running: Running, browser: Browser, client: SampleClient) -> Page:
    """The login page of a request, in this browser."""
    page = browser.get(client.visit(SCOPE).url)
    assert page.has_form("identifier", "handle")
    return page


def test_a_link_opened_in_another_browser_leads_to_where_the_application_begins(running: Running) -> None:
    """(C010, C017, row 27) There the other browser begins a story of its own, and gets no part of this one."""
    client, other = running.client(), running.browser()
    page = other.get(begun(running, running.browser(), client).url)
    assert page.errors == ["handle_of_another_browser"]
    start = f"{running.home_of(client.client_id)}login?iss={quote(running.issuer, safe='')}"
    assert f'<a class="button" href="{start}">' in page.html
    assert not page.has_form("identifier")


@pytest.fixture
def without_start_address(running: Running) -> Iterator[SampleClient]:
    """An application that never said where it begins."""
    ((metadata,),) = running.rows("SELECT metadata::text FROM idp.clients WHERE client_id = 'sim-saya'")
    change = "UPDATE idp.clients SET metadata = %(metadata)s::jsonb WHERE client_id = 'sim-saya' RETURNING 1"
    seen = "UPDATE idp.generation SET generation = generation + 1 RETURNING generation"
    kept = {name: value for name, value in json.loads(metadata).items() if name != "initiate_login_uri"}
    for content in (json.dumps(kept), metadata):
        running.rows(change, metadata=content)
        running.rows(seen)
        if content != metadata:
            time.sleep(1.2)  # until every process has asked for the generation
            yield running.client("sim-saya")


def test_an_application_that_names_no_start_address_is_looked_for_among_all(
    running: Running, without_start_address: SampleClient
) -> None:
    """(C010)"""
    page = running.browser().get(begun(running, running.browser(), without_start_address).url)
    assert page.errors == ["handle_of_another_browser"]
    assert '<a class="button" href="/services">' in page.html


def aged(running: Running, handle: str, by: timedelta) -> str:
    """The handle as it would be if its story had begun so much earlier."""
    sealer = Sealer(KeyStore.open(running.instance / "keys").master, running.issuer, "demo")
    now = datetime.now(UTC)
    members = json.loads(sealer.open(Kind.INTERACTION, handle, now))
    members[1] -= by.total_seconds()
    return sealer.seal(Kind.INTERACTION, json.dumps(members).encode(), now)


def test_a_login_page_left_open_overnight_says_so_and_starts_the_same_request_again(running: Running) -> None:
    """(C010)"""
    browser, client = running.browser(), running.client()
    visit = client.visit(SCOPE)
    shown = browser.get(visit.url)
    form = shown.form("identifier", "password")
    form.fields["handle"] = [aged(running, form.fields["handle"][0], timedelta(hours=9))]
    attempts = "SELECT count(*) FROM idp.audit_events WHERE action IN ('login.password', 'session.started')"
    before = running.rows(attempts)
    late = browser.submit(shown, form, identifier=running.citizen(10)["nik"], password="salah")
    assert (late.status, late.errors) == (400, ["page_expired"])
    assert "terlalu lama" in late.html
    assert running.rows(attempts) == before
    again = browser.get(html.unescape(late.html.split('<a class="button" href="')[1].split('"')[0]))
    page = log_in(browser, again, running.citizen(10))
    assert page.has_form("decision") or page.answer["state"] == visit.state


@pytest.mark.parametrize("handle", ["x", "", "A" * 300, "0" * 32 + ".secret"])
def test_a_broken_handle_is_a_page_and_records_nothing(running: Running, handle: str) -> None:
    """(C008, row 77)"""
    page = running.browser().get(f"/consent?{urlencode({'handle': handle})}")
    assert page.status == 400
    assert page.errors


def test_loopback_addresses_of_a_native_client_match_with_any_port(running: Running) -> None:
    """(C007, row 3)"""
    client = running.client("sim-saya")

    def answer(uri: str) -> int:
        visit = client.visit(SCOPE).url.replace(
            urlencode({"r": client.redirect_uri})[2:], urlencode({"r": uri})[2:]
        )
        return local_http.get(visit).status_code

    assert answer("http://127.0.0.1:49152/callback") == 303
    for other in ("http://localhost:49152/callback", "http://127.0.0.1:49152/callback/", "http://127.1:80/callback",
                  "http://127.0.0.2/callback", "https://127.0.0.1:49152/callback"):  # fmt: skip
        assert answer(other) == 400, other


def test_a_second_press_on_allow_repeats_the_recorded_answer(running: Running) -> None:
    """(C011, C012, row 76)"""
    browser, client = running.browser(), running.client("bantuan-beras")
    visit = client.visit(SCOPE, prompt="consent")
    page = log_in(browser, browser.get(visit.url), running.citizen(10))
    form = page.form("decision")
    first = browser.submit(page, form, press="decision=allow")
    before = records(running)
    second = browser.submit(page, form, press="decision=allow")
    assert records(running) == before
    assert first.answer["state"] == second.answer["state"] == visit.state
    assert client.redeem(visit, second.answer["code"]).status_code == 200


def records(running: Running) -> int:
    ((count,),) = running.rows("SELECT count(*) FROM consent.records")
    return int(count)


def test_a_second_tabs_login_goes_on_to_its_own_application(running: Running) -> None:
    """(C009)"""
    browser, one, two = running.browser(), running.client(), running.client("bantuan-beras")
    first, second = one.visit(SCOPE), two.visit(SCOPE)
    tab_one, tab_two = browser.get(first.url), browser.get(second.url)
    log_in(browser, tab_one, running.citizen(10))
    page = log_in(browser, tab_two, running.citizen(10))
    if page.has_form("decision"):
        page = browser.submit(page, page.form("decision"), press="decision=allow")
    assert page.answer["state"] == second.state
    assert page.url.startswith(two.redirect_uri)


def test_after_a_withdrawal_nothing_of_it_leaves_by_any_door(running: Running) -> None:
    """(C038, row 51, row 52)"""
    browser, client = running.browser(), running.client()
    tokens = sign_in(browser, client, running.citizen(10), scope=SCOPE, prompt="consent")
    ((consent_id,),) = running.rows(
        "SELECT c.consent_id FROM consent.consents AS c JOIN idp.clients AS k USING (client_no)"
        " WHERE k.client_id = 'antrean-puskesmas' ORDER BY c.given_at DESC LIMIT 1"
    )
    page = browser.get(f"/consents/{consent_id}/withdraw")
    browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
    assert client.userinfo(tokens.access_token).status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert client.token(refresh).json()["error"] == "invalid_grant"
    asked = local_http.post(client.metadata["introspection_endpoint"], data={"token": tokens.access_token},
                       auth=(client.client_id, client.secret or ""))  # fmt: skip
    assert asked.json() == {"active": False}
    assert told(browser.get(client.visit(SCOPE, prompt="none").url))["error"] == "consent_required"


@pytest.fixture
def suspended(running: Running) -> Iterator[SampleClient]:
    move = "UPDATE idp.clients SET state = %(state)s WHERE client_id = 'bantuan-beras' RETURNING 1"
    client = running.client("bantuan-beras")
    yield client
    running.rows(move, state="live")


def test_a_suspended_client_gets_nothing_at_once(running: Running, suspended: SampleClient) -> None:
    """(C026, C048, row 115) The caches know nothing of it yet: the statement itself asks."""
    browser: Browser = running.browser()
    tokens = sign_in(browser, suspended, running.citizen(10), scope=SCOPE)
    visit = suspended.visit(SCOPE)
    code = suspended.code(visit, browser.get(visit.url))
    running.rows("UPDATE idp.clients SET state = 'suspended' WHERE client_id = 'bantuan-beras' RETURNING 1")
    assert suspended.userinfo(tokens.access_token).status_code == 401
    assert suspended.redeem(visit, code).status_code in (400, 401)
