"""The same question asked again: the same client, `X-Request-ID` and body within ten minutes get the answer that
was given, and no second look. Writer of `answered_questions`.

The row is written in the statement that answers, and its primary key decides who of many at once is the first. A
permit is repeated only while all of it would be given anew: what was taken back since is a new look, with its own
answer, because no permit may begin after a withdrawal was acknowledged.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from consent.decision import PERMITS
from idp.hot_connection import HotConnection

COUNTS_FOR = timedelta(minutes=10)
KEPT_FOR = 2 * COUNTS_FOR  # nobody who was just told that there is an answer finds it gone

# After `verdict` (see `consent/verdict`). A row: the question is new, and what was found is kept.
ANEW = """
anew AS (
  INSERT INTO idp.answered_questions AS q (asking_no, request_digest, question_digest, answered_at, reasons,
         decision_ids, consent_ids, ends)
  SELECT %(client_no)s::integer, %(request_digest)s::bytea, %(question_digest)s::bytea,
         coalesce(%(now)s::timestamptz, now()), array_agg(v.reason::text ORDER BY v.place),
         array_agg(v.decision_id ORDER BY v.place), array_agg(v.consent_id ORDER BY v.place),
         array_agg(v.expires_at ORDER BY v.place)
    FROM verdict AS v
  HAVING count(*) > 0
  ON CONFLICT (asking_no, request_digest) DO UPDATE
     SET question_digest = excluded.question_digest, answered_at = excluded.answered_at,
         reasons = excluded.reasons, decision_ids = excluded.decision_ids, consent_ids = excluded.consent_ids,
         ends = excluded.ends
   WHERE q.answered_at <= excluded.answered_at - %(counts_for)s::interval
      OR (q.question_digest = excluded.question_digest
          AND EXISTS (SELECT FROM unnest(q.reasons, excluded.reasons) AS said (before, after)
                       WHERE said.before = ANY (%(permits)s::text[])
                         AND (said.after = ANY (%(permits)s::text[])) IS NOT TRUE))
  RETURNING q.asking_no
)"""
_GIVEN = """
SELECT q.question_digest, q.reasons, q.decision_ids, q.consent_ids, q.ends
  FROM idp.answered_questions AS q
 WHERE q.asking_no = %(client_no)s::integer AND q.request_digest = %(request_digest)s::bytea
"""
_FORGET = """
WITH over AS (
  SELECT q.asking_no, q.request_digest FROM idp.answered_questions AS q
   WHERE q.answered_at <= %(before)s::timestamptz
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.answered_questions AS q USING over
 WHERE q.asking_no = over.asking_no AND q.request_digest = over.request_digest
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may come again: digests of its id, and of what it asks at which door."""

    request_digest: bytes
    question_digest: bytes

    @classmethod
    def of(cls, request_id: str, door: str, body: bytes) -> "Request":
        question = hashlib.sha256(door.encode() + b"\x00" + body).digest()
        return cls(hashlib.sha256(request_id.encode()).digest(), question)

    def part(self, number: int) -> "Request":
        """One question of a request that is answered in several statements."""
        digest = hashlib.sha256(self.request_digest + number.to_bytes(4)).digest()
        return Request(digest, self.question_digest)

    def parameters(self) -> dict[str, Any]:
        """Of `ANEW`."""
        return {
            "request_digest": self.request_digest,
            "question_digest": self.question_digest,
            "counts_for": COUNTS_FOR,
            "permits": sorted(PERMITS),
        }


def given(connection: HotConnection, asking_no: int, request: Request) -> tuple[Any, ...] | None:
    """What was answered: reasons, decision ids, consent ids and ends, as `ANEW` kept them. None: the id was used
    for another question.
    """
    row = connection.row(_GIVEN, {"client_no": asking_no, "request_digest": request.request_digest})
    assert row is not None, "kept for longer than it counts"
    return row[1:] if row[0] == request.question_digest else None


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete what counts no more, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "before": now - KEPT_FOR}).rowcount
