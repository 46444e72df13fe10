"""The code by SMS at a second factor: sent on request, to whoever has proved the password, and only beside a code
app (protocol.md §6 row 90).

Another is not sent within a minute, nor more than an address and a network may ask for: each costs money, and
somebody pays by the thousand for numbers that earn a share of it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from idp.accounts import second_factor, sent_codes
from idp.accounts.sent_codes import ToSend
from idp.signals import message_words, messages
from idp.signals.message_words import Kind
from idp.web import current, languages, rate_limits
from idp.web.rate_limits import MESSAGES_OF_A_NETWORK, MESSAGES_OF_AN_ADDRESS, network_of


@dataclass(frozen=True)
class Sms:
    """What the page may say: the last four figures of the number, and when another may be sent (None: now)."""

    ending: str
    again_at: datetime | None


def find(citizen_id: UUID) -> Sms | None:
    """None: no SMS is offered to this citizen."""
    gate, now = current.gate(), current.now()
    with current.reading() as db:
        phone = second_factor.offer(db, gate.vault, citizen_id, now).phone
        sent_at = second_factor.find_sms(db, gate.vault, citizen_id, phone) if phone is not None else None
    if phone is None:
        return None
    return Sms(phone.normal[-4:], sent_at + sent_codes.AGAIN_AFTER if sent_at is not None else None)


def send(citizen_id: UUID) -> bool:
    """Have a code sent, unless one was a moment ago. False: too many were asked for, or none is offered."""
    gate, now = current.gate(), current.now()
    budgets = (
        (MESSAGES_OF_AN_ADDRESS, str(citizen_id)),
        (MESSAGES_OF_A_NETWORK, network_of(current.exchange().remote)),
    )
    with current.writing() as db:
        phone = second_factor.offer(db, gate.vault, citizen_id, now).phone
        if phone is None:
            return False
        made = second_factor.make_sms(db, gate.vault, citizen_id, phone, now)
        if not isinstance(made, ToSend):
            return True
        if not all(rate_limits.spend(db, gate.vault, limit, key, now) for limit, key in budgets):
            db.rollback()  # a code that is not sent must not take the place of one that was
            return False
        words = message_words.with_code(
            Kind.SECOND_FACTOR, languages.current(), made.code, host=gate.host, by_sms=True
        )
        messages.put(db, gate.vault, citizen_id, phone, words, until=made.expires_at)
    return True
