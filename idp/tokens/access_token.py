"""The access token for our own doors: sealed and opaque (DESIGN §3). What it stands for is inside; whether it
still holds is asked at every use, because consent is the truth and a token only a cache of it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from keys.errors import CannotOpen
from keys.sealing import Kind, Sealer

LIFE_SECONDS, MACHINE_LIFE_SECONDS = 300, 600
SEALED_LIMIT = 4096
NOBODY = UUID(int=0)  # in the place of a citizen, where a machine speaks for itself


@dataclass(frozen=True)
class AccessToken:
    """A citizen's token; for a machine's own (`client_credentials`) `citizen_id` is None and the consent is not
    asked.

    `family_id` is the id of the code that all tokens of one sign-in descend from; `session_id` is None where the
    token outlives the session (`offline_access`). `issued_at` and `expires_at` are whole seconds, UTC. `auth_time`
    (seconds) and `acr` are what the ID token beside it says; 0 and empty where no citizen signed in.
    """

    token_id: UUID
    client_no: int
    scope: str
    issued_at: datetime
    expires_at: datetime
    citizen_id: UUID | None = None
    purpose_no: int = 0
    consent_id: UUID = NOBODY
    family_id: UUID = NOBODY
    session_id: UUID | None = None
    userinfo_nos: tuple[int, ...] = ()
    auth_time: int = 0
    acr: str = ""


def whole_seconds(now: datetime, life: int) -> tuple[datetime, datetime]:
    """Issue and end of a token: tokens say whole seconds, so what we judge by is what they say."""
    issued_at = now.replace(microsecond=0)
    return issued_at, issued_at + timedelta(seconds=life)


def seal(sealer: Sealer, token: AccessToken, now: datetime) -> str:
    members = [
        token.token_id.hex,
        token.client_no,
        token.scope,
        int(token.issued_at.timestamp()),
        int(token.expires_at.timestamp()),
        token.citizen_id.hex if token.citizen_id else "",
        token.purpose_no,
        token.consent_id.hex,
        token.family_id.hex,
        token.session_id.hex if token.session_id else "",
        token.userinfo_nos,
        token.auth_time,
        token.acr,
    ]
    return sealer.seal(Kind.ACCESS_TOKEN, json.dumps(members, separators=(",", ":")).encode(), now)


def open_sealed(sealer: Sealer, sealed: str, now: datetime) -> AccessToken | None:
    """What this token stands for, or None for anything that is not an access token of ours."""
    if len(sealed) > SEALED_LIMIT:
        return None
    try:
        m = json.loads(sealer.open(Kind.ACCESS_TOKEN, sealed, now))
    except CannotOpen:
        return None
    return AccessToken(
        token_id=UUID(m[0]),
        client_no=m[1],
        scope=m[2],
        issued_at=datetime.fromtimestamp(m[3], UTC),
        expires_at=datetime.fromtimestamp(m[4], UTC),
        citizen_id=UUID(m[5]) if m[5] else None,
        purpose_no=m[6],
        consent_id=UUID(m[7]),
        family_id=UUID(m[8]),
        session_id=UUID(m[9]) if m[9] else None,
        userinfo_nos=tuple(m[10]),
        auth_time=m[11] if len(m) > 11 else 0,  # a release before wrote neither
        acr=m[12] if len(m) > 12 else "",
    )
