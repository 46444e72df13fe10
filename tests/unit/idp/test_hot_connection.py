"""What the hop's statements bring back, whatever is put in, and what becomes of a connection that was lost."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.errors import DatabaseAway
from idp.hot_connection import HotConnection

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ID = UUID("01a2113f-84ef-71f6-9d30-10bba5d5816d")


@pytest.fixture
def hot(postgres: EmbeddedPostgres) -> Iterator[HotConnection]:
    database = Database(postgres.url("gapura_web"), "gapura_web")
    yield database.hot()
    database.close()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, "integer"),
        (70_000, "integer"),
        (None, "integer"),
        ("é'\";--%", "text"),
        (b"\x00\xff", "bytea"),
        (True, "boolean"),
        (ID, "uuid"),
        (NOON, "timestamptz"),
        ([1, 300], "smallint[]"),
        ([], "smallint[]"),
        (["sandbox", "live"], "text[]"),
    ],
)
def test_what_goes_out_comes_back(hot: HotConnection, value: object, kind: str) -> None:
    for _ in range(2):  # the second time it is prepared
        assert hot.row(f"SELECT %(value)s::{kind}, %(value)s::{kind}", {"value": value}) == (value, value)


def test_one_statement_takes_each_type_of_a_parameter_in_turn(hot: HotConnection) -> None:
    for value in (None, 5, 70_000, 5, None, 3_000_000_000):
        assert hot.row("SELECT %(value)s::bigint", {"value": value}) == (value,)


def test_no_row_is_none_and_of_several_the_first_comes(hot: HotConnection) -> None:
    assert hot.row("SELECT 1 WHERE false", {}) is None
    assert hot.row("SELECT * FROM generate_series(7, 9)", {}) == (7,)


def test_a_fault_in_the_statement_is_said_and_the_connection_lives(hot: HotConnection) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        hot.row("SELECT no_such_column", {})
    with pytest.raises(psycopg.errors.DivisionByZero):
        hot.row("SELECT 1 / %(by)s::integer", {"by": 0})
    assert hot.row("SELECT 1", {}) == (1,)


def test_a_statement_that_takes_too_long_is_a_database_that_is_away(hot: HotConnection) -> None:
    """(C082): the connection is good for the next."""
    with pytest.raises(DatabaseAway):
        hot.row("SELECT pg_sleep(10)", {})
    assert hot.row("SELECT 1", {}) == (1,)


def test_a_server_that_no_longer_writes_is_thrown_away(hot: HotConnection) -> None:
    """(C083)"""
    hot.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseAway):
        hot.row("UPDATE idp.generation SET generation = generation RETURNING 1", {})
    assert hot.closed


def test_a_connection_that_was_cut_is_closed_and_the_next_one_prepares_anew(postgres: EmbeddedPostgres) -> None:
    """(C083)"""
    database = Database(postgres.url("gapura_web"), "gapura_web")
    hot = database.hot()
    row = hot.row("SELECT pg_backend_pid()", {})
    assert row is not None
    with psycopg.connect(postgres.url("gapura_web"), autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 1000)", row)
    with pytest.raises(DatabaseAway):
        hot.row("SELECT pg_backend_pid()", {})
    assert hot.closed
    assert database.hot().row("SELECT pg_backend_pid()", {}) not in (None, row)
    database.close()
