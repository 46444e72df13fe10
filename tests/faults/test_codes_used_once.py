"""A recovery code, a code that was sent and a cancelling link work once (DESIGN §6.2), over HTTP, with eight at
once and two server processes.

Seen to fail: without `used_at IS NULL` in `recovery_codes` all eight prove; without it in `sent_codes` five do,
for want of tries; with an unlocked row in `recovery` several cancel, and several set a password.
"""

import re
from collections import Counter
from functools import partial

from idp.accounts import recovery_codes
from idp.gate import Gate
from tests.faults.races import RACERS, race, rounds
from tests.flows.test_recovery import CODE, EMAIL, PHONE, answer, begin, said, sent_code, states
from tests.people import a_person, await_messages
from tests.running import Running
from tests.sample_client import Browser


def forgive(running: Running) -> None:
    """What is raced here is not the budget."""
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")


@rounds(8)
def test_a_printed_code_proves_for_one_of_many_at_once(running: Running, gate: Gate, rounds: int) -> None:
    """(row 91)"""
    person, browsers = a_person(gate), [running.browser() for _ in range(RACERS)]
    for _ in range(rounds):
        forgive(running)
        with gate.database.writing() as db:
            code = recovery_codes.make(db, gate.vault, person.citizen_id, gate.now())[0]
        pages = [begin(browser, person.nik, CODE, EMAIL) for browser in browsers]
        acts = [partial(answer, browser, page, code) for browser, page in zip(browsers, pages, strict=True)]
        assert Counter(page.status for page in race(acts)) == {200: 1, 400: RACERS - 1}
    assert states(running, person).count("waiting") == 1, "all rounds were at one recovery"


@rounds(3)
def test_a_sent_code_proves_for_one_of_many_at_once(running: Running, gate: Gate, rounds: int) -> None:
    """(row 91): all eight are tabs of one browser."""
    for _ in range(rounds):
        forgive(running)
        person, browser = a_person(gate, codes=True), running.browser()
        page = answer(browser, begin(browser, person.nik, CODE, PHONE), person.codes[0])
        code, tabs = sent_code(running, person.phone, 2), [twin(running, browser) for _ in range(RACERS)]
        answers = race([partial(answer, tab, page, code) for tab in tabs])
        assert Counter(page.status for page in answers) == {200: 1, 400: RACERS - 1}


def twin(running: Running, browser: Browser) -> Browser:
    other = running.browser()
    other.cookies |= browser.cookies
    return other


@rounds(5)
def test_a_cancelling_link_cancels_for_one_of_many_at_once(running: Running, gate: Gate, rounds: int) -> None:
    """(row 91)"""
    for _ in range(rounds):
        forgive(running)
        person = a_person(gate, codes=True)
        thief, owners = running.browser(), [running.browser() for _ in range(RACERS)]
        answer(thief, begin(thief, person.nik, CODE, EMAIL), person.codes[0])
        link = re.findall(r"http\S+", said(running, person.phone, 1))[0]
        pages = [owner.get(link) for owner in owners]
        acts = [
            partial(owner.submit, page, page.form("link"), "recovery-cancel")
            for owner, page in zip(owners, pages, strict=True)
        ]
        assert Counter("Pemulihan dibatalkan" in page.html for page in race(acts)) == {True: 1, False: RACERS - 1}
        assert states(running, person) == ["cancelled"]


@rounds(4)
def test_one_recovery_is_completed_by_one_of_many_at_once(running: Running, gate: Gate, rounds: int) -> None:
    """(row 91)"""
    for _ in range(rounds):
        forgive(running)
        person = a_person(gate, codes=True)
        browser = running.browser()
        page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
        await_messages(running, 2, person.email)
        page = answer(browser, page, sent_code(running, person.email, 2))
        acts = [
            partial(one.submit, page, page.form("new_password"), None, new_password=f"kata sandi yang ke-{number}")
            for number, one in enumerate([browser, *(twin(running, browser) for _ in range(RACERS - 1))])
        ]
        told = {
            one.url.rpartition("/")[2] for one in race(acts) if one.status != 503
        }  # the queue of hashes is short
        assert told == {"done"}
        changed = running.rows(
            "SELECT count(*) FROM idp.audit_events WHERE action = 'password.changed' AND object_id = %(id)s",
            id=str(person.citizen_id),
        )
        assert changed == [(2,)], "when the account was made, and once more"
