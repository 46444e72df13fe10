"""`gapura bench seed|grow`: what the meter measures with (bench/README.md). Demo and sandbox installations only.

`idp.demo` is imported inside: production has these commands only to refuse them, with nothing of the demo in
memory.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from consent.ledger import log
from idp import ledger_upkeep
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.commands.answer import Answer, CommandError, add_command
from idp.database import Database
from idp.installation import Installation
from idp.settings import Mode, Settings
from keys import keyring
from keys.key_store import KeyStore
from keys.pairwise import Pairwise


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    seeding = add_command(
        commands, "seed", seed, "Make the clients and citizens of bench/gapura.json. Safe to run again."
    )
    seeding.add_argument("--citizens", type=int, required=True)
    seeding.add_argument("--clients", type=int, required=True)
    growing = add_command(commands, "grow", grow, "Bring the database up to what this many citizens leave behind.")
    growing.add_argument("--citizens", type=int, required=True)


def seed(asked: argparse.Namespace) -> Answer:
    with _parts() as parts:
        from idp.demo import bench

        now = datetime.now(UTC)
        for number in range(asked.clients):
            with parts.database.writing() as db:
                bench.seed_clients(db, number, now)
        for number in range(asked.citizens):
            with parts.database.writing() as db:
                bench.seed_citizen(db, parts.vault, parts.hashing, number, now)
    return Answer(
        {"clients": asked.clients, "citizens": asked.citizens},
        [f"{asked.clients} clients of each algorithm and {asked.citizens} citizens are there."],
    )


def grow(asked: argparse.Namespace) -> Answer:
    with _parts() as parts:
        from idp.demo import growth

        now = datetime.now(UTC)
        issuer, there = parts.settings.issuer, 0
        for there in growth.grow(parts.database, parts.vault, parts.pairwise, issuer, asked.citizens, now):
            print(f"\r{there:,} citizens", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        _number_leaves(parts)
        checkpointed = _settle(parts.installation)
    lines = [f"There are at least {asked.citizens:,} citizens; the tables are vacuumed and analysed."]
    if not checkpointed:
        lines.append("The owner's account may not CHECKPOINT: the next one will fall into what is measured.")
    return Answer({"citizens": asked.citizens, "checkpointed": checkpointed}, lines)


@dataclass(frozen=True)
class Parts:
    """Of a process that seeds and grows."""

    settings: Settings
    installation: Installation
    store: KeyStore
    database: Database  # as the worker: it makes partitions of months that are past
    vault: Vault
    hashing: PasswordHashing
    pairwise: Pairwise


@contextmanager
def _parts() -> Iterator[Parts]:
    settings = Settings.from_env()
    if settings.mode is Mode.PRODUCTION:
        raise CommandError("gapura bench is for demo and sandbox; it would put invented people into a country.")
    with Installation(settings) as installation:
        installation.judge("gapura_worker", datetime.now(UTC))
        store = KeyStore.open(settings.key_store, master_key_file=settings.master_key_file)
        database = installation.database("gapura_worker")
        try:
            yield Parts(
                settings,
                installation,
                store,
                database,
                Vault(store.rest_sealer(), store.lookup),
                PasswordHashing(store.pepper),
                Pairwise(store.master),
            )
        finally:
            database.close()


def _number_leaves(parts: Parts) -> None:
    """Give every leaf its place now: a worker would need hours, and the hops measured would pay for it."""
    with parts.database.reading() as db:
        ring = keyring.load(db, parts.store.rest_sealer(), everything=True)
    while True:
        with parts.database.reading() as db:
            waiting, _ = log.backlog(db)
        if not waiting:
            return
        if ledger_upkeep.tick(parts.database, ring, parts.settings) is None:
            time.sleep(0.2)  # a worker is at it


def _settle(installation: Installation) -> bool:
    """So that this work is not paid for by the hops that are measured next."""
    with psycopg.connect(installation.url("gapura_owner"), autocommit=True) as connection:
        connection.execute("SET ROLE gapura_owner")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("RESET ROLE")
        try:
            connection.execute("CHECKPOINT")
        except psycopg.errors.InsufficientPrivilege:
            return False
    return True
