"""The demo's agencies as their citizens meet them: Authlib in Flask, a program that was not changed, and staff."""

import re
import time

import pytest

from idp.demo import beside
from tests.chromium import missing
from tests.running import Running
from tests.sample_client import Browser, Page, consent, log_in


@pytest.fixture
def apache() -> None:
    if beside.find_apache() is None:
        missing("Apache with mod_auth_openidc is not installed: the demo's unchanged program is not tried")


def enter(
    browser: Browser, running: Running, start: str, number: int, attributes: list[str] | None = None
) -> Page:
    """From an application's own sign-in address through whichever pages of Gapura's come, to where it ends."""
    page = browser.get(start)
    if page.has_form("identifier", "password"):
        page = log_in(browser, page, running.citizen(number))
    return consent(browser, page, attributes) if page.has_form("decision") else page


def received(page: Page) -> dict[str, str]:
    """What the Flask agency shows that it got."""
    return dict(re.findall(r'data-claim="(\w+)">([^<]*)<', page.html))


def test_a_flask_application_shows_exactly_what_was_allowed_and_ends_both_sessions(running: Running) -> None:
    home = running.home_of("antrean-puskesmas")
    browser = running.browser(home)
    page = enter(browser, running, f"{home}login", 7, ["birthdate"])
    assert page.url == home, page.html[-3000:]
    claims = received(page)
    assert claims["name"] == "Cut Nur Asma&#39;ul Husna"
    assert claims["birthdate"] == "2001-07-01"
    assert set(claims) <= {"sub", "name", "birthdate", "updated_at"}

    left = browser.submit(page, page.forms[0], press="logout")
    assert left.url == home, (left.status, left.errors, left.html[:3000])
    assert 'id="login"' in left.html
    assert browser.get(f"{home}login").has_form("identifier", "password")


def await_signed_out(browser: Browser, home: str) -> None:
    """The worker tells the application; the page says so when it was told."""
    ends = time.monotonic() + 10
    while 'id="login"' not in browser.get(home).html:
        assert time.monotonic() < ends, "the application still shows who is there"
        time.sleep(0.1)


def test_who_signs_out_at_gapura_is_signed_out_of_the_flask_application_too(running: Running) -> None:
    home = running.home_of("antrean-puskesmas")
    browser, elsewhere = running.browser(home), running.browser(home)
    for device in (browser, elsewhere):
        assert received(enter(device, running, f"{home}login", 7, []))["name"]
    page = browser.get(f"{running.issuer}/logout")
    done = browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert re.search("diminta mengeluarkan Anda juga:</p>\\s*<ul><li><bdi>Antrean Puskesmas<", done.html)
    await_signed_out(browser, home)
    assert received(elsewhere.get(home)), "another session of theirs goes on"


def test_a_withdrawal_ends_every_session_at_the_flask_application(running: Running) -> None:
    home = running.home_of("antrean-puskesmas")
    browser, elsewhere = running.browser(home), running.browser(home)
    for device in (browser, elsewhere):
        assert received(enter(device, running, f"{home}login", 7, []))["name"]
    listed = browser.get(f"{running.issuer}/consents").html
    address = re.findall(r'href="(/consents/[0-9a-f-]{36}/withdraw)"', listed)[0]
    page = browser.get(running.issuer + address)
    assert "Antrean Puskesmas" in page.html
    browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
    for device in (browser, elsewhere):
        await_signed_out(device, home)


def test_a_refusal_is_a_page_of_the_application_and_no_error_of_its_server(running: Running) -> None:
    home = running.home_of("antrean-puskesmas")
    browser = running.browser(home)
    page = log_in(browser, browser.get(f"{home}login"), running.citizen(9))
    while page.has_form("decision"):
        page = browser.submit(page, page.form("decision"), press="decision=refuse")
    assert page.url.startswith(home)
    assert page.errors == ["access_denied"]
    assert "Anda menolak, jadi kami tidak menerima data Anda." in page.html


@pytest.mark.usefixtures("apache")
def test_a_program_that_was_not_changed_learns_who_is_there_and_when_they_left(running: Running) -> None:
    home = running.home_of("surat-keterangan")
    browser = running.browser(home)
    page = enter(browser, running, home, 10)
    assert page.status == 200, page.html
    user = re.search(r'id="user">([^<]+)<', page.html)
    assert user is not None
    assert re.fullmatch(r"a[a-z2-7]{26}", user[1])
    assert "Rahmat Hidayat" in page.html

    leave = browser.get(f"{running.issuer}/logout")
    browser.submit(leave, leave.form("csrf_token"), press="logout-confirm")
    ends = time.monotonic() + 10
    while not browser.get(home).has_form("identifier", "password"):
        assert time.monotonic() < ends, "whoever signs out at Gapura is still signed in at the program"
        time.sleep(0.2)


@pytest.mark.usefixtures("apache")
def test_a_refusal_before_the_program_that_was_not_changed_is_a_page_and_no_circle(running: Running) -> None:
    """The module takes the `iss` of a refusal for a choice of provider, and would ask again until it gives up."""
    home = running.home_of("surat-keterangan")
    browser = running.browser(home)
    page = log_in(browser, browser.get(home), running.citizen(4))
    while page.has_form("decision"):
        page = browser.submit(page, page.form("decision"), press="decision=refuse")
    assert page.status == 200
    assert "Kami tidak menerima data Anda." in page.html


def test_staff_come_in_by_the_agencys_own_list(running: Running) -> None:
    home = running.home_of("kepegawaian-sukamaju")
    keeper, other = running.browser(home), running.browser(home)
    assert "Selamat bekerja, Yohana Wanggai" in enter(keeper, running, f"{home}login", 3).html
    assert "menunggu izin" in enter(other, running, f"{home}login", 5).html
    page = keeper.get(home)
    assert "Terima Dewi Lestari Ningsih" in page.html
    keeper.submit(page, page.forms[0])
    page = other.get(home)
    assert "Selamat bekerja, Dewi" in page.html
    left = other.submit(page, page.forms[-1], press="logout")
    assert left.url == home
    assert 'id="login"' in left.html
    assert other.get(f"{running.issuer}/security").has_form("identifier", "password"), "a desk is shared"
