"""Withdrawing one attribute, one consent, an agency's all, and running out: each is the next act, once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from consent import consents, endings, history
from consent.consents import Head
from consent.decision import Reason, Situation, decide
from consent.ledger import record_form
from consent.outcomes import AlreadyEnded, Amended, Ended, NotFound, NotTaken
from idp.database import Database
from tests.consent_acts import BASIC, DAY, LATER, at_once, end, head_of, leaves, previous_of
from tests.consent_builders import NOW, a_consent, an_agreement, numbers, parties


def take_back(db: Session, citizen_id: UUID, consent_id: UUID, name: str, now: datetime = LATER) -> Any:
    (attribute_no,) = numbers(db, [name])
    return endings.withdraw_attribute(
        db, citizen_id, consent_id, attribute_no, parties=parties(), acr=BASIC, now=now
    )


def test_a_withdrawal_ends_the_consent_and_is_the_next_act(db: Session) -> None:
    giving, consent_id = a_consent(db)
    ended = end(db, giving.citizen_id, consent_id)
    assert isinstance(ended, Ended)
    assert (ended.act, ended.at, ended.attribute_nos) == ("withdrawn", LATER, giving.attribute_nos)
    assert (ended.client_no, ended.agency_no) == (giving.agreement.client_no, giving.agreement.agency_no)
    head = head_of(db, giving)
    assert (head.withdrawn_at, head.revision, head.lives(LATER)) == (LATER, 2, False)
    given, withdrawn = history.history(db, giving.citizen_id, consent_id)
    assert (withdrawn.act, withdrawn.attribute_nos, withdrawn.revision) == ("withdrawn", frozenset(), 2)
    assert previous_of(db, giving.citizen_id, withdrawn.record_id) == given.commitment


def test_two_taps_are_one_effect(db: Session) -> None:
    giving, consent_id = a_consent(db)
    end(db, giving.citizen_id, consent_id)
    before = leaves(db)
    assert end(db, giving.citizen_id, consent_id) == AlreadyEnded()
    assert leaves(db) == before


def test_another_citizens_consent_is_not_found(db: Session) -> None:
    giving, consent_id = a_consent(db)
    assert end(db, uuid4(), consent_id) == NotFound()
    assert take_back(db, uuid4(), consent_id, "name") == NotFound()
    assert history.history(db, uuid4(), consent_id) == []
    assert head_of(db, giving).lives(LATER)


def test_one_attribute_is_taken_back_and_the_rest_stands(db: Session) -> None:
    """The log has the moment after which it is no longer there (C039)."""
    giving, consent_id = a_consent(db, allowed=("name", "phone_number"))
    amended = take_back(db, giving.citizen_id, consent_id, "phone_number")
    assert isinstance(amended, Amended)
    assert amended.attribute_nos == numbers(db, ["name"])
    head = head_of(db, giving)
    assert (head.attribute_nos, head.revision, head.consent_id) == (numbers(db, ["name"]), 2, consent_id)
    assert head.offered_nos == giving.offered_nos
    last = history.history(db, giving.citizen_id, consent_id)[-1]
    assert (last.act, last.attribute_nos, last.expires_at) == ("amended", numbers(db, ["name"]), head.expires_at)


def test_the_decision_tells_taken_back_from_never_given(db: Session) -> None:
    """`withdrawn` if an earlier version held it, else `not_in_consent` (C047)."""
    giving, consent_id = a_consent(db, allowed=("name", "phone_number"))
    before = head_of(db, giving)
    take_back(db, giving.citizen_id, consent_id, "phone_number")
    chain = [before, head_of(db, giving)]
    phone, email = (next(iter(numbers(db, [name]))) for name in ("phone_number", "email"))
    assert decide(phone, chain, LATER, giving.agreement, Situation()) is Reason.WITHDRAWN
    assert decide(email, chain, LATER, giving.agreement, Situation()) is Reason.NOT_IN_CONSENT


def test_what_rests_on_law_cannot_be_taken_back_while_the_consent_lives(db: Session) -> None:
    giving, consent_id = a_consent(db, an_agreement(db, law=("nik",)), by_law=("nik",))
    assert take_back(db, giving.citizen_id, consent_id, "nik") == NotTaken(rests_on_law=True)
    assert take_back(db, giving.citizen_id, consent_id, "email") == NotTaken(rests_on_law=False)
    assert head_of(db, giving).revision == 1
    assert isinstance(end(db, giving.citizen_id, consent_id), Ended)


def test_nothing_is_taken_back_from_a_consent_that_is_over(db: Session) -> None:
    giving, consent_id = a_consent(db, expires_at=NOW + DAY)
    assert take_back(db, giving.citizen_id, consent_id, "name", NOW + DAY) == AlreadyEnded()


def test_one_act_withdraws_all_of_an_agency_and_nothing_else(db: Session) -> None:
    citizen_id = uuid4()
    kept = a_consent(db, an_agreement(db, agency_no=8), citizen_id=citizen_id)[1]
    given = {a_consent(db, citizen_id=citizen_id)[1] for _ in range(3)}
    over = a_consent(db, citizen_id=citizen_id)[1]
    end(db, citizen_id, over)
    ended = endings.withdraw_agency(
        db, citizen_id, 7, parties_of=lambda _: parties(), acr=BASIC, amr=("pwd",), now=LATER
    )
    assert {each.consent_id for each in ended} == given
    assert {head.consent_id for head in consents.list_of(db, citizen_id) if head.lives(LATER)} == {kept}


def sweep(db: Session, now: datetime) -> dict[UUID, Ended]:
    asked: Callable[[UUID, Head], record_form.Parties] = lambda citizen_id, head: parties()  # noqa: E731
    return {ended.consent_id: ended for _, ended in endings.expire_due(db, asked, now)}


def test_running_out_is_an_act_of_the_clock(db: Session) -> None:
    """The same act as a withdrawal, and the answer says `expired` (C047)."""
    giving, consent_id = a_consent(db, expires_at=NOW + DAY)
    ended = sweep(db, NOW + 2 * DAY)[consent_id]
    assert (ended.act, ended.at, ended.attribute_nos) == ("expired", NOW + 2 * DAY, giving.attribute_nos)
    last = history.history(db, giving.citizen_id, consent_id)[-1]
    assert (last.act, last.actor, last.method, last.acr) == ("expired", "clock", "clock", None)
    name = min(giving.attribute_nos)
    verdict = decide(name, [head_of(db, giving)], NOW + 2 * DAY, giving.agreement, Situation())
    assert verdict is Reason.EXPIRED


def test_the_sweep_takes_what_is_due_once_and_nothing_else(db: Session) -> None:
    lives = a_consent(db)[1]
    withdrawn, withdrawn_id = a_consent(db, expires_at=NOW + 2 * DAY)
    end(db, withdrawn.citizen_id, withdrawn_id)
    due = a_consent(db, expires_at=NOW + 2 * DAY)[1]
    first, second = sweep(db, NOW + 2 * DAY), sweep(db, NOW + 3 * DAY)
    assert due in first
    assert not {lives, withdrawn_id} & set(first)
    assert not {lives, withdrawn_id, due} & set(second)


def test_withdrawing_what_has_run_out_is_already_over_after_the_sweep(db: Session) -> None:
    giving, consent_id = a_consent(db, expires_at=NOW + DAY)
    sweep(db, NOW + 2 * DAY)
    assert end(db, giving.citizen_id, consent_id, NOW + 3 * DAY) == AlreadyEnded()


def test_of_withdrawals_at_once_one_is_recorded(database: Database) -> None:
    for _ in range(10):
        with database.writing() as db:
            giving, consent_id = a_consent(
                db, now=datetime.now(UTC) - DAY, expires_at=datetime.now(UTC) + 99 * DAY
            )
        outcomes = at_once(
            database,
            4,
            lambda db, giving=giving, consent_id=consent_id: end(db, giving.citizen_id, consent_id, None),  # type: ignore[misc]
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyEnded"] * 3 + ["Ended"]
        with database.reading() as db:
            assert [act.act for act in history.history(db, giving.citizen_id, consent_id)] == [
                "given",
                "withdrawn",
            ]


def test_what_ended_is_read_back_by_act_and_what_stands_is_not(db: Session) -> None:
    """What an agency is told: of a part, the attributes taken back; of the whole, those that were left."""
    agreement = an_agreement(db, required=("name",), optional=("phone_number", "email"), law=("nik",))
    allowed, by_law = ("name", "phone_number", "email"), ("nik",)
    giving, consent_id = a_consent(db, agreement, allowed=allowed, by_law=by_law)
    place = (giving.citizen_id, consent_id)
    assert history.endings_of(db, [place]) == {}
    part = take_back(db, *place, "email")
    assert isinstance(part, Amended)
    found = history.endings_of(db, [place])
    assert {key: one.attribute_nos for key, one in found.items()} == {part.record_id: numbers(db, ["email"])}
    end(db, *place, LATER + DAY)
    other, untouched = a_consent(db)
    found = history.endings_of(db, [place, (other.citizen_id, untouched), (uuid4(), consent_id)])
    assert set(found) == {part.record_id, consent_id}
    whole = found[consent_id]
    assert (whole.act, whole.attribute_nos) == ("withdrawn", numbers(db, ["name", "phone_number", "nik"]))
    assert (whole.law_nos, whole.acted_at) == (numbers(db, ["nik"]), LATER + DAY)
    assert history.endings_of(db, []) == {}
