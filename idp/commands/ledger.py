"""`gapura ledger verify|head|keys`: recompute the whole log; the heads and keys that outsiders keep."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consent.ledger import sequencer, tiles
from consent.ledger.verify import Keys, Report, verify
from consent.ledger.verify_acts import verify_acts
from idp.accounts.subject_identifiers import Sector, subs_of
from idp.clients import registry
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, CommandError, add_command
from idp.commands.opened import opened, opened_store
from keys import keyring
from keys.key_store import KeyStore
from keys.pairwise import Pairwise
from keys.rotation import Role


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    checked = add_command(
        commands,
        "verify",
        run_verify,
        "Recompute every entry, tile, checkpoint and record; name whatever does not fit.",
    )
    checked.add_argument(
        "--outside",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint that somebody outside kept; may be repeated (a log that was cut fits itself)",
    )
    add_command(commands, "head", head, "The newest published checkpoint, for somebody outside to keep.")
    add_command(
        commands, "keys", keys, "The log's verifier keys (C2SP vkey), for outsiders' programs; no compromised one."
    )


def run_verify(asked: argparse.Namespace) -> Answer:
    """Exit 3 when anything is wrong. It runs in one snapshot, beside a service at work."""
    outside = [_read(path) for path in asked.outside]
    with opened("gapura_web") as (settings, database), database.writing() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        db.connection().exec_driver_sql("SET LOCAL statement_timeout = 0")
        db.connection().exec_driver_sql("SET TRANSACTION READ ONLY")
        store = opened_store(settings)
        report = verify(db, _keys(db, store), outside)
        report.problems += verify_acts(db, _Subjects(db, store))
    return Answer(_data(report), _lines(report), 0 if report.sound else FOUND_SOMETHING_WRONG)


def head(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        published = tiles.published(db)
    if published is None:
        raise CommandError("Nothing is published yet; the worker publishes the first checkpoint.")
    data = {"origin": published.origin, "size": published.size, "note": published.note}
    return Answer(data, [published.note.rstrip("\n")])


def keys(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_web") as (settings, database), database.reading() as db:
        written = [str(key) for key in _keys(db, opened_store(settings)).good]
    return Answer(written, written)


class _Subjects:
    """Every `sub` by which an application may have known a citizen: one for each version of its sector's key."""

    def __init__(self, db: Session, store: KeyStore) -> None:
        self._clients = registry.load(db).by_no
        self._pairwise = Pairwise(store.master)

    def __call__(self, citizen_id: UUID, client_no: int) -> Iterable[str]:
        client = self._clients.get(client_no)
        if client is None:
            return
        yield from subs_of(self._pairwise, citizen_id, Sector(client.sector, client.sector_version))


def _keys(db: Session, store: KeyStore) -> Keys:
    """None while there is no log."""
    origin = sequencer.find_origin(db)
    if origin is None:
        return Keys(())
    return Keys.of(origin, keyring.load(db, store.rest_sealer()).history(Role.LEDGER))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as a checkpoint; name a file with a signed note.") from error


def _data(report: Report) -> dict[str, Any]:
    return {
        "origin": report.origin,
        "size": report.size,
        "root": report.root.hex(),
        "checkpoints": report.checkpoints,
        "problems": report.problems,
        "warnings": report.warnings,
    }


def _lines(report: Report) -> list[str]:
    if not report.origin and report.sound:
        return ["There is no log here yet."]
    told = [*report.problems, *report.warnings]
    if report.sound:
        told.append(f"{report.origin}: {report.size} entries and {report.checkpoints} checkpoints fit.")
    return told
