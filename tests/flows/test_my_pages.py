"""A citizen's own pages over HTTP: what I allowed, taking it back, who looked, what I was told, what is held."""

import re
import time
from uuid import uuid4

import pytest

from tests.running import Running
from tests.sample_client import Browser, Page, log_in, sign_in


def signed_in(running: Running, number: int, client_id: str, scope: str = "openid profile") -> Browser:
    browser = running.browser()
    sign_in(browser, running.client(client_id), running.citizen(number), scope=scope, prompt="consent")
    return browser


def consent_id(running: Running, client_id: str) -> str:
    rows = running.rows(
        "SELECT c.consent_id FROM consent.consents AS c JOIN idp.clients AS k USING (client_no)"
        " WHERE k.client_id = %(client_id)s ORDER BY c.given_at DESC LIMIT 1",
        client_id=client_id,
    )
    return str(rows[0][0])


def records_of(running: Running, consent: str) -> int:
    return len(running.rows("SELECT 1 FROM consent.records WHERE consent_id = %(id)s::uuid", id=consent))


def tap(browser: Browser, page: Page) -> Page:
    form = next(form for form in page.forms if any(button[2] == "withdraw-confirm" for button in form.buttons))
    return browser.submit(page, form, press="withdraw-confirm")


@pytest.mark.parametrize("path", ["/consents", "/disclosures", "/notifications", "/account"])
def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(running: Running, path: str) -> None:
    page = running.browser().get(path)
    assert page.has_form("identifier", "password")
    assert page.status == 200


def test_a_sign_in_of_our_own_leads_back_to_the_page_that_was_asked_for(running: Running) -> None:
    browser = running.browser()
    page = log_in(browser, browser.get("/disclosures"), running.citizen(6))
    assert page.url.endswith("/disclosures")
    assert page.status == 200


def test_a_citizen_of_papua_reads_the_clock_of_papua(running: Running) -> None:
    browser = running.browser()
    page = log_in(browser, browser.get("/security"), running.citizen(3))
    assert re.search(r"Masuk: Hari ini, \d\d\.\d\d WIT", page.html)


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "/\\evil", "/authorize", "/consents/../x"]
)
def test_a_sign_in_leads_to_no_page_but_ours(running: Running, onward: str) -> None:
    browser = running.browser()
    page = browser.get("/login")
    page = browser.submit(
        page, page.form("identifier"), onward=onward,
        identifier=running.citizen(6)["nik"], password=running.citizen(6)["password"],
    )  # fmt: skip
    assert page.url.endswith("/services")


def test_looking_and_the_first_tap_change_nothing(running: Running) -> None:
    """(row 74, C090)"""
    browser = signed_in(running, 6, "antrean-puskesmas")
    consent = consent_id(running, "antrean-puskesmas")
    before = records_of(running, consent)
    for _ in range(2):
        assert browser.get(f"/consents/{consent}/withdraw").status == 200
        assert browser.get(f"/consents/{consent}").status == 200
    assert records_of(running, consent) == before


def test_a_second_tap_sent_twice_is_one_withdrawal_and_reads_the_same(running: Running) -> None:
    """(C012)"""
    browser = signed_in(running, 6, "antrean-puskesmas")
    consent = consent_id(running, "antrean-puskesmas")
    before, page = records_of(running, consent), browser.get(f"/consents/{consent}/withdraw")
    first, second = tap(browser, page), tap(browser, page)
    assert first.status == second.status == 200
    assert "Izin Antrean Puskesmas dicabut." in first.html
    assert "Izin Antrean Puskesmas dicabut." in second.html
    assert "Instansi harus menjawab paling lambat" in first.html
    assert records_of(running, consent) == before + 1


def test_a_withdrawal_says_truthfully_whether_the_agency_was_told(running: Running) -> None:
    """(C054)"""
    browser = signed_in(running, 6, "bantuan-beras")
    consent = consent_id(running, "bantuan-beras")
    tap(browser, browser.get(f"/consents/{consent}/withdraw"))
    deadline = time.monotonic() + 10
    while "Instansi diberi tahu pada" not in browser.get(f"/consents/{consent}").html:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    untold = "told_at = NULL, not_told_at = withdrawn_at, attempts ="
    for told, words in (
        (f"{untold} 0", "Layanan ini tidak punya alamat untuk kami beri tahu."),
        (f"{untold} 14", "tidak bisa kami beri tahu: kami mencoba 14 kali, sampai"),
        ("told_at = NULL, not_told_at = NULL, attempts = 0", "Kami sedang memberi tahu instansi."),
    ):
        running.rows(f"UPDATE idp.withdrawals SET {told} WHERE consent_id = %(id)s::uuid RETURNING 1", id=consent)
        assert words in browser.get(f"/consents/{consent}").html


