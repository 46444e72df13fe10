"""`python wsgi.py`: one command that makes an installation ready and runs all of it until told to stop.

Database, schema, key store and first keys; in demo and sandbox the country in miniature; then worker, web server
and demo agencies, as children that die with us and see only their own environment. A child that dies is started
again, the embedded database too. A bad start is one sentence with the mend.
"""

import argparse
import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import structlog

from consent import attributes, purposes
from idp import log, token_files
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.children import Child, stop_all
from idp.database import Database
from idp.installation import BAD_STARTS, Installation
from idp.processes import die_with_parent, written_out
from idp.serving import ADDRESS
from idp.settings import SETTINGS, Mode, Settings, unknown_settings
from keys import keyring, store_marks
from keys.errors import KeyStoreError, KeyUnreadable, MasterKeyMissing
from keys.key_store import KeyStore
from keys.pairwise import Pairwise

ROOT = Path(__file__).parents[1]
STARTUP_SECONDS = 60
DATABASE_ADDRESSES = (
    "DATABASE_URL",
    "GAPURA_WORKER_DATABASE_URL",
    "GAPURA_OWNER_DATABASE_URL",
    "GAPURA_LISTEN_URL",
)
logger = structlog.get_logger()


class BadStart(Exception):
    """It cannot start as things are; the text is one sentence with the mend."""


class Stop(BaseException):
    """Somebody asked us to end: Ctrl-C, TERM, or our parent is gone."""


def main(arguments: Sequence[str]) -> int:
    """Run until stopped. 0: stopped when asked; 1: a bad start, said in one sentence."""
    parser = argparse.ArgumentParser(
        prog="wsgi.py", description="Run a Gapura installation; settings as gapura settings says."
    )
    parser.add_argument(
        "--until-parent-ends", action="store_true", help="end when the process that started us ends"
    )
    asked = parser.parse_args(arguments)
    log.configure()
    _listen_for_the_end(until_parent_ends=asked.until_parent_ends)
    try:
        settings = Settings.from_env()
        token_files.refuse_unusable(settings)
        for name in unknown_settings():
            logger.warning("no setting of this name: gapura settings lists them all", name=name)
        _refuse_taken_port(settings.port)
        with Installation(settings, must_own=True) as installation:
            _run(installation)
    except Stop:
        return 0
    except (BadStart, KeyStoreError, *BAD_STARTS) as refusal:
        print(f"gapura: {refusal}", file=sys.stderr)
        return 1
    return 0


def _run(installation: Installation) -> None:
    """Make ready, start, watch; whatever ends it, the children end first and the database last."""
    children: list[Child] = []
    try:
        with _in_words():
            _make_ready(installation)
            _count_anew(installation.settings)
            children += _children(installation)
        for child in children:
            if child.address is not None:
                _refuse_taken_port(urlsplit(child.address).port or 80)
        for child in children:
            child.start()
        _wait_until_served(installation.settings, children[0])
        _greet(installation.settings, children)
        _watch(installation, children)
    finally:
        _be_deaf()
        stop_all(children)


@contextmanager
def _in_words() -> Iterator[None]:
    """What the instance folder holds and cannot be used: a file where a folder belongs, or somebody else's."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        place = error.filename2 or error.filename
        raise BadStart(
            f"{place} cannot be used ({error.strerror}); mend or remove it, or set GAPURA_INSTANCE."
        ) from error


def _make_ready(installation: Installation) -> None:
    """Everything a process that serves may rely on; safe to run at each start."""
    settings = installation.settings
    installation.upgrade()
    installation.judge("gapura_worker", datetime.now(UTC))
    worker = installation.database("gapura_worker")
    try:
        _make_keys_ready(settings, worker)
    except MasterKeyMissing as error:
        raise BadStart(str(error)) from error
    except KeyUnreadable as error:
        raise BadStart(
            "The master key is not the one this database was sealed with; put that into GAPURA_MASTER_KEY_FILE."
        ) from error
    finally:
        worker.close()


def _make_keys_ready(settings: Settings, worker: Database) -> None:
    with worker.reading() as db:
        new = keyring.is_empty(db)  # a store that is missing beside a database that needs it must be restored
    store = KeyStore.open(settings.key_store, master_key_file=settings.master_key_file, create=new)
    if settings.mode is Mode.PRODUCTION and not settings.proxies:
        logger.warning("GAPURA_PROXIES is not set: all who come through one proxy share one network's budgets")
    if settings.mode is Mode.PRODUCTION and store.generated:
        raise BadStart(
            "The master key was made by Gapura; in production bring your own in GAPURA_MASTER_KEY_FILE."
        )
    sealer = store.rest_sealer()
    with worker.writing() as db:
        keyring.ensure(db, sealer, datetime.now(UTC))
        keyring.load(db, sealer, everything=True)
        store_marks.keep(db, store)
        store_marks.refuse_another(db, store)
    if settings.mode is not Mode.PRODUCTION:
        _prepare_country(settings, worker, store)
    with worker.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)


def _prepare_country(settings: Settings, worker: Database, store: KeyStore) -> None:
    """The demo's people and applications. Imported here, so that production never holds them (DESIGN §6.10)."""
    from idp.demo import prepare

    vault, hashing = Vault(store.rest_sealer(), store.lookup), PasswordHashing(store.pepper)
    prepare.prepare(worker, settings, vault, hashing, Pairwise(store.master), datetime.now(UTC))


