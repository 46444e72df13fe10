"""Password, recovery codes and code app changed by their citizen: what is asked before, what ends, who is told."""

import re

import pyotp
import pytest

from idp.gate import Gate
from tests.builders import PASSWORD
from tests.people import Person, a_person, await_messages, codes_shown, enter
from tests.running import Running
from tests.sample_client import Browser, Page, log_in, sign_in

OTHER = "hujan di bulan yang lain"
NOTICE = "Ada pemberitahuan di Gapura. Buka lewat alamat yang biasa."


def change(browser: Browser, present: str = PASSWORD, chosen: str = OTHER) -> Page:
    page = browser.get("/security/password")
    return browser.submit(page, page.form("new_password"), password=present, new_password=chosen)


def let_time_pass(running: Running, person: Person, minutes: int = 6) -> None:
    running.rows(
        "UPDATE idp.sessions SET authenticated_at = authenticated_at - %(gone)s * interval '1 minute'"
        " WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id, gone=minutes,
    )  # fmt: skip


def signals_of(running: Running, person: Person) -> list[tuple[str, str]]:
    """Signals are handed over at once, so what is looked for is the trace of the act and of the deliveries."""
    return running.rows(
        "SELECT ended_because::text, count(*)::text FROM idp.sessions WHERE citizen_id = %(id)s"
        " AND ended_at IS NOT NULL GROUP BY 1", id=person.citizen_id,
    )  # fmt: skip


