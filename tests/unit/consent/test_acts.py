"""An act is written whole or not at all, by one of many at once, and nobody rewrites it."""

import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import agreements, consents, endings, history, records
from consent.outcomes import Ended, Given
from idp.database import Database
from tests.consent_acts import BASIC, DAY, LATER, at_once, end, head_of, leaves, previous_of
from tests.consent_builders import NOW, a_consent, a_giving, an_agreement, numbers, parties


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


def test_of_first_givings_at_once_one_wins(database: Database) -> None:
    """A double click is one giving (C012)."""
    for _ in range(10):
        with database.writing() as db:
            giving = a_giving(db, an_agreement(db))
        outcomes = at_once(database, 4, lambda db, giving=giving: records.give(db, giving))  # type: ignore[misc]
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Given", "Moved", "Moved", "Moved"]
        with database.reading() as db:
            assert len(history.history(db, giving.citizen_id, head_of(db, giving).consent_id)) == 1


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
