"""One command runs everything; whoever kills it, nothing is left running; a bad start is one sentence."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from idp.embedded_postgres import EmbeddedPostgres
from tests.running import copy_folder, free_port

ROOT = Path(__file__).parents[3]


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have followed another that was killed
        os.kill(pid, signal.SIGKILL)


class Running:
    """An installation started in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    def environment(self, **changes: str) -> dict[str, str]:
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(self.folder / "instance"), "PORT": str(self.port)}
        return passed | own | changes

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "wsgi.py"], cwd=ROOT, env=self.environment(), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Gapura serves"):
                return
        raise AssertionError("it did not start")

    def refused(self, **changes: str) -> str:
        """Start with other settings, expecting a refusal: its sentence."""
        result = subprocess.run(
            [sys.executable, "wsgi.py"],
            cwd=ROOT,
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert result.returncode == 1, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        said = [line for line in result.stderr.splitlines() if line.startswith("gapura: ")]
        assert len(said) == 1, result.stderr
        return said[0]

    def command(self, *arguments: str) -> str:
        """What `gapura` says beside it."""
        command = [Path(sys.executable).with_name("gapura"), *arguments]
        result = subprocess.run(
            command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=90
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def children(self) -> list[int]:
        """Everybody who carries this instance's folder in arguments or environment."""
        marks = (str(self.folder).encode(),)
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if any(mark in said for mark in marks):
                    found.append(int(entry.name))
        return found

    def nobody_left(self, within: float) -> bool:
        deadline = time.monotonic() + within
        while self.children():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
        for pid in self.children():
            kill(pid)


def _generation(running: Running, statement: str) -> int:
    url = EmbeddedPostgres(running.folder / "instance").url("gapura_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE gapura_owner")
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def write(running: Running) -> int:
    """A write that is acknowledged: what it says must be said after any death."""
    return _generation(running, "UPDATE idp.generation SET generation = generation + 1 RETURNING generation")


def written(running: Running) -> int:
    return _generation(running, "SELECT generation FROM idp.generation")


@contextlib.contextmanager
def in_a_new_folder() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="gapura-test-"))
    folder.chmod(0o711)
    running = Running(folder)
    try:
        yield running
    finally:
        running.end()
        shutil.rmtree(folder, ignore_errors=True)


def begin_with(data: Path, running: Running) -> None:
    """An empty database that is migrated already."""
    instance = running.folder / "instance"
    instance.mkdir(mode=0o711)
    copy_folder(data, instance)


def stop(running: Running) -> None:
    """As Ctrl-C does."""
    assert running.process is not None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0


@pytest.fixture(scope="module")
def made(migrated: Path) -> Iterator[Path]:
    """An instance folder that served once: to make its database and its country takes longest of a first start."""
    with in_a_new_folder() as running:
        begin_with(migrated, running)
        running.start()
        stop(running)
        yield running.folder / "instance"


@pytest.fixture
def running(made: Path) -> Iterator[Running]:
    """Its database and country are there; it is started by who needs it to run."""
    with in_a_new_folder() as running:
        copy_folder(made, running.folder)
        yield running


@pytest.fixture
def untouched() -> Iterator[Running]:
    """Never started."""
    with in_a_new_folder() as running:
        yield running


def test_ctrl_c_ends_everything_in_order(untouched: Running) -> None:
    untouched.start()
    stop(untouched)
    assert untouched.nobody_left(within=1)
    log = (untouched.folder / "instance" / "log" / "postgres.log").read_text()
    assert "database system is shut down" in log


def test_a_killed_launcher_leaves_no_orphan_and_the_next_start_serves(running: Running) -> None:
    running.start()
    assert running.process is not None
    acknowledged = write(running)
    running.process.kill()
    running.process.wait()
    assert running.nobody_left(within=30), running.children()
    running.start()
    assert running.healthy()
    assert written(running) >= acknowledged


def test_killing_everything_at_once_is_survived(running: Running) -> None:
    running.start()
    acknowledged = write(running)
    for pid in running.children():
        kill(pid)
    assert running.process is not None
    running.process.wait()
    assert running.nobody_left(within=5)
    running.start()
    assert running.healthy()
    assert written(running) >= acknowledged


