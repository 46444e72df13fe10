"""What waits to be told to a client: kept, claimed for one attempt, settled, given up, forgotten. The one writer
of `idp.deliveries`.

A delivery is claimed by moving its next attempt beyond the end of any attempt, and that is committed before
anything is sent: no lock is held while a receiver is waited for, and a worker that dies in between leaves it to be
tried again (C084). Trying again after 5 s, 10 s, … 6 h ends after the 72 hours that an agency has to answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp.signals.outbox import Signal
from keys.at_rest import AtRest
from keys.derivation import Label
from keys.errors import CannotOpen, MasterKeyMissing
from keys.sealing import RestSealer

TRIED_FOR = timedelta(hours=72)
KEPT_FOR = timedelta(days=30)  # after it was given up
AT_ONCE_PER_CLIENT = 2

_KEEP = """
INSERT INTO idp.deliveries (delivery_id, client_no, citizen_id, kind, token_sealed, next_attempt_at)
VALUES (%(delivery_id)s, %(client_no)s::integer, %(citizen_id)s, %(kind)s, %(sealed)s, now())
ON CONFLICT (delivery_id) DO NOTHING
"""
# Leaps over the index from client to client, so a long queue of one costs the others nothing. 60 s: longer than
# any attempt takes.
_CLAIM = """
WITH RECURSIVE clients AS (
  (SELECT d.client_no FROM idp.deliveries AS d WHERE d.given_up_at IS NULL ORDER BY d.client_no LIMIT 1)
  UNION ALL
  SELECT (SELECT d.client_no FROM idp.deliveries AS d
           WHERE d.given_up_at IS NULL AND d.client_no > c.client_no ORDER BY d.client_no LIMIT 1)
    FROM clients AS c WHERE c.client_no IS NOT NULL
), due AS (
  SELECT waiting.delivery_id
    FROM clients AS c
   CROSS JOIN LATERAL (
           SELECT d.delivery_id, d.next_attempt_at FROM idp.deliveries AS d
            WHERE d.client_no = c.client_no AND d.given_up_at IS NULL AND d.next_attempt_at <= now()
            ORDER BY d.next_attempt_at LIMIT %(per_client)s FOR UPDATE SKIP LOCKED
         ) AS waiting
   WHERE c.client_no <> ALL(%(not_these)s::integer[])
     AND (c.client_no = ANY(%(failing)s::integer[])) = %(of_failing)s
   ORDER BY waiting.next_attempt_at LIMIT %(limit)s
)
UPDATE idp.deliveries AS d
   SET attempts = d.attempts + 1, next_attempt_at = now() + interval '60 seconds'
  FROM due
 WHERE d.delivery_id = due.delivery_id
RETURNING d.delivery_id, d.client_no, d.citizen_id, d.kind, d.token_sealed, d.attempts, now()
"""
_FAILING = "SELECT DISTINCT d.client_no FROM idp.deliveries AS d WHERE d.given_up_at IS NULL AND d.attempts > 0"
_DONE = "DELETE FROM idp.deliveries AS d WHERE d.delivery_id = %(delivery_id)s"
_LATER = """
UPDATE idp.deliveries AS d
   SET last_answer = %(answer)s,
       next_attempt_at = now() + least(5 * 2 ^ (d.attempts - 1), 21600) * interval '1 second'
 WHERE d.delivery_id = %(delivery_id)s
"""
_OVER = """
UPDATE idp.deliveries AS d SET last_answer = %(answer)s, given_up_at = now()
 WHERE d.delivery_id = %(delivery_id)s AND d.given_up_at IS NULL
RETURNING d.delivery_id
"""
# One under an attempt has its chance first: its next attempt lies ahead.
_TOO_OLD = """
SELECT d.delivery_id, d.client_no, d.citizen_id, d.kind, d.token_sealed, d.attempts, now(), d.last_answer
  FROM idp.deliveries AS d
 WHERE d.delivery_id < consent.uuid_floor(now() - %(tried_for)s) AND d.given_up_at IS NULL
   AND (d.next_attempt_at <= now() OR d.next_attempt_at > now() + interval '60 seconds')
 ORDER BY d.delivery_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_FORGET = """
DELETE FROM idp.deliveries AS d
 WHERE d.delivery_id IN (
   SELECT o.delivery_id FROM idp.deliveries AS o WHERE o.given_up_at < %(before)s LIMIT %(limit)s)
"""

