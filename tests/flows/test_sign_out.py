"""Signing out: what ends, who is told, and where the browser goes (RP-Initiated Logout 1.0, Back-Channel Logout
1.0)."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.gate import Gate
from tests import local_http
from tests.faults.standing import Told, an_application
from tests.faults.test_killed_under_load import workers
from tests.people import Person, a_person
from tests.receivers import Receiver
from tests.running import Running
from tests.sample_client import Browser, SampleClient, Tokens, consent, log_in, sign_in
from tests.served import served

SCOPE = "openid profile"


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


def logout(client: SampleClient, **sent: str) -> str:
    return f"{client.metadata['end_session_endpoint']}?{urlencode(sent)}"


def signed_in(running: Running, browser: Browser) -> tuple[SampleClient, Tokens]:
    client = running.client()
    return client, sign_in(browser, client, running.citizen(6), scope=SCOPE)


def is_signed_out(browser: Browser, client: SampleClient) -> bool:
    return browser.get(client.visit(SCOPE).url).has_form("identifier", "password")


def test_a_hint_of_this_session_ends_it_at_once_and_leads_back(running: Running, browser: Browser) -> None:
    client, tokens = signed_in(running, browser)
    home = running.home_of("antrean-puskesmas")
    page = browser.get(logout(client, id_token_hint=tokens.id_token, post_logout_redirect_uri=home, state="a b"))
    assert page.url == f"{home}?state=a%20b"
    assert client.userinfo(tokens.access_token).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert client.token(form).status_code == 400
    assert is_signed_out(browser, client)


def test_who_is_signed_out_already_gets_what_they_wished(running: Running, browser: Browser) -> None:
    """(C052)"""
    client, tokens = signed_in(running, browser)
    home = running.home_of("antrean-puskesmas")
    sent = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": home, "state": "s"}
    browser.get(logout(client, **sent))
    assert browser.get(logout(client, **sent)).url == f"{home}?state=s"


@pytest.mark.parametrize("hint", ["", "garbage", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
def test_without_a_good_hint_the_citizen_is_asked_and_nobody_redirected(
    running: Running, browser: Browser, hint: str
) -> None:
    """(C050, C051)"""
    client, _ = signed_in(running, browser)
    home = running.home_of("antrean-puskesmas")
    sent = {"post_logout_redirect_uri": home} | ({"id_token_hint": hint} if hint else {})
    page = browser.get(logout(client, **sent))
    assert page.url.startswith(running.issuer)
    assert not is_signed_out(browser, client), "a GET ended nothing"
    done = browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert done.status == 200
    assert done.url.startswith(running.issuer)
    assert is_signed_out(browser, client)


def test_a_hint_of_another_session_is_asked_about(running: Running, browser: Browser) -> None:
    """(C051)"""
    client, tokens = signed_in(running, running.browser())
    signed_in(running, browser)
    home = running.home_of("antrean-puskesmas")
    page = browser.get(logout(client, id_token_hint=tokens.id_token, post_logout_redirect_uri=home))
    assert page.has_form("csrf_token")
    forged = browser.submit(page, page.form("csrf_token"), press="logout-confirm", csrf_token="0" * 64)
    assert forged.has_form("csrf_token")
    assert not is_signed_out(browser, client)
    done = browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert done.url.startswith(running.issuer), "the session was the citizen's own to end, and nobody is led on"
    assert is_signed_out(browser, client)


@pytest.mark.parametrize("back", ["https://jahat.example/", "{home}?foo=bar", "{home}x"])
def test_an_address_that_is_not_registered_is_never_gone_to(running: Running, browser: Browser, back: str) -> None:
    client, tokens = signed_in(running, browser)
    sent = back.format(home=running.home_of("antrean-puskesmas"))
    page = browser.get(logout(client, id_token_hint=tokens.id_token, post_logout_redirect_uri=sent))
    assert page.url.startswith(running.issuer)


@pytest.mark.parametrize("broken", ["state=%ff", "state=a%00", "state=%0d%0aSet-Cookie:x=y", "logout_hint=%c3%28"])
def test_what_cannot_be_read_is_asked_about_and_nobody_led_on_with_something_else(
    running: Running, browser: Browser, broken: str
) -> None:
    """(C050, row 110) protocol.md §2: with a hint that would be enough, and an address that is registered."""
    client, tokens = signed_in(running, browser)
    home = running.home_of("antrean-puskesmas")
    page = browser.get(f"{logout(client, id_token_hint=tokens.id_token, post_logout_redirect_uri=home)}&{broken}")
    assert (page.status, page.url.startswith(running.issuer)) == (400, True)
    assert not is_signed_out(browser, client)
    browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert is_signed_out(browser, client)


def test_a_form_from_the_applications_own_page_is_looked_at_with_the_cookies(running: Running) -> None:
    client = running.client()
    answer = local_http.post(client.metadata["end_session_endpoint"], data={"state": "s"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/logout?state=s")


def test_a_form_of_ours_without_its_session_puts_no_token_into_an_address(
    running: Running, browser: Browser
) -> None:
    signed_in(running, browser)
    page = browser.get("/logout")
    browser.cookies.pop("__Host-gapura")
    done = browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert (done.status, done.url) == (200, f"{running.issuer}/logout")


@pytest.fixture
def receiver(running: Running) -> Iterator[Receiver]:
    receiver = Receiver()
    settle(running)
    before = register(running, receiver.uri)
    yield receiver
    register(running, before)
    receiver.close()


def settle(running: Running) -> None:
    """Wait until the application was told of earlier endings: the worker looks for its address each time."""
    ends = time.monotonic() + 30
    owed = """SELECT FROM idp.outbox UNION ALL
              SELECT FROM idp.deliveries AS d JOIN idp.clients AS c USING (client_no)
               WHERE c.client_id = 'antrean-puskesmas' AND d.given_up_at IS NULL"""
    while running.rows(owed):
        assert time.monotonic() < ends, "the worker hands nothing over"
        time.sleep(0.1)


def register(running: Running, uri: str) -> str:
    """What was registered before."""
    change = """UPDATE idp.clients AS c SET backchannel_logout_uri = %(uri)s FROM idp.clients AS before
                 WHERE c.client_id = 'antrean-puskesmas' AND before.client_no = c.client_no
                RETURNING before.backchannel_logout_uri"""
    before: str = running.rows(change, uri=uri)[0][0]
    running.rows("UPDATE idp.generation SET generation = generation + 1 RETURNING generation")
    time.sleep(1.2)  # until every process has asked for the generation
    return before


def claims_of(client: SampleClient, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(client.http.get(client.metadata["jwks_uri"]).json())
    decoded = jwt.decode(token, keys, algorithms=[client.alg])
    assert decoded.header["typ"] == "logout+jwt"
    return dict(decoded.claims)


def test_each_application_of_the_session_is_told_and_may_be_down_meanwhile(
    running: Running, browser: Browser, receiver: Receiver
) -> None:
    """(C053, C054, C055, row 105)"""
    receiver.statuses = [500]
    client, tokens = signed_in(running, browser)
    began = time.monotonic()
    browser.get(logout(client, id_token_hint=tokens.id_token))
    assert time.monotonic() - began < 2, "the citizen waits for nobody"
    first = claims_of(client, receiver.told.get(timeout=5))
    assert time.monotonic() - began < 4
    assert set(first) == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
    assert (first["sub"], first["sid"]) == (tokens.claims["sub"], tokens.claims["sid"])
    assert first["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    again = claims_of(client, receiver.told.get(timeout=20))
    assert again["jti"] == first["jti"]


def test_a_withdrawal_is_told_to_the_application(running: Running, browser: Browser, receiver: Receiver) -> None:
    """(C038)"""
    client = running.client()
    tokens = sign_in(browser, client, running.citizen(10), scope=SCOPE, prompt="consent")
    listed = json.dumps(browser.get("/consents").html)
    address = listed.split('/withdraw\\"')[0].rsplit('href=\\"', 1)[1] + "/withdraw"
    page = browser.get(address)
    browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
    told = claims_of(client, receiver.told.get(timeout=5))
    assert told["sub"] == tokens.claims["sub"]
    assert "sid" not in told


@contextmanager
def worker_stopped(running: Running) -> Iterator[None]:
    """As if it had died with the commit; it goes on afterwards."""
    (worker,) = workers(running)
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def owed(running: Running, person: Person) -> set[str]:
    """Who is in the outbox to be told of this citizen."""
    rows = running.rows(
        "SELECT c.client_id FROM idp.outbox AS o JOIN idp.clients AS c USING (client_no)"
        " WHERE o.citizen_id = %(id)s AND o.kind = 'backchannel_logout'", id=person.citizen_id,
    )  # fmt: skip
    return {row[0] for row in rows}


def test_of_five_applications_each_is_owed_its_own_token_by_the_act_that_ended_the_session(
    running: Running, gate: Gate, browser: Browser
) -> None:
    """(C053, C055) Nobody is there to look for them afterwards; a sixth that took no part is told nothing."""
    person, told = a_person(gate), [Told() for _ in range(6)]
    with ExitStack() as applications:
        clients = [an_application(running, applications.enter_context(served(one.answer))) for one in told]
        for client, one in zip(clients[:5], told, strict=False):
            visit = client.visit("openid")
            page = browser.get(visit.url)
            page = log_in(browser, page, person.as_told()) if page.has_form("password") else page
            tokens = client.exchange(visit, consent(browser, page))
            one.subject = tokens.claims["sub"]
        with worker_stopped(running):
            browser.get(logout(client, id_token_hint=tokens.id_token))
            assert owed(running, person) == {client.client_id for client in clients[:5]}
            assert is_signed_out(browser, clients[0])
        assert all(one.is_told(15) for one in told[:5])
        told[5].subject = told[0].subject
        assert not told[5].is_told(0.5)
