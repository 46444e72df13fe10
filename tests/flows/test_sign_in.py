"""Signing in, over HTTP: password, consent, code, token, userinfo; and taking a consent back with two taps."""

import re
import time

import pytest

from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, Tokens, consent, log_in, sign_in


def disclosed(running: Running, client: SampleClient) -> set[tuple[str, str]]:
    """Behind the doors: by which door, and on which ground, this client received something."""
    rows = running.rows(
        "SELECT d.channel::text, d.reason::text FROM consent.disclosures AS d JOIN idp.clients USING (client_no)"
        " WHERE client_id = %(client_id)s",
        client_id=client.client_id,
    )
    return set(rows)  # type: ignore[arg-type]


def take_back(browser: Browser, running: Running, client_id: str) -> Page:
    """Two taps: the link on /consents, then the button of the page that says what happens."""
    listed = browser.get("/consents")
    (consent_id,) = running.rows(
        "SELECT c.consent_id FROM consent.consents AS c JOIN idp.clients AS k USING (client_no)"
        " WHERE k.client_id = %(client_id)s AND c.withdrawn_at IS NULL ORDER BY c.given_at DESC LIMIT 1",
        client_id=client_id,
    )[0]
    link = f"/consents/{consent_id}/withdraw"
    assert re.search(rf'href="[^"]*{link}"', listed.html), listed.html[:3000]
    page = browser.get(link)
    form = next(form for form in page.forms if any(one[2] == "withdraw-confirm" for one in form.buttons))
    return browser.submit(page, form, press="withdraw-confirm")


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


def test_a_citizen_signs_in_and_only_what_they_allowed_leaves(running: Running, browser: Browser) -> None:
    client, citizen = running.client(), running.citizen(8)
    visit = client.visit("openid profile email")
    page = browser.get(visit.url)
    assert page.status == 200
    assert "no-store" in page.headers["cache-control"]
    page = log_in(browser, page, citizen)
    offered = page.form("decision").choices["attributes"]
    assert "email" in offered
    assert "attributes" not in page.form("decision").fields  # no box is ticked beforehand
    assert page.html.index('value="email"') < page.html.index('value="given_name"'), "what is on record goes first"
    allowed = [name for name in offered if name != "email"]
    tokens = client.exchange(visit, consent(browser, page, allowed))

    answer = client.userinfo(tokens.access_token)
    assert answer.status_code == 200
    claims = answer.json()
    assert claims["sub"] == tokens.claims["sub"]
    assert claims["name"] == citizen["name"]
    assert "email" not in claims
    assert "gender" in claims

    assert ("userinfo", "consent_given") in disclosed(running, client)


def test_a_second_visit_asks_nothing(running: Running, browser: Browser) -> None:
    client, citizen = running.client(), running.citizen(8)
    first = sign_in(browser, client, citizen)
    visit = client.visit()
    page = browser.get(visit.url)
    tokens = client.exchange(visit, page)
    assert tokens.claims["sub"] == first.claims["sub"]


def test_two_agencies_know_a_citizen_by_unlike_numbers(running: Running, browser: Browser) -> None:
    citizen = running.citizen(8)
    subjects = {
        sign_in(browser, running.client(client_id), citizen, scope="openid profile").claims["sub"]
        for client_id in ("antrean-puskesmas", "bantuan-beras")
    }
    assert len(subjects) == 2


def test_a_consent_is_taken_back_with_two_taps_and_nothing_leaves_after_it(
    running: Running, browser: Browser
) -> None:
    """(DESIGN §6.1)"""
    client, citizen = running.client("bantuan-beras"), running.citizen(2)
    tokens: Tokens = sign_in(browser, client, citizen, scope="openid profile village")
    assert client.userinfo(tokens.access_token).status_code == 200
    done = take_back(browser, running, client.client_id)
    assert done.status == 200
    refused = client.userinfo(tokens.access_token)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    again = browser.get(client.visit("openid profile village").url)
    assert again.has_form("decision")


def test_a_second_factor_is_asked_of_whoever_has_one(running: Running, browser: Browser) -> None:
    citizen = running.citizen(4)
    assert citizen["totp_secret"]
    tokens = sign_in(browser, running.client(), citizen)
    assert "otp" in tokens.claims["amr"]


def test_a_public_client_signs_in_without_a_secret(running: Running, browser: Browser) -> None:
    client = running.client("sim-saya")
    tokens = sign_in(browser, client, running.citizen(1), scope="openid profile")
    assert client.userinfo(tokens.access_token).json()["birthdate"] == "1990-05-04"


def test_signing_in_again_keeps_the_session_and_what_hangs_on_it(running: Running, browser: Browser) -> None:
    """(row 72) An application that asks for the password again signs nobody out elsewhere."""
    client, citizen = running.client(), running.citizen(8)
    first = sign_in(browser, client, citizen)
    time.sleep(1)  # auth_time counts in seconds
    again = sign_in(browser, client, citizen, prompt="login")
    assert again.claims["sid"] == first.claims["sid"]
    assert again.claims["auth_time"] > first.claims["auth_time"]
    assert client.userinfo(first.access_token).status_code == 200


def test_a_wrong_password_is_told_in_words_and_gives_no_code(running: Running, browser: Browser) -> None:
    client = running.client()
    page = browser.get(client.visit().url)
    page = browser.submit(
        page, page.form("identifier", "password"), identifier=running.citizen(7)["nik"], password="salah"
    )
    assert page.has_form("identifier", "password")
    assert running.citizen(7)["name"] not in page.html


def test_a_refusal_comes_back_to_the_application(running: Running, browser: Browser) -> None:
    client = running.client("kepegawaian-sukamaju")
    visit = client.visit("openid profile")
    page = log_in(browser, browser.get(visit.url), running.citizen(10))
    page = browser.submit(page, page.form("decision"), press="decision=refuse")
    if not page.url.startswith(
        client.redirect_uri
    ):  # a page that says what refusing costs, and once more the button
        page = browser.submit(page, page.form("decision"), press="decision=refuse")
    assert page.url.startswith(client.redirect_uri)
    assert page.answer["error"] == "access_denied"
    assert page.answer["state"] == visit.state
    assert page.answer["iss"] == running.issuer


@pytest.mark.parametrize("change", ["/", "?x=1", "x", "#f"])
def test_an_address_that_is_not_registered_gets_a_page_and_no_redirect(
    running: Running, browser: Browser, change: str
) -> None:
    """(rows 1, 4)"""
    client = running.client()
    page = browser.get(client.visit(redirect_uri=client.redirect_uri + change).url)
    assert page.status == 400
    assert page.errors
    assert client.redirect_uri not in page.html
