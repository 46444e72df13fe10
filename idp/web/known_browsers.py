"""Which citizens a browser has signed in before: what a stranger does to an account does not keep its owner out
at home.

A sealed cookie of its own, set at a complete sign-in and never on a shared device. It holds up to four citizens
(phones are shared in families) and when each signed in; it is worth nothing for a citizen whose password changed
since, so a recovery forgets every browser at once. It opens no page and proves nobody: it only spares the wait
after other people's wrong guesses (protocol.md §6 row 83).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import passwords
from keys.errors import CannotOpen
from keys.sealing import Kind, Sealer

COOKIE = "__Host-gapura-known"
MOST = 4
_ENTRY = 16 + 8
LASTS_SECONDS = Kind.KNOWN_BROWSER.longest_days * 86400
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def read(sealer: Sealer, cookie: str | None, now: datetime) -> dict[UUID, datetime]:
    """Who has signed in here, and when last. What does not open is a browser that nobody knows."""
    try:
        payload = sealer.open(Kind.KNOWN_BROWSER, cookie or "", now)
    except CannotOpen:
        return {}
    entries = [payload[start : start + _ENTRY] for start in range(0, len(payload), _ENTRY)]
    return {
        UUID(bytes=entry[:16]): datetime.fromtimestamp(int.from_bytes(entry[16:], "big") / 1_000_000, UTC)
        for entry in entries
    }


def remember(sealer: Sealer, known: Mapping[UUID, datetime], citizen_id: UUID, now: datetime) -> tuple[str, str]:
    """The header that adds this citizen; of more than four the one who was away longest is forgotten."""
    latest = sorted(({**known, citizen_id: now}).items(), key=lambda one: one[1], reverse=True)[:MOST]
    payload = b"".join(one.bytes + int(at.timestamp() * 1_000_000).to_bytes(8, "big") for one, at in latest)
    sealed = sealer.seal(Kind.KNOWN_BROWSER, payload, now)
    return ("Set-Cookie", f"{COOKIE}={sealed}; Max-Age={LASTS_SECONDS}; {_ATTRIBUTES}")


def still_known(db: Session, known: Mapping[UUID, datetime]) -> frozenset[UUID]:
    """Those whose password is still the one they signed in with."""
    if not known:
        return frozenset()
    since = passwords.list_set_at(db, known)
    return frozenset(
        citizen_id for citizen_id, at in known.items() if citizen_id in since and since[citizen_id] <= at
    )
