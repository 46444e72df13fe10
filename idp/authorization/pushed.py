"""What does not fit a code: kept as a row of `idp.authorization_requests`, of which this is the one writer, for
the code's life. The code carries the row's id inside its seal, so no other can name it.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from idp.authorization.codes import LIFE_SECONDS, uuid7

_KEEP = """
INSERT INTO idp.authorization_requests (request_id, handle_digest, client_no, parameters, made_at, expires_at)
VALUES (%(request_id)s, ''::bytea, %(client_no)s, %(parameters)s, %(made_at)s, %(expires_at)s)
"""
_FIND = """
SELECT parameters FROM idp.authorization_requests
 WHERE request_id = %(request_id)s AND client_no = %(client_no)s
"""


def keep(connection: Connection, client_no: int, parameters: dict[str, Any], now: datetime) -> UUID:
    request_id = uuid7(now)
    connection.execute(
        _KEEP,
        {
            "request_id": request_id,
            "client_no": client_no,
            "parameters": Jsonb(parameters),
            "made_at": now,
            "expires_at": now + timedelta(seconds=LIFE_SECONDS),
        },
    )
    return request_id


def find(connection: Connection, client_no: int, request_id: UUID) -> dict[str, Any] | None:
    row = connection.execute(_FIND, {"request_id": request_id, "client_no": client_no}).fetchone()
    return None if row is None else dict(row[0])
