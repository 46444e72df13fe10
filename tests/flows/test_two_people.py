"""Two people at one browser, and one who comes back to a page that is over: each is led to where they were going
(C011, OIDC Core §3.1.2.1)."""

import html

import pytest

from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, consent, log_in, sign_in

SCOPE = "openid profile"


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


@pytest.fixture
def client(running: Running) -> SampleClient:
    return running.client()


def link(page: Page, label: str) -> str:
    """Where the button with this label leads."""
    assert label in page.html, page.html[:3000]
    return html.unescape(page.html.split(label)[0].rsplit('href="', 1)[1].split('"')[0])


def asked_who(running: Running, browser: Browser, client: SampleClient) -> tuple[Page, str]:
    """The page that `prompt=select_account` leads a signed-in citizen to, and the state of its request."""
    sign_in(browser, client, running.citizen(8), scope=SCOPE)
    visit = client.visit(SCOPE, prompt="select_account")
    page = browser.get(visit.url)
    assert page.url.startswith(f"{running.issuer}/login/account?")
    assert (page.status, "no-store" in page.headers["cache-control"]) == (200, True)
    return page, visit.state


def test_who_is_signed_in_is_asked_for_and_goes_on_as_they_are(
    running: Running, browser: Browser, client: SampleClient
) -> None:
    page, state = asked_who(running, browser, client)
    assert f"Lanjutkan sebagai <bdi>{running.citizen(8)['name']}</bdi>" in page.html
    page = browser.submit(page, page.form("decision"), press="account-continue")
    assert page.url.startswith(client.redirect_uri)
    assert page.answer["state"] == state


def test_asked_silently_the_choice_of_an_account_is_an_error(
    running: Running, browser: Browser, client: SampleClient
) -> None:
    """A choice holds for the request it was made for: the next one asks again."""
    page, _ = asked_who(running, browser, client)
    browser.submit(page, page.form("decision"), press="account-continue")
    assert browser.get(client.visit(SCOPE, prompt="select_account").url).has_form("decision")
    answer = browser.get(client.visit(SCOPE, prompt="none").url)
    assert "code" in answer.answer


def test_another_person_signs_the_first_one_out_and_arrives_as_themselves(
    running: Running, browser: Browser, client: SampleClient
) -> None:
    first = sign_in(browser, client, running.citizen(8), scope=SCOPE)
    visit = client.visit(SCOPE, prompt="select_account")
    page = browser.get(visit.url)
    page = browser.submit(page, page.form("decision"), press="account-another")
    assert page.has_form("identifier", "password")
    assert client.userinfo(first.access_token).status_code == 401, "a sign-out like any other"
    page = log_in(browser, page, running.citizen(7))
    page = consent(browser, page) if page.has_form("decision") else page
    tokens = client.exchange(visit, page)
    assert tokens.claims["sub"] != first.claims["sub"]


@pytest.mark.parametrize("decision", ["", "allow", "continue another"])
def test_an_edited_choice_is_refused_and_nobody_signed_out(
    running: Running, browser: Browser, client: SampleClient, decision: str
) -> None:
    """(row 77)"""
    page, _ = asked_who(running, browser, client)
    refused = browser.submit(page, page.form("decision"), decision=decision.split())
    assert (refused.status, refused.errors) == (400, ["form_refused"])
    forged = browser.submit(page, page.form("decision"), press="account-another", csrf_token="0" * 64)
    assert (forged.status, forged.has_form("decision")) == (400, True)
    assert not browser.get(client.visit(SCOPE).url).has_form("identifier")


def test_who_is_signed_out_meanwhile_signs_in(running: Running, browser: Browser, client: SampleClient) -> None:
    page, _ = asked_who(running, browser, client)
    out = browser.get("/logout")
    browser.submit(out, out.form("csrf_token"), press="logout-confirm")
    after = browser.submit(page, page.form("decision"), press="account-continue")
    assert after.has_form("identifier", "password")


