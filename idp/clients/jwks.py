"""The public keys by which a client proves itself: those it registered, or those its `jwks_uri` serves (OIDC Core
§10.1.1). The one writer of `idp.client_keys`, which all processes share.

A fetched set is good for five minutes, and is fetched once more for a `kid` that is not in it. Whoever may fetch
is decided by the row: the one that moves `failed_at` has the turn, at most once in 30 s, so that neither a client
nor a thousand invented key ids make us a hammer (protocol.md §6 row 39). While an attempt is under way,
`failed_at` is the time by which it is over, whatever becomes of its process. One that fails keeps the set of
before.
"""

import threading
import time
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from idp import outbound
from idp.clients.registry import Client
from idp.outbound import Unreachable
from keys import public_keys, strict_json
from keys.errors import BadKey
from keys.public_keys import PublicKey

BUDGET_SECONDS = 3.0
POLLED_EVERY_SECONDS = 0.1
ACCEPT = "application/jwk-set+json, application/json"

_HELD = """
SELECT k.jwks, k.fetched_at > now() - interval '300 seconds' AS is_fresh
  FROM idp.client_keys AS k WHERE k.client_no = %(client_no)s
"""
_TAKE_TURN = """
INSERT INTO idp.client_keys AS k (client_no, jwks, fetched_at, failed_at)
VALUES (%(client_no)s, '{"keys": []}', to_timestamp(0), now() + %(budget)s * interval '1 second')
ON CONFLICT (client_no) DO UPDATE SET failed_at = now() + %(budget)s * interval '1 second'
 WHERE greatest(k.fetched_at, k.failed_at) <= now() - interval '30 seconds'
RETURNING k.failed_at
"""
_IS_UNDER_WAY = "SELECT k.failed_at > now() FROM idp.client_keys AS k WHERE k.client_no = %(client_no)s"
_FAILED = """
UPDATE idp.client_keys SET failed_at = now() WHERE client_no = %(client_no)s AND failed_at = %(turn_at)s
"""
# Of an address that was replaced meanwhile nothing is kept.
_KEEP = """
UPDATE idp.client_keys SET jwks = %(jwks)s, fetched_at = now(), failed_at = NULL
 WHERE client_no = %(client_no)s AND failed_at = %(turn_at)s
"""
_FORGET = """
UPDATE idp.client_keys SET jwks = '{"keys": []}', fetched_at = to_timestamp(0), failed_at = NULL
 WHERE client_no = %(client_no)s
"""

# Of this process, for fetching and for waiting until another has fetched: a client whose address hangs must not
# hold the threads on which citizens sign in.
_places = threading.BoundedSemaphore(2)
_log = structlog.get_logger()


def keys_of(
    client: Client, kid: str | None, connection: Connection, *, loopback: bool, missed: bool = False
) -> list[PublicKey]:
    """The client's keys, newer ones where that may help: they are old, do not have `kid`, or (`missed`) none of
    them made a signature that names no key."""
    if client.jwks_uri is None:
        return _read(client.jwks or {"keys": []})
    held, is_fresh = _held(connection, client)
    known = not missed and bool(held) if kid is None else any(key.kid == kid for key in held)
    if is_fresh and known:
        return held
    if not _places.acquire(blocking=False):
        return held
    try:
        taking = {"client_no": client.client_no, "budget": BUDGET_SECONDS}
        turn = connection.execute(_TAKE_TURN, taking).fetchone()
        if turn is not None:
            _fetch(client, connection, turn[0], loopback)
        elif not known:
            _wait(client, connection)
        return _held(connection, client)[0]
    finally:
        _places.release()


def forget(db: Session, client_no: int) -> None:
    """The client names another address now: what the old one served is nobody's key."""
    db.connection().exec_driver_sql(_FORGET, {"client_no": client_no})


def _held(connection: Connection, client: Client) -> tuple[list[PublicKey], bool]:
    row = connection.execute(_HELD, {"client_no": client.client_no}).fetchone()
    return ([], False) if row is None else (_read(row[0]), row[1])


def _read(jwks: dict[str, Any]) -> list[PublicKey]:
    return public_keys.read_set(jwks)[0]


def _fetch(client: Client, connection: Connection, turn_at: datetime, loopback: bool) -> None:
    jwks = _fetched(client, loopback)
    its = {"client_no": client.client_no, "turn_at": turn_at}
    if jwks is None:
        _log.warning("key set not fetched", client_id=client.client_id)
        connection.execute(_FAILED, its)
        return
    connection.execute(_KEEP, {**its, "jwks": Jsonb(jwks)})


def _fetched(client: Client, loopback: bool) -> dict[str, Any] | None:
    """What can be used of the set that is served now; None: there is none, and the client must hear of it."""
    try:
        answer = outbound.get(client.jwks_uri or "", accept=ACCEPT, loopback=loopback, within=BUDGET_SECONDS)
        if answer.status != 200:
            return None
        good, bad = public_keys.read_set(strict_json.read(answer.body))
    except (Unreachable, BadKey, ValueError):
        return None
    if bad and not good:
        return None
    return {"keys": [_kept(key) for key in good]}  # an empty set too: its owner takes all keys back


def _kept(key: PublicKey) -> dict[str, Any]:
    named = {"kid": key.kid, "alg": key.algorithm}
    return {**key.public_key.as_dict(private=False), **{name: said for name, said in named.items() if said}}


def _wait(client: Client, connection: Connection) -> None:
    """Until the one who has the turn is done, or its time is over."""
    ends_at = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < ends_at:
        row = connection.execute(_IS_UNDER_WAY, {"client_no": client.client_no}).fetchone()
        if row is None or not row[0]:
            return
        time.sleep(POLLED_EVERY_SECONDS)
