"""Connections take on their role, keep to what they are for, and a lost one is thrown away at once."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import text

from idp.database import ASK_AGAIN_SECONDS, Database, lost_is_away
from idp.embedded_postgres import EmbeddedPostgres
from idp.errors import DatabaseAway


@pytest.fixture
def fresh(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A database of its own, whose connections a test may break."""
    database = Database(postgres.url("gapura_web"), "gapura_web")
    yield database
    database.close()


def _cut(postgres: EmbeddedPostgres, pid: int) -> None:
    """Ends a connection as a restart does; its own account may."""
    with psycopg.connect(postgres.url("gapura_web"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 1000)", (pid,))


def _pid(database: Database) -> int:
    row = database.hot().execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def test_every_kind_of_connection_is_in_its_role(fresh: Database) -> None:
    with fresh.reading() as db:
        assert db.scalar(text("SELECT current_user")) == "gapura_web"
    with fresh.writing() as db:
        assert db.scalar(text("SELECT current_user")) == "gapura_web"
    assert fresh.hot().execute("SELECT current_user").fetchone() == ("gapura_web",)


def test_the_hot_connection_is_held_and_set_up_as_measured(fresh: Database) -> None:
    hot = fresh.hot()
    assert hot is fresh.hot()
    assert hot.autocommit
    assert hot.prepare_threshold == 0
    for name, value in (("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off")):
        assert hot.execute("SELECT current_setting(%s)", (name,)).fetchone() == (value,)


def test_a_reading_session_cannot_write(fresh: Database) -> None:
    with pytest.raises(DatabaseAway), fresh.reading() as db:
        db.execute(text("UPDATE idp.generation SET generation = generation"))


def test_writing_commits_on_leaving_and_rolls_back_on_an_exception(fresh: Database) -> None:
    digest = {"digest": b"test_database"}
    with pytest.raises(ZeroDivisionError), fresh.writing() as db:  # noqa: PT012 - what is raised is the point
        db.execute(text("INSERT INTO idp.rate_limits VALUES (:digest, now())"), digest)
        raise ZeroDivisionError
    with fresh.writing() as db:
        db.execute(text("INSERT INTO idp.rate_limits VALUES (:digest, now())"), digest)
    with fresh.reading() as db:
        found = db.scalar(text("SELECT count(*) FROM idp.rate_limits WHERE key_digest = :digest"), digest)
    assert found == 1


def test_a_hot_connection_that_was_cut_is_replaced_before_its_next_use(
    fresh: Database, postgres: EmbeddedPostgres
) -> None:
    """(C083)"""
    before = _pid(fresh)
    _cut(postgres, before)
    assert _pid(fresh) != before


def test_a_hot_connection_that_is_cut_under_a_cursor_is_a_database_that_is_away(
    fresh: Database, postgres: EmbeddedPostgres
) -> None:
    """(C083) Whatever rows the cursor makes: a page asks for its session by one of them."""
    hot, pid = fresh.hot(), _pid(fresh)
    _cut(postgres, pid)
    with pytest.raises(DatabaseAway):
        hot.cursor(row_factory=dict_row).execute("SELECT 1")
    assert hot.closed
    assert _pid(fresh) != pid


def test_a_pooled_connection_that_was_cut_is_replaced_before_its_next_use(
    fresh: Database, postgres: EmbeddedPostgres
) -> None:
    """(C083)"""
    with fresh.reading() as db:
        before = db.scalar(text("SELECT pg_backend_pid()"))
    assert before is not None
    _cut(postgres, before)
    with fresh.reading() as db:
        assert db.scalar(text("SELECT pg_backend_pid()")) != before


def test_a_hot_connection_to_a_server_that_no_longer_writes_is_thrown_away(fresh: Database) -> None:
    """(C083): after a switch-over the old primary answers reads and refuses writes, for days."""
    hot = fresh.hot()
    hot.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseAway):
        hot.execute("UPDATE idp.generation SET generation = generation")
    assert hot.closed
    fresh.hot().execute("UPDATE idp.generation SET generation = generation")


def test_a_statement_that_takes_too_long_is_a_database_that_is_away(fresh: Database) -> None:
    """(C082): within two seconds, and the connection is good for the next."""
    began = time.monotonic()
    with pytest.raises(DatabaseAway):
        fresh.hot().execute("SELECT pg_sleep(10)")
    assert time.monotonic() - began < 3
    assert fresh.hot().execute("SELECT 1").fetchone() == (1,)


def test_an_absent_database_is_away_at_once() -> None:
    absent = Database("postgresql://nobody@/gapura?host=/nonexistent", "gapura_web")
    began = time.monotonic()
    with pytest.raises(DatabaseAway):
        absent.hot()
    with pytest.raises(DatabaseAway), absent.reading() as db:
        db.execute(text("SELECT 1"))
    with pytest.raises(DatabaseAway), absent.writing() as db:
        db.execute(text("SELECT 1"))
    assert time.monotonic() - began < 1


def test_of_a_silent_database_one_thread_asks_and_the_others_are_told_at_once() -> None:
    """(C082): a queue of requests is gone in the time of one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes connections and never says a word
        silent = Database(f"postgresql://nobody@127.0.0.1:{listening.getsockname()[1]}/none", "gapura_web")
        assert _told_after(silent) > 1.5
        time.sleep(ASK_AGAIN_SECONDS)
        with ThreadPoolExecutor(10) as pool:
            waited = sorted(pool.map(lambda _: _told_after(silent), range(10)))
    assert waited[-2] < 0.5
    assert waited[-1] > 1.5, "somebody must ask whether it speaks again"


def test_a_database_that_speaks_again_is_asked_by_all(fresh: Database) -> None:
    fresh._silent = True
    fresh.hot()
    assert _told_after(fresh) == 0


def _told_after(database: Database) -> float:
    """Seconds until somebody was told that it is away; 0: it is there."""
    began = time.monotonic()
    try:
        database._connect(psycopg.Connection, "SELECT 1").close()
    except DatabaseAway:
        return time.monotonic() - began
    return 0


def test_a_broken_rule_is_the_callers_and_not_an_absent_database(fresh: Database) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        fresh.hot().execute("INSERT INTO idp.rate_limits VALUES ('a', now()), ('a', now())")


def test_what_befalls_the_first_connection_of_an_engine_is_an_absent_database_too() -> None:
    """SQLAlchemy asks the server about its types then, and does not wrap what comes of it."""
    with pytest.raises(DatabaseAway), lost_is_away():
        raise psycopg.OperationalError("server closed the connection unexpectedly")
    with pytest.raises(psycopg.errors.QueryCanceled), lost_is_away():
        raise psycopg.errors.QueryCanceled


def test_cut_connections_tell_whoever_waits_and_the_next_are_new(fresh: Database) -> None:
    """(C082) libpq waits for a silent server without end: here for a statement that outlasts the test."""

    def wait_hot() -> None:
        fresh.hot().execute("SET statement_timeout = 0")
        fresh.hot().execute("SELECT pg_sleep(60)")

    def wait_in_a_session() -> None:
        with fresh.reading() as db:
            db.execute(text("SELECT pg_sleep(60)"))

    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(wait_hot), pool.submit(wait_in_a_session)]
        time.sleep(1)
        fresh.cut()
        for one in waiting:
            with pytest.raises(DatabaseAway):
                one.result(10)
    assert time.monotonic() - began < 10
    assert fresh.hot().execute("SELECT 1").fetchone() == (1,)