@pytest.mark.parametrize("number", [7, 5], ids=["a password alone", "a second factor too"])
def test_somebody_else_is_told_who_is_signed_in_and_takes_nobodys_place_unasked(
    running: Running, browser: Browser, client: SampleClient, number: int
) -> None:
    """(C011) Two tabs: in the one a citizen signed in meanwhile, in the other somebody else does."""
    visit = client.visit(SCOPE)
    tab = browser.get(visit.url)
    first = sign_in(browser, client, running.citizen(8), scope=SCOPE)
    told = log_in(browser, tab, running.citizen(number))
    assert (told.status, told.errors) == (409, ["signed_in_as_another"])
    assert client.userinfo(first.access_token).status_code == 200, "nobody is signed out by that"
    choice = browser.get(link(told, "Lanjutkan</a>"))
    assert running.citizen(8)["name"] in choice.html
    page = browser.submit(choice, choice.form("decision"), press="account-another")
    page = log_in(browser, page, running.citizen(number))
    page = consent(browser, page) if page.has_form("decision") else page
    assert client.exchange(visit, page).claims["sub"] != first.claims["sub"]


def test_for_a_page_of_ours_two_people_are_told_apart_too(running: Running, browser: Browser) -> None:
    tab = browser.get("/login?onward=/security")
    log_in(browser, browser.get("/login"), running.citizen(8))
    told = log_in(browser, tab, running.citizen(7))
    assert told.errors == ["signed_in_as_another"]
    choice = browser.get(link(told, "Lanjutkan</a>"))
    kept = browser.submit(choice, choice.form("decision"), press="account-continue")
    assert kept.url == f"{running.issuer}/security"
    page = browser.submit(choice, choice.form("decision"), press="account-another")
    assert log_in(browser, page, running.citizen(7)).url == f"{running.issuer}/security"


def test_back_at_the_login_page_one_is_told_and_goes_on(
    running: Running, browser: Browser, client: SampleClient
) -> None:
    """(C011)"""
    visit = client.visit(SCOPE)
    tab = browser.get(visit.url)
    page = log_in(browser, tab, running.citizen(8))
    if page.has_form("decision"):
        consent(browser, page)
    over = browser.get(tab.url)
    assert (over.status, over.errors) == (200, ["already_signed_in"])
    arrived = browser.get(link(over, "<span>Lanjutkan ke <bdi>Antrean Puskesmas</bdi></span></a>"))
    assert (arrived.url.startswith(client.redirect_uri), arrived.answer["state"]) == (True, visit.state)
    again = log_in(browser, tab, running.citizen(8))
    assert again.url.startswith(client.redirect_uri), "the old form, sent again by the same citizen, goes on too"
    home = browser.get("/login")
    assert home.errors == ["already_signed_in"]
    assert browser.get(link(home, "Lanjutkan</a>")).url == f"{running.issuer}/services"


def test_a_password_asked_for_again_is_asked_for_also_of_whoever_is_signed_in(
    running: Running, browser: Browser, client: SampleClient
) -> None:
    sign_in(browser, client, running.citizen(8), scope=SCOPE)
    assert browser.get(client.visit(SCOPE, prompt="login").url).has_form("identifier", "password")
    assert browser.get("/login?onward=/security").has_form("identifier", "password")


def test_a_consent_page_of_whoever_was_here_before_begins_again_for_who_is_here_now(
    running: Running, browser: Browser
) -> None:
    """(row 28) Its answer counts for nobody: the form is the first citizen's."""
    client = running.client("bantuan-beras")
    visit = client.visit("openid profile village", prompt="consent")
    page = log_in(browser, browser.get(visit.url), running.citizen(8))
    assert page.has_form("decision")
    out = browser.get("/logout")
    browser.submit(out, out.form("csrf_token"), press="logout-confirm")
    log_in(browser, browser.get("/login"), running.citizen(10))
    before = running.rows("SELECT count(*) FROM consent.records")
    again = browser.submit(page, page.form("decision"), press="decision=allow")
    assert running.rows("SELECT count(*) FROM consent.records") == before
    assert (again.status, again.has_form("decision")) == (400, True)
    assert running.citizen(10)["name"] in again.html
    assert running.citizen(8)["name"] not in again.html
    arrived = browser.submit(again, again.form("decision"), press="decision=allow")
    assert arrived.url.startswith(client.redirect_uri)
