"""Citizens who give a consent, use it and take it back, over HTTP and without a pause, while processes are killed.

What is acknowledged is checked at once by what comes next: a consent that was given must be in the list, a token
of a consent that was withdrawn must be dead.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, log_in

SCOPE = "openid profile"
CLIENT = "antrean-puskesmas"
T = TypeVar("T")
_WITHDRAW = re.compile(r'/consents/([0-9a-f-]{36})/withdraw">[^<]*<span class="hide"> <bdi>Antrean Puskesmas<')


class Unserved(Exception):
    """No answer, or one that says to come again; whether the act was done is not known."""


@dataclass(frozen=True)
class Failure:
    """When (monotonic seconds) somebody was not served."""

    began: float
    ended: float
    why: str


@dataclass
class Seen:
    """What all citizens saw; each list is appended to by many threads."""

    acknowledged: list[tuple[float, str]] = field(default_factory=list)  # when it was begun, and what
    withdrawn: list[str] = field(default_factory=list)  # ids of consents whose withdrawal was acknowledged
    failures: list[Failure] = field(default_factory=list)


class Citizen:
    """One person at work: `work` returns when told to stop, after an acknowledged act."""

    def __init__(self, running: Running, citizen: dict[str, Any], seen: Seen, stop: threading.Event) -> None:
        self._running, self._citizen, self._seen, self._stop = running, citizen, seen, stop
        self._browser: Browser = running.browser()
        self._client: SampleClient = running.client(CLIENT)

    def work(self) -> None:
        while not self._stop.is_set():
            token = self._insist("given", self._give)
            consent_id = self._insist("listed", self._listed)
            if token is not None:
                assert self._insist("used", lambda: self._answer(token)) == (200, "")  # noqa: B023
            self._insist("withdrawn", lambda: self._withdraw(consent_id))  # noqa: B023
            self._seen.withdrawn.append(consent_id)
            if token is not None:
                assert self._insist("refused", lambda: self._answer(token))[0] == 401  # noqa: B023

    def sign_in_again_and_again(self) -> None:
        """By password, in a new browser each time."""
        while not self._stop.is_set():
            self._browser = self._running.browser()
            self._insist("signed in", self._give)
            self._stop.wait(0.2)

    def _insist(self, what: str, act: Callable[[], T]) -> T:
        """Until it is acknowledged."""
        while True:
            began = time.monotonic()
            try:
                done = act()
            except (httpx.HTTPError, Unserved) as error:
                self._seen.failures.append(Failure(began, time.monotonic(), f"{what}: {error!r}"))
                time.sleep(0.1)
                continue
            self._seen.acknowledged.append((began, what))
            return done

    def _give(self) -> str | None:
        """The code is the acknowledgement; then its access token, if there is an answer."""
        visit = self._client.visit(SCOPE, prompt="consent")
        page = self._served(self._browser.get(visit.url))
        if page.has_form("identifier", "password"):
            page = self._served(log_in(self._browser, page, self._citizen))
        form = page.form("decision")
        page = self._served(self._browser.submit(page, form, press="decision=allow"))
        code = self._client.code(visit, page)
        try:
            answer = self._client.redeem(visit, code)
        except httpx.HTTPError:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def _listed(self) -> str:
        page = self._served(self._browser.get("/consents"))
        found = _WITHDRAW.search(page.html)
        assert found, "a consent that was acknowledged is not in the list"
        return found[1]

    def _withdraw(self, consent_id: str) -> None:
        page = self._served(self._browser.get(f"/consents/{consent_id}/withdraw"))
        buttons = [form for form in page.forms if any(one[2] == "withdraw-confirm" for one in form.buttons)]
        if buttons:  # none: the tap before was heard, its answer was not
            page = self._served(self._browser.submit(page, buttons[0], press="withdraw-confirm"))
        assert f"withdrawn={consent_id}" in page.url

    def _answer(self, token: str) -> tuple[int, str]:
        """Of userinfo; the second is empty where it is good."""
        answer = self._client.userinfo(token)
        if answer.status_code == 503:
            raise Unserved("503")
        return answer.status_code, "" if answer.status_code == 200 else answer.text

    @staticmethod
    def _served(page: Page) -> Page:
        """503, and a page that says to begin again: what was unfinished does not survive a crash of the
        database."""
        assert page.status < 500 or page.status == 503, page.html[:1500]
        if page.status >= 400:
            raise Unserved(f"{page.status} {page.errors}")
        return page
