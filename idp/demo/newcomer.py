"""One inhabitant who has no account yet: a letter with a code lies in the visible inbox, to try `/activate` with.

Made once. Who has activated the account makes a letter for somebody else with `gapura accounts letter`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from idp.accounts import letters
from idp.accounts.letters import Letter
from idp.accounts.profile import Value, Vault
from idp.demo.country import NEWCOMER
from idp.demo.inbox import show_letter
from idp.demo.people import HOLDERS, read
from idp.settings import Settings


def prepare(db: Session, vault: Vault, now: datetime) -> Letter | None:
    """The letter, if this start is the first."""
    nik = read(NEWCOMER.nik)
    if vault.find_citizen(db, nik) is not None:
        return None
    values = {"nik": NEWCOMER.nik, "name": NEWCOMER.name, **NEWCOMER.more}
    held = {name: Value(value, HOLDERS[name], now) for name, value in values.items()}
    return letters.issue(db, vault, nik=nik, values=held, now=now)


def post(settings: Settings, letter: Letter, now: datetime) -> None:
    """Put it into the inbox, with what only the person would know."""
    year, month, day = NEWCOMER.more["birthdate"].split("-")
    more = f" Di demo ini: NIK {NEWCOMER.nik}, lahir {int(day)} {int(month)} {year}."
    show_letter(settings, NEWCOMER.name, letter, now, more)
