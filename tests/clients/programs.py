"""Starting an application that nobody here wrote, as its own how-to says, beside a running Gapura.

An application is registered as `gapura clients add` does it and told what any operator would tell it: issuer, id,
secret and its own address. Its packages come from a lock file and are checked against their hashes:
package-lock.json by `npm install`, a requirements.txt by `pip-compile --generate-hashes --allow-unsafe` from the
requirements.in there.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from idp.clients import registration
from idp.processes import start_child, written_out
from tests import local_http
from tests.chromium import missing
from tests.running import Running
from tests.sample_client import Browser

HERE = Path(__file__).parent
NOBODY = (65534, 65534)
VENVS = HERE / ".venvs"
STARTS_WITHIN_SECONDS = 30
AGREEMENT = {
    "purpose": "clinic-queue", "required": ["name"], "optional": [], "law": [], "retention_days": 90,
    "if_refused": {"id": "Anda tetap dilayani di loket.", "en": "You can still be served at the counter."},
}  # fmt: skip


def node_modules() -> Path:
    """The packages of package-lock.json; no package runs a script of its own. Of two processes that run tests one
    fetches them, the other waits.
    """
    folder, npm = HERE / "node_modules", shutil.which("npm")
    if npm is None:
        missing("Node is not installed: the clients in JavaScript are not tried")
    made, lock = folder / ".package-lock.json", HERE / "package-lock.json"  # npm's own record, written last
    with lock.open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not made.exists() or made.stat().st_mtime < lock.stat().st_mtime:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=HERE, check=True, capture_output=True, timeout=180)
    return folder


def python_of(client: str) -> Path:
    """The interpreter of a client's own environment, made of its requirements.txt."""
    folder, lock = VENVS / client, HERE / client / "requirements.txt"
    python = folder / "bin" / "python"
    stamp, made_from = folder / "made-from", sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != made_from:
        # By our own pip, and compiled as it is imported: half the time.
        make = [sys.executable, "-m", "venv", "--clear", "--without-pip", folder]
        subprocess.run(make, check=True, capture_output=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
        install = [*pip, "install", "-q", "--no-compile", "--require-hashes", "-r", lock]
        subprocess.run(install, check=True, capture_output=True, timeout=300)
        stamp.write_text(made_from)  # last: what was interrupted is made again
    return python


def wait_until_known(running: Running, client_id: str) -> None:
    """A process may answer from a registry of a second ago. Which one answers is chance: so many in a row, each by
    a connection of its own, mean all of them.
    """
    knowing, deadline = 0, time.monotonic() + 5
    while knowing < 12:
        page = local_http.get(f"{running.issuer}/authorize", params={"client_id": client_id}).text
        if 'data-error="client_unknown"' not in page:
            knowing += 1
            continue
        knowing = 0
        assert time.monotonic() < deadline, "no process learns of the application"
        time.sleep(0.05)


def register(running: Running, home: str, callback: str, profile: str, more: Mapping[str, Any]) -> dict[str, str]:
    """As `gapura clients add` does; what it prints, as environment variables. None leaves a member out."""
    metadata = {
        "agency": "dinkes-sukamaju",
        "profile": profile,
        "client_name": "Layanan Uji",
        "scope": "openid profile",
        "redirect_uris": [home + callback],
        "post_logout_redirect_uris": [f"{home}/"],
        "sign_in_agreement": AGREEMENT,
        **more,
    }
    given = {name: value for name, value in metadata.items() if value is not None}
    with running.database.writing() as db:
        added = registration.add(db, given, now=datetime.now(UTC), rehearsal=True)
        assert isinstance(added, registration.Registered), added
    wait_until_known(running, added.client_id)
    told = {"ISSUER": running.issuer, "HOME_URL": home, "CLIENT_ID": added.client_id}
    return told | ({"CLIENT_SECRET": added.client_secret} if added.client_secret else {})


@dataclass(frozen=True)
class Program:
    """One that runs; its log explains a failure."""

    home: str
    client_id: str
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]


def answers(home: str) -> bool:
    try:
        return local_http.get(home, timeout=5).status_code < 500
    except httpx.TransportError:
        return False


def listens(address: str) -> bool:
    """For what speaks no HTTP."""
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def started(
    command: list[str | Path], environment: Mapping[str, str], folder: Path, where: Path, *,
    account: tuple[int, int] | None = None, is_up: Callable[[str], bool] = answers,
) -> Iterator[Program]:  # fmt: skip
    """The program in `folder`, until the block ends; it writes only below `where`."""
    log = where / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = start_child(
            command,
            environment=written_out(os.environ) | environment,
            folder=folder,
            output=output,
            account=account,
        )
    program = Program(environment["HOME_URL"], environment["CLIENT_ID"], log)
    try:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not is_up(program.home):
            ended = process.poll()
            if ended is not None or time.monotonic() > deadline:
                raise AssertionError(f"it did not start ({ended}): {program.said()}")
            time.sleep(0.1)
        yield program
    finally:
        process.terminate()
        process.wait(15)


def forget(browser: Browser) -> None:
    """The application's cookies alone: its own session is over, Gapura's is not."""
    browser.cookies = {name: value for name, value in browser.cookies.items() if name.startswith("__Host-gapura")}
