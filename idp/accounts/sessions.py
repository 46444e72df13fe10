"""Where a citizen is signed in: start, find, touch and renew a session. Writer of `sessions`; its ends are in
`session_endings`.

The browser holds citizen, session and a secret, sealed; the row holds the secret's digest (protocol.md §6 row 71).
What changes who somebody has proved to be changes the secret (row 72): the cookie of before is dead, while `sid`,
codes and tokens, which hang on `session_id`, live on. Times are the database's; a session ends by its absolute
end, by idleness, or by an act that names its reason.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts.citizen_key import Use
from idp.accounts.devices import Device
from idp.accounts.models import StoredSession
from idp.accounts.profile import Vault
from idp.accounts.session_lifetimes import SHARED_DEVICE_LASTS, Lifetime, lifetime
from idp.accounts.states import Audience

SECRET_BYTES = 32
BASIC_AFTER_RECOVERY = timedelta(hours=24)


# Lent to every statement that rests on a session `s`. It ends by the clock; the worker only writes that down.
LIVES = """s.ended_at IS NULL AND s.expires_at > coalesce(%(now)s::timestamptz, now())
   AND s.seen_at + s.idle_seconds * interval '1 second' > coalesce(%(now)s::timestamptz, now())"""

# A suspension meanwhile wins: the account's row is locked and judged again. So does another password: a session
# that rests on the one of before is none of those that the change could see and end. For a day after a recovery
# the account is `basic`, whatever was proved: the session is AAL1 and ends with that day (experience.md §3.4).
_START = """
WITH moment AS (
  SELECT coalesce(%(now)s::timestamptz, now()) AS now
), account AS (
  SELECT a.citizen_id, moment.now,
         (SELECT max(r.state_at) + %(basic_after_recovery)s::interval
            FROM idp.recoveries AS r
           WHERE r.citizen_id = a.citizen_id AND r.state = 'completed'
             AND r.state_at > moment.now - %(basic_after_recovery)s::interval) AS basic_until
    FROM idp.accounts AS a, moment
   WHERE a.citizen_id = %(citizen_id)s AND a.state = 'active'
  FOR SHARE OF a
), password AS (
  SELECT w.set_at FROM account JOIN idp.passwords AS w ON w.citizen_id = account.citizen_id FOR SHARE OF w
)
INSERT INTO idp.sessions (citizen_id, session_id, secret_digest, started_at, authenticated_at, seen_at,
       expires_at, idle_seconds, audience, aal, amr, device_sealed)
SELECT citizen_id, uuidv7(), %(secret_digest)s, now, now, now,
       least(now + %(absolute)s::interval, basic_until), %(idle_seconds)s::integer, %(audience)s::idp.audience,
       CASE WHEN basic_until IS NULL THEN %(aal)s::smallint ELSE 1 END, %(amr)s::text[], %(device_sealed)s
  FROM account
 WHERE (basic_until IS NULL OR %(audience)s::idp.audience = 'citizen')
   AND NOT EXISTS (SELECT FROM password WHERE password.set_at > %(proved_at)s::timestamptz)
RETURNING session_id, authenticated_at, expires_at, aal
"""

# Only a live session is renewed, by whoever still holds its secret: of two tabs at once one makes the new cookie.
_RENEW = """
WITH moment AS (
  SELECT coalesce(%(now)s::timestamptz, now()) AS now
), recovered AS (
  SELECT moment.now, max(r.state_at) + %(basic_after_recovery)s::interval AS basic_until
    FROM moment
    LEFT JOIN idp.recoveries AS r
      ON r.citizen_id = %(citizen_id)s AND r.state = 'completed'
     AND r.state_at > moment.now - %(basic_after_recovery)s::interval
   GROUP BY moment.now
)
UPDATE idp.sessions AS s
   SET secret_digest = %(secret_digest)s,
       seen_at = recovered.now,
       authenticated_at = CASE WHEN %(reauthenticated)s THEN recovered.now ELSE s.authenticated_at END,
       expires_at = least(recovered.now + %(absolute)s::interval, recovered.basic_until,
                          CASE WHEN NOT %(reauthenticated)s THEN s.expires_at END),
       idle_seconds = %(idle_seconds)s::integer,
       aal = CASE WHEN recovered.basic_until IS NULL THEN %(aal)s::smallint ELSE 1 END,
       amr = %(amr)s::text[]
  FROM recovered
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.secret_digest = %(old_digest)s
   AND s.ended_at IS NULL AND s.expires_at > recovered.now
   AND s.seen_at + s.idle_seconds * interval '1 second' > recovered.now
   AND (recovered.basic_until IS NULL OR s.audience = 'citizen')
