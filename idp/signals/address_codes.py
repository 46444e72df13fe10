"""The code that proves an address a citizen told: it goes to that address and nowhere else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import channels
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.sent_codes import NotYet, ToSend
from idp.gate import Gate
from idp.signals import message_words, messages


def send(
    db: Session, gate: Gate, citizen_id: UUID, address: Identifier, language: str, now: datetime
) -> ToSend | NotYet:
    """Have it sent once the caller's transaction commits; not within a minute of the one before."""
    made = channels.ask(db, gate.vault, citizen_id, address, now)
    if isinstance(made, ToSend):
        words = message_words.with_code(
            message_words.Kind.ADDRESS_CODE, language, made.code,
            host=gate.host, by_sms=address.kind is Kind.PHONE,
        )  # fmt: skip
        messages.put(db, gate.vault, citizen_id, address, words, until=made.expires_at)
    return made
