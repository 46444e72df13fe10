"""An account is brought to life with a letter: the five questions, what is abused about them, and a sign-in that
waits meanwhile (experience §3.3)."""

import html
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pyotp
import pytest

from idp.accounts import enrolment, letters, totp
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from keys.key_store import KeyStore
from keys.sealing import Kind as SealedKind
from keys.sealing import RestSealer, Sealer
from tests.running import Running
from tests.sample_client import Browser, Page, consent, log_in

SECRET = pyotp.random_base32()
PASSWORD = "kuda lumping di kebun teh"
MISMATCH = "Data ini tidak cocok dengan surat. Periksa lagi, atau pilih cara lain."
_serial = count(1)


@dataclass(frozen=True)
class Addressee:
    """Somebody who holds a letter."""

    nik: str
    code: str
    name: str
    citizen_id: str
    born: tuple[str, str, str] = ("27", "3", "1990")


class Registry:
    """Makes letters as an operator does."""

    def __init__(self, running: Running) -> None:
        store = KeyStore.open(running.instance / "keys")
        self.store, self.vault = store, Vault(RestSealer(store.master), store.lookup)
        url = EmbeddedPostgres(running.instance).url("gapura_web")
        self.database = Database(url, "gapura_web")

    def letter(self, nik: str = "") -> Addressee:
        nik = nik or f"617101670390{next(_serial):04}"
        now = datetime.now(UTC)
        held = {"nik": nik, "name": "Sri Wahyuni Letter", "birthdate": "1990-03-27"}
        values = {name: Value(value, "dukcapil-nusantara", now) for name, value in held.items()}
        with self.database.writing() as db:
            made = letters.issue(db, self.vault, nik=Identifier(Kind.NIK, nik), values=values, now=now)
        return Addressee(nik, made.code, held["name"], str(made.citizen_id))

    def add_second_factor(self, addressee: Addressee) -> None:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        with self.database.writing() as db:
            citizen_id = self.vault.get_citizen(db, Identifier(Kind.NIK, addressee.nik))
            setup = totp.begin(db, self.vault, citizen_id, "test", yesterday, known=SECRET)
            code = pyotp.TOTP(SECRET).at(yesterday)
            assert totp.confirm(db, self.vault, citizen_id, setup.totp_id, code, yesterday)

    def close(self, addressee: Addressee) -> None:
        with self.database.writing() as db:
            citizen_id = self.vault.get_citizen(db, Identifier(Kind.NIK, addressee.nik))
            enrolment.change_state(db, citizen_id, AccountState.CLOSED, datetime.now(UTC))


@pytest.fixture(scope="module")
def registry(running: Running) -> Iterator[Registry]:
    registry = Registry(running)
    yield registry
    registry.database.close()


@pytest.fixture(autouse=True)
def forgiven(running: Running) -> None:
    """All of these come from one address, faster than people do; its budget has a test of its own."""
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


def path(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3].partition("?")[0]


def step(browser: Browser, page: Page, **values: str) -> Page:
    """Answer the question of this page."""
    return browser.submit(page, page.form("csrf_token"), **values)


def person(addressee: Addressee) -> dict[str, str]:
    day, month, year = addressee.born
    return {"identifier": addressee.nik, "birth_day": day, "birth_month": month, "birth_year": year}


def to_person(browser: Browser, addressee: Addressee, at: str = "/activate") -> Page:
    page = step(browser, browser.get(at), method="letter")
    return step(browser, page, letter_code=addressee.code.lower().replace("-", " "))


def to_check(browser: Browser, addressee: Addressee, at: str = "/activate", channel: str = "") -> Page:
    page = step(browser, to_person(browser, addressee, at), **person(addressee))
    assert path(page) == "/activate/channel", page.html[:3000]
    page = step(browser, page, channel=channel) if channel else step(browser, page, without="1")
    page = step(browser, page, new_password=PASSWORD)
    assert path(page) == "/activate/check"
    return page


def press(browser: Browser, page: Page) -> Page:
    return browser.submit(page, page.form("answers"), press="activate-submit")


def state(running: Running, addressee: Addressee) -> str:
    ((found,),) = running.rows(
        "SELECT state::text FROM idp.accounts WHERE citizen_id = %(id)s", id=addressee.citizen_id
    )
    return str(found)


def signs_in(running: Running, addressee: Addressee, password: str = PASSWORD) -> bool:
    browser = running.browser()
    page = log_in(browser, browser.get("/login?onward=/security"), {"nik": addressee.nik, "password": password})
    return path(page) == "/security"


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
    return httpx.get(f"{browser.home}/demo/inbox", headers={"Accept": "application/json"}).text


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


