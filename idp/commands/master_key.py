"""`gapura keys renew-master|reseal`: the next master key, which one seals, and every row brought under it.

The service runs on. In this order nothing meets a row that it cannot open: make the key, copy the key store to
every machine and restart; let it seal, copy and restart again; seal anew what lies there.
"""

import argparse
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from idp import audit, resealing
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, CommandError, add_command
from idp.commands.opened import opened, opened_store
from idp.resealing import Walked
from keys import master_keys, store_marks
from keys.errors import KeyStoreError
from keys.key_store import KeyStore, fingerprint

COPY = "Copy the key store to every machine, then restart every process there"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    master = add_command(commands, "renew-master", renew, "Make the next master key, or choose which one seals.")
    master.add_argument("--use", type=int, metavar="N", help="let version N seal, from each process's next start")
    add_command(commands, "reseal", reseal, "Bring every sealed row under the master key that seals now.")


def renew(asked: argparse.Namespace) -> Answer:
    def make(db: Session, store: KeyStore) -> Answer:
        version = master_keys.make_next(store.folder, store.masters)
        _record(db, "master_key.made", version)
        again = f"gapura keys renew-master --use {version}"
        return Answer(
            {"made": version},
            [f"Made version {version} of the master key; it seals nothing yet.", f"{COPY}; after that: {again}."],
        )

    def use(db: Session, store: KeyStore) -> Answer:
        master_keys.use(store.folder, store.masters, asked.use)
        _record(db, "master_key.chosen", asked.use)
        return Answer(
            {"sealing": asked.use},
            [f"Version {asked.use} seals, from the next start on.", f"{COPY}; after that: gapura keys reseal."],
        )

    return _with_store(make if asked.use is None else use)


def reseal(_asked: argparse.Namespace) -> Answer:
    """Exit 3 while rows hang on another version. Safe beside a service at work, and to run again."""
    with opened("gapura_worker") as (settings, database):
        store = opened_store(settings)
        with database.writing() as db:
            _refuse_another(db, store)
            _record(db, "master_key.resealing_began", store.sealing)
        walked = list(resealing.walk(database, store.rest_sealer()))
        with database.writing() as db:
            counts = {"rows": sum(one.resealed for one in walked), "left": sum(one.left for one in walked)}
            _record(db, "master_key.resealed", store.sealing, counts)
    lines = [_line(one) for one in walked]
    if counts["left"]:
        lines.append(f"{counts['left']} rows still hang on another version than {store.sealing}: run it again.")
    else:
        lines.append(f"No row hangs on another version than {store.sealing}.")
    data = {"sealing": store.sealing, "tables": [vars(one) for one in walked], **counts}
    return Answer(data, lines, FOUND_SOMETHING_WRONG if counts["left"] else 0)


def shown(store: KeyStore) -> dict[str, Any]:
    """The versions that are here with their fingerprints, and which seals."""
    return {
        "master_keys": {str(version): fingerprint(key) for version, key in store.masters.items()},
        "sealing": store.sealing,
    }


def line(store: KeyStore) -> str:
    """The same for people: what two machines compare."""
    here = ", ".join(f"{version} ({fingerprint(key)})" for version, key in store.masters.items())
    return f"Versions of the master key here: {here}; version {store.sealing} seals."


def _with_store(act: Callable[[Session, KeyStore], Answer]) -> Answer:
    with opened("gapura_worker") as (settings, database), database.writing() as db:
        store = opened_store(settings)
        _refuse_another(db, store)
        try:
            return act(db, store)
        except KeyStoreError as refusal:
            raise CommandError(str(refusal)) from refusal


def _refuse_another(db: Session, store: KeyStore) -> None:
    try:
        store_marks.refuse_another(db, store)
    except KeyStoreError as refusal:
        raise CommandError(str(refusal)) from refusal


def _record(db: Session, action: str, version: int, counts: dict[str, int] | None = None) -> None:
    audit.record(
        db, action=action, object_id=str(version), outcome="done", detail={"by": "command", **(counts or {})}
    )


def _line(one: Walked) -> str:
    odd = f", {one.unopened} do not open under any master key here" if one.unopened else ""
    return f"{one.table}: {one.resealed} sealed anew, {one.left} left{odd}."
