"""A code by SMS as the second factor, over HTTP with the worker that sends it."""

import re
import time

import pyotp
import pytest

from idp.gate import Gate
from tests.people import Person, a_person, await_messages, enter, messages_to
from tests.running import Running
from tests.sample_client import Browser, Page, log_in, sign_in


@pytest.fixture(autouse=True)
def a_network_with_nothing_spent(running: Running) -> None:
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")


def asked(running: Running, person: Person, way: str = "/login?onward=/security") -> tuple[Browser, Page]:
    """The page of the second factor, in a new browser."""
    browser = running.browser()
    return browser, log_in(browser, browser.get(way), person.as_told(totp_secret=None))


def send(browser: Browser, page: Page) -> Page:
    form = next(form for form in page.forms if form.action == "/login/second/send")
    return browser.submit(page, form)


def texted(running: Running, person: Person, count: int = 1) -> str:
    return re.findall(r"#(\d{6})$", await_messages(running, count, person.phone)[-1]["text"])[0]


def answer(browser: Browser, page: Page, code: str) -> Page:
    return browser.submit(page, page.form("code"), code=code)


def test_a_code_by_sms_signs_in_and_is_named_in_amr(running: Running, gate: Gate) -> None:
    """(row 90, row 94)"""
    person, client, browser = a_person(gate, app=True), running.client(), running.browser()
    visit = client.visit("openid")
    page = log_in(browser, browser.get(visit.url), person.as_told(totp_secret=None))
    page = send(browser, page)
    assert f'nomor yang berakhir <strong class="num">{person.phone[-4:]}</strong>' in page.html
    assert re.search(r"Kirim ulang \(bisa lagi pukul .*?WIB", page.html, re.S)
    (message,) = await_messages(running, 1, person.phone)
    code = texted(running, person)
    host = "127.0.0.1"
    said = f"{code} kode masuk Gapura. Jangan beri tahu siapa pun, termasuk petugas.\n\n@{host} #{code}"
    assert (message["channel"], message["text"]) == ("sms", said)
    page = answer(browser, page, f"{code[:3]} {code[3:]}")
    page = browser.submit(page, page.form("decision"), press="decision=allow")
    tokens = client.exchange(visit, page)
    assert tokens.claims["amr"] == ["pwd", "sms"]
    assert tokens.claims["acr"] == "urn:gapura:acr:substantial"


def test_an_sms_is_offered_only_beside_a_code_app_and_to_a_number_proved_lately(
    running: Running, gate: Gate
) -> None:
    """(row 90)"""
    _, page = enter(running, a_person(gate))
    assert page.url.endswith("/security"), "without an app a password alone signs in, and no SMS is asked for"
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    running.rows(
        "UPDATE idp.identifiers SET verified_at = now() - interval '60 days'"
        " WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    refused = send(browser, page)
    assert refused.status == 400
    assert "/login/second/send" not in refused.html
    assert messages_to(running, person.phone) == []


def test_a_used_code_reads_like_a_wrong_one(running: Running, gate: Gate) -> None:
    """(row 84)"""
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    page = send(browser, page)
    code = texted(running, person)
    assert answer(browser, page, code).url.endswith("/security")
    other, page = asked(running, person)
    page = other.get("/login/second?onward=/security&method=sms")
    again, wrong = answer(other, page, code), answer(other, page, "000000")
    assert (again.status, wrong.status) == (400, 400)
    assert "Kode tidak cocok. Periksa pesan terakhir." in again.html
    assert "Kode tidak cocok. Periksa pesan terakhir." in wrong.html


def test_an_old_code_is_said_to_be_old(running: Running, gate: Gate) -> None:
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    page = send(browser, page)
    code = texted(running, person)
    running.rows(
        "UPDATE idp.sent_codes SET sent_at = sent_at - interval '10 minutes',"
        " expires_at = expires_at - interval '10 minutes' WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    assert "Kode sudah lewat 10 menit. Minta kode baru." in answer(browser, page, code).html
    page = send(browser, page)
    assert answer(browser, page, texted(running, person, 2)).url.endswith("/security")


def test_another_is_not_sent_before_a_minute_and_only_the_latest_counts(running: Running, gate: Gate) -> None:
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    page = send(browser, send(browser, page))
    first = texted(running, person)
    time.sleep(2.5)
    assert len(messages_to(running, person.phone)) == 1
    running.rows(
        "UPDATE idp.sent_codes SET sent_at = sent_at - interval '61 seconds'"
        " WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id,
    )  # fmt: skip
    page = send(browser, page)
    second = texted(running, person, 2)
    assert answer(browser, page, first).status == 400
    assert answer(browser, page, second).url.endswith("/security")


def test_five_wrong_ones_wait_whatever_they_were(running: Running, gate: Gate) -> None:
    """(row 84)"""
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    page = send(browser, page)
    code = texted(running, person)
    assert person.totp_secret is not None
    for _ in range(5):
        refused = answer(browser, page, "000000")
    assert "Terlalu banyak percobaan." in refused.html
    assert "Terlalu banyak percobaan." in answer(browser, page, code).html
    other, page = asked(running, person)
    assert "Terlalu banyak percobaan." in answer(other, page, pyotp.TOTP(person.totp_secret).now()).html


def test_too_many_messages_are_refused_and_the_code_sent_before_still_works(running: Running, gate: Gate) -> None:
    """(row 83)"""
    person = a_person(gate, app=True)
    browser, page = asked(running, person)
    for _ in range(5):
        page = send(browser, page)
        running.rows(
            "UPDATE idp.sent_codes SET sent_at = sent_at - interval '61 seconds' WHERE citizen_id = %(id)s"
            " RETURNING 1", id=person.citizen_id,
        )  # fmt: skip
    last = texted(running, person, 5)
    refused = send(browser, page)
    assert (refused.status, "Terlalu banyak pesan diminta." in refused.html) == (400, True)
    assert answer(browser, refused, last).url.endswith("/security")


def test_the_code_of_one_is_nothing_to_another_and_nothing_without_a_password(
    running: Running, gate: Gate
) -> None:
    person, other = a_person(gate, app=True), a_person(gate, app=True)
    browser, page = asked(running, person)
    send(browser, page)
    code = texted(running, person)
    stranger, page = asked(running, other)
    page = send(stranger, page)
    assert answer(stranger, page, code).status == 400
    nobody = running.browser()
    nobody.get("/login")
    form = next(form for form in page.forms if form.action == "/login/second/send")
    assert nobody.submit(page, form).has_form("identifier", "password"), "no password, no message"


def test_an_sms_raises_a_session_that_lives(running: Running, gate: Gate) -> None:
    """(row 94)"""
    person, client = a_person(gate, app=True), running.client()
    browser, _ = enter(running, person)
    running.rows(
        "UPDATE idp.sessions SET aal = 1, amr = '{pwd}' WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    page = browser.get("/security/password")
    assert page.has_form("code")
    page = answer(browser, send(browser, page), texted(running, person))
    assert page.url.endswith("/security/password")
    tokens = sign_in(browser, client, person.as_told(), scope="openid")
    assert tokens.claims["amr"] == ["pwd", "sms"]
