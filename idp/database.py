"""The way to PostgreSQL: sessions that read, sessions that write one transaction, and held connections for hot
doors.

Every connection takes on its role (`SET ROLE`) when it is made. A connection that turned out broken, or led to a
server that no longer writes (C083: 25006, 57P01, 08006), is thrown away; the next one is made anew. A database
that is away is one exception, `DatabaseAway`, within two seconds. Knows no table.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, TypeVar
from weakref import WeakSet

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import DeclarativeBase, Session

from idp.errors import DatabaseAway
from idp.hot_connection import LOST, HotConnection

CONNECT_SECONDS = 2  # libpq knows no less
ASK_AGAIN_SECONDS = 0.5  # a server that was silent
HOT_SETTINGS: LiteralString = """
SET plan_cache_mode = force_generic_plan;   -- PostgreSQL would plan an ANY() anew each time: 72 us instead of 30
SET enable_seqscan = off;                   -- a plan made while a table was empty must not be a scan for ever
SET jit = off;
SET statement_timeout = '2s';
SET idle_in_transaction_session_timeout = '5s'
"""
WRITING_SETTINGS: LiteralString = """
SET statement_timeout = '30s';
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '60s'
"""
READING_SETTINGS: LiteralString = "SET default_transaction_read_only = on; SET statement_timeout = '30s'"


C = TypeVar("C", bound=psycopg.Connection[Any])


class Base(DeclarativeBase):
    """The models of the top floor; `keys` and `consent` have their own."""


@contextmanager
def lost_is_away() -> Iterator[None]:
    """A connection that was lost, or that none is free, is one exception."""
    try:
        yield
    except exc.DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in LOST:
            state = getattr(error.orig, "sqlstate", None) or "connection lost"
            raise DatabaseAway(f"database: {state}") from error
        raise
    except psycopg.OperationalError as error:  # SQLAlchemy does not wrap what befalls an engine's first connection
        if error.sqlstate is not None and error.sqlstate not in LOST:
            raise
        raise DatabaseAway(f"database: {error.sqlstate or 'connection lost'}") from error
    except exc.TimeoutError as error:  # every pooled connection is busy (C082)
        raise DatabaseAway("database: no free connection") from error


class Database:
    """The connections of one process in one role. Threads share it; forked children must not."""

    def __init__(self, url: str, role: str) -> None:
        self._url = url
        self._role = role
        self._held = threading.local()
        self._silent, self._ask_again_at, self._turn = False, 0.0, threading.Lock()
        self._open: WeakSet[psycopg.Connection[Any]] = WeakSet()
        self.engine = self._engine(WRITING_SETTINGS)
        self._reading_engine = self._engine(READING_SETTINGS, isolation_level="AUTOCOMMIT")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that cannot write; each statement sees what is committed when it begins."""
        with self._session(self._reading_engine) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: commits on leaving, rolls back on an exception. Answer only after leaving."""
        with self._session(self.engine) as db, db.begin():
            yield db

    def hot(self) -> HotConnection:
        """This thread's own autocommit connection, with every statement prepared at its first use."""
        connection: HotConnection | None = getattr(self._held, "connection", None)
        if connection is None or connection.closed or _has_something_to_say(connection):
            if connection is not None:
                connection.close()
            connection = self._connect(HotConnection, HOT_SETTINGS, autocommit=True, prepare_threshold=0)
            self._held.connection = connection
        return connection

    def cut(self) -> None:
        """End every connection: the server says nothing, and libpq would wait for it without end. Whoever waits is
        told that the database is away (C082).
        """
        with self._turn:
            waiting = [connection for connection in self._open if not connection.closed]
        for connection in waiting:
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back what this thread and the pools hold."""
        connection: HotConnection | None = getattr(self._held, "connection", None)
        if connection is not None:
            connection.close()
        self.engine.dispose()
        self._reading_engine.dispose()

    @contextmanager
    def _session(self, engine: sqlalchemy.Engine) -> Iterator[Session]:
        with lost_is_away(), Session(engine, expire_on_commit=False) as db:
            yield db

    def _engine(self, settings: LiteralString, **options: Any) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._connect(psycopg.Connection, settings),
            pool_size=8,
            max_overflow=8,
            pool_timeout=2,
            **options,
        )
        event.listen(engine, "handle_error", _throw_away_what_is_lost)
        event.listen(engine, "checkout", _refuse_what_was_closed_meanwhile)
        return engine

    def _connect(self, kind: type[C], settings: LiteralString, **options: Any) -> C:
        """A new connection in its role. A server that is away, or does not write, is `DatabaseAway`."""
        self._take_turn()
        try:
            connection = kind.connect(
                self._url, connect_timeout=CONNECT_SECONDS, application_name=self._role, **options
            )
            autocommit = connection.autocommit
            connection.set_autocommit(True)  # settings made in a transaction would go with its rollback
            role = sql.SQL("SET ROLE {}; ").format(sql.Identifier(self._role))
            connection.execute(role + sql.SQL(settings), prepare=False)
            connection.set_autocommit(autocommit)
        except psycopg.OperationalError as error:
            self._silent = isinstance(error, psycopg.errors.ConnectionTimeout)
            self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS if self._silent else 0.0
            raise DatabaseAway("database: no connection") from error
        self._silent, self._ask_again_at = False, 0.0
        with self._turn:
            self._open.add(connection)
        return connection

    def _take_turn(self) -> None:
        """A server that says nothing costs whoever asks two seconds. So while it is silent one thread at a time
        asks, and the others are told at once: a queue of requests is gone in the time of one (C082).
        """
        with self._turn:
            now = time.monotonic()
            if now < self._ask_again_at:
                raise DatabaseAway("database: silent a moment ago")
            if self._silent:
                self._ask_again_at = now + CONNECT_SECONDS + ASK_AGAIN_SECONDS


def _has_something_to_say(connection: psycopg.Connection[Any]) -> bool:
    """Bytes to read on an idle connection say that it is over: one system call, not a failed request."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _throw_away_what_is_lost(context: ExceptionContext) -> None:
    """To the pool, a server that no longer writes is as lost as one that hung up: all its connections go."""
    if getattr(context.original_exception, "sqlstate", None) in LOST:
        context.is_disconnect = True


def _refuse_what_was_closed_meanwhile(connection: Any, _record: Any, _proxy: Any) -> None:
    """The pool makes another connection when this raises."""
    if connection.closed or _has_something_to_say(connection):
        raise exc.DisconnectionError
