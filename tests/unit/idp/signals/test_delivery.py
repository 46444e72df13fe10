"""The agency's clock after a withdrawal: three days, told or not told, answered in order, reminded once."""

import itertools
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from idp.database import Database
from idp.signals import delivery
from idp.signals.withdrawal_clock import Answer, Clock, Verdict
from tests.consent_acts import at_once

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
CITIZEN, CONSENT = uuid4(), uuid4()


@pytest.fixture
def db(worker_db: Session) -> Session:
    delivery.start_clock(worker_db, CITIZEN, CONSENT, 7, NOW)
    return worker_db


def clock(db: Session, consent_id: UUID = CONSENT) -> Clock:
    return delivery.clocks_of(db, CITIZEN)[consent_id]


def test_the_agency_has_three_times_twenty_four_hours(db: Session) -> None:
    assert clock(db) == Clock(NOW, NOW + timedelta(hours=72))


def test_a_second_tap_does_not_begin_it_anew(db: Session) -> None:
    delivery.start_clock(db, CITIZEN, CONSENT, 7, NOW + timedelta(hours=1))
    assert clock(db).withdrawn_at == NOW


def test_the_first_telling_counts(db: Session) -> None:
    delivery.told(db, CITIZEN, CONSENT)
    first = clock(db).told_at
    assert first is not None
    delivery.told(db, CITIZEN, CONSENT)
    delivery.not_told(db, CITIZEN, CONSENT, 3)
    assert (clock(db).told_at, clock(db).not_told_at, clock(db).attempts) == (first, None, 0)


def test_what_was_not_told_says_since_when_and_after_how_many_attempts(db: Session) -> None:
    delivery.not_told(db, CITIZEN, CONSENT, 31)
    assert clock(db).not_told_at is not None
    assert clock(db).attempts == 31


def test_another_citizens_clock_is_not_touched_or_seen(db: Session) -> None:
    other = uuid4()
    delivery.told(db, other, CONSENT)
    assert clock(db).told_at is None
    assert delivery.clocks_of(db, other) == {}


def answered(db: Session, said: Answer, statute: str | None = None) -> Verdict:
    found = delivery.find(db, CITIZEN, CONSENT)
    assert found is not None
    return delivery.answer(db, found, said, statute)


def test_an_answer_says_what_comes_before_it(db: Session) -> None:
    assert answered(db, Answer.DELETED) is Verdict.NEW
    found = clock(db)
    assert found.state == "deleted"
    assert found.told_at == found.acknowledged_at == found.deleted_at
    assert (found.kept_at, found.kept_under) == (None, None)


def test_an_answer_given_twice_is_the_first_one(db: Session) -> None:
    """(C012)"""
    assert answered(db, Answer.KEPT, "UU 43/2009") is Verdict.NEW
    first = clock(db)
    assert (first.state, first.kept_under) == ("kept", "UU 43/2009")
    assert answered(db, Answer.KEPT, "UU 43/2009") is Verdict.SAID_BEFORE
    assert answered(db, Answer.KEPT, "UU 1/1999") is Verdict.CONTRADICTS
    assert clock(db) == first


def test_what_was_kept_may_be_deleted_later(db: Session) -> None:
    answered(db, Answer.KEPT, "UU 43/2009")
    assert answered(db, Answer.DELETED) is Verdict.NEW
    assert clock(db).kept_under == "UU 43/2009", "it stands in the history"
    assert clock(db).state == "deleted"


def test_of_answers_at_once_one_is_written_down(worker_database: Database) -> None:
    """Seen to fail: without FOR UPDATE in `answer`."""
    citizen_id, consent_id = uuid4(), uuid4()
    with worker_database.writing() as db:
        delivery.start_clock(db, citizen_id, consent_id, 7, NOW)

    def say(db: Session, said: Answer, statute: str | None) -> Verdict:
        found = delivery.find(db, citizen_id, consent_id)
        assert found is not None
        return delivery.answer(db, found, said, statute)

    verdicts = at_once(worker_database, 8, lambda db: say(db, Answer.ACKNOWLEDGED, None))
    assert sorted(map(str, verdicts)) == ["new"] + 7 * ["said_before"]
    statutes = itertools.count()
    verdicts = at_once(worker_database, 8, lambda db: say(db, Answer.KEPT, f"UU {next(statutes)}/2009"))
    assert sorted(map(str, verdicts)) == 7 * ["contradicts"] + ["new"]


