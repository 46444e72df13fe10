"""A sign-in that does not go straight, in a real Chromium without script: five tabs, the back button, a button
pressed twice, a page left open, two people at one phone, cookies lost, a link sent on. Each ends at the
application or on a page with a working way on.

Seen to fail: with the page of a form taken for the address it was sent to, a no forgotten, nobody told apart, the
login page shown again to who is signed in, a handle opened by any browser, no end of a story, and a refused form
drawn anew.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keys.key_store import KeyStore
from keys.sealing import Kind, Sealer
from tests.browser.visiting import PHONE, application, arrived, begin, log_in
from tests.running import Running
from tests.sample_client import SampleClient


@pytest.fixture
def client(running: Running, serve: Callable[..., str]) -> SampleClient:
    return application(running, serve())


@pytest.fixture
def second_phone(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**PHONE)
    yield context.new_page()
    context.close()


def assert_at(page: Any, title: str) -> None:
    page.locator("h1", has_text=title).wait_for()


def follow(page: Any, label: str) -> None:
    page.get_by_role("link", name=label, exact=True).click()


def acts(running: Running, act: str) -> int:
    return len(running.rows("SELECT 1 FROM consent.records WHERE act = %(act)s", act=act))


def log_in_and_allow(page: Any, running: Running, number: int) -> None:
    log_in(page, running, number)
    page.wait_for_url(lambda address: "/login" not in address)
    if page.locator("#consent-allow").count():
        page.click("#consent-allow")


def go_to_withdraw(page: Any, running: Running, client: SampleClient, number: int) -> None:
    """A consent is given, and the page open that asks whether to take it back."""
    begin(page, running, client, number, prompt="consent")
    page.click("#consent-allow")
    arrived(page)
    page.goto(f"{running.issuer}/consents")
    page.locator(".permit", has_text="SIM Saya").get_by_role("link", name="Cabut izin").click()


def sessions_end(running: Running) -> None:
    """As they do by themselves after their time."""
    running.rows(
        "UPDATE idp.sessions SET ended_at = now(), ended_because = 'idle' WHERE ended_at IS NULL RETURNING 1"
    )


def test_five_tabs_arrive_each_at_its_own_request(page: Any, running: Running, client: SampleClient) -> None:
    """(C009, C014)"""
    tabs = [page, *(page.context.new_page() for _ in range(4))]
    visits = [client.visit("openid profile", redirect_uri=client.redirect_uri) for _ in tabs]
    for tab, visit in zip(tabs, visits, strict=True):
        tab.goto(visit.url)
    for tab, visit in zip(tabs, visits, strict=True):
        log_in_and_allow(tab, running, 8)
        assert arrived(tab).answer["state"] == visit.state


def test_back_at_the_login_page_leads_on_to_the_application(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(C011)"""
    visit = begin(page, running, client, 7, prompt="consent")
    assert_at(page, "SIM Saya meminta data Anda")
    page.go_back()
    assert_at(page, "Anda sudah masuk.")
    follow(page, "Lanjutkan ke SIM Saya")
    page.click("#consent-allow")
    assert arrived(page).answer["state"] == visit.state


def test_back_after_a_no_says_so_and_looks_again(page: Any, running: Running, client: SampleClient) -> None:
    """(C011, C043)"""
    visit = begin(page, running, client, 7, prompt="consent")
    page.click("#consent-refuse")
    assert arrived(page).answer["error"] == "access_denied"
    page.go_back()
    assert_at(page, "Anda menolak")
    follow(page, "Kembali ke layanan")
    assert arrived(page).answer["error"] == "access_denied"
    page.go_back()
    follow(page, "Lihat lagi")
    page.click("#consent-allow")
    assert arrived(page).answer["state"] == visit.state