def test_a_withdrawal_with_the_token_of_another_browser_changes_nothing(running: Running) -> None:
    """(row 74, C014)"""
    browser, stranger = signed_in(running, 6, "antrean-puskesmas"), signed_in(running, 1, "bantuan-beras")
    consent = consent_id(running, "antrean-puskesmas")
    before = records_of(running, consent)
    foreign = stranger.get(f"/consents/{consent_id(running, 'bantuan-beras')}/withdraw")
    token = foreign.form("csrf_token").fields["csrf_token"]
    page = browser.get(f"/consents/{consent}/withdraw")
    refused = browser.submit(page, page.form("csrf_token"), csrf_token=token)
    assert refused.status == 400
    assert refused.has_form("csrf_token"), "the page offers the same step again"
    assert "Halaman ini terlalu lama terbuka. Silakan isi lagi." in refused.html
    assert "<title>Salah: " in refused.html
    assert records_of(running, consent) == before


def test_another_citizens_consent_is_as_absent_as_one_that_never_was(running: Running) -> None:
    browser = signed_in(running, 1, "bantuan-beras")
    signed_in(running, 6, "antrean-puskesmas")
    theirs = consent_id(running, "antrean-puskesmas")
    for path in ("", "/withdraw", "/attributes/name/withdraw"):
        real, invented = browser.get(f"/consents/{theirs}{path}"), browser.get(f"/consents/{uuid4()}{path}")
        assert (real.status, real.errors) == (invented.status, invented.errors) == (404, ["not_found"])


def test_one_attribute_is_taken_back_and_the_rest_stays(running: Running) -> None:
    """(C039)"""
    browser = running.browser()
    client, citizen = running.client("antrean-puskesmas"), running.citizen(7)
    tokens = sign_in(
        browser, client, citizen, scope="openid profile email", attributes=["email"], prompt="consent"
    )
    assert "email" in client.userinfo(tokens.access_token).json()
    consent = consent_id(running, "antrean-puskesmas")
    page = tap(browser, browser.get(f"/consents/{consent}/attributes/email/withdraw"))
    assert "E-mail dicabut dari izin ini." in page.html
    assert "Data pada izin berubah" in page.html
    left = client.userinfo(tokens.access_token)
    assert left.status_code == 200
    assert "email" not in left.json()
    assert left.json()["name"] == citizen["name"]


def test_all_of_an_agency_is_taken_back_in_one_act(running: Running) -> None:
    browser = signed_in(running, 8, "bantuan-beras")
    sign_in(browser, running.client("kepegawaian-sukamaju"), running.citizen(8), scope="openid profile")
    listed = browser.get("/consents")
    link = re.search(r'href="(/consents/agencies/[a-z0-9-]+/withdraw)"', listed.html)
    assert link, "two applications of one agency"
    first = browser.get(link[1])
    assert "Bantuan Beras" in first.html
    assert "Kepegawaian Sukamaju" in first.html
    page = tap(browser, first)
    assert page.html.count("Dicabut") >= 2
    assert "Semua izin Dinas Sosial Kota Sukamaju dicabut." in page.html
    left = browser.get("/consents").html
    assert "Bantuan Beras" not in left
    assert "Kepegawaian Sukamaju" not in left


def test_every_look_stands_in_the_list_with_its_purpose_and_basis(running: Running) -> None:
    browser = running.browser()
    client = running.client("bantuan-beras")
    tokens = sign_in(browser, client, running.citizen(1), scope="openid profile village")
    client.userinfo(tokens.access_token)
    page = browser.get("/disclosures")
    assert "Bantuan Beras" in page.html
    assert "Memeriksa apakah keluarga Anda berhak menerima bantuan beras." in page.html
    assert "izin Anda" in page.html
    for path in ("?agency=dinsos-sukamaju", "?month=2026-11", "?before=nonsense", "?month=2026-99&agency=%00"):
        assert browser.get(f"/disclosures{path}").status == 200


