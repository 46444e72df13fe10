"""The held connection of the hot doors. A statement of the hop is prepared at its first use, goes out and comes
back in binary, and costs one call of libpq: half of what a cursor costs (ADR 0005).

Its loss is one exception, `DatabaseAway`. Knows no table.
"""

import re
from collections.abc import Mapping
from typing import Any, Self

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import QueryCanceled, error_from_result
from psycopg.rows import Row, TupleRow

from idp.errors import DatabaseAway

# 25006: read-only, an old primary. 57P01-03: shut down, crashed, starting. 08xxx: the connection itself.
LOST = frozenset({"25006", "57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006"})
_PARAMETER = re.compile(r"%\((\w+)\)s")


class HotConnection(psycopg.Connection[TupleRow]):
    """Never ROLLBACK on it: psycopg then forgets what is prepared."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = HotCursor
        self._statements: dict[str, _Statement] = {}

    def row(self, statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of one statement of the hop, or None. Its parameters are `%(name)s`.

        What comes back has PostgreSQL's binary form: cast an enum to text.
        """
        known = self._statements.get(statement)
        if known is None:
            known = self._statements[statement] = _Statement(self, statement, len(self._statements))
        try:
            return known.row(parameters)
        except psycopg.Error as error:
            self.raise_away(error)
            raise

    def raise_away(self, error: psycopg.Error) -> None:
        """Unless it is the statement's own fault."""
        if error.sqlstate in LOST or self.closed:
            self.close()
        elif error.sqlstate != QueryCanceled.sqlstate:
            return
        raise DatabaseAway(f"database: {error.sqlstate or 'connection lost'}") from error


class HotCursor(psycopg.Cursor[Row]):
    """Every other statement, whatever rows its caller wants made of the answer."""

    def execute(self, *arguments: Any, **options: Any) -> Self:
        try:
            return super().execute(*arguments, **options)
        except psycopg.Error as error:
            if isinstance(self.connection, HotConnection):
                self.connection.raise_away(error)
            raise


class _Statement:
    """One statement on one connection, prepared once for each combination of parameter types: an integer is sent
    as short as it is."""

    def __init__(self, connection: HotConnection, statement: str, number: int) -> None:
        self._pgconn, self._number = connection.pgconn, number
        self._parameters = list(dict.fromkeys(_PARAMETER.findall(statement)))
        places = {name: f"${place}" for place, name in enumerate(self._parameters, 1)}
        self._sql = _PARAMETER.sub(lambda found: places[found[1]], statement).encode()
        self._formats = [PyFormat.AUTO] * len(places)
        self._adapted = Transformer(connection)
        self._names: dict[tuple[int, ...] | None, bytes] = {}

    def row(self, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        adapted = self._adapted
        values = adapted.dump_sequence([parameters[name] for name in self._parameters], self._formats)
        name = self._names.get(adapted.types) or self._prepare(adapted.types)
        result = self._pgconn.exec_prepared(name, values, adapted.formats, pq.Format.BINARY)  # type: ignore[arg-type]
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise error_from_result(result)
        if not result.ntuples:
            return None
        adapted.set_pgresult(result)
        return adapted.load_row(0, tuple)

    def _prepare(self, types: tuple[int, ...] | None) -> bytes:
        name = f"hot_{self._number}_{len(self._names)}".encode()
        result = self._pgconn.prepare(name, self._sql, types)
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result)
        self._names[types] = name
        return name
