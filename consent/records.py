"""The acts: consent given, amended, withdrawn, run out, refused; and their history. Writer of consents and
records.

Each act is a short transaction of the caller's: the lock (`consents`), then one statement for the head, the
record and the ledger's leaf. An act names the revision that it saw and loses if that moved. What must end
together with a consent (tokens, signals, the agency's clock) stands in `idp/revocation`, in the same
transaction.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent import consents, models
from consent.consents import Head, Locked, find, list_of
from consent.errors import NotAgreed
from consent.history import PastAct, history, refusals
from consent.ledger import entries, record_form
from consent.ledger.log import LEAF
from consent.ledger.record_form import Act, Parties
from consent.outcomes import AlreadyEnded, Amended, Ended, Given, Giving, Moved, NotFound, NotTaken

__all__ = [
    "AlreadyEnded", "Amended", "Ended", "Given", "Giving", "Head", "Moved", "NotFound", "NotTaken", "Parties",
    "PastAct", "end_all", "expire_due", "find", "give", "history", "list_of", "refusals", "refuse", "withdraw",
    "withdraw_agency", "withdraw_attribute",
]  # fmt: skip


# Written where the head changed (`changed` has a row): how the parties were called, the record, its leaf.
_RECORD = f"""
party AS (
  INSERT INTO consent.parties (parties_digest, parties, first_named_at)
  SELECT %(parties_digest)s, %(parties)s::jsonb, %(acted_at)s FROM changed
  ON CONFLICT (parties_digest) DO NOTHING
), record AS (
  INSERT INTO consent.records (citizen_id, record_id, consent_id, client_no, agency_no, purpose_no, agreement_no,
         notice_no, revision, act, actor, acted_at, expires_at, attribute_nos, law_nos, acr, amr, method,
         parties_digest, previous_commitment, commitment, salt)
  SELECT %(citizen_id)s::uuid, %(record_id)s, %(consent_id)s, %(client_no)s, %(agency_no)s, %(purpose_no)s,
         %(agreement_no)s, %(notice_no)s::integer, %(revision)s, %(act)s::consent.act, %(actor)s::consent.actor,
         %(acted_at)s, %(recorded_until)s::timestamptz, %(attribute_nos)s::smallint[], %(law_nos)s::smallint[],
         %(acr)s::text, %(amr)s::text[], %(method)s, %(parties_digest)s, %(previous_commitment)s::bytea,
         %(commitment)s, %(salt)s
    FROM changed
), {LEAF}
SELECT count(*) FROM changed
"""
# A giving after an end has a new consent_id: codes, tokens and families of before can never come back to life.
_GIVE = f"""
WITH changed AS (
  INSERT INTO consent.consents AS c (citizen_id, consent_id, client_no, agency_no, purpose_no, agreement_no,
         revision, given_at, expires_at, attribute_nos, law_nos, offered_nos)
  VALUES (%(citizen_id)s, %(consent_id)s, %(client_no)s, %(agency_no)s, %(purpose_no)s, %(agreement_no)s,
         %(revision)s, %(acted_at)s, %(recorded_until)s, %(attribute_nos)s::smallint[], %(law_nos)s::smallint[],
         %(offered_nos)s::smallint[])
  ON CONFLICT (citizen_id, client_no, purpose_no) DO UPDATE
     SET consent_id = excluded.consent_id, agency_no = excluded.agency_no, agreement_no = excluded.agreement_no,
         revision = excluded.revision, given_at = excluded.given_at, expires_at = excluded.expires_at,
         attribute_nos = excluded.attribute_nos, law_nos = excluded.law_nos, offered_nos = excluded.offered_nos,
         paused_at = NULL, withdrawn_at = NULL
   WHERE c.revision = excluded.revision - 1
  RETURNING c.revision
), {_RECORD}"""
_END = f"""
WITH changed AS (
  UPDATE consent.consents AS c
     SET withdrawn_at = %(ends_at)s, revision = %(revision)s
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.client_no = %(client_no)s::integer
     AND c.purpose_no = %(purpose_no)s::integer
     AND c.revision = %(revision)s::integer - 1 AND c.withdrawn_at IS NULL
  RETURNING c.revision
), {_RECORD}"""
_AMEND = f"""
WITH changed AS (
  UPDATE consent.consents AS c
     SET attribute_nos = %(attribute_nos)s::smallint[], revision = %(revision)s
   WHERE c.citizen_id = %(citizen_id)s::uuid AND c.client_no = %(client_no)s::integer
     AND c.purpose_no = %(purpose_no)s::integer
     AND c.revision = %(revision)s::integer - 1 AND c.withdrawn_at IS NULL
  RETURNING c.revision
), {_RECORD}"""
# A pause changes nothing of what was given, so it is no act of the record (TS 27560 has no word for it): nothing
# leaves while it stands.
_PAUSE_ALL = """
UPDATE consent.consents AS c
   SET paused_at = coalesce(%(now)s::timestamptz, now())
 WHERE c.citizen_id = %(citizen_id)s::uuid AND c.withdrawn_at IS NULL AND c.paused_at IS NULL
   AND c.expires_at > coalesce(%(now)s::timestamptz, now())
