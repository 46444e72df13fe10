"""Every end of a session: by the citizen, by an act on the account, by the clock. Writes `idp.sessions` beside
`sessions`.

An end is an update of a row that has none, so of two at once one ends it; who took part is in the answer, for a
logout must tell them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts.states import SessionEnd

_END = """
UPDATE idp.sessions AS s
   SET ended_at = coalesce(%(now)s::timestamptz, now()), ended_because = %(because)s::idp.session_end
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.ended_at IS NULL
RETURNING s.citizen_id, s.session_id, s.client_nos
"""

_END_ALL_BUT = """
UPDATE idp.sessions AS s
   SET ended_at = coalesce(%(now)s::timestamptz, now()), ended_because = %(because)s::idp.session_end
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id IS DISTINCT FROM %(kept_id)s::uuid AND s.ended_at IS NULL
RETURNING s.citizen_id, s.session_id, s.client_nos
"""

_END_RUN_OUT = """
WITH due AS (
  SELECT s.citizen_id, s.session_id, s.expires_at <= coalesce(%(now)s::timestamptz, now()) AS is_over
    FROM idp.sessions AS s
   WHERE s.ended_at IS NULL
     AND (s.expires_at <= coalesce(%(now)s::timestamptz, now())
          OR s.seen_at + s.idle_seconds * interval '1 second' <= coalesce(%(now)s::timestamptz, now()))
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE idp.sessions AS s
   SET ended_at = coalesce(%(now)s::timestamptz, now()),
       ended_because = CASE WHEN due.is_over THEN 'expired' ELSE 'idle' END::idp.session_end
  FROM due WHERE s.citizen_id = due.citizen_id AND s.session_id = due.session_id AND s.ended_at IS NULL
RETURNING s.citizen_id, s.session_id, s.client_nos
"""

_FORGET = """
WITH over AS (
  SELECT s.citizen_id, s.session_id FROM idp.sessions AS s
   WHERE s.ended_at <= %(now)s::timestamptz - interval '30 days'
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.sessions AS s USING over WHERE s.citizen_id = over.citizen_id AND s.session_id = over.session_id
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that this act ended, and the clients that took part in it: whom a logout must tell."""

    citizen_id: UUID
    session_id: UUID
    client_nos: tuple[int, ...]


def end(
    db: Session, citizen_id: UUID, session_id: UUID, because: SessionEnd, now: datetime | None = None
) -> Ended | None:
    """End one session. None: it had ended before, or is not this citizen's."""
    params = {"citizen_id": citizen_id, "session_id": session_id, "because": because, "now": now}
    return next(iter(_ended(db, _END, params)), None)


def end_all_but(
    db: Session, citizen_id: UUID, kept_id: UUID | None, because: SessionEnd, now: datetime | None = None
) -> list[Ended]:
    """End every session of a citizen, of every audience, but the one kept (None: all)."""
    params = {"citizen_id": citizen_id, "kept_id": kept_id, "because": because, "now": now}
    return _ended(db, _END_ALL_BUT, params)


def end_run_out(db: Session, limit: int, now: datetime | None = None) -> list[Ended]:
    """Write down the end of sessions that no longer count, so that their clients are told.

    The worker's, in batches.
    """
    return _ended(db, _END_RUN_OUT, {"limit": limit, "now": now})


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete sessions that ended 30 days ago, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _ended(db: Session, statement: str, params: dict[str, Any]) -> list[Ended]:
    rows = db.connection().exec_driver_sql(statement, params)
    return [Ended(row.citizen_id, row.session_id, tuple(row.client_nos)) for row in rows]
