"""What every test may ask for: one real PostgreSQL a session, migrated, and a transaction that is rolled back."""

import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from sqlalchemy.orm import Session

from idp import schema
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.settings import Mode
from tests.chromium import chromium
from tests.running import copy_folder, gate, running

__all__ = ["chromium", "gate", "running"]


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gapura-test-"))
    folder.chmod(0o711)  # as root the server is another account
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """An embedded server in this folder, migrated as a demo installation."""
    server = EmbeddedPostgres(folder)
    urls = server.start_or_attach()
    try:
        schema.upgrade(urls["gapura_owner"], Mode.DEMO)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The server that all tests share."""
    with _folder() as folder, _server(folder) as server:
        yield server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new one that the server's account may enter, for a test that starts a server of its own there."""
    with _folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def migrated() -> Iterator[Path]:
    """The data of a server that was migrated and has ended. Servers that some tests have for themselves begin as
    its copies: a new database and its five hundred partitions take seconds.
    """
    with _folder() as folder:
        with _server(folder) as server:
            pass
        yield server.data


@pytest.fixture(scope="module")
def own_postgres(migrated: Path) -> Iterator[EmbeddedPostgres]:
    """A server of a module's own, for what a database has once and nobody can delete: the log."""
    with _folder() as folder:
        copy_folder(migrated, folder)
        with _server(folder) as server:
            yield server


def _database(server: EmbeddedPostgres, role: str) -> Iterator[Database]:
    database = Database(server.url(role), role)
    yield database
    database.close()


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """As the web doors have it."""
    yield from _database(postgres, "gapura_web")


@pytest.fixture(scope="session")
def worker_database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """As the worker has it."""
    yield from _database(postgres, "gapura_worker")


@pytest.fixture(scope="module")
def own_worker_database(own_postgres: EmbeddedPostgres) -> Iterator[Database]:
    """As the worker has it, on a server of a module's own."""
    yield from _database(own_postgres, "gapura_worker")


@pytest.fixture(scope="session")
def owner_database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """As migrations have it."""
    yield from _database(postgres, "gapura_owner")


def _rolled_back(database: Database) -> Iterator[Session]:
    with database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def log_put_back() -> Iterator[None]:
    """For tests that set up a log of their own."""
    root = logging.getLogger()
    before, handlers, level = structlog.get_config(), root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A session of the web role in a transaction that is rolled back; savepoints inside it may commit."""
    yield from _rolled_back(database)


@pytest.fixture
def worker_db(worker_database: Database) -> Iterator[Session]:
    """The same of the worker's role."""
    yield from _rolled_back(worker_database)


@pytest.fixture
def owner_db(owner_database: Database) -> Iterator[Session]:
    """The same of the owner's role, who alone can tamper."""
    yield from _rolled_back(owner_database)


@pytest.fixture
def no_keys(owner_database: Database) -> Iterator[None]:
    """No signing key is in the database while the test runs, whatever others committed."""
    with owner_database.engine.connect() as connection:
        for table in ("signing_keys", "private_keys"):
            connection.exec_driver_sql(f"CREATE TEMP TABLE kept_{table} AS TABLE keys.{table}")
        connection.exec_driver_sql("TRUNCATE keys.private_keys, keys.signing_keys")
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql("TRUNCATE keys.private_keys, keys.signing_keys")
            for table in ("signing_keys", "private_keys"):
                connection.exec_driver_sql(f"INSERT INTO keys.{table} TABLE kept_{table}")
                connection.exec_driver_sql(f"DROP TABLE kept_{table}")
            connection.commit()