RETURNING s.session_id, s.authenticated_at, s.expires_at, s.aal
"""

_FIND = f"""
SELECT s.session_id, s.secret_digest, s.audience, s.started_at, s.authenticated_at, s.seen_at, s.expires_at,
       s.idle_seconds, s.aal, s.amr, s.client_nos, s.acting_for_id, a.ial,
       coalesce(%(now)s::timestamptz, now()) AS now
  FROM idp.sessions AS s
  JOIN idp.accounts AS a ON a.citizen_id = s.citizen_id
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.secret_digest = %(secret_digest)s
   AND s.audience = %(audience)s::idp.audience AND a.state = 'active'
   AND {LIVES}
"""

_TOUCH = """
UPDATE idp.sessions AS s SET seen_at = coalesce(%(now)s::timestamptz, now())
 WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.ended_at IS NULL
   AND s.seen_at < coalesce(%(now)s::timestamptz, now()) - interval '1 minute'
"""

# Lent to the token statement (hotpath.sql, 2), which has CTEs `code` and `live` before it: the client joins the
# session, and no row here means no tokens. So whoever got tokens is in the list that a logout reads. Also the
# touch, at most once a minute.
JOINED = """joined AS (
  UPDATE idp.sessions AS s
     SET seen_at = greatest(s.seen_at, coalesce(%(now)s::timestamptz, now())),
         client_nos = CASE WHEN s.client_nos @> ARRAY[%(client_no)s::integer] THEN s.client_nos
                           ELSE s.client_nos || %(client_no)s::integer END
    FROM code, live
   WHERE code.first_use AND s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s AND s.ended_at IS NULL
     AND (NOT live.joined_before OR live.seen_at < coalesce(%(now)s::timestamptz, now()) - interval '1 minute')
  RETURNING s.session_id
)"""


@dataclass(frozen=True, slots=True)
class NewSession:
    """What the browser is given, sealed.

    `secret` stands nowhere else. `aal` is what was granted, after a recovery less.
    """

    session_id: UUID
    secret: bytes = field(repr=False)
    authenticated_at: datetime
    expires_at: datetime
    aal: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A live session, as of the database's `now`."""

    citizen_id: UUID
    session_id: UUID
    audience: Audience
    secret_digest: bytes = field(repr=False)
    started_at: datetime
    authenticated_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_seconds: int
    aal: int
    amr: tuple[str, ...]
    ial: int
    client_nos: tuple[int, ...]
    acting_for_id: UUID | None
    now: datetime

    @property
    def on_shared_device(self) -> bool:
        """Short both ways, and no longer to live than that since it was seen.

        (An AAL3 session in its last quarter of an hour looks the same, and is renewed as short as that.)
        """
        shortest = SHARED_DEVICE_LASTS
        return timedelta(seconds=self.idle_seconds) <= shortest and self.expires_at - self.seen_at <= shortest


@dataclass(frozen=True, slots=True)
class Place:
    """One line of "where am I signed in"."""

    session_id: UUID
    audience: Audience
    device: Device | None
    started_at: datetime
    seen_at: datetime
    expires_at: datetime


def secret_digest(secret: bytes) -> bytes:
    """What is stored of a session's secret. 256 bits of chance need no slow hash."""
    return sha256(secret).digest()


