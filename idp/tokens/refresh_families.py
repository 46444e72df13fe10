"""Refresh families: all refresh tokens that descend from one code. They rotate here, and end on reuse (RFC 9700
§4.14).

A token is sealed and carries family and generation, and its sealing is a function of what it carries, so the
successor of a token can be given again, byte for byte: nothing is stored per token. The one writer of
`idp.refresh_families` and `idp.revoked_tokens`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import sessions
from idp.hot_connection import HotConnection
from keys.errors import CannotOpen
from keys.sealing import Kind, Sealer


class FamilyEnd(StrEnum):
    """Why a family ended: the enum idp.family_end."""

    CODE_REPLAYED = "code_replayed"
    TOKEN_REUSED = "token_reused"
    REVOKED_BY_CLIENT = "revoked_by_client"
    CONSENT_ENDED = "consent_ended"
    SESSION_ENDED = "session_ended"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_CLOSED = "account_closed"
    CREDENTIAL_CHANGED = "credential_changed"


@dataclass(frozen=True)
class RefreshToken:
    """What a refresh token stands for. `generation` 0 came with the code; `session_id` None: `offline_access`."""

    citizen_id: UUID
    family_id: UUID
    client_no: int
    purpose_no: int
    consent_id: UUID
    session_id: UUID | None
    authentication_session_id: UUID
    generation: int
    scope: str
    userinfo_nos: tuple[int, ...]
    id_token_nos: tuple[int, ...]
    auth_time: int
    aal: int
    ial: int
    amr: tuple[str, ...]
    started_at: int


def seal(sealer: Sealer, token: RefreshToken, started_at: datetime) -> str:
    """Always the same bytes for the same token: sealed under the day its family began."""
    members = [
        token.citizen_id.hex, token.family_id.hex, token.client_no, token.purpose_no, token.consent_id.hex,
        token.session_id.hex if token.session_id else "", token.authentication_session_id.hex, token.generation,
        token.scope, token.userinfo_nos, token.id_token_nos, token.auth_time, token.aal, token.ial, token.amr,
        token.started_at,
    ]  # fmt: skip
    payload = json.dumps(members, separators=(",", ":")).encode()
    return sealer.seal(Kind.REFRESH_TOKEN, payload, started_at, repeatable=True)


def open_sealed(sealer: Sealer, sealed: str, now: datetime) -> RefreshToken | None:
    if len(sealed) > 4096:
        return None
    try:
        m = json.loads(sealer.open(Kind.REFRESH_TOKEN, sealed, now))
    except CannotOpen:
        return None
    return RefreshToken(
        UUID(m[0]), UUID(m[1]), m[2], m[3], UUID(m[4]), UUID(m[5]) if m[5] else None, UUID(m[6]), m[7], m[8],
        tuple(m[9]), tuple(m[10]), m[11], m[12], m[13], tuple(m[14]), m[15],
    )  # fmt: skip


# Lent to tokens/redemption. The ON CONFLICT row of a replay without a family is a tombstone: it stops a family
# that never was. A family ends at the latest 365 days after its code.
STARTED = """
  INSERT INTO idp.refresh_families AS f (citizen_id, family_id, client_no, consent_id, purpose_no, session_id,
         started_at, rotated_at, expires_at, scope, ended_at, ended_because)
  SELECT %(citizen_id)s, %(code_id)s, %(client_no)s::integer, %(consent_id)s, %(purpose_no)s::integer,
         %(bound_session_id)s::uuid, coalesce(%(now)s::timestamptz, now()), coalesce(%(now)s::timestamptz, now()),
         uuid_extract_timestamp(%(code_id)s) + interval '365 days', %(scope)s,
         CASE WHEN NOT code.first_use THEN coalesce(%(now)s::timestamptz, now()) END,
         CASE WHEN NOT code.first_use THEN 'code_replayed'::idp.family_end END
    FROM code LEFT JOIN allowed ON true
   WHERE NOT code.first_use OR (%(wants_refresh)s::boolean AND allowed.consent_id IS NOT NULL)
  ON CONFLICT (citizen_id, family_id) DO UPDATE
     SET ended_at = coalesce(f.ended_at, excluded.ended_at),
         ended_because = coalesce(f.ended_because, excluded.ended_because)
