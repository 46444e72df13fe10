"""The security trail: who did what to what, and how it ended. The only writer of `idp.audit_events` and its heads.

An event is written in the transaction of what it tells of, so there is no deed without its entry and no entry
without its deed. It holds ids and words of ours, no personal datum and no secret: `detail` passes the log's
filter. Append-only by trigger and privilege; a partition a month.
"""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from idp.log import clean

Outcome = Literal["done", "refused", "failed"]

RECORD = """
INSERT INTO idp.audit_events (actor_id, actor_no, action, object_id, outcome, request_id, detail)
VALUES (%(actor_id)s::uuid, %(actor_no)s::integer, %(action)s::text, %(object_id)s::text, %(outcome)s::text,
        %(request_id)s::text, %(detail)s::jsonb)
"""


def record(
    db: Session | psycopg.Connection[Any],
    *,
    action: str,
    object_id: str,
    outcome: Outcome,
    actor_id: UUID | None = None,
    actor_no: int | None = None,
    request_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one event. `action` is `thing.deed` in the past tense; `actor_id` a citizen, `actor_no` a client."""
    parameters = {
        "actor_id": actor_id,
        "actor_no": actor_no,
        "action": action,
        "object_id": object_id,
        "outcome": outcome,
        "request_id": request_id,
        "detail": Jsonb(clean(detail or {})),
    }
    if isinstance(db, Session):
        db.connection().exec_driver_sql(RECORD, parameters)
    else:
        db.execute(RECORD, parameters)
