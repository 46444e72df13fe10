"""Giving, renewing, amending, refusing, withdrawing, running out: the head, the record and the leaf of each
act.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import agreements, consents, endings, history, outcomes, pauses, records
from consent.consents import Head
from consent.decision import Reason, Situation, decide
from consent.errors import NotAgreed
from consent.ledger import record_form
from consent.ledger.recorded import read_again
from consent.outcomes import AlreadyEnded, Amended, Ended, Given, Moved, NotFound, NotTaken
from idp.database import Database
from tests.consent_builders import NOW, a_consent, a_giving, an_agreement, numbers, parties

DAY = timedelta(days=1)
LATER = NOW + DAY
BASIC = "urn:gapura:acr:basic"


def end(db: Session, citizen_id: UUID, consent_id: UUID, now: datetime | None = LATER) -> Any:
    return endings.withdraw(db, citizen_id, consent_id, parties=parties(), acr=BASIC, amr=("pwd",), now=now)


def take_back(db: Session, citizen_id: UUID, consent_id: UUID, name: str, now: datetime = LATER) -> Any:
    (attribute_no,) = numbers(db, [name])
    return endings.withdraw_attribute(
        db, citizen_id, consent_id, attribute_no, parties=parties(), acr=BASIC, now=now
    )


def head_of(db: Session, giving: outcomes.Giving) -> Head:
    head = consents.find(db, giving.citizen_id, giving.agreement.client_no, giving.agreement.purpose_no)
    assert head is not None
    return head


def leaves(db: Session) -> int:
    return int(db.execute(text("SELECT count(*) FROM consent.ledger_intake")).scalar_one())


# ---- giving ----


def test_a_first_giving_stands_at_once_with_its_record_and_leaf(db: Session) -> None:
    before = leaves(db)
    giving, consent_id = a_consent(db)
    head = head_of(db, giving)
    assert (head.consent_id, head.revision, head.given_at) == (consent_id, 1, NOW)
    assert (head.attribute_nos, head.offered_nos) == (giving.attribute_nos, giving.offered_nos)
    assert head.lives(NOW)
    (act,) = history.history(db, giving.citizen_id, consent_id)
    assert (act.act, act.actor, act.acr, act.method, act.revision) == ("given", "self", BASIC, "web-button", 1)
    assert leaves(db) == before + 1


def test_openid_alone_is_a_record_too(db: Session) -> None:
    giving, _ = a_consent(db, an_agreement(db, required=(), optional=()))
    assert head_of(db, giving).attribute_nos == frozenset()


def test_time_is_the_databases_unless_a_test_gives_one(db: Session) -> None:
    given = records.give(db, a_giving(db, an_agreement(db), expires_at=datetime.now(UTC) + 300 * DAY))
    assert isinstance(given, Given)
    assert abs(given.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_consent_never_lasts_longer_than_its_purpose_allows(db: Session) -> None:
    """The end counts from the act and never exceeds the maximum (C046)."""
    agreement = an_agreement(db, purpose="rice-aid-eligibility")
    giving, _ = a_consent(db, agreement, expires_at=NOW + 9_999 * DAY)
    assert head_of(db, giving).expires_at == NOW + 180 * DAY


def test_a_renewal_keeps_the_id_and_counts_from_itself(db: Session) -> None:
    """One live record; the new version names the one it replaces; both remain (C046)."""
    giving, consent_id = a_consent(db, expires_at=NOW + 10 * DAY)
    renewed = records.give(db, replace(giving, revision=1, expires_at=LATER + 365 * DAY), LATER)
    assert isinstance(renewed, Given)
    assert (renewed.consent_id, renewed.act, renewed.gained_nos) == (consent_id, "renewed", frozenset())
    assert head_of(db, giving).expires_at == LATER + 365 * DAY
    first, second = history.history(db, giving.citizen_id, consent_id)
    assert previous_of(db, giving.citizen_id, second.record_id) == first.commitment


def test_a_giving_of_more_says_what_was_gained(db: Session) -> None:
    giving, consent_id = a_consent(db)
    more = a_giving(
        db, giving.agreement, citizen_id=giving.citizen_id, allowed=("name", "phone_number"), revision=1
    )
    amended = records.give(db, more, LATER)
    assert isinstance(amended, Given)
    assert (amended.consent_id, amended.act) == (consent_id, "amended")
    assert amended.gained_nos == numbers(db, ["phone_number"])


def test_given_again_after_a_withdrawal_is_a_new_id_in_the_same_chain(db: Session) -> None:
    """Nothing of before comes back to life; the chain goes on (C046)."""
    giving, consent_id = a_consent(db)
    end(db, giving.citizen_id, consent_id)
    again = records.give(db, replace(giving, revision=2), LATER + DAY)
    assert isinstance(again, Given)
    assert (again.act, again.revision) == ("given", 3)
    assert again.consent_id != consent_id
    assert again.gained_nos == giving.attribute_nos
    withdrawal = history.history(db, giving.citizen_id, consent_id)[-1]
    (act,) = history.history(db, giving.citizen_id, again.consent_id)
    assert previous_of(db, giving.citizen_id, act.record_id) == withdrawal.commitment


def test_given_again_after_the_end_is_a_new_id(db: Session) -> None:
    giving, consent_id = a_consent(db, expires_at=NOW + DAY)
    again = records.give(db, replace(giving, revision=1, expires_at=NOW + 99 * DAY), NOW + DAY)
    assert isinstance(again, Given)
    assert (again.act, again.consent_id != consent_id) == ("given", True)


def test_a_page_made_before_another_act_is_shown_again(db: Session) -> None:
    giving, _ = a_consent(db)
    assert records.give(db, giving, LATER) == Moved()
    assert records.give(db, replace(giving, revision=7), LATER) == Moved()
    assert head_of(db, giving).revision == 1


def test_a_page_of_an_agreement_no_longer_in_force_is_shown_again(db: Session) -> None:
    agreement = an_agreement(db)
    giving = a_giving(db, agreement)
    an_agreement(db, client_no=agreement.client_no)
    assert records.give(db, giving, LATER) == Moved()
    assert consents.find(db, giving.citizen_id, agreement.client_no, agreement.purpose_no) is None


def test_what_the_agreement_does_not_cover_is_never_written(db: Session) -> None:
    """A claim that was never offered: nothing recorded (C044)."""
    agreement = an_agreement(db, law=("nik",))
    for beyond in (
        a_giving(db, agreement, allowed=("name", "email")),
        a_giving(db, agreement, allowed=("name", "nik")),
        a_giving(db, agreement, by_law=("email",)),
        replace(a_giving(db, agreement), law_nos=numbers(db, ["nik"])),
    ):
        with pytest.raises(NotAgreed):
            records.give(db, beyond, NOW)


def test_purposes_and_applications_of_one_agency_are_separate(db: Session) -> None:
    """Same agency, two applications; same application, two purposes; one withdrawal ends one (C045)."""
    first = an_agreement(db)
    second = an_agreement(db, client_no=first.client_no, purpose="bill-payment", for_sign_in=False)
    third = an_agreement(db)
    citizen_id = uuid4()
    given = [a_consent(db, agreement, citizen_id=citizen_id)[1] for agreement in (first, second, third)]
    end(db, citizen_id, given[1])
    alive = {head.consent_id: head.lives(LATER) for head in consents.list_of(db, citizen_id)}
    assert [alive[consent_id] for consent_id in given] == [True, False, True]


# ---- the citizen's no ----


def test_a_no_is_on_record_and_is_no_consent(db: Session) -> None:
    """Visible in the portal, and nothing in force (C043)."""
    giving, before = a_giving(db, an_agreement(db)), leaves(db)
    assert records.refuse(db, giving, NOW) == NOW
    assert consents.list_of(db, giving.citizen_id) == []
    (said_no,) = history.refusals(db, giving.citizen_id)
    assert (said_no.act, said_no.agreement_no) == ("refused", giving.agreement.agreement_no)
    assert (said_no.attribute_nos, said_no.notice_no) == (frozenset(), giving.notice.notice_no)
    assert leaves(db) == before + 1


def test_a_no_to_more_leaves_what_stands(db: Session) -> None:
    giving, consent_id = a_consent(db)
    records.refuse(db, giving, LATER)
    assert head_of(db, giving).revision == 1
    assert [act.act for act in history.history(db, giving.citizen_id, consent_id)] == ["given"]


def test_refusals_are_counted_by_client_purpose_and_time(db: Session) -> None:
    agreement = an_agreement(db)
    giving = a_giving(db, agreement)
    for minutes in (0, 4, 8):
        records.refuse(db, giving, NOW + timedelta(minutes=minutes))
    since = NOW + timedelta(minutes=1)
    found = history.refusals(
        db, giving.citizen_id, client_no=agreement.client_no, purpose_no=agreement.purpose_no, since=since
    )
    assert [act.acted_at for act in found] == [NOW + timedelta(minutes=8), NOW + timedelta(minutes=4)]
    assert history.refusals(db, giving.citizen_id, client_no=-1) == []


# ---- withdrawing ----


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


# ---- running out ----


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


# ---- for good ----


def previous_of(db: Session, citizen_id: UUID, record_id: UUID) -> bytes:
    (previous,) = (
        one.act.previous_commitment
        for one in read_again(db, citizen_id=citizen_id)
        if one.act.record_id == record_id
    )
    assert previous is not None
    return previous


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent.records SET act = 'given'",
        "DELETE FROM consent.records",
        "DELETE FROM consent.ledger_intake",
        "UPDATE consent.parties SET parties = '{}'",
        "DELETE FROM consent.consents",
    ],
)
def test_a_door_can_rewrite_nothing(db: Session, statement: str) -> None:
    a_consent(db)
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"):
        db.execute(text(statement))


def test_a_record_is_append_only_for_its_owner_too(owner_database: Database, database: Database) -> None:
    with database.writing() as db:
        a_consent(db)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), owner_database.writing() as db:
        db.execute(text("UPDATE consent.records SET attribute_nos = '{}', act = 'given'"))


def test_a_rolled_back_giving_leaves_neither_record_nor_leaf(database: Database) -> None:
    with database.writing() as db:
        agreement, before = an_agreement(db), leaves(db)
        giving = a_giving(db, agreement)
    with database.engine.connect() as connection, Session(connection) as db:
        assert isinstance(records.give(db, giving, NOW), Given)
        db.rollback()
    with database.reading() as db:
        assert consents.list_of(db, giving.citizen_id) == []
        assert leaves(db) == before


# ---- races ----


def at_once(database: Database, count: int, act: Callable[[Session], object]) -> list[object]:
    """What `count` transactions, started together, came to."""
    gate, outcomes = threading.Barrier(count), list[object]()

    def run() -> None:
        with database.writing() as db:
            db.execute(text("SELECT 1"))
            gate.wait()
            outcome = act(db)
        outcomes.append(outcome)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_first_givings_at_once_one_wins(database: Database) -> None:
    """A double click is one giving (C012)."""
    for _ in range(10):
        with database.writing() as db:
            giving = a_giving(db, an_agreement(db))
        outcomes = at_once(database, 4, lambda db, giving=giving: records.give(db, giving))  # type: ignore[misc]
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Given", "Moved", "Moved", "Moved"]
        with database.reading() as db:
            assert len(history.history(db, giving.citizen_id, head_of(db, giving).consent_id)) == 1


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


def test_the_time_of_an_act_is_after_its_wait_for_the_lock(database: Database) -> None:
    """A withdrawal is never stamped before a release that it waited for."""
    with database.writing() as db:
        giving, consent_id = a_consent(db, now=datetime.now(UTC) - DAY, expires_at=datetime.now(UTC) + 99 * DAY)
    ended: list[Ended] = []

    def withdraw() -> None:
        with database.writing() as db:
            ended.append(end(db, giving.citizen_id, consent_id, None))

    waiting = threading.Thread(target=withdraw)
    with database.writing() as db:
        db.execute(
            text("SELECT FROM consent.consents WHERE citizen_id = :citizen_id FOR SHARE"),
            {"citizen_id": giving.citizen_id},
        )
        waiting.start()
        db.execute(text("SELECT pg_sleep(0.3)"))
        released_at = db.execute(text("SELECT clock_timestamp()")).scalar_one()
    waiting.join()
    assert ended[0].at > released_at


def test_an_act_that_another_one_overtook_sees_its_record(database: Database) -> None:
    """Snapshot before, lock after: the act before is looked up again under the lock."""
    with database.writing() as db:
        giving, consent_id = a_consent(
            db,
            now=datetime.now(UTC) - DAY,
            expires_at=datetime.now(UTC) + 99 * DAY,
            allowed=("name", "phone_number"),
        )
        (phone,) = numbers(db, ["phone_number"])
    waiting = threading.Thread(
        target=lambda: withdraw_in_its_own_transaction(database, giving.citizen_id, consent_id)
    )
    with database.writing() as db:
        endings.withdraw_attribute(db, giving.citizen_id, consent_id, phone, parties=parties(), acr=BASIC)
        waiting.start()
        db.execute(text("SELECT pg_sleep(0.3)"))
    waiting.join()
    with database.reading() as db:
        _, amended, withdrawn = history.history(db, giving.citizen_id, consent_id)
        assert previous_of(db, giving.citizen_id, withdrawn.record_id) == amended.commitment


def withdraw_in_its_own_transaction(database: Database, citizen_id: UUID, consent_id: UUID) -> None:
    with database.writing() as db:
        assert isinstance(end(db, citizen_id, consent_id, None), Ended)


def test_a_lock_tells_the_head_that_it_holds(db: Session) -> None:
    giving, consent_id = a_consent(db)
    locked = consents.lock_for_ending(db, giving.citizen_id, consent_id, LATER)
    assert locked is not None
    assert (locked.head, locked.now, locked.revision) == (head_of(db, giving), LATER, 1)
    assert agreements.get(db, giving.agreement.agreement_no).state == "approved"


def test_a_pause_lets_nothing_leave_and_is_ended_for_one_at_a_time(db: Session) -> None:
    giving, first = a_consent(db)
    _, second = a_consent(db, citizen_id=giving.citizen_id)
    _, over = a_consent(db, citizen_id=giving.citizen_id)
    end(db, giving.citizen_id, over)
    stranger, theirs = a_consent(db)
    assert pauses.pause_all(db, giving.citizen_id, LATER) == 2
    assert pauses.pause_all(db, giving.citizen_id, LATER) == 0, "twice is once"
    assert head_of(db, giving).paused_at == LATER
    assert head_of(db, stranger).paused_at is None
    assert not pauses.resume(db, giving.citizen_id, theirs)
    assert pauses.resume(db, giving.citizen_id, first)
    assert not pauses.resume(db, giving.citizen_id, first)
    paused = {head.consent_id for head in consents.list_of(db, giving.citizen_id) if head.paused_at is not None}
    assert paused == {second}


def test_what_is_given_anew_is_paused_no_more(db: Session) -> None:
    giving, _ = a_consent(db)
    pauses.pause_all(db, giving.citizen_id, LATER)
    records.give(db, replace(giving, revision=1), LATER)
    assert head_of(db, giving).paused_at is None
