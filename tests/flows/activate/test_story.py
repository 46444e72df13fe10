"""An account is brought to life with a letter: the five questions, what follows them, and a sign-in that waits
meanwhile (experience §3.3)."""

import html
import json
import re
import time
from datetime import UTC, datetime

import pytest

from keys.sealing import Kind as SealedKind
from keys.sealing import Sealer
from tests import local_http
from tests.activating import PASSWORD, Registry, path, person, press, signs_in, state, step, to_check, to_person
from tests.running import Running
from tests.sample_client import Browser, consent, log_in


def test_five_answers_bring_an_account_to_life_and_sign_its_citizen_in(
    running: Running, registry: Registry, browser: Browser
) -> None:
    addressee = registry.letter()
    page = to_check(browser, addressee, channel="0812 3450 9001")
    assert state(running, addressee) == "pending", "nothing has changed before it is confirmed"
    assert addressee.nik not in page.html
    assert "+6281234509001" in page.html
    done = press(browser, page)
    assert (path(done), "Akun Anda aktif" in done.html) == ("/activate/done", True)
    assert (state(running, addressee), signs_in(running, addressee)) == ("active", True)
    codes = re.findall(r'<li class="num">([^<]+)</li>', browser.submit(done, done.form("csrf_token")).html)
    assert len(codes) == 10
    again = re.findall(r'<li class="num">([^<]+)</li>', browser.submit(done, done.form("csrf_token")).html)
    assert not set(codes) & set(again), "of two taps the newer set counts"
    assert running.rows(
        "SELECT count(*) FROM idp.recovery_codes WHERE citizen_id = %(id)s", id=addressee.citizen_id
    ) == [(10,)]
    assert addressee.name in browser.get("/account").html
    assert "belum" not in browser.get("/security").errors
    assert running.rows(
        "SELECT count(*) FROM idp.identifiers WHERE citizen_id = %(id)s AND kind = 'phone'",
        id=addressee.citizen_id,
    ) == [(0,)], "a number that nobody proved leads nowhere (C067)"
    assert "__Host-gapura-activating" not in browser.cookies


def codes_sent(browser: Browser, to: str, at_least: int = 1) -> list[str]:
    """What the worker has put into the visible inbox for this address, newest first."""
    ends = time.monotonic() + 30
    while True:
        messages = [one for one in json.loads(json_inbox(browser)) if one["to"] == to]
        if len(messages) >= at_least:
            return [re.findall(r"\d{6}", one["text"])[0] for one in messages]
        assert time.monotonic() < ends, "the worker sends nothing"
        time.sleep(0.3)


def json_inbox(browser: Browser) -> str:
    return local_http.get(f"{browser.home}/demo/inbox", headers={"Accept": "application/json"}).text


def test_the_address_that_was_told_counts_once_its_code_was_answered(
    running: Running, registry: Registry, browser: Browser
) -> None:
    """(C067) From then on its citizen signs in with it."""
    addressee, phone = registry.letter(), "+6281234509002"
    done = press(browser, to_check(browser, addressee, channel=phone))
    assert 'href="/activate/address"' in done.html
    (code,) = codes_sent(browser, phone)
    page = browser.get("/activate/address")
    assert phone not in page.html
    wrong = step(browser, page, code=f"{(int(code) + 1) % 1_000_000:06}")
    assert (wrong.status, wrong.html.count("Kode tidak cocok. Periksa pesan terakhir.")) == (400, 2)
    assert not signs_in_by(running, phone)
    assert path(step(browser, page, code=f"{code[:3]} {code[3:]}")) == "/activate/done"
    assert signs_in_by(running, phone)
    assert path(browser.get("/activate/address")) == "/activate/done", "there is nothing left to prove"