RETURNING c.consent_id
"""
_RESUME = """
UPDATE consent.consents AS c
   SET paused_at = NULL
 WHERE c.citizen_id = %(citizen_id)s::uuid AND c.consent_id = %(consent_id)s::uuid
   AND c.withdrawn_at IS NULL AND c.paused_at IS NOT NULL
RETURNING c.consent_id
"""
# A no leaves a record and a leaf, and no consent.
_REFUSE = f"""
WITH changed AS (
  SELECT 1
), {_RECORD}"""


def give(db: Session, giving: Giving, now: datetime | None = None) -> Given | Moved:
    """Record the citizen's yes: given first or after an end, renewed (the same again) or amended (more, or
    less).
    """
    _refuse_beyond_agreement(giving)
    locked = _lock_for(db, giving, now)
    if locked.revision != giving.revision or not locked.agreement_in_force:
        return Moved()
    head = locked.head if locked.head is not None and locked.head.lives(locked.now) else None
    # The law's longest counts from this act, whatever clock made the page.
    expires_at = min(giving.expires_at, locked.now + timedelta(days=giving.purpose.longest_days))
    act = Act(
        record_id=locked.record_id,
        consent_id=locked.fresh_id if head is None else head.consent_id,
        revision=locked.revision + 1,
        act="given" if head is None else "renewed" if head.attribute_nos == giving.attribute_nos else "amended",
        actor="self",
        acted_at=locked.now,
        expires_at=expires_at,
        attribute_nos=giving.attribute_nos,
        law_nos=giving.law_nos,
        acr=giving.acr,
        amr=tuple(giving.amr),
        method=giving.method,
        previous_commitment=locked.previous_commitment,
        previous_id=locked.previous_id,
    )
    place = {**_place(giving), "offered_nos": sorted(giving.offered_nos)}
    if not _record(db, _GIVE, act, locked, giving.parties, place):
        return Moved()
    gained = act.attribute_nos - (frozenset() if head is None else head.attribute_nos)
    return Given(act.consent_id, act.revision, act.act, act.acted_at, expires_at, gained)


def refuse(db: Session, giving: Giving, now: datetime | None = None) -> datetime:
    """Record the citizen's no to the page that `giving` answers: an act in a chain of its own, revision 0, and
    no consent; what stood before stands on. Answers when it was.
    """
    locked = _lock_for(db, giving, now)
    act = Act(
        record_id=locked.record_id,
        consent_id=locked.fresh_id,
        revision=0,
        act="refused",
        actor="self",
        acted_at=locked.now,
        expires_at=None,
        attribute_nos=frozenset(),
        law_nos=frozenset(),
        acr=giving.acr,
        amr=tuple(giving.amr),
        method=giving.method,
    )
    _record(db, _REFUSE, act, locked, giving.parties, _place(giving))
    return act.acted_at


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
    act = _act_on(locked, locked.head, "withdrawn", "self", acr, amr, "web-button")
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
        _act_on(locked, head, "amended", "self", acr, amr, "web-button"),
        expires_at=head.expires_at,
        attribute_nos=head.attribute_nos - {attribute_no},
        law_nos=head.law_nos,
    )
    if not _record(db, _AMEND, act, locked, parties, _place_of(citizen_id, head)):
        return AlreadyEnded()
    return Amended(
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


def pause_all(db: Session, citizen_id: UUID, now: datetime | None = None) -> int:
    """Let nothing leave under any of a citizen's consents until each is resumed; how many that were."""
    given = {"citizen_id": citizen_id, "now": now}
    return len(db.connection().exec_driver_sql(_PAUSE_ALL, given).all())


