"""Getting a signal to its client: each delivery has its own timeout, its own tries and its own back-off, so a dead
address delays no other (C054). The one writer of `idp.deliveries`.

A delivery is claimed by moving its next attempt, in one statement, before anything is sent: a worker that dies in
between leaves it to be tried again. 200 and 204 end it; 400 says that the client will never take it, and is
recorded; anything else is tried again after 5 s, 10 s, … up to hours, then given up and shown to the agency.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp import outbound
from idp.clients.registry import Client
from idp.gate import Gate
from idp.outbound import Unreachable
from idp.signals import backchannel_logout, outbox
from keys.derivation import Label

AT_ONCE = 8
MOST_ATTEMPTS = 14  # 5 s doubled each time: the last wait is about 6 hours

_KEEP = """
INSERT INTO idp.deliveries (delivery_id, client_no, citizen_id, kind, token_sealed, next_attempt_at)
VALUES (%(delivery_id)s, %(client_no)s::integer, %(citizen_id)s, 'backchannel_logout', %(token_sealed)s, now())
ON CONFLICT (delivery_id) DO NOTHING
"""
_CLAIM = """
WITH due AS (
  SELECT d.delivery_id FROM idp.deliveries AS d
   WHERE d.given_up_at IS NULL AND d.next_attempt_at <= now()
   ORDER BY d.next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE idp.deliveries AS d
   SET attempts = d.attempts + 1, next_attempt_at = now() + least(5 * 2 ^ d.attempts, 21600) * interval '1 second'
  FROM due WHERE d.delivery_id = due.delivery_id
RETURNING d.delivery_id, d.client_no, d.citizen_id, d.token_sealed, d.attempts
"""
_DONE = "DELETE FROM idp.deliveries WHERE delivery_id = %(delivery_id)s"
_FAILED = """
UPDATE idp.deliveries SET last_answer = %(answer)s, given_up_at = CASE WHEN %(over)s::boolean THEN now() END
 WHERE delivery_id = %(delivery_id)s
"""


@dataclass(frozen=True)
class Delivery:
    """One claimed delivery; `attempts` counts the one that is under way."""

    delivery_id: UUID
    client_no: int
    citizen_id: UUID
    session_id: UUID | None
    attempts: int


def hand_over(gate: Gate) -> bool:
    """Turn signals into deliveries, in the transaction that takes them. True: there may be more."""
    with gate.database.writing() as db:
        signals = outbox.take(db)
        for signal in signals:
            client = gate.registry.get().by_no.get(signal.client_no)
            # Other kinds are security events, which no receiver can ask for yet; an application without an address
            # for logouts is named on the citizen's page instead.
            if client is None or not client.backchannel_logout_uri or signal.kind not in TOLD_BY_LOGOUT:
                continue
            sealed = gate.rest_sealer.seal(
                Label.DELIVERY, json.dumps(signal.detail.get("session_id")).encode(), signal.signal_id.bytes
            )
            given = {
                "delivery_id": signal.signal_id,
                "client_no": signal.client_no,
                "citizen_id": signal.citizen_id,
            }
            db.connection().exec_driver_sql(_KEEP, given | {"token_sealed": sealed})
    return len(signals) >= outbox.BATCH


TOLD_BY_LOGOUT = ("backchannel_logout", "consent-withdrawn")


def deliver_due(gate: Gate) -> bool:
    """Try what is due, several at once. True: there may be more."""
    with gate.database.writing() as db:
        claimed = [_read(gate, row) for row in db.connection().exec_driver_sql(_CLAIM, {"limit": AT_ONCE})]
    if claimed:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda delivery: _attempt(gate, delivery), claimed))
    return len(claimed) == AT_ONCE


def _read(gate: Gate, row: Any) -> Delivery:
    opened = json.loads(gate.rest_sealer.open(Label.DELIVERY, bytes(row.token_sealed), row.delivery_id.bytes))
    session_id = UUID(opened) if opened else None
    return Delivery(row.delivery_id, row.client_no, row.citizen_id, session_id, row.attempts)


def _attempt(gate: Gate, delivery: Delivery) -> None:
    client = gate.registry.get().by_no.get(delivery.client_no)
    answer = _sent(gate, client, delivery) if client is not None else "400"
    with gate.database.writing() as db:
        _settle(db, delivery, answer)


def _sent(gate: Gate, client: Client, delivery: Delivery) -> str:
    """The status that came back, or why none did."""
    told = backchannel_logout.token(
        gate, client, delivery.delivery_id, delivery.citizen_id, delivery.session_id, gate.now()
    )
    fields = {"logout_token": told}
    try:
        answer = outbound.post_form(client.backchannel_logout_uri or "", fields, loopback=gate.loopback)
    except Unreachable:
        return "unreachable"
    return str(answer.status)


def _settle(db: Session, delivery: Delivery, answer: str) -> None:
    if answer in ("200", "204"):
        db.connection().exec_driver_sql(_DONE, {"delivery_id": delivery.delivery_id})
        return
    over = answer == "400" or delivery.attempts >= MOST_ATTEMPTS
    given = {"delivery_id": delivery.delivery_id, "answer": answer, "over": over}
    db.connection().exec_driver_sql(_FAILED, given)
