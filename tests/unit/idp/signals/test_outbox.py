"""Signals exist if and only if their cause does, and leave in order, each once."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.database import Database
from idp.signals import outbox


@pytest.fixture
def db(worker_db: Session) -> Session:
    worker_db.connection().exec_driver_sql("DELETE FROM idp.outbox")
    return worker_db


def put(db: Session, client_no: int, **detail: Any) -> None:
    outbox.put(db, client_no, uuid4(), "backchannel_logout", detail)


def test_they_leave_in_the_order_in_which_they_came(db: Session) -> None:
    for client_no in (3, 1, 2):
        put(db, client_no, session_id="s")
    taken = outbox.take(db)
    assert [signal.client_no for signal in taken] == [3, 1, 2]
    assert taken[0].detail == {"session_id": "s"}
    assert outbox.take(db) == []


def test_one_round_takes_so_many_and_the_oldest(db: Session) -> None:
    for client_no in range(outbox.BATCH + 1):
        put(db, client_no)
    assert [signal.client_no for signal in outbox.take(db)] == list(range(outbox.BATCH))
    assert [signal.client_no for signal in outbox.take(db)] == [outbox.BATCH]


def test_a_kind_that_nobody_knows_is_refused(db: Session) -> None:
    with pytest.raises(IntegrityError, match="outbox_kind"):
        outbox.put(db, 1, uuid4(), "whim", {})


def a_cause_that_fails(database: Database) -> None:
    with database.writing() as db:
        put(db, 1)
        raise ZeroDivisionError


def test_a_cause_that_was_rolled_back_tells_nobody_and_two_workers_tell_once(worker_database: Database) -> None:
    """(C053)"""
    with worker_database.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM idp.outbox")
    with pytest.raises(ZeroDivisionError):
        a_cause_that_fails(worker_database)
    with worker_database.writing() as db:
        put(db, 2)
    with worker_database.writing() as one, worker_database.writing() as other:
        mine, yours = outbox.take(one), outbox.take(other)
    assert [signal.client_no for signal in mine + yours] == [2]
