"""What a letter is good for: once, sixty days, five tries; whatever does not match it reads the same (experience
§3.3)."""

import re
import threading
from datetime import timedelta

import pytest

from tests.activating import (
    MISMATCH,
    PASSWORD,
    Addressee,
    Registry,
    browser_with_code,
    path,
    person,
    press,
    signs_in,
    state,
    step,
    to_check,
    to_person,
)
from tests.running import Running
from tests.sample_client import Browser, Page


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


def test_who_comes_back_after_closing_is_the_same_citizen(registry: Registry, running: Running) -> None:
    addressee, browser = registry.letter(), running.browser()
    press(browser, to_check(browser, addressee))
    registry.close(addressee)
    again, other = registry.letter(addressee.nik), running.browser()
    assert path(press(other, to_check(other, again))) == "/activate/done"
    assert again.citizen_id == addressee.citizen_id
    assert state(running, addressee) == "active"
