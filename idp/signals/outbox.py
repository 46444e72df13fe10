"""Signals that must leave the house, in the transaction of their cause, in order per client. The one writer of
`idp.outbox`.

About whom is the citizen's own id: what the receiver calls the citizen is computed when the signal is sent.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

BATCH = 200

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


@dataclass(frozen=True)
class Signal:
    """One signal on its way out. `detail` holds numbers and ids."""

    signal_id: UUID
    client_no: int
    citizen_id: UUID
    kind: str
    detail: dict[str, Any]


_TAKE = """
WITH oldest AS (
  SELECT o.signal_id, o.citizen_id FROM idp.outbox AS o ORDER BY o.signal_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.outbox AS o USING oldest
 WHERE o.signal_id = oldest.signal_id AND o.citizen_id = oldest.citizen_id
RETURNING o.signal_id, o.client_no, o.citizen_id, o.kind, o.detail
"""


def take(db: Session) -> list[Signal]:
    """The oldest signals, out of the box: the caller hands them to delivery in the same transaction."""
    rows = db.connection().exec_driver_sql(_TAKE, {"limit": BATCH})
    return sorted((Signal(*row) for row in rows), key=lambda signal: signal.signal_id)
