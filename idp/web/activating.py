"""What a citizen has answered of an activation so far, between its pages: sealed in a cookie of its own, bound to
this browser and good for half an hour after the last answer.

No row is made for a stranger, and nothing of it stands in an address. NIK and birth date are in it only once they
matched the letter, the password only as its hash.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from idp.accounts.activation import Answers
from idp.accounts.identifiers import Identifier
from idp.accounts.identifiers import Kind as IdentifierKind
from idp.errors import PageError
from idp.web import current
from keys.errors import CannotOpen
from keys.sealing import Kind

COOKIE = "__Host-gapura-activating"
LASTS = timedelta(minutes=30)
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


@dataclass(frozen=True)
class Activating:
    """`channel` None: none was told; whether that was the answer says `channel_asked`."""

    code: str = field(default="", repr=False)
    nik: Identifier | None = None
    birth_date: date | None = field(default=None, repr=False)
    channel: Identifier | None = None
    channel_asked: bool = False
    password_hash: str = field(default="", repr=False)

    @property
    def next_page(self) -> str:
        """The first question that has no answer yet; then the page that shows them all."""
        questions = (
            ("code", self.code), ("person", self.nik), ("channel", self.channel_asked),
            ("password", self.password_hash),
        )  # fmt: skip
        return next((f"/activate/{page}" for page, answer in questions if not answer), "/activate/check")

    def answers(self) -> Answers | None:
        """All of them, or None while one is missing."""
        if self.next_page != "/activate/check" or self.nik is None or self.birth_date is None:
            return None
        return Answers(self.code, self.nik, self.birth_date, self.channel, self.password_hash)


def find(begin_at: str | None) -> Activating | None:
    """What this browser has answered; None: nothing, or it came from another browser. Where it is too old, raises
    the page that says so and leads to `begin_at`; None: at the first question that is as good as nothing.
    """
    now = current.now()
    try:
        members = json.loads(current.gate().sealer.open(Kind.ACTIVATION, _cookie(), now))
    except CannotOpen:
        return None
    if members["browser"] != _browser():
        return None
    is_late = now >= datetime.fromtimestamp(members["at"], UTC) + LASTS
    if is_late and begin_at is None:
        return None
    if is_late:
        raise PageError("page_expired", 400, "the answers are older than 30 minutes", begin_at)
    return Activating(
        code=members["code"],
        nik=Identifier(IdentifierKind.NIK, members["nik"]) if members["nik"] else None,
        birth_date=date.fromisoformat(members["born"]) if members["born"] else None,
        channel=Identifier(IdentifierKind(members["channel"][0]), members["channel"][1])
        if members["channel"]
        else None,
        channel_asked=members["asked"],
        password_hash=members["hash"],
    )


def keeping(answered: Activating) -> tuple[str, str]:
    """The header that keeps these answers. It goes with the browser, and after a while by itself."""
    now = current.now()
    members = {
        "at": now.timestamp(),
        "browser": _browser(),
        "code": answered.code,
        "nik": answered.nik.normal if answered.nik else "",
        "born": answered.birth_date.isoformat() if answered.birth_date else "",
        "channel": [answered.channel.kind, answered.channel.normal] if answered.channel else None,
        "asked": answered.channel_asked,
        "hash": answered.password_hash,
    }
    sealed = current.gate().sealer.seal(Kind.ACTIVATION, json.dumps(members, separators=(",", ":")).encode(), now)
    # Longer than they are good for, so that who comes back late is told that it is too late.
    return ("Set-Cookie", f"{COOKIE}={sealed}; Max-Age={4 * int(LASTS.total_seconds())}; {_ATTRIBUTES}")


def forgetting() -> tuple[str, str]:
    return ("Set-Cookie", f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}")


def mark() -> str:
    """Of the answers at hand: a form that confirms them carries it, lest another tab's be confirmed unseen."""
    return sha256(_cookie().encode()).hexdigest()[:32]


def _cookie() -> str:
    return current.exchange().cookie(COOKIE) or ""


def _browser() -> str:
    return current.browser().digest.hex()[:32]
