"""What is sent in a recovery: the code that proves a channel, and the warning that goes to all of them.

The code is made by a job, not by the door: so the door does the same, and takes the same time, whether the account
is there or not, and whether it has such an address (protocol.md §6 row 82).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from idp import jobs
from idp.accounts import channels, enrolment, sent_codes
from idp.accounts.identifiers import Kind
from idp.accounts.recovery import CancelledBy, Standing
from idp.accounts.sent_codes import ToSend
from idp.accounts.states import AccountState
from idp.gate import Gate
from idp.signals import message_words, messages, notifications
from keys.errors import CannotOpen
from keys.sealing import Kind as Sealed

NUMBER_IS_FRESH = timedelta(days=60)  # numbers are sold again after so long (experience.md §1.1)
_BY = (CancelledBy.EMAIL, CancelledBy.PHONE)


def ask_for_code(db: Session, citizen_id: UUID, kind: Kind, language: str) -> None:
    """Have a code sent to the address of this kind, if there is such a citizen with such an address."""
    arguments = {"citizen_id": str(citizen_id), "kind": kind.value, "language": language}
    jobs.defer(db, jobs.SEND_RECOVERY_CODE, arguments)


def send_code(gate: Gate, arguments: Mapping[str, Any]) -> None:
    """The job. Nothing is sent to a number not proved for 60 days, nor within a minute of the code before."""
    citizen_id, kind, now = UUID(arguments["citizen_id"]), Kind(arguments["kind"]), gate.now()
    since = now - NUMBER_IS_FRESH if kind is Kind.PHONE else None
    with gate.database.writing() as db:
        account = enrolment.find_account(db, citizen_id)
        address = channels.find_proved(db, gate.vault, citizen_id, kind, since=since)
        if account is None or account.state is not AccountState.ACTIVE or address is None:
            return
        made = sent_codes.make(db, gate.vault, citizen_id, sent_codes.Use.RECOVERY, address, now)
        if isinstance(made, ToSend):
            words = message_words.with_code(
                message_words.Kind.RECOVERY_CODE, arguments["language"], made.code,
                host=gate.host, by_sms=kind is Kind.PHONE,
            )  # fmt: skip
            messages.put(db, gate.vault, citizen_id, address, words, until=made.expires_at)


def warn(db: Session, gate: Gate, citizen_id: UUID, begun: Standing, language: str) -> None:
    """Tell the owner on every channel, each with its own way to cancel; in the transaction that begins it."""
    assert begun.cancel_handle is not None  # whoever only goes on with a recovery warns nobody
    sent = []
    for address in notifications.addresses_of(db, gate.vault, citizen_id):
        by = CancelledBy.EMAIL if address.kind is Kind.EMAIL else CancelledBy.PHONE
        link = f"{gate.issuer}/recovery/cancel?link={_cancellation(gate, citizen_id, begun, by)}"
        words = message_words.words(message_words.Kind.RECOVERY_ASKED, language, link=link)
        sent.append(messages.put(db, gate.vault, citizen_id, address, words))
    notifications.add(db, citizen_id, "recovery_requested", {}, ("page", *sent))


def read_cancellation(gate: Gate, sealed: str) -> tuple[UUID, UUID, CancelledBy, str] | None:
    """Whose recovery, which, by what channel, and the handle that proves it; None: no link of ours, or too old."""
    try:
        payload = gate.sealer.open(Sealed.CANCELLATION, sealed, gate.clock())
    except CannotOpen:
        return None
    return UUID(bytes=payload[:16]), UUID(bytes=payload[16:32]), _BY[payload[32]], payload[33:].decode()


def _cancellation(gate: Gate, citizen_id: UUID, begun: Standing, by: CancelledBy) -> str:
    assert begun.cancel_handle is not None
    payload = citizen_id.bytes + begun.recovery_id.bytes + bytes((_BY.index(by),)) + begun.cancel_handle.encode()
    return gate.sealer.seal(Sealed.CANCELLATION, payload, begun.asked_at)
