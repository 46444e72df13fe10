"""A citizen is asked as often as a request demands, and no oftener: `prompt`, `max_age`, `login_hint` through a
whole story (OIDC Core §3.1.2.1)."""

import time
from datetime import timedelta
from typing import Any

import pytest

from idp.gate import Gate
from tests.people import a_person, enter
from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, Visit, consent, log_in

SCOPE = "openid profile"


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    return running.client()


def signed_in(running: Running, gate: Gate, client: SampleClient) -> tuple[Browser, dict[str, Any]]:
    """Half an hour ago, with a consent that stands."""
    person = a_person(gate)
    browser, _ = enter(running, person)
    consent(browser, browser.get(client.visit(SCOPE).url))
    running.rows(
        "UPDATE idp.sessions SET authenticated_at = authenticated_at - %(gone)s::interval"
        " WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id, gone=timedelta(minutes=30),
    )  # fmt: skip
    return browser, person.as_told()


def walked(browser: Browser, visit: Visit, citizen: dict[str, Any], *, pause: float = 0) -> tuple[list[str], Page]:
    """Which screens a browser is shown until it is back at the client."""
    screens, page = list[str](), browser.get(visit.url)
    while page.url.startswith(browser.home):
        assert len(screens) < 5, "for ever"
        if page.has_form("identifier", "password"):
            screens.append("login")
            page = log_in(browser, page, citizen)
        else:
            screens.append("consent")
            time.sleep(pause)
            page = consent(browser, page)
    return screens, page


@pytest.mark.parametrize(
    ("demands", "screens"),
    [
        pytest.param({"max_age": "0"}, ["login"], id="max_age=0 is one login"),
        pytest.param({"max_age": "60"}, ["login"], id="an old login is too old"),
        pytest.param({"max_age": "7200"}, [], id="a login that is young enough does"),
        pytest.param({"prompt": "login"}, ["login"], id="prompt=login is one login although a session lives"),
        pytest.param(
            {"prompt": "login consent"}, ["login", "consent"], id="one login, then consent although stored"
        ),
        pytest.param({"prompt": "consent"}, ["consent"], id="consent although stored"),
        pytest.param(
            {"max_age": "1", "prompt": "consent"}, ["login", "consent"], id="a slow consent ages nothing"
        ),
    ],
)
def test_each_demand_is_met_once(
    running: Running, gate: Gate, client: SampleClient, demands: dict[str, str], screens: list[str]
) -> None:
    """(C005, C006)"""
    browser, citizen = signed_in(running, gate, client)
    began, visit = int(time.time()), client.visit(SCOPE, **demands)
    seen, page = walked(browser, visit, citizen, pause=2.2 if demands.get("max_age") == "1" else 0)
    assert seen == screens
    auth_time = client.exchange(visit, page).claims["auth_time"]
    assert (auth_time >= began) is ("login" in screens)


@pytest.mark.parametrize("demands", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent"}])
def test_where_nobody_is_signed_in_the_one_login_meets_it(
    running: Running, gate: Gate, client: SampleClient, demands: dict[str, str]
) -> None:
    """(C006)"""
    _, citizen = signed_in(running, gate, client)
    seen, _ = walked(running.browser(), client.visit(SCOPE, **demands), citizen)
    assert seen == ["login", *(["consent"] if "consent" in demands.get("prompt", "") else [])]


def test_a_hint_stands_in_the_field_and_does_nothing_else(running: Running, client: SampleClient) -> None:
    """protocol.md §3.1: escaped, cut, and never in the way of what is typed."""
    page = running.browser().get(client.visit(SCOPE, login_hint='siti"><script>x</script>').url)
    assert page.form("identifier").fields["identifier"] == ['siti"><script>x</script>']
    assert "<script>x" not in page.html
    long = running.browser().get(client.visit(SCOPE, login_hint="s" * 2000).url)
    assert len(long.form("identifier").fields["identifier"][0]) == 254
    citizen, browser = running.citizen(6), running.browser()
    page = log_in(browser, browser.get(client.visit(SCOPE, login_hint="orang.lain@example.id").url), citizen)
    assert not page.has_form("identifier", "password")


def test_a_night_of_tabs_leaves_two_small_cookies(running: Running, gate: Gate, client: SampleClient) -> None:
    """(C015) Two hundred sign-ins begun in one browser and none finished; then a whole one."""
    browser, person = running.browser(), a_person(gate)
    for _ in range(200):
        assert browser.get(client.visit(SCOPE).url).status == 200
    assert sum(len(name) + len(value) + 3 for name, value in browser.cookies.items()) < 1024
    seen, page = walked(browser, client.visit(SCOPE), person.as_told())
    assert (seen, "code" in page.answer) == (["login", "consent"], True)
    assert sum(len(name) + len(value) + 3 for name, value in browser.cookies.items()) < 1024