def test_after_the_codes_comes_the_address_and_then_the_application(
    running: Running, registry: Registry, browser: Browser
) -> None:
    client, phone = running.client(), "+6281234509004"
    login = browser.get(client.visit("openid profile").url)
    at = html.unescape(re.findall(r'href="(/activate[^"]*)"', login.html)[0])
    done = press(browser, to_check(browser, registry.letter(), at, channel=phone))
    codes = browser.submit(done, done.form("csrf_token"))
    page = browser.get(html.unescape(re.findall(r'class="button" href="([^"]+)"', codes.html)[0]))
    assert path(page) == "/activate/address"
    later = html.unescape(re.findall(r'class="button quiet" href="([^"]+)"', page.html)[0])
    assert later.startswith("/authorize/continue/")
    asked = step(browser, page, code=codes_sent(browser, phone)[0])
    assert asked.has_form("decision")


def signs_in_by(running: Running, identifier: str) -> bool:
    browser = running.browser()
    page = log_in(browser, browser.get("/login?onward=/security"), {"nik": identifier, "password": PASSWORD})
    return path(page) == "/security"


def test_a_code_is_sent_again_after_a_minute_and_not_without_end(
    running: Running, registry: Registry, browser: Browser
) -> None:
    email = "sri.letter@warga.example"
    press(browser, to_check(browser, registry.letter(), channel=email))
    first = codes_sent(browser, email)
    page = browser.get("/activate/address")
    again = next(form for form in page.forms if "again" in form.names())
    waits = browser.submit(page, again, press="again=1")
    assert waits.status == 429
    assert re.search(r"Kode baru bisa dikirim lagi pukul \d\d\.\d\d WIB\.", waits.html)
    for sent in range(2, 6):
        running.rows("UPDATE idp.sent_codes SET sent_at = sent_at - interval '61 seconds' RETURNING 1")
        assert path(browser.submit(page, again, press="again=1")) == "/activate/address"
        assert len(codes_sent(browser, email, sent)) == sent
    running.rows("UPDATE idp.sent_codes SET sent_at = sent_at - interval '61 seconds' RETURNING 1")
    spent = browser.submit(page, again, press="again=1")
    assert (spent.status, "Terlalu banyak kode diminta. Coba lagi nanti." in spent.html) == (429, True)
    assert step(browser, page, code=first[0]).status == 400, "only the latest counts"


def test_a_number_proved_elsewhere_leaves_and_says_so(running: Running, registry: Registry) -> None:
    phone = "+6281234509003"
    browsers = [running.browser(), running.browser()]
    for sent, browser in enumerate(browsers, 1):
        press(browser, to_check(browser, registry.letter(), channel=phone))
        code = codes_sent(browser, phone, sent)[0]
        assert path(step(browser, browser.get("/activate/address"), code=code)) == "/activate/done"
        running.rows("UPDATE idp.sent_codes SET sent_at = sent_at - interval '61 seconds' RETURNING 1")
    assert "Nomor HP atau e-mail Anda kini dipakai akun lain." in browsers[0].get("/notifications").html


def test_nothing_personal_and_no_secret_stands_in_an_address(registry: Registry, browser: Browser) -> None:
    addressee = registry.letter()
    seen: list[str] = []
    send = browser._send
    browser._send = lambda method, url, *rest: (seen.append(url), send(method, url, *rest))[1]  # type: ignore[method-assign]
    press(browser, to_check(browser, addressee, channel="rahasia@warga.example"))
    assert len(seen) > 10
    code = addressee.code.replace("-", "")
    for secret in (addressee.nik, addressee.code, code, "rahasia", "1990", "kuda"):
        assert not [url for url in seen if secret.lower() in url.lower()]


def test_a_sign_in_that_waits_goes_on_at_its_application(
    running: Running, registry: Registry, browser: Browser
) -> None:
    addressee, client = registry.letter(), running.client()
    visit = client.visit("openid profile")
    login = browser.get(visit.url)
    at = html.unescape(re.findall(r'href="(/activate[^"]*)"', login.html)[0])
    page = to_check(browser, addressee, at)
    assert "Antrean Puskesmas" in browser.get(page.url.replace("/check", "/channel")).html
    done = press(browser, page)
    codes = browser.submit(done, done.form("csrf_token"))
    onward = html.unescape(re.findall(r'class="button" href="([^"]+)"', codes.html)[0])
    asked = browser.get(onward)
    assert asked.has_form("decision")
    assert client.exchange(visit, consent(browser, asked)).claims["acr"] == "urn:gapura:acr:basic"