def resume(db: Session, citizen_id: UUID, consent_id: UUID) -> bool:
    """End a pause: the consent is in force as it was given. False: it is not paused, or not this citizen's."""
    given = {"citizen_id": citizen_id, "consent_id": consent_id}
    return db.connection().exec_driver_sql(_RESUME, given).one_or_none() is not None


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
            act = _act_on(locked, locked.head, "expired", "clock", None, (), "clock")
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
        act = _act_on(locked, locked.head, "withdrawn", "operator", None, (), "account-closed")
        outcome = _end(db, citizen_id, locked, locked.head, parties_of(locked.head), act, locked.now)
        if isinstance(outcome, Ended):
            ended.append(outcome)
    return ended


def _end(
    db: Session, citizen_id: UUID, locked: Locked, head: Head, parties: Parties, act: Act, ends_at: datetime
) -> Ended | AlreadyEnded:
    place = {**_place_of(citizen_id, head), "ends_at": ends_at}
    if not _record(db, _END, act, locked, parties, place):
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


def _act_on(
    locked: Locked, head: Head, act: str, actor: str, acr: str | None, amr: tuple[str, ...], method: str
) -> Act:
    """The next act on a consent that stands; after it nothing is in force, unless the caller says what."""
    return Act(
        record_id=locked.record_id,
        consent_id=head.consent_id,
        revision=head.revision + 1,
        act=act,
        actor=actor,
        acted_at=locked.now,
        expires_at=None,
        attribute_nos=frozenset(),
        law_nos=frozenset(),
        acr=acr,
        amr=tuple(amr),
        method=method,
        previous_commitment=locked.previous_commitment,
        previous_id=locked.previous_id,
    )


def _record(
    db: Session, statement: str, act: Act, locked: Locked, parties: Parties, place: dict[str, Any]
) -> bool:
    """Commit to the act's canonical record and write it with its leaf; False when the head moved, and nothing
    is written.
    """
    named = parties.named(record_form.holders(locked.terms, act.attribute_nos))
    salt = secrets.token_bytes(entries.SALT_BYTES)
    commitment = entries.commitment(salt, record_form.document(act, locked.terms, parties.subject, named))
    written = db.connection().exec_driver_sql(
        statement,
        {
            **place,
            "record_id": act.record_id,
            "consent_id": act.consent_id,
            "notice_no": locked.notice_no,
            "revision": act.revision,
            "act": act.act,
            "actor": act.actor,
            "acted_at": act.acted_at,
            "recorded_until": act.expires_at,
            "attribute_nos": sorted(act.attribute_nos),
            "law_nos": sorted(act.law_nos),
            "acr": act.acr,
            "amr": list(act.amr),
            "method": act.method,
            "parties": json.dumps(named),
            "parties_digest": entries.digest(named),
            "previous_commitment": act.previous_commitment,
            "commitment": commitment,
            "salt": salt,
            "entry": entries.entry(commitment),
        },
    )
    return bool(written.scalar_one())


def _refuse_beyond_agreement(giving: Giving) -> None:
    """A caller that gives what no agreement covers, or turns consent into law, is broken: nothing is written."""
    agreement = giving.agreement
    asked, by_law = {*agreement.required_nos, *agreement.optional_nos}, set(agreement.law_nos)
    if (
        not giving.law_nos <= by_law
        or not giving.attribute_nos - giving.law_nos <= asked
        or not giving.law_nos <= giving.attribute_nos
    ):
        raise NotAgreed(f"agreement {agreement.agreement_no} does not cover all that is given")


def _lock_for(db: Session, giving: Giving, now: datetime | None) -> Locked:
    return consents.lock_for_giving(
        db,
        giving.citizen_id,
        giving.agreement.client_no,
        giving.agreement.purpose_no,
        agreement_no=giving.agreement.agreement_no,
        notice_no=giving.notice.notice_no,
        attribute_nos=giving.attribute_nos,
        now=now,
    )


def _place(giving: Giving) -> dict[str, Any]:
    return {
        "citizen_id": giving.citizen_id,
        "client_no": giving.agreement.client_no,
        "agency_no": giving.agreement.agency_no,
        "purpose_no": giving.agreement.purpose_no,
        "agreement_no": giving.agreement.agreement_no,
    }


def _place_of(citizen_id: UUID, head: Head) -> dict[str, Any]:
    return {
        "citizen_id": citizen_id,
        "client_no": head.client_no,
        "agency_no": head.agency_no,
        "purpose_no": head.purpose_no,
        "agreement_no": head.agreement_no,
    }
