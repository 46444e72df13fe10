"""The answer to a consent page: given, renewed, amended, or refused. Writer of consents, as `endings` is.

Each act is a short transaction of the caller's: the lock (`consents`), then one statement for the head, the
record and the ledger's leaf. An act names the revision that it saw and loses if that moved.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from consent import consents
from consent.acts import RECORDED, record
from consent.consents import Locked
from consent.errors import NotAgreed
from consent.ledger.record_form import Act
from consent.outcomes import Given, Giving, Moved

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
), {RECORDED}"""
# A no leaves a record and a leaf, and no consent.
_REFUSE = f"""
WITH changed AS (
  SELECT 1
), {RECORDED}"""


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
    if not record(db, _GIVE, act, locked, giving.parties, place):
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
    record(db, _REFUSE, act, locked, giving.parties, _place(giving))
    return act.acted_at


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
