"""The second factor of a sign-in: which the citizen has, and one attempt with one of them, answered by a value.

Its budget is the account's, not the session's or the browser's (protocol.md §6 row 84): nobody who has the
password may try six digits as often as they like, from wherever. A used code reads like a wrong one and counts as
one. A code by SMS is offered only beside something better (row 90), and only to a number proved in the last 60
days, because numbers are sold again (experience.md §1.1).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from idp import audit
from idp.accounts import channels, enrolment, passwords, recovery_codes, sent_codes, totp
from idp.accounts.assurance import Amr
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.login import Refused, SignedIn, Why
from idp.accounts.passwords import Guess
from idp.accounts.profile import Vault
from idp.accounts.sent_codes import Answer
from idp.accounts.states import AccountState

NUMBER_IS_FRESH = timedelta(days=60)


class Method(StrEnum):
    """What a citizen may answer with."""

    CODE_APP = "code_app"
    RECOVERY_CODE = "recovery_code"
    SMS = "sms"


_AMR = {
    Method.CODE_APP: Amr.ONE_TIME_PASSWORD,
    Method.RECOVERY_CODE: Amr.ONE_TIME_PASSWORD,
    Method.SMS: Amr.SMS,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page may offer.

    `phone`: where an SMS would go; None: no SMS. `methods` is empty: no factor is set up.
    """

    methods: frozenset[Method]
    phone: Identifier | None


def offer(db: Session, vault: Vault, citizen_id: UUID, now: datetime) -> Offer:
    """What this citizen can answer with."""
    if not totp.is_set_up(db, citizen_id):
        return Offer(frozenset(), None)
    methods = {Method.CODE_APP}
    if recovery_codes.count_left(db, citizen_id):
        methods.add(Method.RECOVERY_CODE)
    phone = channels.find_proved(db, vault, citizen_id, Kind.PHONE, since=now - NUMBER_IS_FRESH)
    if phone is not None:
        methods.add(Method.SMS)
    return Offer(frozenset(methods), phone)


def make_sms(
    db: Session, vault: Vault, citizen_id: UUID, phone: Identifier, now: datetime
) -> sent_codes.ToSend | sent_codes.NotYet:
    """A code for the number of an offer."""
    return sent_codes.make(db, vault, citizen_id, sent_codes.Use.SECOND_FACTOR, phone, now)


def find_sms(db: Session, vault: Vault, citizen_id: UUID, phone: Identifier) -> datetime | None:
    """When a code last went to the number; None: none is there."""
    return sent_codes.find_sent_at(db, vault, citizen_id, sent_codes.Use.SECOND_FACTOR, phone)


def attempt(
    db: Session, vault: Vault, citizen_id: UUID, method: Method, typed: str, now: datetime
) -> SignedIn | Refused:
    """Try one code after the right password. The account's lock makes tries at once wait for one another."""
    memory = passwords.lock(db, citizen_id)
    if memory is None:
        return Refused(Why.NO_MATCH, citizen_id=citizen_id)
    if memory.of_factors.waits(now):
        return Refused(Why.TOO_MANY, memory.of_factors.refused_until, citizen_id)
    account = enrolment.find_account(db, citizen_id)
    if account is None or account.state is not AccountState.ACTIVE:
        return Refused(Why.NOT_ACTIVE, citizen_id=citizen_id)
    offered = offer(db, vault, citizen_id, now)
    answer = Answer.WRONG
    if method in offered.methods:
        answer = _judge(db, vault, citizen_id, method, offered.phone, typed, now)
    if answer is not Answer.RIGHT:
        return _counted(db, citizen_id, method, answer, now)
    passwords.forget_failures(db, citizen_id, Guess.FACTOR)
    return SignedIn(citizen_id, (Amr.PASSWORD, _AMR[method]))


def prove_first(db: Session, vault: Vault, citizen_id: UUID, typed: str, now: datetime) -> bool:
    """Whether a code shown before the password, by whoever's network has guessed too often, is right; then it is
    spent.

    A wrong one is not counted here: whoever has no password must not make the owner's codes wait (row 83). The
    door bounds it.
    """
    return totp.use(db, vault, citizen_id, typed, now) or recovery_codes.use(db, vault, citizen_id, typed, now)


def _judge(
    db: Session,
    vault: Vault,
    citizen_id: UUID,
    method: Method,
    phone: Identifier | None,
    typed: str,
    now: datetime,
) -> Answer:
    if method is Method.SMS:
        if phone is None:
            return Answer.WRONG
        return sent_codes.answer(db, vault, citizen_id, sent_codes.Use.SECOND_FACTOR, phone, typed, now)
    use = totp.use if method is Method.CODE_APP else recovery_codes.use
    return Answer.RIGHT if use(db, vault, citizen_id, typed, now) else Answer.WRONG


def _counted(db: Session, citizen_id: UUID, method: Method, answer: Answer, now: datetime) -> Refused:
    failures = passwords.count_failure(db, citizen_id, Guess.FACTOR, now)
    detail = {"method": method, "in_a_row": failures.count}
    audit.record(db, action="second_factor.refused", object_id=str(citizen_id), outcome="refused", detail=detail)
    why = Why.TOO_OLD if answer is Answer.TOO_OLD else Why.NO_MATCH
    return Refused(Why.TOO_MANY if failures.waits(now) else why, failures.refused_until, citizen_id)
