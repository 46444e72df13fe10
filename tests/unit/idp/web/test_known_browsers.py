"""A browser remembers whom it signed in, and forgets all of them with their passwords."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from idp.accounts import passwords
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.web import known_browsers
from idp.web.known_browsers import COOKIE
from keys.sealing import Kind, RestSealer, Sealer
from tests.builders import NOW, a_citizen

SEALER = Sealer(b"m" * 32, "https://masuk.example", "demo")
DAY = timedelta(days=1)


def after(known: dict[UUID, datetime], citizen_id: UUID, now: datetime) -> str:
    name, header = known_browsers.remember(SEALER, known, citizen_id, now)
    assert name == "Set-Cookie"
    assert header.startswith(f"{COOKIE}=")
    assert header.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax")
    return header.split(";")[0].removeprefix(f"{COOKIE}=")


def test_a_phone_knows_the_four_who_used_it_last() -> None:
    citizens = [uuid4() for _ in range(5)]
    known: dict[UUID, datetime] = {}
    for n, citizen_id in enumerate(citizens):
        cookie = after(known, citizen_id, NOW + n * DAY)
        known = known_browsers.read(SEALER, cookie, NOW + n * DAY)
    assert known == {citizen_id: NOW + n * DAY for n, citizen_id in enumerate(citizens) if n > 0}
    assert len(cookie) < 300
    assert len(known_browsers.read(SEALER, after(known, citizens[4], NOW + 9 * DAY), NOW + 9 * DAY)) == 4


@pytest.mark.parametrize("cookie", [None, "", "x", "é", "A" * 5000])
def test_what_does_not_open_knows_nobody(cookie: str | None) -> None:
    assert known_browsers.read(SEALER, cookie, NOW) == {}


def test_no_other_sealed_thing_opens_as_one_and_after_half_a_year_none_does() -> None:
    assert known_browsers.read(SEALER, SEALER.seal(Kind.SESSION_COOKIE, b"x" * 24, NOW), NOW) == {}
    cookie = after({}, uuid4(), NOW)
    assert known_browsers.read(SEALER, cookie, NOW + 180 * DAY)
    assert known_browsers.read(SEALER, cookie, NOW + 181 * DAY) == {}


def test_a_new_password_makes_every_browser_unknown(db: Session) -> None:
    """(row 83)"""
    vault, hashing = Vault(RestSealer(b"m" * 32), b"l" * 32), PasswordHashing(b"p" * 32)
    citizen_id = a_citizen(db, vault, hashing=hashing, now=NOW).citizen_id
    known = known_browsers.read(SEALER, after({}, citizen_id, NOW), NOW)
    assert known_browsers.still_known(db, known | {uuid4(): NOW}) == {citizen_id}
    later = NOW + timedelta(microseconds=1)
    passwords.change(
        db, hashing, citizen_id, "hujan di bulan yang lain", personal=(), second_factor=False, now=later
    )
    assert known_browsers.still_known(db, known) == frozenset()
    assert known_browsers.still_known(db, {}) == frozenset()
    assert known[citizen_id].tzinfo is UTC