def test_back_after_a_withdrawal_withdraws_nothing_twice(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(C012)"""
    go_to_withdraw(page, running, client, 7)
    before = acts(running, "withdrawn")
    page.click("#withdraw-confirm")
    page.go_back()
    assert "Izin SIM Saya dicabut." in page.inner_text(".note")
    assert acts(running, "withdrawn") == before + 1


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_an_answer_pressed_twice_is_one(page: Any, running: Running, client: SampleClient, decision: str) -> None:
    """(C012)"""
    visit = begin(page, running, client, 1, prompt="consent")  # who refuses nothing else there
    before = len(running.rows("SELECT 1 FROM consent.records"))
    page.dblclick(f"#consent-{decision}", no_wait_after=True)
    assert arrived(page).answer["state"] == visit.state
    assert len(running.rows("SELECT 1 FROM consent.records")) == before + 1


def test_a_login_pressed_twice_signs_in_once(page: Any, running: Running, client: SampleClient) -> None:
    visit = client.visit("openid profile", redirect_uri=client.redirect_uri, prompt="consent")
    page.goto(visit.url)
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")
    page.fill("#identifier", running.citizen(8)["nik"])
    page.fill("#password", running.citizen(8)["password"])
    page.dblclick("#login-submit", no_wait_after=True)
    page.click("#consent-allow")
    assert arrived(page).answer["state"] == visit.state


def aged(running: Running, handle: str) -> str:
    """The handle as it would be if its story had begun last night."""
    sealer = Sealer(KeyStore.open(running.instance / "keys").master, running.issuer, "demo")
    now = datetime.now(UTC)
    members = json.loads(sealer.open(Kind.INTERACTION, handle, now))
    members[1] -= timedelta(hours=9).total_seconds()
    return sealer.seal(Kind.INTERACTION, json.dumps(members).encode(), now)


def test_a_page_left_open_overnight_starts_the_same_request_again(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(C010)"""
    visit = client.visit("openid profile", redirect_uri=client.redirect_uri, prompt="consent")
    page.goto(visit.url)
    handle = page.get_attribute("input[name=handle]", "value")
    page.goto(f"{running.issuer}/login?handle={aged(running, handle)}")
    assert_at(page, "Halaman ini terlalu lama terbuka.")
    follow(page, "Mulai lagi")
    log_in_and_allow(page, running, 8)
    assert arrived(page).answer["state"] == visit.state


def test_a_consent_page_whose_session_ended_asks_who_is_there_and_goes_on(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(row 78)"""
    visit = begin(page, running, client, 8, prompt="consent")
    sessions_end(running)
    page.click("#consent-allow")
    assert_at(page, "Masuk")
    log_in_and_allow(page, running, 8)
    assert arrived(page).answer["state"] == visit.state


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/account", "Tampilkan NIK"),
        ("/notifications", "Tandai sudah dibaca"),
        ("/security", "Keluarkan semua kecuali ini"),
    ],
)
def test_a_form_of_a_page_whose_session_ended_comes_back_to_that_page(
    page: Any, second_phone: Any, running: Running, client: SampleClient, path: str, button: str
) -> None:
    """(row 78)"""
    begin(second_phone, running, client, 8, prompt="consent")
    second_phone.click("#consent-allow")  # something to be told of, and a second device
    page.goto(f"{running.issuer}{path}")
    log_in(page, running, 8)
    title = page.inner_text("h1")
    sessions_end(running)
    page.get_by_role("button", name=button).click()
    assert_at(page, "Masuk")
    log_in(page, running, 8)
    assert_at(page, title)
    assert page.url == f"{running.issuer}{path}"


def test_two_people_at_one_phone_are_told_apart_and_both_go_on(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(C011)"""
    tab = page.context.new_page()
    visit = client.visit("openid profile", redirect_uri=client.redirect_uri, prompt="consent")
    tab.goto(visit.url)
    begin(page, running, client, 8, prompt="consent")
    log_in(tab, running, 7)
    assert_at(tab, "Orang lain sudah masuk di sini.")
    follow(tab, "Lanjutkan")
    assert running.citizen(8)["name"] in tab.inner_text("main")
    tab.click("#account-another")
    log_in(tab, running, 7)
    assert f"Anda masuk sebagai {running.citizen(7)['name']}." in tab.inner_text("main")
    page.click("#consent-allow")  # the first one's page: nothing of the second one's is given by it
    page.locator(".summary-wrong", has_text="Halaman ini terlalu lama terbuka. Silakan isi lagi.").wait_for()
    assert running.citizen(7)["name"] in page.inner_text("main")
    assert page.title().startswith("Salah: ")
    tab.click("#consent-allow")
    assert arrived(tab).answer["state"] == visit.state


def test_a_page_of_somebody_who_left_takes_nothing_from_who_came(
    page: Any, running: Running, client: SampleClient
) -> None:
    """(row 78) The first one's last tap, pressed by the second: nothing is withdrawn, and there is a way on."""
    go_to_withdraw(page, running, client, 8)
    tab = page.context.new_page()
    tab.goto(f"{running.issuer}/logout")
    tab.click("#logout-confirm")
    tab.goto(f"{running.issuer}/consents")
    log_in(tab, running, 7)
    before = acts(running, "withdrawn")
    page.click("#withdraw-confirm")
    assert_at(page, "Halaman tidak ditemukan.")
    assert acts(running, "withdrawn") == before
    follow(page, "Cari layanan")
    assert_at(page, "Layanan")


def at_the_clinic(page: Any, running: Running, *, asked: bool) -> None:
    """At the sign-in of an application that runs beside the demo, so that its own start is there to be gone back
    to; or at its consent page, as one who gave it none.
    """
    if asked:
        take_back_from_the_clinic(page, running)
    page.goto(f"{running.home_of('antrean-puskesmas')}login")
    if asked:
        assert_at(page, "Antrean Puskesmas meminta data Anda")


def take_back_from_the_clinic(page: Any, running: Running) -> None:
    page.goto(f"{running.issuer}/consents")
    log_in(page, running, 10)
    assert_at(page, "Izin saya")
    link = page.locator(".permit", has_text="Antrean Puskesmas").get_by_role("link", name="Cabut izin")
    if link.count():
        link.click()
        page.click("#withdraw-confirm")
        assert_at(page, "Izin saya")


@pytest.mark.parametrize("lost_at", ["login", "consent"])
def test_cookies_lost_on_the_way_begin_anew_at_the_application(page: Any, running: Running, lost_at: str) -> None:
    """(C016, C017)"""
    at_the_clinic(page, running, asked=lost_at == "consent")
    page.context.clear_cookies()
    if lost_at == "consent":
        page.click("#consent-allow")
    else:
        log_in(page, running, 10)
    assert_at(page, "Halaman ini dimulai di peramban lain.")
    follow(page, "Mulai lagi")
    log_in_and_allow(page, running, 10)
    page.wait_for_url(running.home_of("antrean-puskesmas"))
    assert running.citizen(10)["name"] in page.inner_text("body")


def test_cookies_lost_on_a_page_of_ours_ask_who_is_there_and_come_back(page: Any, running: Running) -> None:
    page.goto(f"{running.issuer}/disclosures")
    log_in(page, running, 8)
    page.context.clear_cookies()
    page.get_by_role("button", name="Tampilkan").click()
    log_in(page, running, 8)
    assert_at(page, "Siapa melihat data saya")
    assert page.url == f"{running.issuer}/disclosures"


@pytest.mark.parametrize("sent_on", ["login", "consent"])
def test_a_link_opened_in_another_browser_begins_there_anew(
    page: Any, second_phone: Any, running: Running, sent_on: str
) -> None:
    """(C010, C017, row 27)"""
    at_the_clinic(page, running, asked=sent_on == "consent")
    second_phone.goto(page.url)
    assert_at(second_phone, "Halaman ini dimulai di peramban lain.")
    assert running.citizen(10)["name"] not in second_phone.content()
    follow(second_phone, "Mulai lagi")
    log_in_and_allow(second_phone, running, 6)
    second_phone.wait_for_url(running.home_of("antrean-puskesmas"))
