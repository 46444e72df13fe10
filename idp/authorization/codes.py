"""The authorization code: sealed, not stored. What it stands for is inside it; that it works once is the promise
of the index `redeemed_codes_pkey` (DESIGN §3).

A code lives 60 s from the database's time that is in its id. The statement that redeems it is composed in
`idp/tokens`; this module lends the part that writes `idp.redeemed_codes`, of which it is the one writer.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keys.errors import CannotOpen
from keys.sealing import Kind, Sealer

LIFE_SECONDS = 60
# A longer nonce does not fit a code of at most 1 KB beside all else that may be in it: it is stored, and the code
# names the row.
NONCE_INSIDE = 128


@dataclass(frozen=True)
class Code:
    """What a code stands for. `redirect_digest` binds it to the address; `challenge` is the PKCE S256 value or
    empty.

    `userinfo_nos` and `id_token_nos` are the attribute numbers asked; what of them leaves is judged at each use.
    """

    code_id: UUID
    citizen_id: UUID
    session_id: UUID
    client_no: int
    purpose_no: int
    consent_id: UUID
    redirect_digest: str
    challenge: str
    nonce: str
    scope: str
    userinfo_nos: tuple[int, ...]
    id_token_nos: tuple[int, ...]
    stored: UUID | None = None  # the row of idp.authorization_requests that holds what did not fit


def uuid7(moment: datetime) -> UUID:
    """A UUIDv7 of this moment (RFC 9562 §5.7): its first 48 bits are the time in ms, so its partition is that
    of its birth."""
    value = (int(moment.timestamp() * 1000) << 80) | secrets.randbits(80)
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | (0x7 << 76) | (0x2 << 62))


def digest_of(redirect_uri: str) -> str:
    return hashlib.sha256(redirect_uri.encode()).hexdigest()[:32]


def seal(sealer: Sealer, code: Code, now: datetime) -> str:
    members = [
        code.code_id.hex,
        code.citizen_id.hex,
        code.session_id.hex,
        code.client_no,
        code.purpose_no,
        code.consent_id.hex,
        code.redirect_digest,
        code.challenge,
        code.nonce,
        code.scope,
        code.userinfo_nos,
        code.id_token_nos,
        code.stored.hex if code.stored else None,
    ]
    return sealer.seal(Kind.CODE, json.dumps(members, separators=(",", ":")).encode(), now)


def open_sealed(sealer: Sealer, sealed: str, now: datetime) -> Code | None:
    """What this code stands for, or None for anything that is not a code of ours from these two days."""
    try:
        m = json.loads(sealer.open(Kind.CODE, sealed, now))
    except CannotOpen:
        return None
    return Code(
        UUID(m[0]),
        UUID(m[1]),
        UUID(m[2]),
        m[3],
        m[4],
        UUID(m[5]),
        m[6],
        m[7],
        m[8],
        m[9],
        tuple(m[10]),
        tuple(m[11]),
        UUID(m[12]) if m[12] else None,
    )


# Lent to the statement in tokens/redemption. The second of two at once waits for the first's commit, then counts
# itself as a replay: ON CONFLICT sees the newest row, even one younger than the statement's snapshot.
REDEEMED = """
  INSERT INTO idp.redeemed_codes AS r (code_id, citizen_id, client_no, session_id, presented_at)
  VALUES (%(code_id)s, %(citizen_id)s, %(client_no)s::integer, %(session_id)s,
          coalesce(%(now)s::timestamptz, now()))
  ON CONFLICT (code_id, citizen_id) DO UPDATE
     SET replayed_at = coalesce(r.replayed_at, excluded.presented_at), replays = least(r.replays, 32000) + 1
  RETURNING r.replays = 0 AS first_use, r.replays
"""