def test_another_password_ends_all_others_and_both_channels_are_told(running: Running, gate: Gate) -> None:
    """(row 51, row 72, row 92)"""
    person, client = a_person(gate), running.client()
    other = running.browser()
    tokens = sign_in(other, client, person.as_told(), scope="openid profile offline_access")
    browser, _ = enter(running, person)
    cookie = browser.cookies["__Host-gapura"]
    done = change(browser)
    assert (done.status, done.url.partition("/security")[2]) == (200, "?done=password")
    assert "Kata sandi diubah." in done.html
    assert other.get("/security").has_form("identifier", "password"), "every other session ended"
    assert client.userinfo(tokens.access_token).status_code == 401
    refreshed = client.token({"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]})
    assert refreshed.json()["error"] == "invalid_grant"
    assert signals_of(running, person) == [("credential_changed", "1")]
    thief = running.browser()
    thief.cookies["__Host-gapura"] = cookie
    assert thief.get("/security").has_form("identifier", "password"), "the secret of before is dead"
    told = await_messages(running, 2, person.email, person.phone)
    assert {(one["channel"], one["text"]) for one in told} == {("email", NOTICE), ("sms", NOTICE)}
    assert "Kata sandi Anda diubah." in browser.get("/notifications").html
    fresh = running.browser()
    assert log_in(fresh, fresh.get("/login"), person.as_told()).status == 400, "the old password is none"
    assert enter(running, person, password=OTHER)[1].url.endswith("/security")


def test_who_had_only_the_old_password_gets_no_further_with_it(running: Running, gate: Gate) -> None:
    """(row 51, row 88) It was proved in another browser before the change; the code of the app comes after it."""
    person = a_person(gate, app=True)
    half = running.browser()
    asked = log_in(half, half.get("/login?onward=/security"), person.as_told(totp_secret=None))
    browser, _ = enter(running, person)
    assert "done=password" in change(browser).url
    running.rows(
        "UPDATE idp.totp_secrets SET last_step = 0 WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id
    )
    assert person.totp_secret is not None
    code = pyotp.TOTP(person.totp_secret).now()
    late = half.submit(asked, asked.form("code"), press="second-factor-submit", code=code)
    assert (late.status, late.errors) == (400, ["page_expired"])
    assert "__Host-gapura" not in half.cookies
    assert half.get("/security").has_form("identifier", "password")


def test_a_change_asks_for_a_sign_in_of_the_last_five_minutes(running: Running, gate: Gate) -> None:
    """(row 92)"""
    person = a_person(gate)
    browser, _ = enter(running, person)
    page = browser.get("/security/password")
    let_time_pass(running, person)
    late = browser.submit(page, page.form("new_password"), password=PASSWORD, new_password=OTHER)
    assert late.has_form("identifier", "password")
    for path in ("/security/codes", "/security/code-app", "/security/code-app/off"):
        assert browser.get(path).has_form("identifier", "password"), path
    back = log_in(browser, late, person.as_told())
    assert back.url.endswith("/security/password")


def test_a_code_app_asks_for_its_code_before_anything_is_changed(running: Running, gate: Gate) -> None:
    """(row 92): the app was set up in a browser that came in by a password alone, and then taken."""
    person = a_person(gate, app=True)
    browser, _ = enter(running, person)
    running.rows(
        "UPDATE idp.sessions SET aal = 1, amr = '{pwd}' WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    assert browser.get("/security/password").url.partition("?")[0].endswith("/login/second")


@pytest.mark.parametrize(
    ("present", "chosen", "said"),
    [
        ("bukan kata sandinya", OTHER, "Kata sandi ini tidak cocok."),
        (PASSWORD, "terlalu pendek", "Paling sedikit 15 huruf. Anda menulis 14."),
        (PASSWORD, "x" * 257, "Paling banyak 256 huruf. Anda menulis 257."),
        (PASSWORD, "123456789012345", "mudah ditebak"),
        (PASSWORD, "", "Isi kata sandi."),
        ("\ud800", OTHER, "Kata sandi ini tidak cocok."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(
    running: Running, gate: Gate, present: str, chosen: str, said: str
) -> None:
    """(row 85)"""
    person = a_person(gate)
    browser, _ = enter(running, person)
    refused = change(browser, present.encode("utf-8", "replace").decode(), chosen)
    assert refused.status == 400
    assert said in refused.html
    assert enter(running, person)[1].url.endswith("/security")


def test_wrong_present_passwords_are_counted_with_those_of_the_login(running: Running, gate: Gate) -> None:
    """(row 83)"""
    person = a_person(gate)
    browser, _ = enter(running, person)
    answers = [change(browser, present="bukan kata sandinya").html for _ in range(5)]
    assert "Terlalu banyak percobaan." in answers[-1]
    assert "Terlalu banyak percobaan." in change(browser).html, "the right one waits too"


def test_a_double_submit_changes_once_and_the_second_says_so(running: Running, gate: Gate) -> None:
    """(row 72)"""
    person = a_person(gate)
    browser, _ = enter(running, person)
    page = browser.get("/security/password")
    form = page.form("new_password")
    twin = running.browser()
    twin.cookies |= browser.cookies
    assert browser.submit(page, form, password=PASSWORD, new_password=OTHER).status == 200
    again = twin.submit(page, form, password=PASSWORD, new_password="yang ketiga kalinya ini")
    assert again.has_form("identifier", "password"), "the secret of before opens nothing"


def test_new_recovery_codes_take_the_place_of_the_old(running: Running, gate: Gate) -> None:
    """(row 91, row 92)"""
    person = a_person(gate, app=True, codes=True)
    other, _ = enter(running, person)
    # The code of this half minute is spent: the second browser enters by a recovery code.
    browser = running.browser()
    page = log_in(browser, browser.get("/login?onward=/security"), person.as_told(totp_secret=None))
    browser.submit(page, page.form("code"), code=person.codes[0])
    page = browser.get("/security/codes")
    assert codes_shown(page) == [], "looking makes nothing"
    made = codes_shown(browser.submit(page, page.form("csrf_token"), press="codes-submit"))
    assert len(made) == 10
    assert not set(made) & set(person.codes)
    assert "Sisa 10" in browser.get("/security").html, "this browser goes on"
    assert other.get("/security").has_form("identifier", "password")
    third = running.browser()
    asked = log_in(third, third.get("/login?onward=/security"), person.as_told(totp_secret=None))
    refused = third.submit(asked, asked.form("code"), code=person.codes[1])
    assert refused.status == 400
    assert third.submit(refused, refused.form("code"), code=made[0]).url.endswith("/security")


def test_a_new_code_app_takes_the_place_of_the_old(running: Running, gate: Gate) -> None:
    """(C062, row 84, row 92)"""
    person = a_person(gate, app=True, codes=True)
    browser, _ = enter(running, person)
    page = browser.get("/security/code-app")
    assert "Ganti aplikasi kode" in page.html
    secret = re.findall(r'<strong id="key">([A-Z2-7 ]+)</strong>', page.html)[0].replace(" ", "")
    done = browser.submit(page, page.form("code"), code=pyotp.TOTP(secret).now())
    made = codes_shown(done)
    assert len(made) == 10
    ((apps,),) = running.rows(
        "SELECT count(*) FROM idp.totp_secrets WHERE citizen_id = %(id)s AND confirmed_at IS NOT NULL",
        id=person.citizen_id,
    )
    assert apps == 1
    third = running.browser()
    asked = log_in(third, third.get("/login?onward=/security"), person.as_told(totp_secret=None))
    assert person.totp_secret is not None
    assert third.submit(asked, asked.form("code"), code=pyotp.TOTP(person.totp_secret).now()).status == 400
    asked = third.get("/login/second?onward=/security")
    assert third.submit(asked, asked.form("code"), code=made[0]).url.endswith("/security")


def test_the_code_app_is_switched_off_only_with_a_password_that_is_long_enough_alone(
    running: Running, gate: Gate
) -> None:
    """(row 85, row 92)"""
    person = a_person(gate, app=True, codes=True)
    browser, _ = enter(running, person)
    assert change(browser, chosen="dua belas kata").url.endswith("?done=password")

    def switch_off(password: str) -> Page:
        page = browser.get("/security/code-app/off")
        return browser.submit(page, page.form("password"), password=password)

    assert "Kata sandi ini tidak cocok." in switch_off("bukan kata sandinya").html
    assert "paling sedikit 15 huruf" in switch_off("dua belas kata").html
    assert change(browser, present="dua belas kata").url.endswith("?done=password")
    assert switch_off(OTHER).url.endswith("?done=code-app-off")
    third = running.browser()
    page = log_in(third, third.get("/login?onward=/security"), person.as_told(password=OTHER, totp_secret=None))
    assert page.url.endswith("/security")
    assert "Belum terpasang" in page.html


def test_another_citizens_session_is_not_ended_from_here(running: Running, gate: Gate) -> None:
    """(row 96)"""
    victim, other = a_person(gate), a_person(gate)
    browser, _ = enter(running, victim)
    ((session_id,),) = running.rows(
        "SELECT session_id FROM idp.sessions WHERE citizen_id = %(id)s", id=victim.citizen_id
    )
    stranger, _ = enter(running, other)
    another, _ = enter(running, other)
    page = stranger.get("/security")
    form = next(form for form in page.forms if form.action.endswith("/end"))
    form.action = f"/security/sessions/{session_id}/end"
    stranger.submit(page, form)
    assert browser.get("/security").status == 200
    assert not browser.get("/security").has_form("identifier", "password")
    assert not another.get("/security").has_form("identifier", "password")