"""
REVOKED_WITH_CODE = """
  INSERT INTO idp.revoked_tokens (citizen_id, revoked_id, revoked_at, because, expires_at)
  SELECT %(citizen_id)s, %(code_id)s, coalesce(%(now)s::timestamptz, now()), 'code_replayed',
         coalesce(%(now)s::timestamptz, now()) + interval '10 minutes'
    FROM code WHERE NOT code.first_use
  ON CONFLICT (citizen_id, revoked_id) DO NOTHING
"""

# hotpath statement (5). The row lock decides: the second of two at once waits, judges the newest row, and finds
# itself one generation back within the grace. Superseded longer ago than the grace: the family and its access
# tokens end.
_ROTATE = """
WITH live AS MATERIALIZED (
  SELECT c.attribute_nos
    FROM idp.accounts AS a
    JOIN consent.consents AS c ON c.citizen_id = a.citizen_id
   WHERE a.citizen_id = %(citizen_id)s AND a.state = 'active'
     AND c.client_no = %(client_no)s::integer AND c.purpose_no = %(purpose_no)s::integer
     AND c.consent_id = %(consent_id)s
     AND c.withdrawn_at IS NULL AND c.paused_at IS NULL AND c.expires_at > coalesce(%(now)s::timestamptz, now())
     AND (%(session_id)s::uuid IS NULL
          OR EXISTS (SELECT FROM idp.sessions AS s
                      WHERE s.citizen_id = %(citizen_id)s AND s.session_id = %(session_id)s
                        AND {session_lives}))
     AND EXISTS (SELECT FROM idp.clients AS client
                  WHERE client.client_no = %(client_no)s::integer
                    AND client.state = ANY (%(open_states)s::idp.client_state[])
                    AND client.agency_state IN ('registered', 'verified'))
), rotated AS (
  UPDATE idp.refresh_families AS f
     SET generation = CASE WHEN f.generation = %(generation)s::integer THEN f.generation + 1 ELSE f.generation END,
         rotated_at = CASE WHEN f.generation = %(generation)s::integer
                           THEN coalesce(%(now)s::timestamptz, now()) ELSE f.rotated_at END,
         rotated_before_at = CASE WHEN f.generation = %(generation)s::integer
                                  THEN f.rotated_at ELSE f.rotated_before_at END,
         ended_at = CASE WHEN {superseded_long_ago} THEN coalesce(%(now)s::timestamptz, now()) END,
         ended_because = CASE WHEN {superseded_long_ago} THEN 'token_reused'::idp.family_end END
   WHERE f.citizen_id = %(citizen_id)s AND f.family_id = %(family_id)s AND f.client_no = %(client_no)s::integer
     AND f.consent_id = %(consent_id)s AND f.ended_at IS NULL
     AND f.expires_at > coalesce(%(now)s::timestamptz, now())
     AND f.rotated_at > coalesce(%(now)s::timestamptz, now()) - interval '30 days'
     AND f.generation >= %(generation)s::integer
     AND (f.generation <= %(generation)s::integer + 1 AND EXISTS (SELECT FROM live) OR {superseded_long_ago})
  RETURNING f.generation, f.ended_at
), revoked AS (
  INSERT INTO idp.revoked_tokens (citizen_id, revoked_id, revoked_at, because, expires_at)
  SELECT %(citizen_id)s, %(family_id)s, coalesce(%(now)s::timestamptz, now()), 'token_reused',
         coalesce(%(now)s::timestamptz, now()) + interval '10 minutes'
    FROM rotated WHERE rotated.ended_at IS NOT NULL
  ON CONFLICT (citizen_id, revoked_id) DO NOTHING
)
SELECT rotated.generation, rotated.ended_at IS NOT NULL AS reused, live.attribute_nos,
       coalesce(%(now)s::timestamptz, now()) AS now
  FROM rotated LEFT JOIN live ON true