def start(
    db: Session,
    vault: Vault,
    *,
    citizen_id: UUID,
    aal: int,
    amr: tuple[str, ...],
    shared_device: bool,
    audience: Audience = Audience.CITIZEN,
    device: Device | None = None,
    proved_at: datetime | None = None,
    now: datetime | None = None,
) -> NewSession | None:
    """Sign a citizen in. None: the account is not active (any more), or staff within a day of a recovery, or the
    password was changed after `proved_at`, when it was proved (None: just now).
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = vault.get_key(db, citizen_id).seal(Use.DEVICE, device.to_bytes()) if device else None
    lives = lifetime(aal, audience, shared_device=shared_device)
    params = _new(secret, lives, citizen_id, aal, amr, now)
    params |= {"audience": audience, "device_sealed": sealed, "proved_at": proved_at}
    session = _new_session(db, _START, params, secret)
    if session is not None:
        detail = {"audience": audience, "aal": session.aal, "amr": list(amr)}
        object_id = str(session.session_id)
        audit.record(
            db, action="session.started", object_id=object_id, outcome="done", actor_id=citizen_id, detail=detail
        )
    return session


def renew(
    db: Session,
    session: SessionRow,
    *,
    aal: int,
    amr: tuple[str, ...],
    reauthenticated: bool,
    now: datetime | None = None,
) -> NewSession | None:
    """A new secret for a session whose citizen proved more, or again (row 72).

    None: it has ended, or another tab renewed it.

    `reauthenticated`: all of `amr` was proved just now. A factor added to an older password leaves
    `authenticated_at` (the claim `auth_time`) at the password's moment (row 94), and moves no end further away:
    who adds codes to a password of last month has not signed in today (row 95).
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    lives = lifetime(aal, session.audience, shared_device=session.on_shared_device)
    params = _new(secret, lives, session.citizen_id, aal, amr, now)
    params |= {
        "session_id": session.session_id,
        "old_digest": session.secret_digest,
        "reauthenticated": reauthenticated,
    }
    return _new_session(db, _RENEW, params, secret)


def find(
    connection: Connection[Any],
    citizen_id: UUID,
    session_id: UUID,
    secret_digest: bytes,
    now: datetime | None = None,
    *,
    audience: Audience = Audience.CITIZEN,
) -> SessionRow | None:
    """The live session that a cookie names, of an active account. One read by primary key; writes nothing."""
    params = {
        "citizen_id": citizen_id,
        "session_id": session_id,
        "secret_digest": secret_digest,
        "audience": audience,
        "now": now,
    }
    row = connection.cursor(row_factory=dict_row).execute(_FIND, params).fetchone()
    if row is None:
        return None
    row |= {
        "audience": Audience(row["audience"]),
        "amr": tuple(row["amr"]),
        "client_nos": tuple(row["client_nos"]),
    }
    return SessionRow(citizen_id=citizen_id, **row)


def touch(connection: Connection[Any], session: SessionRow, now: datetime | None = None) -> None:
    """Note that the citizen was here, at most once a minute. Never moves the absolute end (row 95)."""
    if session.seen_at < session.now - timedelta(minutes=1):
        connection.execute(
            _TOUCH, {"citizen_id": session.citizen_id, "session_id": session.session_id, "now": now}
        )


def list_of(db: Session, vault: Vault, citizen_id: UUID, now: datetime) -> list[Place]:
    """Where a citizen is signed in, latest seen first."""
    stored = select(StoredSession).where(
        StoredSession.citizen_id == citizen_id, StoredSession.ended_at.is_(None), StoredSession.expires_at > now
    )
    live = [one for one in db.scalars(stored) if one.seen_at + timedelta(seconds=one.idle_seconds) > now]
    if not live:
        return []
    key = vault.get_key(db, citizen_id)
    return [
        Place(
            one.session_id,
            one.audience,
            Device.from_bytes(key.open(Use.DEVICE, one.device_sealed)) if one.device_sealed else None,
            one.started_at,
            one.seen_at,
            one.expires_at,
        )
        for one in sorted(live, key=lambda one: one.seen_at, reverse=True)
    ]


def _new(
    secret: bytes, lives: Lifetime, citizen_id: UUID, aal: int, amr: tuple[str, ...], now: datetime | None
) -> dict[str, Any]:
    return {
        "citizen_id": citizen_id,
        "secret_digest": secret_digest(secret),
        "absolute": lives.absolute,
        "idle_seconds": int(lives.idle.total_seconds()),
        "basic_after_recovery": BASIC_AFTER_RECOVERY,
        "aal": aal,
        "amr": list(amr),
        "now": now,
    }


def _new_session(db: Session, statement: str, params: dict[str, Any], secret: bytes) -> NewSession | None:
    row = db.connection().exec_driver_sql(statement, params).one_or_none()
    return (
        None if row is None else NewSession(row.session_id, secret, row.authenticated_at, row.expires_at, row.aal)
    )
