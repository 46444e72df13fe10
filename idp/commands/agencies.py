"""`gapura agencies add|show|verify|suspend`: the public bodies that applications belong to."""

import argparse
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exc
from sqlalchemy.orm import Session

from idp.clients import agencies
from idp.clients.models import Agency
from idp.commands.answer import Answer, CommandError, add_command, opened
from idp.commands.clients import refuse_in_production


def add_to(subjects: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subjects.add_parser("agencies", help="public bodies: register, verify, suspend")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    adding = add_command(commands, "add", add, "Register a public body, with the sector of its applications.")
    adding.add_argument("code", help="the government's own code, for ever; small letters, digits, hyphens")
    adding.add_argument("--name", required=True, help="its name in Indonesian")
    adding.add_argument("--name-en", help="its name in English; default: the Indonesian one")
    adding.add_argument("--dpo-contact", required=True, help="its data protection officer, shown to citizens")
    adding.add_argument("--domain", action="append", default=[], help="a domain it has proven; may be repeated")
    add_command(commands, "show", show, "List all public bodies.")
    add_command(commands, "verify", verify, "Its papers were seen; also lifts a suspension.").add_argument("code")
    add_command(commands, "suspend", suspend, "Stop all its applications at once.").add_argument("code")


def add(asked: argparse.Namespace) -> Answer:
    name = {"id": asked.name, "en": asked.name_en or asked.name}
    try:
        with opened("gapura_web") as (_, database), database.writing() as db:
            agency = agencies.register(
                db,
                code=asked.code,
                name=name,
                dpo_contact=asked.dpo_contact,
                domains=asked.domain,
                now=datetime.now(UTC),
            )
            return Answer(_described(agency), [f"{agency.agency_code} is registered."])
    except exc.IntegrityError as error:
        raise CommandError(f"{asked.code} is another agency's code.") from error
    except ValueError as error:
        raise CommandError(f"{error}.") from error


def show(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        found = agencies.list_all(db)
    lines = [f"{one.agency_code}  {one.state}  {one.name['id']}" for one in found]
    return Answer([_described(one) for one in found], lines or ["There is no agency yet."])


def verify(asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.writing() as db:
        agencies.verify(db, _find(db, asked.code), datetime.now(UTC))
    return Answer({"code": asked.code, "state": "verified"}, [f"{asked.code} is verified."])


def suspend(asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (settings, database), database.writing() as db:
        refuse_in_production(settings, "Suspending an agency")
        agencies.suspend(db, _find(db, asked.code), datetime.now(UTC))
    return Answer(
        {"code": asked.code, "state": "suspended"},
        [f"{asked.code} is suspended: none of its applications receives anything."],
    )


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
