"""`gapura accounts letter|find|show|sign-out|suspend|resume|close`: letters that bring accounts to life, where an
account stands, and its ends.

What is personal comes by file or standard input and never as an argument: arguments stand in the process list and
in the shell's history. A letter's code is printed once, for whoever prints letters; nothing here prints a profile.
Freezing a citizen takes two people, and closing is the citizen's own act: until somebody can confirm it here, they
are for demo and sandbox only (DESIGN §6.11).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp import audit
from idp.accounts import (
    enrolment,
    identifiers,
    letters,
    passwords,
    recovery_codes,
    register_values,
    sessions,
    totp,
)
from idp.accounts.identifiers import Identifier
from idp.accounts.letters import Letter
from idp.accounts.profile import Value, Vault
from idp.accounts.states import SessionEnd
from idp.clients.agencies import AGENCY_CODE
from idp.commands.answer import Answer, CommandError, add_command, written
from idp.commands.clients import refuse_in_production
from idp.commands.opened import opened
from idp.commands.opened_gate import opened_gate
from idp.database import Database
from idp.gate import Gate
from idp.revocation import account as revocation
from idp.revocation import session as session_revocation
from idp.settings import Mode, Settings
from keys import store_marks
from keys.errors import KeyStoreError
from keys.key_store import KeyStore

MOST_LETTERS = 10_000
FILE = """FILE holds one person, or a list of them, as JSON: {"nik", "holder" (code of the agency whose register
says so), "birthdate" (YYYY-MM-DD), "name", and whatever else that register holds}."""


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    letter = add_command(commands, "letter", letter_, f"Make letters and print their codes, once. {FILE}")
    letter.add_argument("--file", required=True, metavar="FILE", help="- reads standard input")
    add_command(commands, "find", find, "Read a NIK, e-mail or number from standard input; say whose it is.")
    show = add_command(commands, "show", show_, "Say where an account stands, without anything personal.")
    show.add_argument("citizen_id", type=UUID)
    for name, run, text in (
        ("sign-out", sign_out, "Sign a citizen out everywhere; consents and the account stay as they are."),
        ("suspend", suspend, "Freeze an account at once; its consents wait until it is resumed."),
        ("resume", resume, "Lift a suspension."),
        ("close", close, "End an account, with everything that was given by it."),
    ):
        add_command(commands, name, run, text).add_argument("citizen_id", type=UUID)


def letter_(asked: argparse.Namespace) -> Answer:
    """All of the file in one transaction: a person who cannot be read means that no letter was made."""
    now = datetime.now(UTC)
    persons = [_person(one, place, now.date()) for place, one in enumerate(_read(asked.file), 1)]
    with _parts() as (settings, database, vault):
        with database.writing() as db:
            made = [letters.issue(db, vault, nik=nik, values=_values(said, now), now=now) for nik, said in persons]
        _show_in_inbox(settings, persons, made, now)
    data = [{"citizen_id": one.citizen_id, "code": one.code, "expires_at": one.expires_at} for one in made]
    return Answer(data, [f"{one.citizen_id}  {one.code}  until {one.expires_at:%Y-%m-%d}" for one in made])


def find(_asked: argparse.Namespace) -> Answer:
    """Of standard input the first line."""
    identifier = identifiers.normalise(sys.stdin.readline(identifiers.LONGEST_TYPED + 2))
    if not isinstance(identifier, Identifier):
        raise CommandError(f"What came in is no identifier ({identifier.fault.value}).")
    with _parts() as (_settings, database, vault), database.reading() as db:
        citizen_id = vault.find_citizen(db, identifier)
    if citizen_id is None:
        raise CommandError(f"No account has this {identifier.kind.value}.")
    return Answer({"citizen_id": citizen_id}, [str(citizen_id)])


def show_(asked: argparse.Namespace) -> Answer:
    citizen_id: UUID = asked.citizen_id
    with _parts() as (_settings, database, vault), database.reading() as db:
        account = enrolment.find_account(db, citizen_id)
        if account is None:
            raise CommandError(f"There is no account {citizen_id}.")
        proved = vault.list_proved(db, citizen_id)
        data = {
            "citizen_id": citizen_id,
            "state": account.state.value,
            "since": account.state_at,
            "ial": account.ial,
            "proved": {kind.value: at for kind, at in proved.items()},
            "password_since": passwords.find_set_at(db, citizen_id),
            "code_apps": len(totp.list_ids(db, citizen_id)),
            "recovery_codes_left": recovery_codes.count_left(db, citizen_id),
            "signed_in": len(sessions.list_of(db, vault, citizen_id, datetime.now(UTC))),
        }
    return Answer(data, [f"{name.replace('_', ' ')}: {written(value)}" for name, value in data.items()])


def sign_out(asked: argparse.Namespace) -> Answer:
    """At the citizen's own word, over the telephone: whoever is signed in loses nothing by signing in again."""
    citizen_id: UUID = asked.citizen_id
    with opened_gate() as gate, gate.database.writing() as db:
        if enrolment.find_account(db, citizen_id) is None:
            raise CommandError(f"There is no account {citizen_id}.")
        ended = session_revocation.end_all_but(db, citizen_id, None, SessionEnd.ENDED_BY_OPERATOR)
        audit.record(
            db, action="sessions.ended", object_id=str(citizen_id), outcome="done", detail={"sessions": ended}
        )
    return Answer({"citizen_id": citizen_id, "sessions": ended}, [f"Signed out in {ended} places."])


