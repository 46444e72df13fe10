"""What waits to be told: claimed fairly and once, tried again after a death, forgotten at its time."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from idp.database import Database
from idp.signals import deliveries
from idp.signals.deliveries import Delivery
from idp.signals.outbox import Signal
from keys.sealing import RestSealer

SEALER = RestSealer(bytes(32))


@pytest.fixture
def db(worker_db: Session) -> Session:
    """The worker's, with nothing waiting."""
    run(worker_db, "DELETE FROM idp.deliveries")
    return worker_db


def run(db: Session, sql: str, **params: Any) -> Any:
    return db.connection().exec_driver_sql(sql, params)


def keep(db: Session, client_no: int, count: int = 1, **detail: Any) -> None:
    for _ in range(count):
        signal_id = run(db, "SELECT uuidv7()").scalar_one()
        deliveries.keep(db, SEALER, Signal(signal_id, client_no, uuid4(), "backchannel_logout", detail))


def claim(db: Session, limit: int = 100, **how: Any) -> list[Delivery]:
    given: dict[str, Any] = {"not_these": [], "failing": [], "of_failing": False} | how
    return deliveries.claim(db, limit, **given)


def clients(claimed: list[Delivery]) -> list[int]:
    return sorted(one.client_no for one in claimed)


def test_a_long_queue_takes_two_places_and_the_others_theirs(db: Session) -> None:
    """(C054)"""
    keep(db, 1, 50)
    keep(db, 2)
    keep(db, 3, 3)
    assert clients(claim(db)) == [1, 1, 2, 3, 3]


def test_those_that_fail_are_claimed_apart_and_one_at_a_time(db: Session) -> None:
    for client_no in (1, 2, 3):
        keep(db, client_no, 5)
    assert clients(claim(db, failing=[1, 2])) == [3, 3]
    assert clients(claim(db, failing=[1, 2], of_failing=True)) == [1, 2]


def test_of_the_busy_none_is_claimed_and_no_more_than_asked_for(db: Session) -> None:
    for client_no in (1, 2, 3):
        keep(db, client_no, 5)
    assert clients(claim(db, 1, not_these=[1, 3])) == [2]


def test_what_is_claimed_is_not_due_again_before_any_attempt_has_ended(db: Session) -> None:
    """(C084) A worker that dies leaves it to be tried again within two minutes."""
    keep(db, 1)
    (first,) = claim(db)
    assert claim(db) == []
    ahead = run(db, "SELECT next_attempt_at - now() FROM idp.deliveries").scalar_one()
    assert timedelta(seconds=15) < ahead < timedelta(minutes=2)
    run(db, "UPDATE idp.deliveries SET next_attempt_at = now()")
    (again,) = claim(db)
    assert (again.delivery_id, again.attempts) == (first.delivery_id, 2)


def test_two_workers_claim_each_delivery_once(worker_database: Database) -> None:
    with worker_database.writing() as db:
        run(db, "DELETE FROM idp.deliveries")
        keep(db, 1, 2)
        keep(db, 2, 2)
    try:
        with worker_database.writing() as one, worker_database.writing() as other:
            mine, yours = claim(one, 3), claim(other)
        ids = [claimed.delivery_id for claimed in mine + yours]
        assert len(mine) == 3
        assert len(set(ids)) == len(ids)
    finally:
        with worker_database.writing() as db:
            run(db, "DELETE FROM idp.deliveries")


def test_each_wait_is_twice_the_one_before_up_to_six_hours(db: Session) -> None:
    keep(db, 1)
    waits = []
    for _ in range(15):
        (claimed,) = claim(db)
        deliveries.try_later(db, claimed.delivery_id, "500")
        waits.append(run(db, "SELECT next_attempt_at - now() FROM idp.deliveries").scalar_one().total_seconds())
        run(db, "UPDATE idp.deliveries SET next_attempt_at = now()")
    assert waits == [min(5 * 2**n, 21_600) for n in range(15)]


def test_a_start_knows_from_the_rows_who_fails(db: Session) -> None:
    keep(db, 1)
    keep(db, 2)
    (tried,) = claim(db, not_these=[2])
    deliveries.try_later(db, tried.delivery_id, "500")
    assert deliveries.failing_clients(db) == [1]


def test_what_was_told_is_gone_and_what_was_given_up_stays_thirty_days(db: Session) -> None:
    keep(db, 1)
    keep(db, 2)
    told, over = claim(db)
    deliveries.done(db, told.delivery_id)
    assert deliveries.give_up(db, over.delivery_id, "400")
    assert not deliveries.give_up(db, over.delivery_id, "400")
    assert claim(db) == []
    now = run(db, "SELECT now()").scalar_one()
    assert deliveries.forget(db, 10, now + timedelta(days=29)) == 0
    assert deliveries.forget(db, 10, now + timedelta(days=31)) == 1


def test_no_id_lies_in_the_clear(db: Session) -> None:
    session_id = uuid4()
    keep(db, 1, session_id=str(session_id))
    row = run(db, "SELECT to_jsonb(d)::text, d.token_sealed FROM idp.deliveries AS d").one()
    assert str(session_id) not in row[0]
    assert str(session_id).encode() not in bytes(row[1])
    (claimed,) = claim(db)
    assert deliveries.opened(SEALER, claimed).session_id == session_id


def test_what_was_sealed_for_another_delivery_does_not_open(db: Session) -> None:
    keep(db, 1)
    keep(db, 2)
    one, other = claim(db)
    moved = Delivery(one.delivery_id, 1, one.citizen_id, one.kind, other.sealed, 1, one.at)
    with pytest.raises(deliveries.Unreadable):
        deliveries.opened(SEALER, moved)
