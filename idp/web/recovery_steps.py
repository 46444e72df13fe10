"""How far one browser has come with a recovery: sealed in a cookie of its own, bound to the browser, good for an
hour. It opens no page of the account; what it says of proofs is what was given in this browser, and by nobody
else.

An identifier that leads to nobody walks the same way as any other (protocol.md §6 row 82): its citizen is
`NOBODY`, for whom no proof is ever right.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from idp.accounts.recovery import Cause
from idp.accounts.states import Proof
from idp.web import current, pages
from keys.errors import CannotOpen
from keys.sealing import Kind

COOKIE = "__Host-gapura-recovery"
LASTS = timedelta(hours=1)
NOBODY = UUID(int=0)
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_DIGEST_BYTES = 16


class Way(StrEnum):
    """What the citizen may prove with here. Two of them may be one proof."""

    RECOVERY_CODE = "recovery_code"
    KNOWN_DEVICE = "known_device"
    EMAIL = "email"
    PHONE = "phone"

    @property
    def proof(self) -> Proof:
        """E-mail and phone are one: a stolen phone holds both."""
        return Proof.CHANNEL if self in (Way.EMAIL, Way.PHONE) else Proof(self.value)


PAGES = {
    Way.RECOVERY_CODE: "/recovery/code",
    Way.KNOWN_DEVICE: "/recovery/device",
    Way.EMAIL: "/recovery/message",
    Way.PHONE: "/recovery/message",
}


@dataclass(frozen=True)
class Steps:
    """`budget`: a digest of what was typed, whose messages are counted together. `asked_at`: when this browser
    last asked for a code. `basic_until`: it is done, and until then the account is `basic`.
    """

    citizen_id: UUID
    cause: Cause
    budget: str
    begun_at: datetime
    chosen: tuple[Way, ...] = ()
    given: tuple[Proof, ...] = ()
    recovery_id: UUID = NOBODY
    asked_at: datetime | None = None
    basic_until: datetime | None = None

    def next_page(self) -> str:
        """Where this browser has to go on; a page that is not its turn leads here."""
        if self.basic_until is not None:
            return "/recovery/done"
        due = self.due()
        if due is not None:
            return PAGES[due]
        return "/recovery/password" if self.chosen else "/recovery/proofs"

    def due(self) -> Way | None:
        """The first of the chosen ways that is not yet proved."""
        return next((way for way in self.chosen if way.proof not in self.given), None)

    def with_proof(self, proof: Proof, recovery_id: UUID) -> "Steps":
        return replace(self, given=(*self.given, proof), recovery_id=recovery_id, asked_at=None)


def choose(ways: Iterable[str]) -> tuple[Way, ...] | None:
    """The two that were ticked; None: they are not two different proofs."""
    chosen = tuple(Way(way) for way in Way if way in set(ways))
    return chosen if len(chosen) == 2 and len({way.proof for way in chosen}) == 2 else None


def find() -> Steps | None:
    """How far this browser has come; None: nothing was begun here within the hour."""
    try:
        payload = current.gate().sealer.open(
            Kind.RECOVERY_STEPS, current.exchange().cookie(COOKIE) or "", current.gate().clock()
        )
    except CannotOpen:
        return None
    browser, written = payload[:_DIGEST_BYTES], json.loads(payload[_DIGEST_BYTES:])
    steps = _read(written)
    if browser != current.browser().digest[:_DIGEST_BYTES] or current.now() >= steps.begun_at + LASTS:
        return None
    return steps


def at(page: str) -> Steps:
    """How far this browser has come, if `page` is where it has to go on; else the way there."""
    steps = find()
    if steps is None:
        raise current.Elsewhere(pages.see_other(_with_handle("/recovery")))
    if steps.next_page() != page:
        raise current.Elsewhere(pages.see_other(_with_handle(steps.next_page())))
    return steps


def lead(steps: Steps, page: str | None = None) -> Response:
    """Remember how far it came, and go on to `page`, or to what is next."""
    response = pages.see_other(_with_handle(page or steps.next_page()))
    response.headers.extend([remembering(steps)])
    return response


def remembering(steps: Steps) -> tuple[str, str]:
    """The cookie that remembers it."""
    payload = current.browser().digest[:_DIGEST_BYTES] + json.dumps(_written(steps)).encode()
    sealed = current.gate().sealer.seal(Kind.RECOVERY_STEPS, payload, current.gate().clock())
    return ("Set-Cookie", f"{COOKIE}={sealed}; Max-Age={int(LASTS.total_seconds())}; {_ATTRIBUTES}")


def handle() -> str:
    """Of the sign-in that waits for this recovery, or nothing."""
    return (request.form.get("handle") or request.args.get("handle") or "")[:4096]


def _with_handle(page: str) -> str:
    return f"{page}?{urlencode({'handle': handle()})}" if handle() else page


def _written(steps: Steps) -> list[Any]:
    return [
        steps.citizen_id.hex, steps.cause, steps.budget, steps.begun_at.isoformat(), steps.chosen, steps.given,
        steps.recovery_id.hex, steps.asked_at.isoformat() if steps.asked_at else None,
        steps.basic_until.isoformat() if steps.basic_until else None,
    ]  # fmt: skip


def _read(m: list[Any]) -> Steps:
    return Steps(
        UUID(m[0]), Cause(m[1]), m[2], datetime.fromisoformat(m[3]), tuple(Way(way) for way in m[4]),
        tuple(Proof(proof) for proof in m[5]), UUID(m[6]), datetime.fromisoformat(m[7]) if m[7] else None,
        datetime.fromisoformat(m[8]) if m[8] else None,
    )  # fmt: skip
