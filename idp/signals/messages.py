"""E-mails and SMS on their way out: each is a job of the transaction that causes it, so it leaves if and only if
its cause was committed (DESIGN §3).

A job's arguments lie in a table in the clear, so what is said, and to whom, is sealed under the citizen's own
key: an erased citizen is written to no more. A message may name its end: a code that has run out is not sent
late. How a message travels is the sender's business, an e-mail or SMS gateway or the visible inbox of a demo.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from idp import jobs
from idp.accounts import identifiers
from idp.accounts.citizen_key import Use
from idp.accounts.errors import NoCitizenKey
from idp.accounts.identifiers import Identifier
from idp.accounts.profile import Vault
from idp.gate import Gate
from idp.signals.message_words import Words

log = structlog.get_logger()


class Channel(StrEnum):
    """How it travels."""

    EMAIL = "email"
    SMS = "sms"


OF_KIND = {identifiers.Kind.EMAIL: Channel.EMAIL, identifiers.Kind.PHONE: Channel.SMS}


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address; `until`: from then on it is worth nothing and is not sent."""

    message_id: UUID
    to: str = field(repr=False)
    channel: Channel
    subject: str
    text: str = field(repr=False)
    until: datetime | None = None


class Sender(Protocol):
    """Hands a message over for good, or raises: the job is then tried again. The same id may come twice."""

    def __call__(self, message: Message, now: datetime) -> None: ...


def put(
    db: Session, vault: Vault, citizen_id: UUID, to: Identifier, words: Words, *, until: datetime | None = None
) -> Channel:
    """Have it sent once the caller's transaction commits; by what it will travel."""
    message_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    message = Message(message_id, to.normal, OF_KIND[to.kind], words.subject, words.text, until)
    said = asdict(message) | {"message_id": message_id.hex, "until": until.isoformat() if until else None}
    sealed = vault.get_key(db, citizen_id).seal(Use.MESSAGE, json.dumps(said).encode(), message_id)
    arguments = {
        "citizen_id": str(citizen_id),
        "message_id": str(message_id),
        "sealed": b64encode(sealed).decode(),
    }
    jobs.defer(db, jobs.SEND_MESSAGE, arguments)
    return message.channel


def send(gate: Gate, sender: Sender, arguments: Mapping[str, Any]) -> None:
    """The job: open it and hand it over."""
    now = gate.now()
    with gate.database.reading() as db:
        message = _open(db, gate.vault, arguments)
    if message is None or (message.until is not None and message.until <= now):
        log.info("message not sent", message=arguments["message_id"], known=message is not None)
        return
    sender(message, now)


def _open(db: Session, vault: Vault, arguments: Mapping[str, Any]) -> Message | None:
    """None: the citizen was erased meanwhile."""
    message_id = UUID(arguments["message_id"])
    try:
        key = vault.get_key(db, UUID(arguments["citizen_id"]))
    except NoCitizenKey:
        return None
    said = json.loads(key.open(Use.MESSAGE, b64decode(arguments["sealed"]), message_id))
    until = datetime.fromisoformat(said["until"]) if said["until"] else None
    return Message(message_id, said["to"], Channel(said["channel"]), said["subject"], said["text"], until)
