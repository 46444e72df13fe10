"""Codes sent to a mobile number or an e-mail address: proof that somebody reads what arrives there. Writer of
`sent_codes`.

A code proves only the address it was sent to, for the use it was sent for, for ten minutes (a recovery's: thirty),
once. Only the latest sent counts. A try is taken before it is looked at, so guesses made at once share the five of
them. Sending is the caller's: this module knows no channel, only its digest.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.accounts.identifiers import Identifier
from idp.accounts.models import SentCode
from idp.accounts.printed_codes import grouped, new_code, read_code
from idp.accounts.profile import Vault
from idp.accounts.totp import read_digits
from keys.derivation import Label

TRIES = 5
AGAIN_AFTER = timedelta(seconds=60)
DIGITS = 6
RECOVERY_LENGTH = 16  # 79 bits: what opens an account by itself is not guessed at (protocol.md §6 row 91)


class Use(StrEnum):
    """What a code is for. One sent for one use is worth nothing for another."""

    SECOND_FACTOR = "second_factor"
    VERIFY_EMAIL = "verify_email"
    VERIFY_PHONE = "verify_phone"
    RECOVERY = "recovery"


LASTS = {
    Use.SECOND_FACTOR: timedelta(minutes=10),
    Use.VERIFY_EMAIL: timedelta(minutes=10),
    Use.VERIFY_PHONE: timedelta(minutes=10),
    Use.RECOVERY: timedelta(minutes=30),
}

_TAKE_A_TRY = """
    UPDATE idp.sent_codes AS s SET tries_left = s.tries_left - 1
     WHERE s.citizen_id = %(citizen_id)s AND s.sent_id = %(sent_id)s
       AND s.used_at IS NULL AND s.tries_left > 0 AND s.expires_at > %(now)s
    RETURNING s.code_digest
"""
_USE = """
    UPDATE idp.sent_codes AS s SET used_at = %(now)s
     WHERE s.citizen_id = %(citizen_id)s AND s.sent_id = %(sent_id)s AND s.used_at IS NULL
    RETURNING s.sent_id
"""

_FORGET = """
WITH over AS (
  SELECT s.citizen_id, s.sent_id FROM idp.sent_codes AS s
   WHERE s.expires_at <= %(now)s::timestamptz - interval '1 day'
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.sent_codes AS s USING over WHERE s.citizen_id = over.citizen_id AND s.sent_id = over.sent_id
"""


@dataclass(frozen=True, slots=True)
class ToSend:
    """What goes into the message, and until when it works."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotYet:
    """A code was sent a moment ago; the page names the time from which another may be."""

    until: datetime


class Answer(StrEnum):
    """What became of a code that was typed. A used one reads like a wrong one."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_OLD = "too_old"


def make(
    db: Session, vault: Vault, citizen_id: UUID, use: Use, destination: Identifier, now: datetime
) -> ToSend | NotYet:
    """A new code for this use and address; the ones before count no more."""
    latest = _find_latest(db, vault, citizen_id, use, destination)
    if latest is not None and latest.sent_at > now - AGAIN_AFTER:
        return NotYet(latest.sent_at + AGAIN_AFTER)
    sent_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    code = new_code(RECOVERY_LENGTH) if use is Use.RECOVERY else f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    db.add(
        SentCode(
            citizen_id=citizen_id,
            sent_id=sent_id,
            use=use,
            code_digest=_digest(vault, sent_id, code),
            destination_digest=vault.digest(destination),
            tries_left=TRIES,
            sent_at=now,
            expires_at=now + LASTS[use],
        )
    )
    db.flush()
    return ToSend(grouped(code) if use is Use.RECOVERY else code, now + LASTS[use])


def answer(
    db: Session, vault: Vault, citizen_id: UUID, use: Use, destination: Identifier, typed: str, now: datetime
) -> Answer:
    """Judge what was typed against the latest code sent to this address for this use."""
    code = read_code(typed, RECOVERY_LENGTH) if use is Use.RECOVERY else read_digits(typed)
    latest = _find_latest(db, vault, citizen_id, use, destination)
    if latest is None or code is None:
        return Answer.WRONG
    if latest.expires_at <= now:
        return Answer.TOO_OLD
    params = {"citizen_id": citizen_id, "sent_id": latest.sent_id, "now": now}
    expected = db.connection().exec_driver_sql(_TAKE_A_TRY, params).scalar_one_or_none()
    if expected is None or not hmac.compare_digest(bytes(expected), _digest(vault, latest.sent_id, code)):
        return Answer.WRONG
    used = db.connection().exec_driver_sql(_USE, params).scalar_one_or_none()
    return Answer.RIGHT if used is not None else Answer.WRONG


def find_sent_at(
    db: Session, vault: Vault, citizen_id: UUID, use: Use, destination: Identifier
) -> datetime | None:
    """When the latest code was sent to this address for this use; None: none is there any more."""
    latest = _find_latest(db, vault, citizen_id, use, destination)
    return latest.sent_at if latest is not None else None


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete codes that have been over for a day, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _find_latest(
    db: Session, vault: Vault, citizen_id: UUID, use: Use, destination: Identifier
) -> SentCode | None:
    """By id, which is its time: a clock that steps back must not revive an older code."""
    of_this = (
        SentCode.citizen_id == citizen_id,
        SentCode.use == use,
        SentCode.destination_digest == vault.digest(destination),
    )
    latest = select(SentCode).where(*of_this).order_by(SentCode.sent_id.desc()).limit(1)
    return db.scalar(latest.execution_options(populate_existing=True))


def _digest(vault: Vault, sent_id: UUID, code: str) -> bytes:
    return vault.keyed_digest(Label.SENT_CODE, str(sent_id), code)
