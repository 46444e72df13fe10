"""What is put into the outbox when an account changes, and for whom: the applications that the citizen allowed.

That everything ends is shown over HTTP in tests/faults/test_what_ends.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import endings, history
from idp.accounts import enrolment
from idp.accounts.states import AccountState
from idp.revocation import account
from idp.signals.security_events import Event
from idp.worker import Parts
from tests.builders import a_citizen
from tests.consent_builders import a_consent, an_agreement, parties

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def db(parts: Parts) -> Iterator[Session]:
    with parts.database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def citizen_id(db: Session, parts: Parts) -> UUID:
    return a_citizen(db, parts.gate.vault).citizen_id


def told(db: Session, citizen_id: UUID) -> list[tuple[int, str]]:
    rows = db.execute(
        text("SELECT client_no, kind FROM idp.outbox WHERE citizen_id = :id ORDER BY signal_id"),
        {"id": citizen_id},
    )
    return [(row[0], row[1]) for row in rows]


def test_each_application_with_a_consent_is_told_and_no_other(db: Session, citizen_id: UUID) -> None:
    """(row 97)"""
    held, ended = an_agreement(db), an_agreement(db)
    a_consent(db, held, citizen_id=citizen_id)
    _, over = a_consent(db, ended, citizen_id=citizen_id)
    a_consent(db)
    endings.withdraw(db, citizen_id, over, parties=parties(), acr="basic")
    account.suspend(db, citizen_id, NOW)
    assert told(db, citizen_id) == [(held.client_no, Event.ACCOUNT_DISABLED)]


def test_a_suspension_is_lifted_once_and_told(db: Session, citizen_id: UUID) -> None:
    """(row 97)"""
    held = an_agreement(db)
    a_consent(db, held, citizen_id=citizen_id)
    assert not account.resume(db, citizen_id, NOW)
    assert account.suspend(db, citizen_id, NOW)
    assert not account.suspend(db, citizen_id, NOW)
    assert account.resume(db, citizen_id, NOW)
    assert [kind for _, kind in told(db, citizen_id)] == [Event.ACCOUNT_DISABLED, Event.ACCOUNT_ENABLED]


def test_a_closed_account_is_not_resumed(db: Session, citizen_id: UUID) -> None:
    enrolment.change_state(db, citizen_id, AccountState.CLOSED, NOW)
    assert not account.resume(db, citizen_id, NOW)
    assert not account.suspend(db, citizen_id, NOW)


def test_nobody_is_no_account(db: Session) -> None:
    assert not account.suspend(db, uuid4(), NOW)
    assert not account.resume(db, uuid4(), NOW)


def test_what_ends_with_the_account_is_on_record_as_no_act_of_the_citizens(db: Session, citizen_id: UUID) -> None:
    """(C047)"""
    giving, consent_id = a_consent(db, citizen_id=citizen_id)
    (ended,) = endings.end_all(db, citizen_id, lambda _: parties())
    assert ended.consent_id == consent_id
    assert endings.end_all(db, citizen_id, lambda _: parties()) == []
    last = history.history(db, citizen_id, consent_id)[-1]
    assert (last.act, last.actor, last.method) == ("withdrawn", "operator", "account-closed")
    assert giving.citizen_id == citizen_id