def begun(db: Session, ago: timedelta) -> UUID:
    """A withdrawal of so long ago; its consent."""
    consent_id, now = uuid4(), db.connection().exec_driver_sql("SELECT now()").scalar_one()
    delivery.start_clock(db, CITIZEN, consent_id, 7, now - ago)
    return consent_id


def reminded(db: Session, consent_id: UUID) -> list[int]:
    return [one.number for one in delivery.take_reminders(db, 1000) if one.consent_id == consent_id]


@pytest.mark.parametrize(
    ("hours", "number"),
    [
        pytest.param(23.9, None, id="none on the first day"),
        pytest.param(24, 1, id="the first after a day"),
        pytest.param(47.9, 1, id="late, and still the first"),
        pytest.param(50, 2, id="of two that were slept through the later one"),
        pytest.param(72, 3, id="the last when it is overdue"),
        pytest.param(500, 3, id="no fourth"),
    ],
)
def test_a_reminder_is_taken_once_in_its_time(worker_db: Session, hours: float, number: int | None) -> None:
    consent_id = begun(worker_db, timedelta(hours=hours))
    assert reminded(worker_db, consent_id) == ([] if number is None else [number])
    assert reminded(worker_db, consent_id) == []


@pytest.mark.parametrize(
    ("said", "statute", "reminders"),
    [(Answer.ACKNOWLEDGED, None, [1]), (Answer.DELETED, None, []), (Answer.KEPT, "UU 43/2009", [])],
)
def test_who_has_stopped_is_reminded_to_delete_and_who_is_done_of_nothing(
    worker_db: Session, said: Answer, statute: str | None, reminders: list[int]
) -> None:
    consent_id = begun(worker_db, timedelta(hours=25))
    found = delivery.find(worker_db, CITIZEN, consent_id)
    assert found is not None
    delivery.answer(worker_db, found, said, statute)
    assert reminded(worker_db, consent_id) == reminders


def test_each_reminder_follows_the_one_before_by_a_day(worker_db: Session) -> None:
    consent_id, seen = begun(worker_db, timedelta(hours=0)), []
    day_later = """
        UPDATE idp.withdrawals SET withdrawn_at = withdrawn_at - interval '24 hours',
               due_at = due_at - interval '24 hours', remind_at = remind_at - interval '24 hours'
         WHERE consent_id = %(id)s"""
    for _ in range(6):
        worker_db.connection().exec_driver_sql(day_later, {"id": consent_id})
        seen += reminded(worker_db, consent_id)
    assert seen == [1, 2, 3]


def test_the_list_is_numbered_once_and_read_from_any_place(worker_db: Session) -> None:
    first = begun(worker_db, timedelta(hours=2))
    while delivery.number_events(worker_db, 1000):
        pass
    second = begun(worker_db, timedelta(hours=3))
    assert [one.consent_id for _, one in delivery.list_of_clients(worker_db, [7], 0)][-1:] == [first]
    delivery.number_events(worker_db, 1000)
    listed = delivery.list_of_clients(worker_db, [7], 0)
    assert [one.consent_id for _, one in listed][-2:] == [first, second], "what came later stands later"
    numbers = [number for number, _ in listed]
    assert numbers == sorted(set(numbers))
    assert delivery.list_of_clients(worker_db, [7], numbers[-2]) == listed[-1:]
    assert delivery.list_of_clients(worker_db, [8], 0) == []


def test_numbers_are_given_by_one_worker_at_a_time(worker_database: Database) -> None:
    """Whoever reads a number must find all below it. Seen to fail: without the turn."""
    began, end = threading.Event(), threading.Event()
    with worker_database.writing() as db:  # what other tests left holds nobody up
        delivery.number_events(db, 1_000_000)

    def slowly() -> None:
        with worker_database.writing() as db:
            begun(db, timedelta(hours=1))
            delivery.number_events(db, 1000)
            began.set()
            end.wait(10)

    first = threading.Thread(target=slowly)
    first.start()
    assert began.wait(10)
    with worker_database.writing() as db:
        db.connection().exec_driver_sql("SET LOCAL statement_timeout = '300ms'")
        begun(db, timedelta(hours=1))
        with pytest.raises(OperationalError, match="statement timeout"), db.begin_nested():
            delivery.number_events(db, 1000)
    end.set()
    first.join()


def test_another_agencys_withdrawal_is_as_absent_as_none(db: Session) -> None:
    assert delivery.find_of_clients(db, [7], CONSENT) == delivery.find(db, CITIZEN, CONSENT)
    assert delivery.find_of_clients(db, [8], CONSENT) is None
    assert delivery.find_of_clients(db, [], CONSENT) is None
    assert delivery.find(db, uuid4(), CONSENT) is None
