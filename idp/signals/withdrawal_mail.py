"""E-mails about a withdrawal to the data protection officer of its agency: one at once, reminders after 24, 48 and
72 hours while no answer came.

Each is a job of ids alone, deferred with its cause; what it says is made when it is sent, so nothing of it lies in
a table. It is noted after it was handed over: a worker killed between the two sends it twice, and never not at
all. The link is sealed and names the withdrawal; whoever holds it answers for the agency, and sees no more than
the page says.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_datetime
from sqlalchemy.orm import Session

from idp import audit, jobs
from idp.accounts.identifiers import Unreadable, read_email
from idp.clients.registry import Client
from idp.gate import Gate
from idp.signals import delivery, message_words, notifications
from idp.signals.delivery import REMINDERS, Reminder, Withdrawal
from idp.signals.message_words import Kind, Words
from idp.signals.messages import Channel, Message, Sender
from keys.errors import CannotOpen
from keys.sealing import Kind as Sealed

PATH = "/agency/withdrawals/link"
BATCH = 200
_KINDS = {0: Kind.WITHDRAWAL, REMINDERS: Kind.WITHDRAWAL_OVERDUE}
_ZONE = ZoneInfo("Asia/Jakarta")  # in which agencies count their days
log = structlog.get_logger()


def ask(db: Session, citizen_id: UUID, consent_id: UUID, number: int = 0) -> None:
    """Have the agency written to once the caller's transaction commits; `number`: of the reminder, 0 the first."""
    of = {"citizen_id": str(citizen_id), "consent_id": str(consent_id)}
    jobs.defer(db, jobs.WRITE_TO_AGENCY, {**of, "number": number})


def write(gate: Gate, sender: Sender, arguments: Mapping[str, Any]) -> None:
    """The job. Who has answered meanwhile is not written to."""
    number, now = arguments["number"], gate.now()
    with gate.database.reading() as db:
        found = delivery.find(db, UUID(arguments["citizen_id"]), UUID(arguments["consent_id"]))
    client = gate.registry.get().by_no.get(found.client_no) if found else None
    if found is None or client is None or not found.clock.open:
        return
    if isinstance(read_email(client.dpo_contact), Unreadable):
        _not_written(gate, found)
        return
    sender(_message(gate, found, client, number, now), now)
    with gate.database.writing() as db:
        delivery.told(db, found.citizen_id, found.consent_id)
        _note(db, found, "withdrawal.reminded" if number else "withdrawal.told", "done", number)


def remind(gate: Gate) -> bool:
    """Have those reminded whose time has come. True: there may be more. The worker's."""
    with gate.database.writing() as db:
        due = delivery.take_reminders(db, BATCH)
        for one in due:
            ask(db, one.citizen_id, one.consent_id, one.number)
            if one.number == REMINDERS:
                _overdue(db, one)
    return len(due) == BATCH


def link_to(gate: Gate, citizen_id: UUID, consent_id: UUID, now: datetime) -> str:
    """Where this withdrawal is answered without an account, for thirty days."""
    sealed = gate.sealer.seal(Sealed.WITHDRAWAL, citizen_id.bytes + consent_id.bytes, now)
    return f"{gate.issuer}{PATH}?link={sealed}"


def read_link(gate: Gate, sealed: str) -> tuple[UUID, UUID] | None:
    """Citizen and consent that a link stands for; None: it is none of ours, or too old."""
    try:
        payload = gate.sealer.open(Sealed.WITHDRAWAL, sealed, gate.clock())
    except CannotOpen:
        return None
    return UUID(bytes=payload[:16]), UUID(bytes=payload[16:])


def _message(gate: Gate, found: Withdrawal, client: Client, number: int, now: datetime) -> Message:
    link = link_to(gate, found.citizen_id, found.consent_id, now)
    said = [_words(client, found.clock.due_at, link, number, language) for language in ("id", "en")]
    text = "\n\n".join(words.text for words in said)
    message_id = uuid5(found.consent_id, f"withdrawal {number}")  # a gateway may drop what came twice
    return Message(message_id, client.dpo_contact, Channel.EMAIL, said[0].subject, text)


def _words(client: Client, due_at: datetime, link: str, number: int, language: str) -> Words:
    """An agency has no language of its own here: it is written to in both."""
    name = client.name.get(language) or next(iter(client.name.values()))
    due = format_datetime(due_at.astimezone(_ZONE), "d MMMM y, HH.mm 'WIB'", locale=language)
    kind = _KINDS.get(number, Kind.WITHDRAWAL_REMINDER)
    return message_words.words(kind, language, name=name, due=due, link=link)


def _not_written(gate: Gate, found: Withdrawal) -> None:
    """Its contact, of an older release, is no e-mail address."""
    log.warning("agency has no e-mail address", client_no=found.client_no)
    with gate.database.writing() as db:
        if delivery.not_told(db, found.citizen_id, found.consent_id, 0):
            _note(db, found, "withdrawal.told", "failed", 0)


def _overdue(db: Session, one: Reminder) -> None:
    """The third reminder says so to the agency; here to the citizen, and in the trail."""
    delivery.not_told(db, one.citizen_id, one.consent_id, one.number)
    detail = {"client_no": one.client_no, "consent_id": str(one.consent_id)}
    notifications.add(db, one.citizen_id, "withdrawal_overdue", detail)
    _note(db, one, "withdrawal.overdue", "failed", one.number)


def _note(db: Session, about: Withdrawal | Reminder, action: str, outcome: audit.Outcome, number: int) -> None:
    audit.record(
        db,
        action=action,
        object_id=str(about.consent_id),
        outcome=outcome,
        actor_no=about.client_no,
        detail={"number": number},
    )