def test_what_dies_beside_us_is_started_again(running: Running) -> None:
    running.start()
    assert running.process is not None
    for pid in running.children():
        if pid != running.process.pid:
            kill(pid)
    deadline = time.monotonic() + 20
    while not (running.healthy() and (running.folder / "instance" / "pgdata" / "postmaster.pid").exists()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running.process.poll() is None


def test_children_see_no_secret_of_our_environment(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = running.environment(MARKER_SECRET="d0nttell", PGPASSWORD="d0nttell")
    monkeypatch.setattr(running, "environment", lambda: changed)
    running.start()
    assert running.process is not None
    for pid in running.children():
        if pid != running.process.pid:
            assert b"d0nttell" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_one_sentence(running: Running, offset: int) -> None:
    """The server's own, and that of an agency beside it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", running.port + offset))
        other.listen()
        assert f"Port {running.port + offset} is taken" in running.refused()
    assert running.nobody_left(within=5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "see DATABASE_URL", id="no server there"
        ),
        pytest.param({"DATABASE_URL": "mysql://x"}, "DATABASE_URL is not", id="another engine"),
        pytest.param({"GAPURA_MODE": "production"}, "GAPURA_ISSUER is missing", id="production without an issuer"),
        pytest.param({"GAPURA_INSTANCE": "/dev/null/instance"}, "set GAPURA_INSTANCE", id="no instance folder"),
        pytest.param({"GAPURA_POSTGRES_BIN": "/nonexistent"}, "GAPURA_POSTGRES_BIN", id="no binaries"),
        pytest.param({"GAPURA_METRICS_TOKEN_FILE": "/nonexistent"}, "put a token there", id="no token"),
    ],
)
def test_a_bad_start_is_one_sentence(untouched: Running, changes: dict[str, str], sentence: str) -> None:
    assert sentence in untouched.refused(**changes)
    assert untouched.nobody_left(within=5)


@pytest.mark.parametrize("name", ["metrics", "agencies", "demo.json"])
def test_what_stands_in_the_way_in_the_instance_folder_is_one_sentence(running: Running, name: str) -> None:
    running.start()
    running.end()
    wrong = running.folder / "instance" / name
    if wrong.is_dir():
        shutil.rmtree(wrong)
        wrong.touch()
    else:
        wrong.unlink()
        wrong.mkdir()
    said = running.refused()
    assert f"{wrong}" in said
    assert "set GAPURA_INSTANCE" in said
    assert running.nobody_left(within=15)


def test_a_server_that_does_not_fit_is_one_sentence(running: Running) -> None:
    """By an address: an account that is not ours to use, and a database that a newer program has upgraded."""
    running.start()
    server = EmbeddedPostgres(running.folder / "instance")
    elsewhere = {"PORT": str(free_port())}
    assert "may not make the roles" in running.refused(DATABASE_URL=server.url("gapura_web"), **elsewhere)
    strange = server.url("gapura_web").replace("gapura_web_login", "stranger")
    assert "see DATABASE_URL" in running.refused(DATABASE_URL=strange, **elsewhere)
    url = server.url("gapura_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE gapura_owner")
        connection.execute("UPDATE idp.oldest_release SET revision = '9998'")
        connection.execute("UPDATE idp.alembic_version SET version_num = '9999'")
    assert "revision 9999, which this program does not know" in running.refused(DATABASE_URL=url, **elsewhere)
    assert running.healthy(), "who was refused disturbed nobody"


def test_a_store_without_the_master_key_that_rows_hang_on_is_one_sentence(
    running: Running,
) -> None:
    running.start()
    running.command("keys", "renew-master")
    running.command("keys", "renew-master", "--use", "2")
    assert "idp.citizen_keys: 0 sealed anew" not in running.command("keys", "reseal")
    assert "keys.private_keys: 0 sealed anew, 0 left." in running.command("keys", "reseal")
    running.end()
    assert running.nobody_left(within=15)
    running.start()
    assert running.healthy()
    running.end()
    assert running.nobody_left(within=15)
    store = running.folder / "instance" / "keys"
    for name in ("sealing", "master-2"):
        (store / name).rename(running.folder / name)
    assert "copy the file master-2 from the key store that has it" in running.refused()
    for name in ("sealing", "master-2"):
        (running.folder / name).rename(store / name)
    running.start()


def test_another_mode_no_key_store_or_another_master_key_is_one_sentence(running: Running) -> None:
    running.start()
    running.end()
    assert running.nobody_left(within=15)
    assert "of mode demo" in running.refused(GAPURA_MODE="sandbox")
    store, kept = running.folder / "instance" / "keys", running.folder / "kept"
    store.rename(kept)
    assert "restore it from a copy" in running.refused()
    assert not store.exists(), "no second store is made beside a database that needs the first"
    kept.rename(store)
    other = running.folder / "other-key"
    other.write_bytes(b"x" * 32)
    other.chmod(0o600)
    assert "The master key is not the one" in running.refused(GAPURA_MASTER_KEY_FILE=str(other))
    for name in ("lookup", "pepper"):
        right = (store / name).read_bytes()
        (store / name).write_bytes(b"x" * 32)
        assert f"{name} is not the one this database was filled with" in running.refused()
        (store / name).write_bytes(right)
    assert running.nobody_left(within=5)
    running.start()
