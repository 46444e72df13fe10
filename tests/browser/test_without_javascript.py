"""A real Chromium without script against a whole Gapura: sign in, choose, arrive, look, take back."""

import re
from collections.abc import Callable
from typing import Any

from tests.browser.visiting import application, arrived, begin
from tests.running import Running


def test_a_citizen_chooses_arrives_looks_and_takes_back(
    page: Any, running: Running, serve: Callable[..., str]
) -> None:
    client = application(running, serve())
    visit = begin(page, running, client, 2)
    assert page.locator("#attribute-picture").count() == 1
    assert page.locator("input[type=checkbox]:checked").count() == 0
    page.click("#consent-allow")
    tokens = client.exchange(visit, arrived(page))
    claims = client.userinfo(tokens.access_token).json()
    assert claims["name"] == running.citizen(2)["name"]
    assert "picture" not in claims

    page.goto(f"{running.issuer}/disclosures")
    assert "SIM Saya" in page.content()
    page.goto(f"{running.issuer}/consents")
    page.locator(".permit", has_text="SIM Saya").get_by_role("link", name="Cabut izin").click()
    page.click("#withdraw-confirm")
    assert "Izin SIM Saya dicabut." in page.inner_text(".note")
    assert client.userinfo(tokens.access_token).status_code == 401


def test_an_application_that_sends_the_browser_on_is_reached_too(
    page: Any, running: Running, serve: Callable[..., str]
) -> None:
    """(C013) Chromium applies form-action to every redirect after a POST; the last one here is a third origin."""
    end = serve()
    client = application(running, serve(onward=f"{end}/home"))
    begin(page, running, client, 7, prompt="consent")
    page.click("#consent-allow")
    page.wait_for_url(f"{end}/home")
    assert page.title() == "arrived"


def test_a_refusal_arrives_as_well(page: Any, running: Running, serve: Callable[..., str]) -> None:
    """(C013, C043)"""
    client = application(running, serve())
    begin(page, running, client, 8, prompt="consent")
    page.click("#consent-refuse")
    assert arrived(page).answer["error"] == "access_denied"


def test_the_policy_does_not_stop_the_way_to_an_application_on_the_phone(page: Any, running: Running) -> None:
    """(C013) Nothing here opens its scheme; what counts is that the policy named it."""
    client = running.client("sim-saya")
    client.redirect_uri = "example.sim.saya:/callback"
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    begin(page, running, client, 10)
    page.click("#consent-allow", no_wait_after=True)
    page.wait_for_timeout(500)
    assert not [text for text in said if "Content Security Policy" in text]


def test_a_letter_brings_an_account_to_life_and_leads_to_the_application(
    page: Any, running: Running, serve: Callable[..., str]
) -> None:
    """The letter of the demo's inbox, at 360 px, by the page's own buttons alone."""
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")
    page.goto(f"{running.issuer}/demo/inbox")
    code, nik, day, month, year = re.findall(
        r"surat: (\S{14})\. .*NIK (\d+), lahir (\d+) (\d+) (\d+)", page.inner_text("main")
    )[0]
    client = application(running, serve())
    visit = client.visit("openid profile", redirect_uri=client.redirect_uri)
    page.goto(visit.url)
    page.get_by_role("link", name="Belum punya akun? Aktifkan di sini").click()
    page.check("input[value=letter]")
    page.click("text=Lanjutkan")
    page.fill("#letter_code", code)
    page.keyboard.press("Enter")
    for name, value in (("identifier", nik), ("birth_day", day), ("birth_month", month), ("birth_year", year)):
        page.fill(f"#{name}", value)
    page.click("text=Lanjutkan")
    page.click("text=Saya tidak punya keduanya")
    page.fill("#new_password", "angin laut di pelabuhan tua")
    page.click("text=Lanjutkan")
    assert page.inner_text("h1") == "Periksa jawaban Anda"
    page.click("#activate-submit")
    assert page.inner_text(".panel h1") == "Akun Anda aktif"
    page.click("#codes-submit")
    assert page.locator(".codes li").count() == 10
    page.click("text=Sudah saya simpan")
    page.click("#consent-allow")
    claims = client.userinfo(client.exchange(visit, arrived(page)).access_token).json()
    assert (claims["name"], claims["birthdate"]) == ("Rina Kartika", f"{year}-{int(month):02}-{int(day):02}")


def test_a_page_left_alone_asks_for_nothing(page: Any, running: Running) -> None:
    """(C016)"""
    page.goto(running.client().visit().url, wait_until="networkidle")  # the icon comes a moment after the page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.clear_cookies()
    page.wait_for_timeout(3000)
    assert asked == []


def test_the_language_is_changed_without_losing_the_story(
    page: Any, running: Running, serve: Callable[..., str]
) -> None:
    client = application(running, serve())
    page.goto(client.visit("openid profile", redirect_uri=client.redirect_uri).url)
    page.get_by_role("link", name="English").click()
    assert page.title() == "Sign in – Gapura"
    assert "My driving licence" in page.inner_text("main")
    page.fill("#identifier", "1")
    page.fill("#password", "salah")
    page.click("#login-submit")
    assert page.title() == "Error: Sign in – Gapura"
    page.get_by_role("link", name="Bahasa Indonesia").click()
    assert "SIM Saya" in page.inner_text("main")


def test_back_after_arriving_goes_on_to_the_application_again(
    page: Any, running: Running, serve: Callable[..., str]
) -> None:
    """(C011)"""
    client = application(running, serve())
    begin(page, running, client, 6, prompt="consent")
    page.click("#consent-allow")
    first = arrived(page).answer
    page.go_back()
    if page.locator("#consent-allow").count():
        page.click("#consent-allow")
    again = arrived(page).answer
    assert (again["state"], again["iss"]) == (first["state"], running.issuer)
    assert again["code"]
