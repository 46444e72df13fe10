"""`gapura clients add|show|go-live|suspend|resume|rotate-secret`: applications, as an operator registers them.

`add` takes RFC 7591 metadata as a JSON file, with `agency`, `profile` and `sign_in_agreement` beside it. A secret
is printed once and is nowhere else. Suspending takes two people; until they can confirm each other here, it is for
demo and sandbox only (DESIGN §6.11).
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from idp.clients import registration, registry
from idp.clients.metadata import Refused
from idp.clients.models import Client
from idp.clients.registry import Client as Known
from idp.commands.answer import Answer, CommandError, add_command, written
from idp.commands.opened import opened
from idp.revocation import client as revocation
from idp.settings import Mode, Settings

NOBODY = "There is no client with this id."


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    adding = add_command(commands, "add", add, "Register an application; prints its id and, once, its secret.")
    adding.add_argument(
        "--file",
        required=True,
        help="JSON: RFC 7591 metadata, agency, profile, sign_in_agreement; - for stdin",
    )
    showing = add_command(commands, "show", show, "Show one application, or all of them.")
    showing.add_argument("client_id", nargs="?")
    for name, run, text in (
        ("go-live", go_live, "Open an application to citizens; it needs a sign-in agreement in force."),
        ("suspend", suspend, "Stop an application at once; its consents wait until it is resumed."),
        ("resume", resume, "Lift a suspension."),
        ("rotate-secret", rotate_secret, "Make a new secret beside the present one; prints it once."),
    ):
        add_command(commands, name, run, text).add_argument("client_id")


def add(asked: argparse.Namespace) -> Answer:
    raw = read(asked.file)
    with opened("gapura_web") as (settings, database), database.writing() as db:
        rehearsal = settings.mode is not Mode.PRODUCTION
        outcome = registration.add(db, raw, now=datetime.now(UTC), rehearsal=rehearsal)
        if isinstance(outcome, Refused):
            raise CommandError(said(outcome))
    lines = [f"client_id: {outcome.client_id}"]
    if outcome.client_secret:
        lines += [
            f"client_secret: {outcome.client_secret}",
            "The secret is shown this once; put it where only the application reads it.",
        ]
    if not rehearsal:
        lines.append("It is a draft. Next: gapura agreements approve, then gapura clients go-live.")
    return Answer({"client_id": outcome.client_id, "client_secret": outcome.client_secret}, lines)


def show(asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        known = registry.load(db).by_id
        if asked.client_id is None:
            clients = sorted(known.values(), key=lambda client: client.client_id)
            lines = [
                f"{one.client_id}  {one.state}  {one.profile}  {one.agency_code}  {one.name['id']}"
                for one in clients
            ]
            return Answer([_described(one) for one in clients], lines or ["There is no application yet."])
        if asked.client_id not in known:
            raise CommandError(NOBODY)
        found = known[asked.client_id]
        secrets = registration.list_secrets(db, registration.get(db, found.client_id))
        data = _described(found) | {
            "secrets": [
                {"slot": one.slot, "created_at": one.created_at, "used_on": one.used_on} for one in secrets
            ]
        }
    return Answer(
        data, [f"{name}: {written(value)}" for name, value in data.items() if value not in (None, [], {})]
    )


def go_live(asked: argparse.Namespace) -> Answer:
    def act(db: Session, client: Client, _settings: Settings) -> str:
        outcome = registration.go_live(db, client, datetime.now(UTC))
        if isinstance(outcome, Refused):
            raise CommandError(said(outcome))
        return f"{client.client_id} is live."

    return _changed(asked, act)


def suspend(asked: argparse.Namespace) -> Answer:
    def act(db: Session, client: Client, settings: Settings) -> str:
        refuse_in_production(settings, "Suspending an application")
        revocation.suspend(db, client)
        return f"{client.client_id} is suspended: it receives nothing from now on."

    return _changed(asked, act)


def resume(asked: argparse.Namespace) -> Answer:
    def act(db: Session, client: Client, _settings: Settings) -> str:
        revocation.resume(db, client)
        return f"{client.client_id} is {client.state} again; tokens of before stay dead."

    return _changed(asked, act)


def rotate_secret(asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.writing() as db:
        client = _find(db, asked.client_id)
        if not client.auth_method.startswith("client_secret"):
            raise CommandError(f"{client.client_id} has no secret; it authenticates by {client.auth_method}.")
        secret = registration.rotate_secret(db, client, datetime.now(UTC))
    lines = [
        f"client_secret: {secret}",
        "The secret before it still works; rotating again replaces the older of the two.",
    ]
    return Answer({"client_id": asked.client_id, "client_secret": secret}, lines)


def read(name: str) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        raw = json.loads(text)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{name} is not JSON in UTF-8.") from error
    if not isinstance(raw, dict):
        raise CommandError(f"{name} must hold one JSON object.")
    return raw


def said(refused: Refused) -> str:
    """All faults in one line: the field, then what to write instead."""
    return "; ".join(f"{fault.field}: {fault.mend}" for fault in refused.faults) + "."


def refuse_in_production(settings: Settings, what: str) -> None:
    if settings.mode is Mode.PRODUCTION:
        raise CommandError(
            f"{what} takes two people, and nobody can be the second here yet: demo and sandbox only."
        )


def _changed(asked: argparse.Namespace, act: Callable[[Session, Client, Settings], str]) -> Answer:
    with opened("gapura_web") as (settings, database), database.writing() as db:
        client = _find(db, asked.client_id)
        try:
            line = act(db, client, settings)
        except ValueError as refusal:
            raise CommandError(f"{refusal}.") from refusal
        return Answer({"client_id": client.client_id, "state": client.state}, [line])


def _find(db: Session, client_id: str) -> Client:
    client = registration.find(db, client_id)
    if client is None:
        raise CommandError(NOBODY)
    return client


def _described(client: Known) -> dict[str, Any]:
    """Everything but what is secret."""
    agreement = client.sign_in_agreement
    return {
        "client_id": client.client_id,
        "agency": client.agency_code,
        "state": client.state,
        "agency_state": client.agency_state,
        "profile": client.profile,
        "name": client.name,
        "token_endpoint_auth_method": client.auth_method,
        "redirect_uris": list(client.redirect_uri_list),
        "post_logout_redirect_uris": sorted(client.post_logout_uris),
        "scope": " ".join(sorted(client.scopes)),
        "grant_types": sorted(client.grant_types),
        "id_token_signed_response_alg": client.id_token_alg,
        "sign_in_agreement": None
        if agreement is None
        else {"agreement_no": agreement.agreement_no, "revision": agreement.revision},
        "created_at": client.created_at,
        "live_at": client.live_at,
    }