def test_what_a_statute_lets_out_is_not_called_a_permission(running: Running) -> None:
    browser, client = running.browser(), running.client("surat-keterangan")
    client.userinfo(sign_in(browser, client, running.citizen(7), scope="openid profile nik").access_token)
    page = browser.get("/disclosures")
    assert "izin Anda; NIK: UU 24/2013 Pasal 58 ayat (4)" in page.html
    wrong = re.search(r'href="(/consents/[0-9a-f-]{36}\?wrong=1)"', page.html)
    assert wrong is not None
    said = browser.get(wrong[1]).html
    assert "Tidak memakai layanan ini? Cabut izinnya." in said
    assert '<a href="mailto:dpo@dukcapil.example">' in said


def test_looks_are_shown_by_agency(running: Running) -> None:
    browser, client = running.browser(), running.client("bantuan-beras")
    client.userinfo(sign_in(browser, client, running.citizen(1), scope="openid profile").access_token)
    assert "Bantuan Beras" in browser.get("/disclosures?agency=dinsos-sukamaju").html
    none = browser.get("/disclosures?agency=sim-nusantara").html
    assert "Instansi ini belum melihat data Anda." in none
    assert "Bantuan Beras" not in none


@pytest.mark.parametrize("path", ["/help", "/privacy", "/accessibility", "/services", "/nowhere"])
def test_the_way_to_sign_out_stands_on_every_page_of_who_is_signed_in(running: Running, path: str) -> None:
    browser = running.browser()
    assert 'href="/logout"' not in browser.get(path).html
    log_in(browser, browser.get("/login"), running.citizen(6))
    assert 'href="/logout"' in browser.get(path).html


def test_a_button_of_a_stale_page_leads_back_to_the_page(running: Running) -> None:
    """(C014)"""
    browser = running.browser()
    page = log_in(browser, browser.get("/account"), running.citizen(6))
    form = page.form("csrf_token")
    form.action = "/security/sessions/end-others"
    refused = browser.submit(page, form, csrf_token="0" * 64)
    assert (refused.status, refused.errors) == (400, ["form_refused"])
    assert '<a class="button" href="/security">' in refused.html


def test_a_new_consent_is_told_until_it_is_read(running: Running) -> None:
    browser = signed_in(running, 10, "antrean-puskesmas")
    page = browser.get("/notifications")
    assert "Anda memberi izin kepada Antrean Puskesmas." in page.html
    assert "Baru" in browser.get("/notifications").html, "looking is not reading"
    read = browser.submit(page, page.form("csrf_token"))
    assert read.url.endswith("/notifications")
    assert not read.has_form("csrf_token")


def test_a_citizens_own_values_are_masked_and_shown_one_at_a_time(running: Running) -> None:
    browser, nik = signed_in(running, 6, "antrean-puskesmas"), running.citizen(6)["nik"]
    page = browser.get("/account")
    assert nik not in page.html
    assert nik[-4:] in page.html
    assert '<bdi>Kantor Pajak Nusantara</bdi>: <a href="mailto:' in page.html, "who mends what they hold"
    form = next(form for form in page.forms if form.fields.get("attribute") == ["nik"])
    shown = browser.submit(page, form)
    assert nik in shown.html
    assert nik not in browser.get("/account").html
    assert "no-store" in shown.headers["cache-control"]
    assert running.rows("SELECT 1 FROM idp.audit_events WHERE action = 'account.reveal' AND object_id = 'nik'")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/services?q=antrean", "Antrean Puskesmas"),
        ("/services?q=pajqqk", "Maksud Anda"),
        ("/services?event=health", "Antrean Puskesmas"),
        ("/services?event=nonsense&page=99999999999", "Semua"),
        ("/services?q=%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_a_service_is_found_without_signing_in(running: Running, path: str, seen: str) -> None:
    """(row 81)"""
    page = running.browser().get(path)
    assert page.status == 200
    assert seen in page.html
    assert "<script" not in page.html


def test_a_page_that_does_not_exist_leads_on_in_the_readers_language(running: Running) -> None:
    page = running.browser().get("/nowhere?ui_locales=en")
    assert (page.status, page.errors) == (404, ["not_found"])
    assert "Page not found." in page.html
    assert 'href="/services"' in page.html
