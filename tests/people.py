"""People of a running demo who belong to one test alone: it may change their passwords and lose their phones."""

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp

from idp.accounts import recovery_codes, totp
from idp.gate import Gate
from tests import local_http
from tests.builders import PASSWORD, a_citizen
from tests.running import Running
from tests.sample_client import Browser, Page, log_in

ARRIVES_WITHIN_SECONDS = 15


@dataclass(frozen=True)
class Person:
    """Somebody with a NIK, an e-mail address and a mobile number; `totp_secret` None: no code app."""

    citizen_id: UUID
    nik: str
    email: str
    phone: str
    password: str
    totp_secret: str | None
    codes: list[str]

    def as_told(self, **changed: Any) -> dict[str, Any]:
        """As `log_in` takes a citizen."""
        return {"nik": self.nik, "password": self.password, "totp_secret": self.totp_secret} | changed


def a_person(gate: Gate, *, app: bool = False, codes: bool = False) -> Person:
    now, secret, printed = gate.now(), None, []
    yesterday = now - timedelta(days=1)
    with gate.database.writing() as db:
        made = a_citizen(db, gate.vault, hashing=gate.hashing, now=yesterday)
        if app:
            setup = totp.begin(db, gate.vault, made.citizen_id, "test", yesterday)
            code = pyotp.TOTP(setup.secret).at(yesterday)
            assert totp.confirm(db, gate.vault, made.citizen_id, setup.totp_id, code, yesterday)
            secret = setup.secret
        if codes:
            printed = recovery_codes.make(db, gate.vault, made.citizen_id, now)
    return Person(
        made.citizen_id, made.nik.normal, made.email.normal, made.phone.normal, PASSWORD, secret, printed
    )


def enter(running: Running, person: Person, onward: str = "/security", **changed: Any) -> tuple[Browser, Page]:
    """A browser of its own in which the person has signed in."""
    browser = running.browser()
    return browser, log_in(browser, browser.get(f"/login?onward={onward}"), person.as_told(**changed))


def messages_to(running: Running, *addresses: str) -> list[dict[str, str]]:
    """What stands in the visible inbox for these addresses, oldest first."""
    answer = local_http.get(f"{running.issuer}/demo/inbox", headers={"Accept": "application/json"})
    return [message for message in reversed(answer.json()) if message["to"] in addresses]


def await_messages(running: Running, count: int, *addresses: str) -> list[dict[str, str]]:
    """The same once there are so many: the worker brings them."""
    deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while len(found := messages_to(running, *addresses)) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} messages came"
        time.sleep(0.1)
    return found


def codes_shown(page: Page) -> list[str]:
    return re.findall(r'<li class="num">([^<]+)</li>', page.html)
