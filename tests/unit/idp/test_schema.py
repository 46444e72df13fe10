"""The revisions make the schema the program needs; a database that does not fit is refused in one sentence."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from idp import schema
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.schema import SchemaError
from idp.settings import Mode

LAST_FOR_GOOD = "0005"  # the newest revision that says why it cannot be taken back
AN_ENTRY = "INSERT INTO consent.ledger_entries (position, entry) VALUES (0, '')"
DEFER = """
SELECT jobs.procrastinate_defer_jobs_v1(
  ARRAY[ROW('q', 'nothing', 0, NULL, NULL, '{}', now() + interval '1 year')]::jobs.procrastinate_job_to_defer_v1[])
"""


@pytest.fixture
def connection(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(postgres.url("gapura_web")) as connection:
        connection.execute("SET ROLE gapura_web")
        yield connection


def driver(db: Session) -> psycopg.Connection[Any]:
    """The connection below a session, in its transaction."""
    connection: psycopg.Connection[Any] = db.connection().connection.driver_connection  # type: ignore[assignment]
    return connection


def test_a_migrated_database_of_the_same_mode_and_time_is_accepted(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    schema.judge(connection, Mode.DEMO, datetime.now(UTC))
    standing = connection.execute("SELECT version_num FROM idp.alembic_version").fetchone()
    assert standing == (schema.newest(),)


def test_a_demo_database_does_not_start_in_production(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(SchemaError, match="of mode demo"):
        schema.judge(connection, Mode.PRODUCTION, datetime.now(UTC))


def test_a_clock_more_than_a_minute_away_is_refused(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(SchemaError, match="clock"):
        schema.judge(connection, Mode.DEMO, datetime.now(UTC) + timedelta(seconds=75))


def test_a_clock_before_the_newest_checkpoint_is_refused(owner_database: Database) -> None:
    """Database and machine may be wrong together; what was signed cannot have been signed in the future."""
    with owner_database.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(
            "INSERT INTO consent.ledger_head (origin, size, edge) VALUES ('clock', 1, '{}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO consent.ledger_checkpoints (origin, size, root, note, signed_at)"
            " VALUES ('clock', 1, sha256(''), '', now() + interval '1 hour')"
        )
        driver = connection.connection.driver_connection
        with pytest.raises(SchemaError, match="newest checkpoint"):
            schema.judge(driver, Mode.DEMO, datetime.now(UTC))  # type: ignore[arg-type]
        transaction.rollback()


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        pytest.param(
            "'0001'", "at revision 0001, this program needs .* run gapura database upgrade", id="too old"
        ),
        pytest.param(
            "'9999'", "revision 9999, which this program does not know, .*; start the newer", id="too new"
        ),
    ],
)
def test_a_database_of_another_revision_is_refused(owner_db: Session, version: str, sentence: str) -> None:
    owner_db.connection().exec_driver_sql("UPDATE idp.oldest_release SET revision = '9998'")
    owner_db.connection().exec_driver_sql(f"UPDATE idp.alembic_version SET version_num = {version}")
    with pytest.raises(SchemaError, match=sentence):
        schema.judge(driver(owner_db), Mode.DEMO, datetime.now(UTC))


def test_a_newer_database_that_leaves_us_what_we_need_is_accepted(owner_db: Session) -> None:
    """The next release's "before" revisions come while this one serves."""
    owner_db.connection().exec_driver_sql("UPDATE idp.alembic_version SET version_num = '9999'")
    schema.judge(driver(owner_db), Mode.DEMO, datetime.now(UTC))
    assert schema.standing(driver(owner_db)) == ("9999", True), "and it is the newer one that /ready tells"


def test_each_revision_says_on_which_side_of_its_release_it_runs() -> None:
    """Whoever takes something away says from which release on that holds."""
    for file in (schema.MIGRATIONS / "versions").glob("[0-9]*.py"):
        _, side, *_ = file.stem.split("_")
        assert side in ("before", "after"), file.name
        assert side == "before" or "UPDATE idp.oldest_release" in file.read_text(), file.name


def test_a_database_whose_upgrade_never_began_or_broke_off_is_refused(owner_db: Session) -> None:
    owner_db.connection().exec_driver_sql("DELETE FROM idp.alembic_version")
    with pytest.raises(SchemaError, match=r"at revision 0, .* run gapura database upgrade"):
        schema.judge(driver(owner_db), Mode.DEMO, datetime.now(UTC))
    owner_db.connection().exec_driver_sql("ALTER TABLE idp.alembic_version RENAME TO gone")
    with pytest.raises(SchemaError, match="empty; run gapura database upgrade"):
        schema.judge(driver(owner_db), Mode.DEMO, datetime.now(UTC))