def suspend(asked: argparse.Namespace) -> Answer:
    def act(gate: Gate, db: Session) -> bool:
        refuse_in_production(gate.settings, "Freezing an account")
        return revocation.suspend(db, asked.citizen_id, gate.now())

    return _moved(asked, "suspended", act)


def resume(asked: argparse.Namespace) -> Answer:
    return _moved(asked, "active", lambda gate, db: revocation.resume(db, asked.citizen_id, gate.now()))


def close(asked: argparse.Namespace) -> Answer:
    def act(gate: Gate, db: Session) -> bool:
        refuse_in_production(gate.settings, "Closing an account for its citizen")
        return revocation.close(db, gate, asked.citizen_id, gate.now())

    return _moved(asked, "closed", act)


def _moved(asked: argparse.Namespace, state: str, act: Callable[[Gate, Session], bool]) -> Answer:
    with opened_gate() as gate, gate.database.writing() as db:
        if not act(gate, db):
            raise CommandError(f"There is no account {asked.citizen_id} that can become {state} now.")
    return Answer({"citizen_id": asked.citizen_id, "state": state}, [f"Account {asked.citizen_id} is {state}."])


@contextmanager
def _parts() -> Iterator[tuple[Settings, Database, Vault]]:
    with opened("gapura_web") as (settings, database):
        try:
            store = KeyStore.open(settings.key_store, master_key_file=settings.master_key_file)
            with database.reading() as db:
                store_marks.refuse_another(db, store)
        except KeyStoreError as refusal:
            raise CommandError(str(refusal)) from refusal
        yield settings, database, Vault(store.rest_sealer(), store.lookup)


def _read(name: str) -> list[Any]:
    try:
        with sys.stdin if name == "-" else open(name, encoding="utf-8") as file:
            read = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{name} cannot be read as JSON ({type(error).__name__}).") from None
    persons = read if isinstance(read, list) else [read]
    if not 1 <= len(persons) <= MOST_LETTERS:
        raise CommandError(f"{name} must hold 1 to {MOST_LETTERS} persons.")
    return persons


def _person(said: Any, place: int, today: date) -> tuple[Identifier, Mapping[str, Any]]:
    """The refusal names the place in the file, never what stands there."""
    if not isinstance(said, dict) or not all(
        isinstance(said.get(name), str) for name in ("nik", "holder", "birthdate")
    ):
        raise CommandError(f"Person {place} must be an object with nik, holder and birthdate as text.")
    nik = identifiers.read_nik(said["nik"])
    if not isinstance(nik, Identifier):
        raise CommandError(f"Person {place} has no readable NIK ({nik.fault.value}).")
    if not AGENCY_CODE.fullmatch(said["holder"]):
        raise CommandError(f"Person {place} has a holder that is no agency's code.")
    wrong = register_values.fault({name: value for name, value in said.items() if name != "holder"}, today)
    if wrong is not None:
        raise CommandError(f"Person {place} {wrong}.")
    return nik, said | {"nik": nik.normal}


def _values(said: Mapping[str, Any], now: datetime) -> dict[str, Value]:
    return {name: Value(value, said["holder"], now) for name, value in said.items() if name != "holder"}


def _show_in_inbox(
    settings: Settings, persons: list[tuple[Identifier, Mapping[str, Any]]], made: list[Letter], now: datetime
) -> None:
    """Where no letter leaves the house, the visible inbox has it. Production does not even import it."""
    if settings.mode is Mode.PRODUCTION:
        return
    from idp.demo.inbox import show_letter

    for (_nik, said), letter in zip(persons, made, strict=True):
        show_letter(settings, str(said.get("name") or letter.citizen_id), letter, now)
