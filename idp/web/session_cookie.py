"""The two cookies of a browser: the session, and before there is one the browser itself (protocol.md §6 rows 71,
75).

Both are `__Host-`, Secure, HttpOnly, SameSite=Lax. The session cookie is sealed and carries whose session it is
and a secret of which only the digest is stored, so finding it is one look-up by primary key. The browser cookie is
256 random bits: handles and forms are bound to it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from idp.authorization.look import SessionKey
from idp.exchange import Request
from idp.gate import Gate
from keys import handles
from keys.errors import CannotOpen
from keys.sealing import Kind

SESSION, BROWSER = "__Host-gapura", "__Host-gapura-browser"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def read(gate: Gate, request: Request) -> SessionKey | None:
    """What the session cookie says, or None: absent, not ours, or sealed too long ago."""
    sealed = request.cookie(SESSION)
    if not sealed or len(sealed) > 512:
        return None
    try:
        payload = gate.sealer.open(Kind.SESSION_COOKIE, sealed, gate.clock())
    except CannotOpen:
        return None
    citizen_id, session_id, secret = payload[:16], payload[16:32], payload[32:]
    return SessionKey(UUID(bytes=citizen_id), UUID(bytes=session_id), secret)


def setting(gate: Gate, key: SessionKey, now: datetime) -> tuple[str, str]:
    """The header that signs this browser in. It ends with the browser; when the session ends is the server's
    word."""
    sealed = gate.sealer.seal(Kind.SESSION_COOKIE, key.citizen_id.bytes + key.session_id.bytes + key.secret, now)
    return ("Set-Cookie", f"{SESSION}={sealed}; {_ATTRIBUTES}")


def clearing() -> tuple[str, str]:
    return ("Set-Cookie", f"{SESSION}=; Max-Age=0; {_ATTRIBUTES}")


@dataclass(frozen=True)
class Browser:
    """One browser, known by its own secret; `cookies` gives it one where it has none."""

    secret: str = field(repr=False)
    cookies: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> bytes:
        return handles.digest(self.secret)


def browser(request: Request) -> Browser:
    secret = request.cookie(BROWSER) or ""
    if 40 <= len(secret) <= 50:
        return Browser(secret)
    secret = handles.new_handle()
    return Browser(secret, (("Set-Cookie", f"{BROWSER}={secret}; {_ATTRIBUTES}"),))
