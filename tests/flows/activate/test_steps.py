"""The five questions in their order: none is skipped, none is answered from another browser, and what cannot be
read is said (experience §3.3)."""

import html
import json
import re
from datetime import UTC, datetime

import pytest

from keys.sealing import Kind as SealedKind
from keys.sealing import Sealer
from tests.activating import (
    PASSWORD,
    Registry,
    browser_with_code,
    path,
    person,
    press,
    state,
    step,
    to_check,
    to_person,
)
from tests.running import Running
from tests.sample_client import Browser


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