""".replace("{session_lives}", sessions.LIVES).replace(
    "{superseded_long_ago}",
    """(f.generation > %(generation)s::integer
          AND CASE WHEN f.generation = %(generation)s::integer + 1 THEN f.rotated_at ELSE f.rotated_before_at END
              <= coalesce(%(now)s::timestamptz, now()) - interval '60 seconds')""",
)
_END = """
UPDATE idp.refresh_families AS f
   SET ended_at = coalesce(%(now)s::timestamptz, now()), ended_because = %(because)s::idp.family_end
 WHERE f.citizen_id = %(citizen_id)s AND f.ended_at IS NULL AND """
_END_ALL = f"""
WITH ended AS (
  {_END}true
  RETURNING f.client_no, f.family_id, f.session_id
), revoked AS (
  INSERT INTO idp.revoked_tokens (citizen_id, revoked_id, revoked_at, because, expires_at)
  SELECT %(citizen_id)s, family_id, coalesce(%(now)s::timestamptz, now()), %(because)s::idp.family_end,
         coalesce(%(now)s::timestamptz, now()) + interval '10 minutes'
    FROM ended WHERE session_id IS NULL
  ON CONFLICT (citizen_id, revoked_id) DO NOTHING
)
SELECT client_no FROM ended
"""
_REVOKE = """
INSERT INTO idp.revoked_tokens (citizen_id, revoked_id, revoked_at, because, expires_at)
VALUES (%(citizen_id)s, %(revoked_id)s, coalesce(%(now)s::timestamptz, now()), %(because)s::idp.family_end,
        coalesce(%(now)s::timestamptz, now()) + interval '10 minutes')
ON CONFLICT (citizen_id, revoked_id) DO NOTHING
"""


@dataclass(frozen=True)
class Rotated:
    """The family's generation now, and what the consent covers."""

    now: datetime
    generation: int
    attribute_nos: frozenset[int]


@dataclass(frozen=True)
class Reused:
    """A token superseded longer ago than the grace came back: the family is ended, and the trace kept."""

    now: datetime


def rotate(
    connection: HotConnection, token: RefreshToken, open_states: list[str], now: datetime | None = None
) -> Rotated | Reused | None:
    """Turn the family to its next generation, or answer the one given already; None: it gives nothing."""
    parameters: dict[str, Any] = {
        "citizen_id": token.citizen_id,
        "family_id": token.family_id,
        "client_no": token.client_no,
        "purpose_no": token.purpose_no,
        "consent_id": token.consent_id,
        "session_id": token.session_id,
        "generation": token.generation,
        "open_states": open_states,
        "now": now,
    }
    row = connection.row(_ROTATE, parameters)
    if row is None:
        return None
    return Reused(row[3]) if row[1] else Rotated(row[3], row[0], frozenset(row[2]))


def _run(db: Session, statement: str, parameters: dict[str, Any]) -> int:
    return db.connection().exec_driver_sql(statement, parameters).rowcount


def end_family(
    db: Session, citizen_id: UUID, family_id: UUID, because: FamilyEnd, now: datetime | None = None
) -> None:
    """End one family, and the access tokens of it that are still alive."""
    given = {"citizen_id": citizen_id, "family_id": family_id, "because": because.value, "now": now}
    _run(db, _END + "f.family_id = %(family_id)s", given)
    _run(db, _REVOKE, given | {"revoked_id": family_id})


def end_of_consent(db: Session, citizen_id: UUID, consent_id: UUID, now: datetime | None = None) -> int:
    """Families that rest on this consent. Their access tokens need no row: the consent is asked at use."""
    given = {
        "citizen_id": citizen_id,
        "consent_id": consent_id,
        "because": FamilyEnd.CONSENT_ENDED.value,
        "now": now,
    }
    return _run(db, _END + "f.consent_id = %(consent_id)s", given)


def end_of_session(db: Session, citizen_id: UUID, session_id: UUID, now: datetime | None = None) -> int:
    """Families bound to this session; those with `offline_access` live on (DESIGN §4)."""
    given = {
        "citizen_id": citizen_id,
        "session_id": session_id,
        "because": FamilyEnd.SESSION_ENDED.value,
        "now": now,
    }
    return _run(db, _END + "f.session_id = %(session_id)s", given)


def end_of_citizen(
    db: Session, citizen_id: UUID, because: FamilyEnd, now: datetime | None = None
) -> frozenset[int]:
    """Every family of a citizen; whose they were, by `client_no`. Access tokens of those that no session holds
    end with them; the others' ask their session."""
    given = {"citizen_id": citizen_id, "because": because.value, "now": now}
    return frozenset(row.client_no for row in db.connection().exec_driver_sql(_END_ALL, given))


def revoke_access_token(db: Session, citizen_id: UUID, token_id: UUID, now: datetime | None = None) -> None:
    """This one token dies before its time, and nothing else (RFC 7009)."""
    because = FamilyEnd.REVOKED_BY_CLIENT.value
    _run(db, _REVOKE, {"citizen_id": citizen_id, "revoked_id": token_id, "because": because, "now": now})
