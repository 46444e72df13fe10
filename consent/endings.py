"""The ends of a consent: one attribute taken out, one withdrawn, an agency's all, run out by the clock, ended with
its account. Writer of consents, as `records` is.

What must end together with a consent (tokens, signals, the agency's clock) stands in `idp/revocation`, in the same
transaction.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent import consents, models
from consent.acts import RECORDED, act_on, place_of, record
from consent.consents import Head, Locked, list_of
from consent.ledger.record_form import Act, Parties
from consent.outcomes import AlreadyEnded, Amended, Ended, NotFound, NotTaken

_END = f"""
WITH changed AS (
  UPDATE consent.consents AS c
     SET withdrawn_at = %(ends_at)s, revision = %(revision)s
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.client_no = %(client_no)s::integer
     AND c.purpose_no = %(purpose_no)s::integer
     AND c.revision = %(revision)s::integer - 1 AND c.withdrawn_at IS NULL
  RETURNING c.revision
), {RECORDED}"""
_AMEND = f"""
WITH changed AS (
  UPDATE consent.consents AS c
     SET attribute_nos = %(attribute_nos)s::smallint[], revision = %(revision)s
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.client_no = %(client_no)s::integer
     AND c.purpose_no = %(purpose_no)s::integer
     AND c.revision = %(revision)s::integer - 1 AND c.withdrawn_at IS NULL
  RETURNING c.revision
), {RECORDED}"""


def withdraw(
    db: Session,
    citizen_id: UUID,
    consent_id: UUID,
    *,
    parties: Parties,
    acr: str,
    amr: tuple[str, ...] = (),
    now: datetime | None = None,
) -> Ended | AlreadyEnded | NotFound:
    """End a whole consent. Two taps are one effect."""
    locked = consents.lock_for_ending(db, citizen_id, consent_id, now)
    if locked is None or locked.head is None:
        return NotFound()
    if locked.head.withdrawn_at is not None:
        return AlreadyEnded()
    act = act_on(locked, locked.head, "withdrawn", "self", acr, amr, "web-button")
    return _end(db, citizen_id, locked, locked.head, parties, act, locked.now)


def withdraw_attribute(
    db: Session,
    citizen_id: UUID,
    consent_id: UUID,
    attribute_no: int,
    *,
    parties: Parties,
    acr: str,
    amr: tuple[str, ...] = (),
    now: datetime | None = None,
) -> Amended | NotTaken | AlreadyEnded | NotFound:
    """Take one attribute out of a consent that lives on. What rests on law stays: an objection is another
    route.
    """
    locked = consents.lock_for_ending(db, citizen_id, consent_id, now)
    if locked is None or locked.head is None:
        return NotFound()
    head = locked.head
    if not head.lives(locked.now):
        return AlreadyEnded()
    if attribute_no not in head.attribute_nos - head.law_nos:
        return NotTaken(rests_on_law=attribute_no in head.law_nos)
    act = replace(
        act_on(locked, head, "amended", "self", acr, amr, "web-button"),
        expires_at=head.expires_at,
        attribute_nos=head.attribute_nos - {attribute_no},
        law_nos=head.law_nos,
    )
    if not record(db, _AMEND, act, locked, parties, place_of(citizen_id, head)):
        return AlreadyEnded()
    return Amended(
        act.record_id,
        head.consent_id,
        head.client_no,
        head.agency_no,
        head.purpose_no,
        act.revision,
        act.acted_at,
        act.attribute_nos,
        attribute_no,
    )


def withdraw_agency(
    db: Session,
    citizen_id: UUID,
    agency_no: int,
    *,
    parties_of: Callable[[Head], Parties],
    acr: str,
    amr: tuple[str, ...] = (),
    now: datetime | None = None,
) -> list[Ended]:
    """End everything an agency has of a citizen, in one transaction; those that were over already are not in
    the answer.
    """
    # In one order for everybody, so that two taps at once wait for each other and do not deadlock.
    heads = sorted(list_of(db, citizen_id), key=lambda head: (head.client_no, head.purpose_no))
    outcomes = [
        withdraw(db, citizen_id, head.consent_id, parties=parties_of(head), acr=acr, amr=amr, now=now)
        for head in heads
        if head.agency_no == agency_no and head.withdrawn_at is None
    ]
    return [outcome for outcome in outcomes if isinstance(outcome, Ended)]


def expire_due(
    db: Session, parties_of: Callable[[UUID, Head], Parties], now: datetime | None = None, limit: int = 500
) -> list[tuple[UUID, Ended]]:
    """Record what has run out: the same act as a withdrawal, by the clock. Nothing left under it since its last
    instant; this is for the record and for those who must be told. Each citizen with what ended; an empty list:
    none is due.
    """
    due = db.execute(
        select(models.Consent.citizen_id, models.Consent.consent_id, models.Consent.client_no)
        .where(
            models.Consent.withdrawn_at.is_(None),
            models.Consent.expires_at <= (func.now() if now is None else now),
        )
        .order_by(models.Consent.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)  # two workers share the work
    ).all()
    ended = []
    # In the order of clients: acts write a client's new name once, and two sweeps must not wait for each other.
    for citizen_id, consent_id, _ in sorted(due, key=lambda row: row.client_no):
        locked = consents.lock_for_ending(db, citizen_id, consent_id, now)
        if locked is not None and locked.head is not None:
            parties = parties_of(citizen_id, locked.head)
            act = act_on(locked, locked.head, "expired", "clock", None, (), "clock")
            outcome = _end(db, citizen_id, locked, locked.head, parties, act, locked.head.expires_at)
            if isinstance(outcome, Ended):
                ended.append((citizen_id, outcome))
    return ended


def end_all(
    db: Session, citizen_id: UUID, parties_of: Callable[[Head], Parties], now: datetime | None = None
) -> list[Ended]:
    """End all that a citizen gave, with the account that gave it: an act of the house, by no press of a button."""
    ended = []
    for standing in sorted(list_of(db, citizen_id), key=lambda head: (head.client_no, head.purpose_no)):
        locked = consents.lock_for_ending(db, citizen_id, standing.consent_id, now)
        if locked is None or locked.head is None or locked.head.withdrawn_at is not None:
            continue
        act = act_on(locked, locked.head, "withdrawn", "operator", None, (), "account-closed")
        outcome = _end(db, citizen_id, locked, locked.head, parties_of(locked.head), act, locked.now)
        if isinstance(outcome, Ended):
            ended.append(outcome)
    return ended


def _end(
    db: Session, citizen_id: UUID, locked: Locked, head: Head, parties: Parties, act: Act, ends_at: datetime
) -> Ended | AlreadyEnded:
    place = {**place_of(citizen_id, head), "ends_at": ends_at}
    if not record(db, _END, act, locked, parties, place):
        return AlreadyEnded()
    return Ended(
        head.consent_id,
        head.client_no,
        head.agency_no,
        head.purpose_no,
        act.revision,
        act.act,
        act.acted_at,
        head.attribute_nos,
    )