def wrong_ones(addressee: Addressee, other: Addressee) -> list[tuple[str, dict[str, str]]]:
    mine = person(addressee)
    return [
        (other.code, mine),
        ("7K2M-94QD-XH3T", mine),
        (addressee.code, person(other)),
        (addressee.code, mine | {"birth_day": "28"}),
    ]


def test_whatever_does_not_match_reads_the_same(running: Running, registry: Registry, browser: Browser) -> None:
    addressee = registry.letter()
    pages = []
    for code, answers in wrong_ones(addressee, registry.letter()):
        page = step(browser, browser.get("/activate/code"), letter_code=code)
        refused = step(browser, page, **answers)
        assert (refused.status, refused.html.count(MISMATCH)) == (400, 2)
        assert answers["identifier"] in refused.html, "what was typed comes back"
        assert code not in refused.html
        pages.append(re.sub(r'value="[^"]*"', "", refused.html))
    assert len(set(pages)) == 1
    assert state(running, addressee) == "pending"
    assert running.rows("SELECT count(*) > 3 FROM idp.audit_events WHERE action = 'activation.refused'") == [
        (True,)
    ]


def test_after_five_that_do_not_match_the_time_is_named_and_nothing_judged(
    running: Running, registry: Registry, browser: Browser
) -> None:
    addressee = registry.letter()
    page = step(browser, browser.get("/activate/code"), letter_code="7K2M-94QD-XH3T")
    for _ in range(5):
        assert step(browser, page, **person(addressee)).status == 400
    page = step(browser, browser.get("/activate/code"), letter_code=addressee.code)
    waits = step(browser, page, **person(addressee))
    assert waits.status == 429
    assert re.search(r"Coba lagi pukul \d\d\.\d\d WIB, atau pilih cara lain\.", waits.html)
    assert path(step(browser, page, **person(registry.letter()))) == "/activate/person", (
        "another's code, not theirs"
    )
    assert state(running, addressee) == "pending"


def test_five_wrong_birth_dates_make_a_letter_worthless(
    running: Running, registry: Registry, browser: Browser
) -> None:
    addressee = registry.letter()
    page = to_person(browser, addressee)
    for day in range(1, 6):
        assert step(browser, page, **person(addressee) | {"birth_day": str(day)}).status == 400
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")
    assert MISMATCH in step(browser, page, **person(addressee)).html
    assert path(to_check(running.browser(), registry.letter(addressee.nik))) == "/activate/check"


@pytest.mark.parametrize(
    "change", ["used_at = now()", "expires_at = now() - interval '1 second'", "tries_left = 0"]
)
def test_a_letter_that_was_used_or_ran_out_matches_nothing(
    running: Running, registry: Registry, browser: Browser, change: str
) -> None:
    addressee = registry.letter()
    waiting = to_check(browser, addressee)
    running.rows(
        f"UPDATE idp.activations SET {change} WHERE citizen_id = %(id)s RETURNING 1", id=addressee.citizen_id
    )
    refused = press(browser, waiting)
    assert (refused.status, refused.errors) == (400, ["letter_refused"])
    assert "/activate/person" in refused.html
    other = running.browser()
    assert MISMATCH in step(other, to_person(other, addressee), **person(addressee)).html
    assert state(running, addressee) == "pending"


def test_a_letter_is_good_for_sixty_days(running: Running, registry: Registry) -> None:
    addressee = registry.letter()
    ((lasts,),) = running.rows(
        "SELECT expires_at - issued_at FROM idp.activations WHERE citizen_id = %(id)s", id=addressee.citizen_id
    )
    assert lasts == timedelta(days=60)


def test_who_holds_a_second_letter_is_told_that_the_account_lives(registry: Registry, running: Running) -> None:
    addressee = registry.letter()
    second = registry.letter(addressee.nik)
    browser = running.browser()
    press(browser, to_check(browser, addressee))
    other = running.browser()
    told = step(other, to_person(other, second), **person(second))
    assert told.status == 409
    assert "NIK ini sudah punya akun." in told.html
    assert re.search('<a href="/login">Masuk</a> atau <a href="/recovery">pulihkan</a>\\.', told.html)
    stranger = step(other, browser_with_code(other, "7K2M-94QD-XH3T"), **person(second))
    assert "sudah punya akun" not in stranger.html


def browser_with_code(browser: Browser, code: str) -> Page:
    return step(browser, browser.get("/activate/code"), letter_code=code)


