"""Nobody gets a page that was made for another: no answer about a person may be kept by a cache in between, none
that sets a cookie either, and two who ask at once each get their own (C086).

Seen to fail: with `no-store` left out of pages.
"""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.app import create_flask
from idp.gate import Gate
from tests import local_http
from tests.faults.races import rounds
from tests.faults.standing import SCOPE
from tests.running import Running
from tests.sample_client import Browser, log_in, sign_in

KEPT = re.compile(r"^/(static/|jwks$|\.well-known/|ledger/)")
PERSONAL = ["/consents", "/disclosures", "/notifications", "/security", "/account"]


def test_only_what_is_the_same_for_everybody_may_be_kept(running: Running, gate: Gate) -> None:
    """(C086, row 59, row 78) Every address there is, of somebody who is signed in and of nobody."""
    browser = running.browser()
    sign_in(browser, running.client(), running.citizen(6), scope=SCOPE)
    paths = {rule.rule for rule in create_flask(gate).url_map.iter_rules() if "<" not in rule.rule}
    assert len(paths) > 25
    for cookies in ({}, dict(browser.cookies)):
        header = {"Accept": "text/html"}
        if cookies:
            header["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        for path in paths:
            for method in ("GET", "POST"):
                answer = local_http.request(method, running.issuer + path, headers=header)
                policy = answer.headers.get("cache-control", "")
                if KEPT.match(path) and answer.status_code == 200:
                    assert "set-cookie" not in answer.headers, path
                    continue
                assert "no-store" in policy, (method, path, answer.status_code, policy)


def own(browser: Browser, page: str) -> str:
    return browser.get(page).html


@rounds(3, 60)
def test_two_who_ask_at_once_each_get_their_own(running: Running, rounds: int) -> None:
    """(C086) Sixteen threads, two people, two languages: name, language and form token are the asker's."""
    people = []
    for number, language, other in ((6, "id", "Skip to content"), (8, "en", "Langsung ke isi")):
        browser = running.browser()
        log_in(browser, browser.get("/login"), running.citizen(number))
        people.append((browser, running.citizen(number)["name"], language, other))
    ends, wrong, seen = time.monotonic() + rounds, list[str](), [0, 0]
    names = [person[1] for person in people]
    lock = threading.Lock()

    def ask(place: int) -> None:
        browser, name, language, other = people[place % 2]
        stranger = names[1 - place % 2]
        cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        with local_http.Client(headers={"Cookie": cookies, "Accept": "text/html"}) as line:
            while time.monotonic() < ends:
                page = line.get(f"{running.issuer}/account?ui_locales={language}").text
                with lock:
                    seen[place % 2] += 1
                    is_own = name in page and f'<html lang="{language}"' in page
                    if not is_own or stranger in page or other in page:
                        wrong.append(page[:500])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))
    assert wrong == []
    assert min(seen) > 10


@pytest.mark.parametrize("path", PERSONAL)
def test_after_signing_out_the_way_back_shows_nobody(running: Running, path: str) -> None:
    """(row 78) The page was not to be kept; asked for again, by the same browser, it is the login."""
    browser = running.browser()
    citizen = running.citizen(6)
    sign_in(browser, running.client(), citizen, scope=SCOPE)
    before = browser.get(path)
    assert before.status == 200
    assert "no-store" in before.headers["cache-control"]
    before_cookies = dict(browser.cookies)
    page = browser.get("/logout")
    browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    for cookies in (browser.cookies, before_cookies):
        browser.cookies = dict(cookies)
        after = browser.get(path)
        assert after.has_form("identifier", "password"), after.url
        for personal in (citizen["name"], citizen["nik"], citizen["email"] or citizen["name"]):
            assert personal not in after.html
