"""A sequencer may die at any line: no leaf is lost, none is placed twice, no size has two roots.

Three processes of them run against four writers of which some transactions are rolled back; one process after the
other is killed with SIGKILL, at random moments, before and after its commits.
"""

import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import entries, log, sequencer
from consent.ledger.checkpoint import Signer
from consent.ledger.verify import Keys, verify
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
ORIGIN = "ledger.gapura.example/2026"
KILLS = 25


def a_signer() -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20)))
    return Signer(ORIGIN, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign)


def launch_for_ever(url: str) -> None:
    """What the launcher does: for each line it reads, a sequencer that ticks until it is killed, with two
    fillers. It forks before it has any connection, so a new one costs milliseconds.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            database = Database(url, "gapura_worker")
            while True:
                sequencer.advance(database.writing, a_signer(), 2)
        print(pid, flush=True)


@pytest.fixture
def worker(own_postgres: EmbeddedPostgres) -> Iterator[Database]:
    database = Database(own_postgres.url("gapura_worker"), "gapura_worker")
    with database.writing() as db:
        sequencer.begin(db, ORIGIN)
    yield database
    database.close()


@contextmanager
def a_launcher(url: str) -> Iterator[Callable[[], int]]:
    """Each call starts a sequencer and answers its process id."""
    code = f"from tests.faults.test_sequencer_killed import launch_for_ever; launch_for_ever({url!r})"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as launcher:

        def start() -> int:
            assert launcher.stdin is not None
            assert launcher.stdout is not None
            launcher.stdin.write("another\n")
            launcher.stdin.flush()
            return int(launcher.stdout.readline())

        try:
            yield start
        finally:
            launcher.kill()


def test_sequencers_killed_at_any_line_lose_and_double_nothing(
    worker: Database, own_postgres: EmbeddedPostgres
) -> None:
    """(C078)"""
    url, stop = own_postgres.url("gapura_worker"), threading.Event()
    committed: set[bytes] = set()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            leaves = [entries.entry(secrets.token_bytes(32)) for _ in range(chance.randint(1, 5))]
            with worker.engine.connect() as connection, Session(connection) as db:
                for leaf in leaves:
                    log.append(db, leaf)
                if chance.random() < 0.05:
                    db.rollback()
                else:
                    db.commit()
                    committed.update(leaves)
            stop.wait(0.005)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    chance = random.Random(11)
    with a_launcher(url) as start:
        running = [start() for _ in range(3)]
        for thread in writers:
            thread.start()
        try:
            for turn in range(KILLS):
                time.sleep(chance.uniform(0.02, 0.3))
                os.kill(running[turn % 3], signal.SIGKILL)
                running[turn % 3] = start()
        finally:
            stop.set()
            for thread in writers:
                thread.join()
            for pid in running:
                os.kill(pid, signal.SIGKILL)
    # The server notices a killed client a moment later, and until then its locks make the next one leave.
    for _ in range(400):
        if sequencer.advance(worker.writing, a_signer(), 0) is None:
            with worker.reading() as db:
                if not db.scalar(text("SELECT count(*) FROM consent.ledger_intake")):
                    break
            time.sleep(0.05)
    with worker.reading() as db:
        placed = [bytes(entry) for entry in db.scalars(text("SELECT entry FROM consent.ledger_entries"))]
        report = verify(db, Keys([a_signer().verifier]))
    assert report.problems == []
    assert report.size == len(placed) == len(set(placed))
    assert committed <= set(placed)
    assert len(committed) > 100
