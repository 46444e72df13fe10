"""Letters as an operator makes them, and the way of a browser through the five questions of /activate."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pyotp

from idp.accounts import enrolment, letters, totp
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from keys.key_store import KeyStore
from keys.sealing import RestSealer
from tests.running import Running
from tests.sample_client import Browser, Page, log_in

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


def browser_with_code(browser: Browser, code: str) -> Page:
    return step(browser, browser.get("/activate/code"), letter_code=code)