def _children(installation: Installation) -> list[Child]:
    """The web server first: without it the rest need not be waited for."""
    web = Child("web", [sys.executable, "-m", "idp.serving"], _environment(installation, "gapura_web"))
    worker = Child("worker", [sys.executable, "-m", "idp.worker"], _environment(installation, "gapura_worker"))
    demo = installation.settings.mode is Mode.DEMO
    return [web, worker, *(_demo_agencies(installation.settings) if demo else [])]


def _demo_agencies(settings: Settings) -> list[Child]:
    """Those that can run on this machine; of the others one sentence says why not."""
    from idp.demo import beside

    children = []
    for one in beside.agencies(settings):
        if isinstance(one, beside.NotHere):
            print(one.sentence, file=sys.stderr, flush=True)
        else:
            children.append(Child(one.name, one.command, one.environment, one.url))
    return children


def _environment(installation: Installation, role: str) -> dict[str, str]:
    """Settings, and the database's address for this child's own account and no other."""
    settings = installation.settings
    passed = written_out(os.environ, *(one.name for one in SETTINGS if one.name not in DATABASE_ADDRESSES))
    return passed | {
        "DATABASE_URL": installation.url(role),
        "GAPURA_INSTANCE": str(settings.instance),
        "PROMETHEUS_MULTIPROC_DIR": str(settings.instance / "metrics"),
        "PYTHONPATH": str(ROOT),
    }


def _count_anew(settings: Settings) -> None:
    """Where our processes share what they count: a counter begins at zero with each start."""
    folder = settings.instance / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def _watch(installation: Installation, children: list[Child]) -> NoReturn:
    """Bring back what died, until told to stop."""
    while True:
        time.sleep(0.25)
        if installation.revive():
            logger.error("database.restarted")
        for child in children:
            if child.due():
                logger.error("child.restarted", name=child.name, exit=child.exit_code())
                child.start()


def _wait_until_served(settings: Settings, web: Child) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not _served(settings.port):
        if web.exit_code() is not None:
            raise BadStart("The web server did not start; the lines above say why.")
        if time.monotonic() > deadline:
            raise BadStart(
                f"The web server did not answer within {STARTUP_SECONDS} s; the lines above may say why."
            )
        time.sleep(0.05)


def _served(port: int) -> bool:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _greet(settings: Settings, children: list[Child]) -> None:
    print(f"Gapura serves {settings.issuer} ({settings.mode.value}). Ctrl-C ends it.", flush=True)
    for child in children:
        if child.address:
            print(f"  {child.name}: {child.address}", flush=True)


def _refuse_taken_port(port: int) -> None:
    """Ours is asked for before anything is touched, an agency's before anything is started. granian shares ports:
    two servers would take turns answering."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise BadStart(f"Port {port} is taken; end the program that has it, or set PORT.") from error


def _listen_for_the_end(*, until_parent_ends: bool) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stop

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if until_parent_ends:
        die_with_parent(signal.SIGTERM, os.getppid())


def _be_deaf() -> None:
    """A second Ctrl-C must not leave the first half done."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