_SOME = """
SELECT d.delivery_id, d.token_sealed FROM idp.deliveries AS d
 WHERE d.delivery_id > %(after)s AND substr(d.token_sealed, 1, 1) <> %(done)s
 ORDER BY d.delivery_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_WRITE = "UPDATE idp.deliveries AS d SET token_sealed = %(sealed)s WHERE d.delivery_id = %(key)s"
_VERSIONS = "SELECT get_byte(d.token_sealed, 0), count(*) FROM idp.deliveries AS d GROUP BY 1"


@dataclass(frozen=True)
class Delivery:
    """One claimed delivery. `attempts` counts the one that is under way, `at` is when it was claimed."""

    delivery_id: UUID
    client_no: int
    citizen_id: UUID
    kind: str
    sealed: bytes
    attempts: int
    at: datetime


@dataclass(frozen=True)
class About:
    """What a delivery tells of: the session that ended, or the consent."""

    session_id: UUID | None
    consent_id: UUID | None


class Unreadable(Exception):
    """A delivery, or a signal, that says nothing we can read. It will not be better the next time."""


def keep(db: Session, rest_sealer: RestSealer, signal: Signal) -> None:
    """From a signal that was taken out of the outbox in this transaction."""
    sealed = rest_sealer.seal(Label.DELIVERY, json.dumps(signal.detail).encode(), _context(signal.signal_id))
    given = {
        "delivery_id": signal.signal_id,
        "client_no": signal.client_no,
        "citizen_id": signal.citizen_id,
        "kind": signal.kind,
        "sealed": sealed,
    }
    db.connection().exec_driver_sql(_KEEP, given)


def opened(rest_sealer: RestSealer, delivery: Delivery) -> About:
    """What is to be told; `Unreadable`."""
    try:
        detail = json.loads(rest_sealer.open(Label.DELIVERY, delivery.sealed, _context(delivery.delivery_id)))
    except MasterKeyMissing:
        raise  # of this machine, not of the delivery: it is told once the key is here
    except (CannotOpen, ValueError) as error:
        raise Unreadable from error
    return about_of(detail)


def about_of(detail: Any) -> About:
    """The ids in a signal's detail; `Unreadable`."""
    try:
        ids = (detail.get("session_id"), detail.get("consent_id"))
        return About(*(UUID(it) if it is not None else None for it in ids))
    except (AttributeError, TypeError, ValueError) as error:
        raise Unreadable from error


def claim(
    db: Session, limit: int, *, not_these: Sequence[int], failing: Sequence[int], of_failing: bool
) -> list[Delivery]:
    """At most `limit` that are due: of clients that fail, or of the others; of `not_these` clients none. Those of
    a client that fails come one at a time."""
    given = {
        "limit": limit,
        "per_client": 1 if of_failing else AT_ONCE_PER_CLIENT,
        "not_these": list(not_these),
        "failing": list(failing),
        "of_failing": of_failing,
    }
    return [Delivery(*row) for row in db.connection().exec_driver_sql(_CLAIM, given)]


def failing_clients(db: Session) -> list[int]:
    """Whose deliveries were tried in vain, for a worker that has just started."""
    return list(db.connection().exec_driver_sql(_FAILING).scalars())


def done(db: Session, delivery_id: UUID) -> None:
    """It was told: nothing is kept."""
    db.connection().exec_driver_sql(_DONE, {"delivery_id": delivery_id})


def try_later(db: Session, delivery_id: UUID, answer: str) -> None:
    """`answer` is a status, or a word of ours for why there was none."""
    db.connection().exec_driver_sql(_LATER, {"delivery_id": delivery_id, "answer": answer})


def give_up(db: Session, delivery_id: UUID, answer: str) -> bool:
    """No more attempts; False: given up before."""
    given = {"delivery_id": delivery_id, "answer": answer}
    return db.connection().exec_driver_sql(_OVER, given).one_or_none() is not None


def too_old(db: Session, limit: int) -> list[tuple[Delivery, str]]:
    """Those tried for long enough, with their last answer, for this transaction to give up."""
    rows = db.connection().exec_driver_sql(_TOO_OLD, {"tried_for": TRIED_FOR, "limit": limit})
    return [(Delivery(*row[:-1]), row[-1] or "not_tried") for row in rows]


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete those given up 30 days ago, at most `limit` rows; how many. The worker's."""
    given = {"before": now - KEPT_FOR, "limit": limit}
    return db.connection().exec_driver_sql(_FORGET, given).rowcount


def _context(delivery_id: UUID) -> bytes:
    return delivery_id.bytes


AT_REST = AtRest(Label.DELIVERY, "idp.deliveries", "token_sealed", UUID(int=0), _context, _SOME, _WRITE, _VERSIONS)