def test_an_activation_outlives_the_sign_in_that_waits(
    running: Running, registry: Registry, browser: Browser
) -> None:
    """(C010) Its half hour is over before the citizen is done: the application begins anew."""
    client, addressee = running.client(), registry.letter()
    handle = browser.get(client.visit("openid profile").url).form("handle").fields["handle"][0]
    sealer = Sealer(registry.store.master, running.issuer, "demo")
    now = datetime.now(UTC)
    members = json.loads(sealer.open(SealedKind.INTERACTION, handle, now))
    members[1] -= 3600
    late = sealer.seal(SealedKind.INTERACTION, json.dumps(members).encode(), now)
    done = press(browser, to_check(browser, addressee, f"/activate?handle={late}"))
    assert path(done) == "/activate/done"
    onward = html.unescape(re.findall(r'class="tall" href="([^"]+)"', done.html)[0])
    assert browser.get(onward).has_form("decision")


@pytest.mark.parametrize("method", ["agency", "counter"])
def test_other_ways_say_how_to_go_and_lead_back_to_the_code(
    registry: Registry, browser: Browser, method: str
) -> None:
    page = step(browser, browser.get("/activate"), method=method)
    assert (page.status, path(page)) == (200, f"/activate/{method}")
    assert 'href="/activate/code"' in page.html
    page = step(browser, browser.get("/activate/code"), letter_code=registry.letter().code)
    assert path(page) == "/activate/person"


def test_whoever_is_signed_in_here_comes_first(running: Running, browser: Browser) -> None:
    log_in(browser, browser.get("/login"), running.citizen(8))
    page = browser.get("/activate")
    assert path(page) == "/login/account"
    assert running.citizen(8)["name"] in page.html


def test_codes_of_another_sign_in_are_not_made_from_here(running: Running, browser: Browser) -> None:
    """(row 92) Nor by a form of a stranger's, nor of whoever is not signed in."""
    assert path(browser.get("/activate/done")) == "/login"
    log_in(browser, browser.get("/login"), running.citizen(8))
    done = browser.get("/activate/done")
    refused = browser.submit(done, done.form("csrf_token"), csrf_token="0" * 64)
    assert refused.errors == ["form_refused"]
    running.rows("UPDATE idp.sessions SET authenticated_at = now() - interval '6 minutes' RETURNING 1")
    assert path(browser.submit(done, done.form("csrf_token"))) == "/login"


def test_a_set_of_before_is_replaced_where_its_end_ends_more(registry: Registry, running: Running) -> None:
    addressee, browser, later = registry.letter(), running.browser(), running.browser()
    done = press(browser, to_check(browser, addressee))
    browser.submit(done, done.form("csrf_token"))
    log_in(later, later.get("/login"), {"nik": addressee.nik, "password": PASSWORD})
    done = later.get("/activate/done")
    assert path(later.submit(done, done.form("csrf_token"))) == "/security/codes"


def test_whoever_still_has_a_second_factor_shows_it_at_the_sign_in(registry: Registry, running: Running) -> None:
    """(row 88) And may choose a password of twelve."""
    addressee, browser = registry.letter(), running.browser()
    press(browser, to_check(browser, addressee))
    registry.close(addressee)
    registry.add_second_factor(addressee)
    again, other = registry.letter(addressee.nik), running.browser()
    page = step(other, step(other, to_person(other, again), **person(again)), without="1")
    assert "Paling sedikit 12 huruf. Tiga kata yang Anda ingat juga boleh." in page.html
    done = press(other, step(other, page, new_password="dua belas kt"))
    assert (path(done), state(running, again)) == ("/login", "active")
    asked = log_in(other, done, {"nik": again.nik, "password": "dua belas kt"})
    assert asked.has_form("code")


def test_in_the_demo_a_letter_lies_in_the_inbox_to_try_it_with(browser: Browser) -> None:
    inbox = browser.get("/demo/inbox").html
    letter = r"Kode dari surat: [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\. Aktifkan akun Anda di <a [^>]*>http"
    assert re.search(letter, inbox)
    assert "Di demo ini: NIK 3273006004010011, lahir 20 4 2001." in inbox
