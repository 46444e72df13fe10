"""The security trail: who did what to what, and how it ended. The only writer of `idp.audit_events` and its heads.

An event is written in the transaction of what it tells of, so there is no deed without its entry and no entry
without its deed. It holds ids and words of ours, no personal datum and no secret: `detail` passes the log's
filter. Append-only by trigger and privilege; a partition a month.
"""

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from idp.log import clean

Outcome = Literal["done", "refused", "failed"]
QUIET_SECONDS = 60.0

RECORD = """
INSERT INTO idp.audit_events (actor_id, actor_no, action, object_id, outcome, request_id, detail)
VALUES (%(actor_id)s::uuid, %(actor_no)s::integer, %(action)s::text, %(object_id)s::text, %(outcome)s::text,
        %(request_id)s::text, %(detail)s::jsonb)
"""

# For the statement that answers "may I?": who asks about people or applications that are not here leaves a trace,
# and the answer takes as long as any other. After `look` and `anew` (see `consent/verdict`).
NOTED_OF_NOBODY = """
noted AS (
  INSERT INTO idp.audit_events (actor_no, action, object_id, outcome, detail)
  SELECT %(client_no)s::integer, 'evaluation.of_nobody', %(asking_id)s::text, 'refused',
         jsonb_build_object('looks', count(*))
    FROM look
   WHERE NOT (look.account_known AND look.client_no > 0) AND EXISTS (SELECT FROM anew)
  HAVING count(*) > 0
)"""


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


@dataclass(frozen=True)
class Deed:
    """One event that was done, for who shows it."""

    action: str
    at: datetime


_DONE_TO = """
SELECT e.action, e.object_id, uuid_extract_timestamp(e.event_id)
  FROM idp.audit_events AS e
 WHERE e.object_id = ANY (%(objects)s) AND e.action = ANY (%(actions)s) AND e.outcome = 'done'
   AND uuid_extract_timestamp(e.event_id) >= %(since)s::timestamptz
 ORDER BY e.event_id
"""


def done_to(db: Session, deeds: Collection[tuple[str, str]], since: datetime) -> list[Deed]:
    """These deeds, each an action and what it was done to, oldest first."""
    actions, objects = [action for action, _ in deeds], [thing for _, thing in deeds]
    given = {"actions": actions, "objects": objects, "since": since}
    rows = db.connection().exec_driver_sql(_DONE_TO, given)
    return [Deed(action, at) for action, thing, at in rows if (action, thing) in deeds]


@dataclass
class Pace:
    """For refusals that anybody can cause as often as they like, while an entry is for ever: the first of a kind
    is written at once, those of the next minute are counted and written with the first after it. Of one process.
    """

    monotonic: Callable[[], float] = time.monotonic
    _written_at: dict[Hashable, float] = field(default_factory=dict)
    _more: dict[Hashable, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def due(self, kind: Hashable) -> int:
        """How many to write down now: this one and those counted since; 0: it is counted."""
        now = self.monotonic()
        with self._lock:
            before = self._more.pop(kind, 0) + 1
            if now - self._written_at.get(kind, float("-inf")) < QUIET_SECONDS:
                self._more[kind] = before
                return 0
            self._written_at[kind] = now
            return before
