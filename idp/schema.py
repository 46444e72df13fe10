"""Bringing a database to this program's schema, and judging whether the one at hand fits it.

`upgrade` makes roles where it may, runs the revisions as `gapura_owner`, writes the mode at the first run and
makes the first partitions; two that run at once take turns. `judge` is asked by every process before it serves.
Each refusal is one sentence with the mend.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import exc

from idp import partitions
from idp.settings import Mode

MIGRATIONS = Path(__file__).parents[1] / "migrations"
TURN = 7_020_118  # the advisory lock of upgrades; any number, always this one
CLOCK_SECONDS = 60
OLDEST_SERVER = 18  # uuidv7(), in which the partitions by time rest

ROLES = """
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY '{gapura_owner, gapura_web, gapura_worker, gapura_auditor, gapura_backup}'::text[] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
  IF NOT pg_has_role('gapura_worker', 'gapura_web', 'USAGE') THEN
    GRANT gapura_web TO gapura_worker WITH INHERIT TRUE;
  END IF;
  IF NOT pg_has_role(current_user, 'gapura_owner', 'SET') THEN
    EXECUTE format('GRANT gapura_owner TO %I', current_user);
  END IF;
  IF NOT has_database_privilege('gapura_owner', current_database(), 'CREATE') THEN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO gapura_owner', current_database());
  END IF;
END $$
"""
VERSION = "SELECT to_regclass('idp.alembic_version') IS NOT NULL"
STATE = """
SELECT (SELECT i.mode::text FROM idp.installation AS i), clock_timestamp(),
       (SELECT max(newest.signed_at)
          FROM consent.ledger_head AS h
         CROSS JOIN LATERAL (SELECT c.signed_at FROM consent.ledger_checkpoints AS c
                              WHERE c.origin = h.origin ORDER BY c.signed_at DESC LIMIT 1) AS newest)
"""
OLDEST_RELEASE = "SELECT revision FROM idp.oldest_release"
# Asked by /ready: whether this server is the one that writes, and is at a revision we know.
STANDING = """
SELECT (SELECT a.version_num FROM idp.alembic_version AS a), current_setting('transaction_read_only') = 'off'
"""


class SchemaError(Exception):
    """The database cannot be used as it is; the text is one sentence with the mend."""


def upgrade(owner_url: str, mode: Mode, *, attempts: int = 30) -> list[str]:
    """Bring the database to the newest revision; returns the revisions it went through."""
    with _owner(owner_url) as engine, engine.connect() as connection:
        _take_turn(connection)
        refuse_another_mode(_mode(connection), mode)
        before = _version(connection)
        _refuse_what_outgrew_us(connection.connection.driver_connection, before)  # type: ignore[arg-type]
        connection.rollback()
        if before is None or before < newest():
            _run(connection, mode, attempts)
        now = connection.exec_driver_sql("SELECT now()").scalar_one()
        partitions.make_ahead(connection.connection.driver_connection, now)  # type: ignore[arg-type]
        connection.commit()
        return [revision for revision in revisions() if revision > (before or "")]


def revisions() -> list[str]:
    """All that this program knows, by the numbers at the head of their files; each rests on the one before."""
    return sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The revision this program was written for."""
    return revisions()[-1]


def judge(connection: psycopg.Connection[Any], mode: Mode, clock: datetime) -> None:
    """Refuse a database of another schema, another mode or another time. `clock` is this machine's, UTC."""
    refuse_old_server(connection)
    if connection.execute(VERSION).fetchone() != (True,):
        raise SchemaError("The database is empty; run gapura database upgrade.")
    (version,) = connection.execute("SELECT version_num FROM idp.alembic_version").fetchone() or ("",)
    _refuse_what_outgrew_us(connection, version)
    if version < newest():
        raise SchemaError(
            f"The database is at revision {version or 0}, this program needs {newest()}; "
            "run gapura database upgrade."
        )
    its_mode, its_clock, newest_checkpoint = connection.execute(STATE).fetchone() or (None, clock, None)
    refuse_another_mode(its_mode, mode)
    apart = abs((its_clock - clock).total_seconds())
    if apart > CLOCK_SECONDS:
        raise SchemaError(f"This machine's clock is {apart:.0f} s from the database's; set both by NTP.")
    if newest_checkpoint is not None and (newest_checkpoint - clock).total_seconds() > CLOCK_SECONDS:
        raise SchemaError(
            f"The clock says {clock:%Y-%m-%d %H:%M} UTC, the ledger's newest checkpoint is of "
            f"{newest_checkpoint.astimezone(UTC):%Y-%m-%d %H:%M}; set the clock by NTP."
        )


