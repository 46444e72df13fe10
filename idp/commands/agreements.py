"""`gapura agreements show|approve|refuse`: what applications may ask of citizens, as an operator judges it."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from consent import agreements, attributes, purposes
from consent.agreements import Agreement
from consent.attributes import Attributes
from consent.errors import NoSuchAgreement
from consent.purposes import Purposes
from idp import audit
from idp.clients import registration
from idp.commands.answer import Answer, CommandError, add_command
from idp.commands.opened import opened
from idp.invalidation import bump

MOST_NUMBERS = 2**31 - 1  # an integer of PostgreSQL
NO_PROPOSAL = "There is no proposal with this number."


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    showing = add_command(commands, "show", show, "Show the agreements of one application, newest first.")
    showing.add_argument("client_id")
    for name, run, text in (
        ("approve", approve, "Bring a proposal into force; it supersedes the one before it."),
        ("refuse", refuse, "Say no to a proposal."),
    ):
        add_command(commands, name, run, text).add_argument("agreement_no", type=int)


def show(asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        client = registration.find(db, asked.client_id)
        if client is None:
            raise CommandError("There is no client with this id.")
        known, catalogue = attributes.load(db), purposes.load(db)
        found = [_described(one, known, catalogue) for one in agreements.list_of_client(db, client.client_no)]
    lines = [
        f"{one['agreement_no']}  {one['state']}  {one['purpose']}  required: {' '.join(one['required']) or '-'}"
        f"  optional: {' '.join(one['optional']) or '-'}  law: {' '.join(one['law']) or '-'}"
        for one in found
    ]
    return Answer(found, lines or [f"{asked.client_id} has no agreement yet."])


def approve(asked: argparse.Namespace) -> Answer:
    return _decided(asked.agreement_no, agreements.approve)


def refuse(asked: argparse.Namespace) -> Answer:
    return _decided(asked.agreement_no, agreements.refuse)


def _decided(agreement_no: int, decide: Callable[[Session, int, datetime], Agreement]) -> Answer:
    if not 0 < agreement_no <= MOST_NUMBERS:
        raise CommandError(NO_PROPOSAL)
    with opened("gapura_web") as (_, database), database.writing() as db:
        try:
            agreement = decide(db, agreement_no, datetime.now(UTC))
        except NoSuchAgreement as error:
            raise CommandError(NO_PROPOSAL) from error
        audit.record(db, action=f"agreement.{agreement.state}", object_id=str(agreement_no), outcome="done")
        bump(db)
    return Answer(
        {"agreement_no": agreement_no, "state": agreement.state},
        [f"Agreement {agreement_no} is {agreement.state}."],
    )


def _described(agreement: Agreement, known: Attributes, catalogue: Purposes) -> dict[str, Any]:
    def names(numbers: tuple[int, ...]) -> list[str]:
        return [known.by_no[number].name for number in numbers]

    law = agreement.law_statute_no
    return {
        "agreement_no": agreement.agreement_no,
        "revision": agreement.revision,
        "state": agreement.state,
        "for_sign_in": agreement.for_sign_in,
        "purpose": catalogue.by_no[agreement.purpose_no].code,
        "required": names(agreement.required_nos),
        "optional": names(agreement.optional_nos),
        "law": names(agreement.law_nos),
        "law_statute": None if law is None else catalogue.bases[law].citation,
        "retention_days": agreement.retention_days,
        "if_refused": agreement.if_refused,
        "proposed_at": agreement.proposed_at,
        "decided_at": agreement.decided_at,
    }
