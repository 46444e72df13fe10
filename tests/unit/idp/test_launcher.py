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

import pytest

ROOT = Path(__file__).parents[3]


def _free_port() -> int:
    """A port with three free ones behind it, for the agencies."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 60_000)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have followed another that was killed
        os.kill(pid, signal.SIGKILL)


class Running:
    """An installation started in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
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


@pytest.fixture
def running() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="gapura-test-"))
    folder.chmod(0o711)
    running = Running(folder)
    yield running
    running.end()
    shutil.rmtree(folder, ignore_errors=True)


def test_ctrl_c_ends_everything_in_order(running: Running) -> None:
    running.start()
    assert running.process is not None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    assert running.nobody_left(within=1)
    log = (running.folder / "instance" / "log" / "postgres.log").read_text()
    assert "database system is shut down" in log


def test_a_killed_launcher_leaves_no_orphan_and_the_next_start_serves(running: Running) -> None:
    running.start()
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    assert running.nobody_left(within=15)
    running.start()
    assert running.healthy()


def test_killing_everything_at_once_is_survived(running: Running) -> None:
    running.start()
    for pid in running.children():
        kill(pid)
    assert running.process is not None
    running.process.wait()
    assert running.nobody_left(within=5)
    running.start()
    assert running.healthy()


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


def test_a_taken_port_is_one_sentence(running: Running) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", running.port))
        other.listen()
        assert f"Port {running.port} is taken" in running.refused()


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
    ],
)
def test_a_bad_start_is_one_sentence(running: Running, changes: dict[str, str], sentence: str) -> None:
    assert sentence in running.refused(**changes)


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
