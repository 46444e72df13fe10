"""An agency's first look is told once, by whichever way it is found, and nobody else's is."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp import jobs
from idp.gate import Gate
from idp.ledger_upkeep import DayClosing
from idp.signals import first_looks, notifications
from tests.unit.idp.signals.conftest import Added

LOOKED = text("""
INSERT INTO consent.disclosures (citizen_id, disclosure_id, client_no, purpose_no, channel, reason, attribute_nos,
       shown_after, statute_no)
VALUES (:citizen_id, uuidv7(CAST(:ago AS interval)), :client_no, 1, 'userinfo', CAST(:reason AS consent.reason),
        '{1}', :shown_after, :statute_no)
""")


@pytest.fixture(autouse=True)
def no_jobs(gate: Gate) -> Iterator[None]:
    yield
    with gate.database.writing() as db:
        db.execute(text("DELETE FROM jobs.procrastinate_jobs"))


def looked(gate: Gate, citizen_id: UUID, client_no: int, ago: str = "0 hours", **changed: Any) -> None:
    plain = {"reason": "consent_given", "shown_after": None, "statute_no": None}
    with gate.database.writing() as db:
        row = {"citizen_id": citizen_id, "client_no": client_no, "ago": f"-{ago}", **plain, **changed}
        db.execute(LOOKED, row)


def told(gate: Gate, citizen_id: UUID) -> list[dict[str, Any]]:
    with gate.database.reading() as db:
        return [row.detail for row in notifications.list_of(db, citizen_id) if row.kind == "first_look"]


def close_days(gate: Gate) -> None:
    """As a new worker does: its first step marks, its second closes."""
    closing = DayClosing(partial(first_looks.tell_of_day, gate))
    for _ in range(2):
        closing.step(gate.database)


def waiting(gate: Gate) -> list[tuple[dict[str, Any], datetime]]:
    with gate.database.reading() as db:
        rows = db.execute(text("SELECT args, scheduled_at FROM jobs.procrastinate_jobs ORDER BY id"))
        return [(dict(row.args), row.scheduled_at) for row in rows]


def after_consent(gate: Gate, citizen_id: UUID, client_no: int, asked: int = 0) -> None:
    first_looks.after_consent(gate, {"citizen_id": str(citizen_id), "client_no": client_no, "asked": asked})


def test_a_look_after_the_first_consent_is_told_once(gate: Gate, added: Added) -> None:
    citizen_id, client_no = uuid4(), added(None)
    looked(gate, citizen_id, client_no)
    looked(gate, citizen_id, client_no)
    for _ in range(2):
        after_consent(gate, citizen_id, client_no)
    ((detail),) = told(gate, citizen_id)
    assert detail == {"agency_no": gate.registry.get().by_no[client_no].agency_no, "client_no": client_no}
    assert waiting(gate) == []


def test_another_application_of_the_same_agency_is_no_first_look(gate: Gate, added: Added) -> None:
    citizen_id, one, two = uuid4(), added(None), added(None)
    looked(gate, citizen_id, one)
    after_consent(gate, citizen_id, one)
    looked(gate, citizen_id, two)
    after_consent(gate, citizen_id, two)
    assert len(told(gate, citizen_id)) == 1


def test_who_looked_before_anybody_told_of_it_does_not_look_for_the_first_time(gate: Gate, added: Added) -> None:
    citizen_id, one, two = uuid4(), added(None), added(None)
    looked(gate, citizen_id, one, ago="1 day")
    looked(gate, citizen_id, two)
    after_consent(gate, citizen_id, two)
    assert told(gate, citizen_id) == []


@pytest.mark.parametrize(
    "changed", [{"reason": "withdrawn"}, {"shown_after": "2099-01-01", "statute_no": 1}], ids=["refused", "hidden"]
)
def test_a_refusal_and_what_a_statute_hides_are_no_look(gate: Gate, added: Added, changed: dict[str, Any]) -> None:
    citizen_id, client_no = uuid4(), added(None)
    looked(gate, citizen_id, client_no, **changed)
    after_consent(gate, citizen_id, client_no)
    assert told(gate, citizen_id) == []


def test_where_nobody_came_yet_it_is_asked_again_later_and_then_left_to_the_days_end(
    gate: Gate, added: Added
) -> None:
    citizen_id, client_no, now = uuid4(), added(None), gate.now()
    with gate.database.writing() as db:
        first_looks.await_look(db, citizen_id, client_no, now)
    for asked, wait in enumerate(first_looks.WAITS):
        arguments, at = waiting(gate)[-1]
        assert arguments == {"citizen_id": str(citizen_id), "client_no": client_no, "asked": asked}
        assert timedelta() <= at - now - wait < timedelta(seconds=20)
        first_looks.after_consent(gate, arguments)
    assert len(waiting(gate)) == len(first_looks.WAITS)
    assert jobs.AWAIT_FIRST_LOOK in jobs.JOBS


def test_a_look_of_a_day_that_is_over_is_told_once_when_the_day_is_closed(gate: Gate, added: Added) -> None:
    citizen_ids, client_no = [uuid4() for _ in range(3)], added(None)
    for citizen_id in citizen_ids:
        looked(gate, citizen_id, client_no, ago="25 hours")
        looked(gate, citizen_id, client_no, ago="49 hours")
    close_days(gate)
    assert [len(told(gate, citizen_id)) for citizen_id in citizen_ids] == [1, 1, 1]
    close_days(gate)
    assert [len(told(gate, citizen_id)) for citizen_id in citizen_ids] == [1, 1, 1]


def test_the_look_of_today_waits_until_the_day_is_over(gate: Gate, added: Added) -> None:
    citizen_id, client_no = uuid4(), added(None)
    looked(gate, citizen_id, client_no)
    close_days(gate)
    assert told(gate, citizen_id) == []


def test_a_worker_that_dies_while_it_tells_closes_nothing_and_the_next_one_tells(gate: Gate, added: Added) -> None:
    citizen_id, client_no = uuid4(), added(None)
    looked(gate, citizen_id, client_no, ago="25 hours")

    def dies(*_: Any) -> None:
        raise ZeroDivisionError

    dying = DayClosing(dies)
    dying.step(gate.database)
    with pytest.raises(ZeroDivisionError):
        dying.step(gate.database)
    close_days(gate)
    assert len(told(gate, citizen_id)) == 1


def test_two_that_tell_at_once_tell_once(gate: Gate, added: Added) -> None:
    client_no = added(None)
    for _ in range(10):
        citizen_id, barrier = uuid4(), threading.Barrier(2)
        looked(gate, citizen_id, client_no)

        def at_once(citizen_id: UUID = citizen_id, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            after_consent(gate, citizen_id, client_no)

        threads = [threading.Thread(target=at_once) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told(gate, citizen_id)) == 1


def test_what_was_told_is_told_by_kind_and_detail(db: Session) -> None:
    citizen_id = uuid4()
    notifications.add(db, citizen_id, "first_look", {"agency_no": 7, "client_no": 3})
    assert notifications.was_told(db, citizen_id, "first_look", {"agency_no": 7})
    assert not notifications.was_told(db, citizen_id, "first_look", {"agency_no": 8})
    assert not notifications.was_told(db, citizen_id, "consent_given", {"agency_no": 7})
    assert not notifications.was_told(db, uuid4(), "first_look", {"agency_no": 7})
