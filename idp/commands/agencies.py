"""`gapura agencies add|show|contact|overdue|verify|suspend|resume`: the public bodies that own applications."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exc
from sqlalchemy.orm import Session

from idp.accounts.identifiers import Unreadable, read_email
from idp.clients import agencies, registry
from idp.clients.models import Agency
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, CommandError, add_command
from idp.commands.clients import refuse_in_production
from idp.commands.opened import opened
from idp.revocation import client as revocation
from idp.settings import Settings
from idp.signals import delivery


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    adding = add_command(commands, "add", add, "Register a public body, with the sector of its applications.")
    adding.add_argument("code", help="the government's own code, for ever; small letters, digits, hyphens")
    adding.add_argument("--name", required=True, help="its name in Indonesian")
    adding.add_argument("--name-en", help="its name in English; default: the Indonesian one")
    adding.add_argument(
        "--dpo-contact", required=True, help="its data protection officer's e-mail, shown to citizens"
    )
    adding.add_argument("--domain", action="append", default=[], help="a domain it has proven; may be repeated")
    add_command(commands, "show", show, "List all public bodies.")
    changing = add_command(commands, "contact", change_contact, "From now on write to another officer.")
    changing.add_argument("code")
    changing.add_argument("--dpo-contact", required=True, help="their e-mail address")
    late = add_command(
        commands, "overdue", overdue, "Withdrawals without an end after three days; exit 3 when any."
    )
    late.add_argument("--limit", type=int, default=100, help="at most so many, the longest overdue first")
    for name, run, text in (
        ("verify", verify, "Its papers were seen."),
        ("suspend", suspend, "Stop all its applications at once; their consents wait until it is resumed."),
        ("resume", resume, "Lift a suspension."),
    ):
        add_command(commands, name, run, text).add_argument("code")


def add(asked: argparse.Namespace) -> Answer:
    name = {"id": asked.name, "en": asked.name_en or asked.name}
    try:
        with opened("gapura_web") as (_, database), database.writing() as db:
            agency = agencies.register(
                db,
                code=asked.code,
                name=name,
                dpo_contact=_contact(asked),
                domains=asked.domain,
                now=datetime.now(UTC),
            )
            return Answer(_described(agency), [f"{agency.agency_code} is registered."])
    except exc.IntegrityError as error:
        raise CommandError(f"{asked.code} is another agency's code.") from error
    except ValueError as error:
        said = str(error)
        raise CommandError(f"{said[0].upper()}{said[1:]}.") from error


def show(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        found = agencies.list_all(db)
    lines = [f"{one.agency_code}  {one.state}  {one.name['id']}" for one in found]
    return Answer([_described(one) for one in found], lines or ["There is no agency yet."])


def change_contact(asked: argparse.Namespace) -> Answer:
    def act(db: Session, agency: Agency, _settings: Settings) -> str:
        contact = _contact(asked)
        agencies.change_contact(db, agency, contact)
        return f"{asked.code} is written to at {contact}."

    return _changed(asked, act)


def overdue(asked: argparse.Namespace) -> Answer:
    """Ids only: an operator asks the agency, not after the citizen."""
    with opened("gapura_web") as (_, database), database.reading() as db:
        found = delivery.list_overdue(db, max(1, asked.limit))
        known = registry.load(db).by_no
    rows = [
        {
            "agency": known[one.client_no].agency_code,
            "client_id": known[one.client_no].client_id,
            "id": str(one.consent_id),
            "state": one.clock.state,
            "due_at": one.clock.due_at.isoformat(timespec="seconds"),
        }
        for one in found
        if one.client_no in known
    ]
    lines = ["  ".join(row.values()) for row in rows]
    return Answer(rows, lines or ["None is overdue."], FOUND_SOMETHING_WRONG if rows else 0)


def verify(asked: argparse.Namespace) -> Answer:
    def act(db: Session, agency: Agency, _settings: Settings) -> str:
        agencies.verify(db, agency, datetime.now(UTC))
        return f"{asked.code} is verified."

    return _changed(asked, act)


def suspend(asked: argparse.Namespace) -> Answer:
    def act(db: Session, agency: Agency, settings: Settings) -> str:
        refuse_in_production(settings, "Suspending an agency")
        revocation.suspend_agency(db, agency)
        return f"{asked.code} is suspended: none of its applications receives anything."

    return _changed(asked, act)


def resume(asked: argparse.Namespace) -> Answer:
    def act(db: Session, agency: Agency, _settings: Settings) -> str:
        revocation.resume_agency(db, agency)
        return f"{asked.code} is registered again; tokens of before stay dead. Next: gapura agencies verify."

    return _changed(asked, act)


def _changed(asked: argparse.Namespace, act: Callable[[Session, Agency, Settings], str]) -> Answer:
    with opened("gapura_web") as (settings, database), database.writing() as db:
        agency = _find(db, asked.code)
        try:
            line = act(db, agency, settings)
        except ValueError as refusal:
            raise CommandError(f"{refusal}.") from refusal
        db.refresh(agency)
        return Answer({"code": agency.agency_code, "state": agency.state}, [line])


def _contact(asked: argparse.Namespace) -> str:
    """Where an agency is told of withdrawals: a counter or a telephone cannot be written to."""
    read = read_email(asked.dpo_contact)
    if isinstance(read, Unreadable):
        raise CommandError("--dpo-contact is no e-mail address; withdrawals and complaints are sent to it.")
    return read.normal


def _find(db: Session, code: str) -> Agency:
    agency = agencies.find(db, code)
    if agency is None:
        raise CommandError("There is no agency with this code.")
    return agency


def _described(agency: Agency) -> dict[str, Any]:
    return {
        "code": agency.agency_code,
        "name": agency.name,
        "state": agency.state,
        "dpo_contact": agency.dpo_contact,
        "domains": agency.domains,
    }
