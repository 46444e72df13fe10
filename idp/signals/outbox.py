"""Signals that must leave the house, in the transaction of their cause, in order per client. The one writer of
`idp.outbox`.

About whom is the citizen's own id: what the receiver calls the citizen is computed when the signal is sent.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

_PUT = """
INSERT INTO idp.outbox (signal_id, client_no, citizen_id, kind, detail, caused_at)
VALUES (uuidv7(), %(client_no)s::integer, %(citizen_id)s, %(kind)s, %(detail)s,
        coalesce(%(caused_at)s::timestamptz, now()))
"""


def put(
    db: Session,
    client_no: int,
    citizen_id: UUID,
    kind: str,
    detail: dict[str, Any],
    caused_at: datetime | None = None,
) -> None:
    """Record that this client must be told."""
    given = {"client_no": client_no, "citizen_id": citizen_id, "kind": kind, "detail": Jsonb(detail)}
    db.connection().exec_driver_sql(_PUT, given | {"caused_at": caused_at})
