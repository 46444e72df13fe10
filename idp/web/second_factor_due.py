"""Between the right password and the second factor: nobody is signed in yet (row 88), so what was proved is
kept sealed in a cookie of its own, bound to this browser and good for ten minutes. It opens no page, and no
silent sign-in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Response

from idp.web import current
from idp.web.sign_in import Screening
from keys.errors import CannotOpen
from keys.sealing import Kind

COOKIE = "__Host-gapura-proved"
LASTS = timedelta(minutes=10)
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_DIGEST_BYTES = 16  # of the browser's 32: enough to tell two browsers apart
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Proof:
    """Whose password was right in this browser, whether it is shared, and when."""

    citizen_id: UUID
    shared_device: bool
    at: datetime


def lead(proof: Proof, screen: Screening | None, onward: str | None) -> Response:
    """To the page of the second factor, with the proof."""
    payload = proof.citizen_id.bytes + bytes((proof.shared_device,)) + _microseconds(proof.at).to_bytes(8, "big")
    payload += current.browser().digest[:_DIGEST_BYTES]
    sealed = current.gate().sealer.seal(Kind.PASSWORD_PROVED, payload, proof.at)
    query = {"handle": screen.story.handle} if screen is not None else {"onward": onward or ""}
    cookie = f"{COOKIE}={sealed}; Max-Age={int(LASTS.total_seconds())}; {_ATTRIBUTES}"
    return Response(
        status=303,
        headers=[
            ("Location", f"/login/second?{urlencode(query)}"),
            ("Set-Cookie", cookie),
            ("Cache-Control", "no-store"),
        ],
    )


def find() -> Proof | None:
    """What this browser proved in the last ten minutes."""
    now = current.now()
    try:
        payload = current.gate().sealer.open(Kind.PASSWORD_PROVED, current.exchange().cookie(COOKIE) or "", now)
    except CannotOpen:
        return None
    at = _BEGINNING + timedelta(microseconds=int.from_bytes(payload[17:25], "big"))
    if payload[25:] != current.browser().digest[:_DIGEST_BYTES] or now >= at + LASTS:
        return None
    return Proof(UUID(bytes=payload[:16]), bool(payload[16]), at)


def _microseconds(at: datetime) -> int:
    """To the microsecond: whether the password was changed after it was proved hangs on it."""
    return (at - _BEGINNING) // timedelta(microseconds=1)


def forgetting() -> tuple[str, str]:
    return ("Set-Cookie", f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}")