def test_an_upgrade_refuses_a_database_of_a_newer_program(own_postgres: EmbeddedPostgres) -> None:
    url = own_postgres.url("gapura_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE gapura_owner")
        connection.execute("UPDATE idp.alembic_version SET version_num = '9999'")
        assert schema.upgrade(url, Mode.DEMO) == [], "it leaves us what we need"
        connection.execute("UPDATE idp.oldest_release SET revision = '9998'")
        with pytest.raises(SchemaError, match="revision 9999, which this program does not know"):
            schema.upgrade(url, Mode.DEMO)
        connection.execute(f"UPDATE idp.oldest_release SET revision = '{schema.newest()}'")
        connection.execute(f"UPDATE idp.alembic_version SET version_num = '{schema.newest()}'")


def test_a_server_of_an_older_kind_is_refused(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "OLDEST_SERVER", 99)
    url = postgres.url("gapura_owner")
    with pytest.raises(SchemaError, match="PostgreSQL 18, Gapura needs 99; upgrade the server"):
        schema.upgrade(url, Mode.DEMO)
    with psycopg.connect(url) as connection, pytest.raises(SchemaError, match="Gapura needs 99"):
        schema.judge(connection, Mode.DEMO, datetime.now(UTC))


def test_a_standby_is_not_upgraded(postgres: EmbeddedPostgres) -> None:
    url = postgres.url("gapura_owner") + "&options=-c%20default_transaction_read_only%3Don"
    with pytest.raises(SchemaError, match="takes no writes, as a standby does; name the primary"):
        schema.upgrade(url, Mode.DEMO)


def test_every_revision_but_those_that_say_why_not_can_be_taken_back(own_postgres: EmbeddedPostgres) -> None:
    """Down to the last that cannot, and up again."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    owner = Database(own_postgres.url("gapura_owner"), "gapura_owner")
    with owner.engine.connect() as connection:
        config.attributes.update(connection=connection, mode=Mode.DEMO.value)
        command.downgrade(config, LAST_FOR_GOOD)
    owner.close()
    upgraded = schema.upgrade(own_postgres.url("gapura_owner"), Mode.DEMO)
    assert upgraded[-1] == schema.newest()
    assert len(upgraded) == int(schema.newest()) - int(LAST_FOR_GOOD)


def test_a_migrated_database_is_not_migrated_to_another_mode(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(SchemaError, match="of mode demo"):
        schema.upgrade(postgres.url("gapura_owner"), Mode.PRODUCTION)


def test_upgrading_twice_changes_nothing(postgres: EmbeddedPostgres) -> None:
    assert schema.upgrade(postgres.url("gapura_owner"), Mode.DEMO) == []


def test_two_upgrades_at_once_take_turns(postgres: EmbeddedPostgres) -> None:
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append(schema.upgrade(postgres.url("gapura_owner"), Mode.DEMO)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[], [], []]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE idp.installation SET mode = 'production'",
        "DELETE FROM idp.installation",
        "UPDATE consent.ledger_entries SET entry = ''",
        "TRUNCATE consent.ledger_entries",
    ],
)
def test_even_the_owner_does_not_change_what_is_written_for_good(owner_database: Database, statement: str) -> None:
    with owner_database.engine.begin() as connection:
        connection.exec_driver_sql(AN_ENTRY)
        with pytest.raises(Exception, match="append-only"):
            connection.exec_driver_sql(statement)
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("SELECT FROM keys.private_keys", id="read the ledger's private key"),
        pytest.param("UPDATE consent.records SET act = 'given'", id="rewrite a consent act"),
        pytest.param("DELETE FROM consent.disclosures", id="forget who looked"),
        pytest.param("UPDATE idp.audit_events SET actor_id = NULL", id="rewrite the trail"),
        pytest.param(AN_ENTRY, id="number the ledger"),
        pytest.param("INSERT INTO consent.ledger_checkpoints (origin) VALUES ('x')", id="sign a checkpoint"),
        pytest.param("UPDATE idp.alembic_version SET version_num = '0'", id="pretend another schema"),
        pytest.param("SELECT consent.drop_partition('consent.disclosures', now())", id="drop a partition"),
        pytest.param("CREATE TABLE public.mine (x int)", id="make a table"),
        pytest.param("SET ROLE gapura_owner", id="become the owner"),
    ],
)
def test_the_web_role_may_not(postgres: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(postgres.url("gapura_web")) as connection:
        connection.execute("SET ROLE gapura_web")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_jobs_are_deferred_by_the_web_role_without_a_notify(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("gapura_web"), autocommit=True) as connection:
        connection.execute("SET ROLE gapura_web")
        connection.execute("LISTEN procrastinate_any_queue_v1")
        connection.execute(DEFER)
        assert list(connection.notifies(timeout=0.2, stop_after=1)) == []


def test_the_numbers_of_the_files_are_the_revisions_each_after_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    chain = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [script.revision for script in reversed(chain)] == schema.revisions()
