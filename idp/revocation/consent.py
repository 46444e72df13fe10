"""A consent withdrawn or run out, whole or in one attribute, and what ends with it (DESIGN §4): the refresh
families of that client, and the agency is told, by signal and by e-mail, and its clock begins. Codes and access
tokens need nothing: they carry the consent's id, and it is asked at every use.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from consent import consents, endings, pauses
from consent.consents import Head
from consent.ledger import record_form
from consent.outcomes import AlreadyEnded, Amended, Ended, NotFound, NotTaken
from idp import audit
from idp.gate import Gate
from idp.signals import delivery, outbox, withdrawal_mail
from idp.signals.security_events import Event
from idp.tokens import refresh_families


def withdraw(
    db: Session, gate: Gate, citizen_id: UUID, consent_id: UUID, *, acr: str
) -> Ended | AlreadyEnded | NotFound:
    """Take a whole consent back. A second tap finds it ended and says the same."""
    head = _head(db, citizen_id, consent_id)
    if head is None:
        return NotFound()
    outcome = endings.withdraw(db, citizen_id, consent_id, parties=_parties(gate, citizen_id, head), acr=acr)
    if isinstance(outcome, Ended):
        end_with(db, citizen_id, outcome)
    return outcome


def withdraw_attribute(
    db: Session, gate: Gate, citizen_id: UUID, consent_id: UUID, attribute_no: int, *, acr: str
) -> Amended | NotTaken | AlreadyEnded | NotFound:
    """Take one attribute back; the rest of the consent lives on, and tokens answer without it from now."""
    head = _head(db, citizen_id, consent_id)
    if head is None:
        return NotFound()
    parties = _parties(gate, citizen_id, head)
    outcome = endings.withdraw_attribute(db, citizen_id, consent_id, attribute_no, parties=parties, acr=acr)
    if isinstance(outcome, Amended):
        _note(db, citizen_id, consent_id, "amended")
        detail = {"consent_id": str(consent_id), "attribute_nos": sorted(outcome.attribute_nos)}
        outbox.put(db, outcome.client_no, citizen_id, Event.TOKEN_CLAIMS_CHANGE, detail, outcome.at)
    return outcome


def withdraw_agency(db: Session, gate: Gate, citizen_id: UUID, agency_no: int, *, acr: str) -> list[Ended]:
    """All that one agency has, in one act."""
    ended = endings.withdraw_agency(
        db, citizen_id, agency_no, parties_of=lambda head: _parties(gate, citizen_id, head), acr=acr
    )
    for one in ended:
        end_with(db, citizen_id, one)
    return ended


def pause_all(db: Session, citizen_id: UUID) -> None:
    """Somebody else may be using the account: nothing leaves until the citizen resumes each consent. Codes, tokens
    and families ask at every use, so they need nothing."""
    paused = pauses.pause_all(db, citizen_id)
    detail = {"consents": paused}
    audit.record(
        db, action="consents.paused", object_id=str(citizen_id), outcome="done", actor_id=citizen_id, detail=detail
    )


def resume(db: Session, citizen_id: UUID, consent_id: UUID) -> bool:
    """The citizen says that it may go on. False: it was not paused, and stays as it is."""
    if not pauses.resume(db, citizen_id, consent_id):
        return False
    audit.record(db, action="consent.resumed", object_id=str(consent_id), outcome="done", actor_id=citizen_id)
    return True


def expire_due(db: Session, gate: Gate, limit: int) -> int:
    """What has run out ends like a withdrawal, by the clock's act (C047). How many that were."""
    ended = endings.expire_due(db, lambda citizen_id, head: _parties(gate, citizen_id, head), limit=limit)
    for citizen_id, one in ended:
        end_with(db, citizen_id, one)
    return len(ended)


def end_with(db: Session, citizen_id: UUID, ended: Ended) -> None:
    """What a consent's end takes with it, whoever ended it."""
    _note(db, citizen_id, ended.consent_id, ended.act)
    refresh_families.end_of_consent(db, citizen_id, ended.consent_id, ended.at)
    detail = {"consent_id": str(ended.consent_id), "reason": ended.act}
    outbox.put(db, ended.client_no, citizen_id, "consent-withdrawn", detail, ended.at)
    delivery.start_clock(db, citizen_id, ended.consent_id, ended.client_no, ended.at)
    withdrawal_mail.ask(db, citizen_id, ended.consent_id)


def _note(db: Session, citizen_id: UUID, consent_id: UUID, act: str) -> None:
    audit.record(db, action=f"consent.{act}", object_id=str(consent_id), outcome="done", actor_id=citizen_id)


def _head(db: Session, citizen_id: UUID, consent_id: UUID) -> Head | None:
    """A citizen has a handful of consents: found among them, without an index of its own."""
    return next((head for head in consents.list_of(db, citizen_id) if head.consent_id == consent_id), None)


def _parties(gate: Gate, citizen_id: UUID, head: Head) -> record_form.Parties:
    return gate.parties(citizen_id, gate.registry.get().by_no[head.client_no])