def test_two_browsers_with_one_letter_are_one_activation(registry: Registry, running: Running) -> None:
    """One wins; the other's password opens nothing."""
    addressee = registry.letter()
    browsers = [running.browser(), running.browser()]
    pages = [to_check(browsers[0], addressee)]
    page = step(browsers[1], to_person(browsers[1], addressee), **person(addressee))
    page = step(browsers[1], page, without="1")
    pages.append(step(browsers[1], page, new_password="gamelan sore di alun-alun"))
    barrier, answers = threading.Barrier(2), dict[int, Page]()

    def confirm(which: int) -> None:
        barrier.wait()
        answers[which] = press(browsers[which], pages[which])

    threads = [threading.Thread(target=confirm, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path(answers[which]) for which in (0, 1)) == ["/activate/check", "/activate/done"]
    winner = 0 if path(answers[0]) == "/activate/done" else 1
    assert answers[1 - winner].errors == ["letter_refused"]
    opens = [signs_in(running, addressee, one) for one in (PASSWORD, "gamelan sore di alun-alun")]
    assert opens == [winner == 0, winner == 1]


def test_a_double_tap_ends_where_one_does(registry: Registry, running: Running) -> None:
    """Both carry the cookies of before; whichever answer the browser shows leads on."""
    addressee, first = registry.letter(), running.browser()
    page = to_check(first, addressee)
    second = running.browser()
    second.cookies = dict(first.cookies)
    barrier, answers = threading.Barrier(2), []

    def tap(browser: Browser) -> None:
        barrier.wait()
        answers.append(press(browser, page))

    threads = [threading.Thread(target=tap, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path(one) for one in answers] == ["/activate/done", "/activate/done"]
    assert running.rows(
        "SELECT count(*) FROM idp.assurance_events WHERE citizen_id = %(id)s", id=addressee.citizen_id
    ) == [(1,)]


def test_steps_are_not_skipped_by_address_or_by_edited_form(
    registry: Registry, browser: Browser, running: Running
) -> None:
    """(row 77)"""
    for page in ("person", "channel", "password", "check"):
        assert path(browser.get(f"/activate/{page}")) == "/activate/code"
    addressee = registry.letter()
    at_person = to_person(browser, addressee)
    form = at_person.form("csrf_token")
    for page in ("channel", "password", "check"):
        form.action = f"/activate/{page}"
        ahead = browser.submit(at_person, form, new_password=PASSWORD, without="1", **person(addressee))
        assert path(ahead) == "/activate/person"
    assert state(running, addressee) == "pending"


def test_answers_of_another_browser_are_none_here(registry: Registry, running: Running) -> None:
    addressee, first, other = registry.letter(), running.browser(), running.browser()
    page = to_check(first, addressee)
    other.get("/activate")
    other.cookies["__Host-gapura-activating"] = first.cookies["__Host-gapura-activating"]
    assert path(other.get("/activate/check")) == "/activate/code"
    form = page.form("answers")
    form.fields["csrf_token"] = other.get("/activate").form("csrf_token").fields["csrf_token"]
    assert other.submit(page, form).errors == ["page_expired"]
    forged = browser_with_code(running.browser(), "7K2M-94QD-XH3T").form("csrf_token").fields["csrf_token"]
    refused = first.submit(page, page.form("answers"), csrf_token=forged[0])
    assert (refused.status, state(running, addressee)) == (400, "pending")


def test_answers_that_were_changed_do_not_open(registry: Registry, browser: Browser, running: Running) -> None:
    addressee = registry.letter()
    page = to_check(browser, addressee)
    sealed = browser.cookies["__Host-gapura-activating"]
    browser.cookies["__Host-gapura-activating"] = sealed[:-2] + ("A" if sealed[-2] != "A" else "B") + sealed[-1]
    assert press(browser, page).errors == ["page_expired"]
    assert state(running, addressee) == "pending"


def test_a_page_left_for_longer_than_half_an_hour_says_so_and_begins_again(
    registry: Registry, browser: Browser, running: Running
) -> None:
    addressee = registry.letter()
    page = to_check(browser, addressee)
    sealer, now = Sealer(registry.store.master, running.issuer, "demo"), datetime.now(UTC)
    members = json.loads(sealer.open(SealedKind.ACTIVATION, browser.cookies["__Host-gapura-activating"], now))
    members["at"] -= 1801
    sealed = sealer.seal(SealedKind.ACTIVATION, json.dumps(members).encode(), now)
    browser.cookies["__Host-gapura-activating"] = sealed
    late = press(browser, page)
    assert (late.status, late.errors) == (400, ["page_expired"])
    assert state(running, addressee) == "pending"
    onward = html.unescape(re.findall(r'class="button" href="([^"]+)"', late.html)[0])
    assert path(browser.get(onward)) == "/activate"
    assert path(to_check(browser, addressee)) == "/activate/check"


def test_back_to_an_earlier_question_asks_again_what_hangs_on_it(
    registry: Registry, browser: Browser, running: Running
) -> None:
    addressee, other = registry.letter(), registry.letter()
    to_check(browser, addressee, channel="sri@warga.example")
    back = browser.get("/activate/person")
    assert back.form("identifier").fields["identifier"] == [addressee.nik]
    assert path(step(browser, back, **person(addressee))) == "/activate/check", "nothing else changed"
    assert path(browser_with_code(browser, addressee.code)) == "/activate/check"
    page = browser_with_code(browser, other.code)
    page = step(browser, page, **person(other))
    assert path(page) == "/activate/channel", "of somebody else's answers none goes along"
    assert page.form("channel").fields["channel"] == [""]
    done = press(browser, to_check(browser, other))
    assert path(done) == "/activate/done"
    assert (state(running, addressee), state(running, other)) == ("pending", "active")
    assert path(browser.get("/activate/check")) == "/login/account", "back after the end: they are signed in"


def test_a_check_page_of_another_tab_confirms_nothing_unseen(
    registry: Registry, browser: Browser, running: Running
) -> None:
    addressee, other = registry.letter(), registry.letter()
    first_tab = to_check(browser, addressee)
    to_check(browser, other)
    shown = press(browser, first_tab)
    assert path(shown) == "/activate/check"
    assert (state(running, addressee), state(running, other)) == ("pending", "pending")
    press(browser, shown)
    assert (state(running, addressee), state(running, other)) == ("pending", "active")


def test_who_comes_back_after_closing_is_the_same_citizen(registry: Registry, running: Running) -> None:
    addressee, browser = registry.letter(), running.browser()
    press(browser, to_check(browser, addressee))
    registry.close(addressee)
    again, other = registry.letter(addressee.nik), running.browser()
    assert path(press(other, to_check(other, again))) == "/activate/done"
    assert again.citizen_id == addressee.citizen_id
    assert state(running, addressee) == "active"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("empat belas ka", "Paling sedikit 15 huruf. Anda menulis 14."),
        ("gapura gapura gapura", "tidak boleh nama layanan ini"),
        ("Sri Wahyuni Letter", "tidak boleh NIK, nomor HP, e-mail, atau nama Anda"),
        ("x" * 257, "Paling banyak 256 huruf"),
    ],
)
def test_a_password_that_may_not_be_set_is_refused_with_the_reason(
    registry: Registry, browser: Browser, typed: str, said: str
) -> None:
    """(row 85)"""
    addressee = registry.letter()
    page = step(browser, step(browser, to_person(browser, addressee), **person(addressee)), without="1")
    refused = step(browser, page, new_password=typed)
    assert refused.status == 400
    assert said in refused.html
    assert typed not in refused.html


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"identifier": "327301"}, "NIK harus 16 angka. Anda menulis 6 angka."),
        ({"identifier": "siti@warga.example"}, "NIK terdiri dari 16 angka."),
        ({"birth_day": "31", "birth_month": "2"}, "Tulis tanggal lahir dengan angka"),
        ({"birth_year": "sembilan"}, "Tulis tanggal lahir dengan angka"),
        ({"birth_year": ""}, "Tulis tanggal lahir dengan angka"),
    ],
)
def test_what_cannot_be_read_costs_no_try(
    registry: Registry, browser: Browser, running: Running, values: dict[str, str], said: str
) -> None:
    addressee = registry.letter()
    page = to_person(browser, addressee)
    for _ in range(6):
        refused = step(browser, page, **person(addressee) | values)
        assert (refused.status, said in refused.html) == (400, True)
    assert path(step(browser, page, **person(addressee))) == "/activate/channel"


@pytest.mark.parametrize("typed", ["", "3273010101900001", "bukan alamat", "0211234567"])
def test_a_channel_is_a_mobile_number_or_an_address(registry: Registry, browser: Browser, typed: str) -> None:
    addressee = registry.letter()
    page = step(browser, to_person(browser, addressee), **person(addressee))
    assert step(browser, page, channel=typed).status == 400


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
    assert re.search(r"Kode dari surat: [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\. Aktifkan akun Anda di http", inbox)
    assert "Di demo ini: NIK 3273006004010011, lahir 20 4 2001." in inbox