def standing(connection: psycopg.Connection[Any]) -> tuple[str, bool]:
    """The revision, and whether the server writes. `DatabaseAway` from a connection that is held for it."""
    version, writes = connection.execute(STANDING).fetchone() or ("", False)
    return str(version), bool(writes)


def refuse_another_mode(found: str | None, mode: Mode) -> None:
    """A database keeps its mode for ever: no person or secret of a demo can wake up in production."""
    if found is not None and found != mode:
        raise SchemaError(
            f"The database is of mode {found}, this process of mode {mode.value}; "
            f"set GAPURA_MODE={found}, or name another database."
        )


def refuse_old_server(connection: psycopg.Connection[Any]) -> None:
    """Before anything is made in it, and before every start."""
    found = connection.info.server_version // 10_000
    if found < OLDEST_SERVER:
        raise SchemaError(
            f"The database server is PostgreSQL {found}, Gapura needs {OLDEST_SERVER}; "
            "upgrade the server, or name another in DATABASE_URL."
        )


def _refuse_what_outgrew_us(connection: psycopg.Connection[Any], version: str | None) -> None:
    """A newer release has been at this database: it names the oldest that it leaves everything to."""
    if not version or version <= newest():
        return
    (oldest,) = connection.execute(OLDEST_RELEASE).fetchone() or (version,)
    if oldest > newest():
        raise SchemaError(
            f"The database is at revision {version}, which this program does not know, and serves programs that "
            f"know {oldest}; start the newer program."
        )


@contextmanager
def _owner(url: str) -> Iterator[sqlalchemy.Engine]:
    """An engine whose connections are `gapura_owner`; roles are made first, as the account itself."""
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            refuse_old_server(connection)
            if connection.execute("SHOW transaction_read_only").fetchone() != ("off",):
                raise SchemaError(
                    "The database takes no writes, as a standby does; name the primary in DATABASE_URL."
                )
            connection.execute(ROLES)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            "The database account may not make the roles gapura_owner, _web, _worker, _auditor, _backup; "
            "make them as a superuser, and this account a member of them."
        ) from error
    except psycopg.OperationalError as error:
        raise SchemaError(f"No connection to the database ({first_line(error)}); see DATABASE_URL.") from error

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        connection = psycopg.connect(url, connect_timeout=5, autocommit=True, prepare_threshold=None)
        connection.execute("SET ROLE gapura_owner")
        connection.autocommit = False
        return connection

    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _take_turn(connection: sqlalchemy.Connection, wait_seconds: int = 120) -> None:
    """One upgrade at a time; the turn ends with the connection."""
    for _ in range(wait_seconds * 5):
        if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({TURN})").scalar_one():
            connection.commit()
            return
        connection.rollback()
        time.sleep(0.2)
    raise SchemaError("Another upgrade of this database is under way; wait for it.")


def _version(connection: sqlalchemy.Connection) -> str | None:
    if not connection.exec_driver_sql(VERSION).scalar_one():
        return None
    version: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM idp.alembic_version"
    ).scalar_one_or_none()
    connection.rollback()
    return version


def _mode(connection: sqlalchemy.Connection) -> str | None:
    if not connection.exec_driver_sql("SELECT to_regclass('idp.installation') IS NOT NULL").scalar_one():
        return None
    mode: str | None = connection.exec_driver_sql("SELECT mode::text FROM idp.installation").scalar_one_or_none()
    return mode


def _run(connection: sqlalchemy.Connection, mode: Mode, attempts: int) -> None:
    from alembic import command  # half of what a command costs to start, and only an upgrade needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, mode=mode.value)
    for attempt in range(1, attempts + 1):
        try:
            command.upgrade(config, "head")
            return
        except exc.OperationalError as error:
            connection.rollback()
            # A busy table: waiting in its queue would make everybody wait behind us, so we let go and come again.
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            if attempt == attempts:
                raise SchemaError(
                    "A long transaction holds a table that the upgrade needs (pg_stat_activity names it); "
                    "wait for it or end it, then run gapura database upgrade again."
                ) from error
            time.sleep(min(0.5 * attempt, 5.0))


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
