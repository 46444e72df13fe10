"""A whole Gapura for the flows, started once a session as anybody starts it: `wsgi.py` with the demo country."""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.processes import written_out
from idp.settings import Settings
from tests.sample_client import Browser, SampleClient

ROOT = Path(__file__).parents[1]
STARTS_WITHIN_SECONDS = 90
LOWEST_PORT, LENT_FROM_PORT = 10_000, 32_768
BESIDE = 5  # the server, and what the demo runs at the ports after it


@dataclass
class Running:
    """One running demo: its address, its demo.json, and its database for looking behind the doors."""

    issuer: str
    instance: Path
    demo: dict[str, Any]
    launcher: int  # its process
    database: Database  # as one more web process has it

    def browser(self, *also: str) -> Browser:
        return Browser(self.issuer, {"Accept-Language": "id"}, also)

    def home_of(self, client_id: str) -> str:
        """Where an application of the demo runs, beside the server."""
        callback: str = self.client(client_id).redirect_uri
        parts = urlsplit(callback)
        return f"{parts.scheme}://{parts.netloc}/"

    def client(self, client_id: str = "antrean-puskesmas") -> SampleClient:
        return SampleClient(
            self.issuer, next(one for one in self.demo["clients"] if one["client_id"] == client_id)
        )

    def citizen(self, number: int = 1) -> dict[str, Any]:
        """The demo's citizens, counted from 1 as people count them."""
        found: dict[str, Any] = self.demo["citizens"][number - 1]
        return found

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """What stands in the database, read as the owner."""
        url = EmbeddedPostgres(self.instance).url("gapura_owner")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET ROLE gapura_owner")
            return connection.execute(sql, params).fetchall()

    def command(self, *words: str) -> Any:
        """`gapura WORDS` on this installation, as an operator runs it; its answer."""
        environment = written_out(os.environ) | {"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(self.instance)}
        answer = subprocess.run(
            [Path(sys.executable).with_name("gapura"), *words, "--json"],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)


@pytest.fixture(scope="session")
def running(migrated: Path) -> Iterator[Running]:
    """The one that all flows share."""
    with started(migrated) as running:
        yield running


def copy_folder(folder: Path, into: Path) -> None:
    """With its owners: where we are root, a database's files are another account's."""
    subprocess.run(["cp", "-a", folder, into], check=True)


@contextmanager
def started(migrated: Path) -> Iterator[Running]:
    """One of its own, for who kills it; in an empty database."""
    instance = Path(tempfile.mkdtemp(prefix="gapura-running-"))
    instance.chmod(0o711)  # as root the database server is another account
    copy_folder(migrated, instance)
    port = free_port()
    environment = written_out(os.environ) | {
        "GAPURA_MODE": "demo",
        "GAPURA_INSTANCE": str(instance),
        "PORT": str(port),
        "GAPURA_WEB_PROCESSES": "2",  # as a deployment has it: what one process learns, the other must know
        "PYTHONPATH": str(ROOT),
    }
    log = instance / "wsgi.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "wsgi.py", "--until-parent-ends"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, instance, log)
        demo = json.loads((instance / "demo.json").read_text())
        database = Database(EmbeddedPostgres(instance).url("gapura_web"), "gapura_web")
        try:
            yield Running(f"http://127.0.0.1:{port}", instance, demo, process.pid, database)
        finally:
            database.close()
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(instance, ignore_errors=True)


@pytest.fixture(scope="session")
def gate(running: Running) -> Iterator[Gate]:
    """The parts of one more web process of the running server."""
    environ = {
        "GAPURA_MODE": "demo",
        "GAPURA_INSTANCE": str(running.instance),
        "PORT": running.issuer.rpartition(":")[2],
    }
    gate = Gate.build(Settings.from_env(environ), EmbeddedPostgres(running.instance).url("gapura_web"))
    gate.watch.start()
    yield gate
    gate.watch.stop()
    gate.database.close()


def free_port() -> int:
    """One whose next four are free too: the demo agencies stand beside the server. They lie below those that the
    system lends to outgoing connections, and a suite that runs in two processes takes each port in one of them.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.choice(range(LOWEST_PORT + BESIDE * mine, LENT_FROM_PORT, BESIDE * processes))
        if all(_is_free(port + offset) for offset in range(BESIDE)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait(process: subprocess.Popen[bytes], instance: Path, log: Path) -> None:
    """Until it greets; what it said stands in the failure."""
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while b"Gapura serves" not in log.read_bytes() or not (instance / "demo.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"wsgi.py did not start (exit {process.poll()}): {log.read_text()[-3000:]}")
        time.sleep(0.1)
