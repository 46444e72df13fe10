"""Yesterday's disclosures become one root and one leaf a citizen."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import disclosure_days
from consent.ledger import day_form, entries
from consent.ledger.verify_acts import changed_days
from idp.database import Database

TODAY = datetime.now(UTC).date()


def looked(db: Session, citizen_id: UUID, count: int = 1) -> None:
    for _ in range(count):
        db.execute(
            text("""
            INSERT INTO consent.disclosures (citizen_id, consent_id, client_no, purpose_no, channel, reason,
                   attribute_nos)
            VALUES (:citizen_id, :consent_id, 11, 5, 'userinfo', 'consent_given', '{1,2}')"""),
            {"citizen_id": citizen_id, "consent_id": uuid4()},
        )


def days(db: Session, citizen_id: UUID) -> list[tuple[int, bytes, bytes]]:
    rows = db.execute(
        text("SELECT rows_seen, root, salt FROM consent.disclosure_days WHERE citizen_id = :citizen_id"),
        {"citizen_id": citizen_id},
    )
    return [(row.rows_seen, bytes(row.root), bytes(row.salt)) for row in rows]


def close_all(db: Session, limit: int = 1000) -> int:
    closed, after = 0, disclosure_days.NOBODY
    while True:
        newly, last = disclosure_days.close(db, TODAY, after=after, limit=limit)
        closed += len(newly)
        if last is None:
            return closed
        after = last


def waiting(db: Session) -> list[bytes]:
    return [bytes(entry) for entry in db.scalars(text("SELECT entry FROM consent.ledger_intake"))]


def test_each_citizen_of_the_day_has_one_root_and_one_leaf(worker_db: Session) -> None:
    many, one = uuid4(), uuid4()
    looked(worker_db, many, 3)
    looked(worker_db, one)
    close_all(worker_db)
    ((rows_seen, root, salt),) = days(worker_db, many)
    assert rows_seen == 3
    assert entries.entry(entries.commitment(salt, day_form.day(TODAY, 3, root))) in waiting(worker_db)
    assert [day[0] for day in days(worker_db, one)] == [1]


def test_closing_again_changes_nothing(worker_db: Session) -> None:
    citizen_id = uuid4()
    looked(worker_db, citizen_id)
    close_all(worker_db)
    before = (days(worker_db, citizen_id), len(waiting(worker_db)))
    assert disclosure_days.close(worker_db, TODAY) == ([], None), "who is closed is not even looked at"
    assert (days(worker_db, citizen_id), len(waiting(worker_db))) == before


def test_small_steps_close_as_many_as_large_ones(worker_db: Session) -> None:
    close_all(worker_db)
    citizens = [uuid4() for _ in range(7)]
    for citizen_id in citizens:
        looked(worker_db, citizen_id, 2)
    assert close_all(worker_db, limit=3) == 7


def test_another_day_is_not_touched(worker_db: Session) -> None:
    citizen_id = uuid4()
    looked(worker_db, citizen_id)
    disclosure_days.close(worker_db, TODAY - timedelta(days=1))
    assert days(worker_db, citizen_id) == []


def test_a_day_is_settled_when_nobody_can_still_write_into_it(worker_database: Database) -> None:
    """A transaction that was open at the mark may still commit a row of the day."""
    with worker_database.writing() as slow:
        looked(slow, uuid4())
        with worker_database.writing() as db:
            marked = disclosure_days.mark(db)
        with worker_database.writing() as db:
            assert not disclosure_days.settled(db, marked)
    with worker_database.writing() as db:
        assert disclosure_days.settled(db, marked)


@pytest.fixture
def closed(owner_database: Database) -> object:
    """As the owner, who alone can tamper; rolled back."""
    with owner_database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            for table in ("disclosures", "disclosure_days"):
                db.execute(text(f"ALTER TABLE consent.{table} DISABLE TRIGGER USER"))
            looked(db, UUID(int=7), 3)
            close_all(db)
            yield db
        transaction.rollback()


def test_a_day_as_it_was_closed_fits(closed: Session) -> None:
    assert list(changed_days(closed)) == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        pytest.param("UPDATE consent.disclosures SET attribute_nos = '{}'", "no longer fit", id="a row changed"),
        pytest.param(
            "DELETE FROM consent.disclosures WHERE disclosure_id = (SELECT max(disclosure_id::text)::uuid"
            " FROM consent.disclosures)",
            "no longer fit",
            id="a row vanished",
        ),
        pytest.param(
            "UPDATE consent.disclosure_days SET root = sha256('x')", "no longer fit", id="the root changed"
        ),
        pytest.param("UPDATE consent.disclosure_days SET rows_seen = 2", "no longer fit", id="the count changed"),
        pytest.param(
            "UPDATE consent.disclosure_days SET salt = sha256('x')", "have no entry", id="the salt changed"
        ),
        pytest.param("DELETE FROM consent.ledger_intake", "have no entry", id="its leaf vanished"),
    ],
)
def test_a_day_that_no_longer_fits_is_named_by_its_date(closed: Session, statement: str, sentence: str) -> None:
    """And by nothing of the citizen's."""
    closed.execute(text(statement))
    problems = list(changed_days(closed))
    assert any(sentence in problem for problem in problems)
    assert all(TODAY.isoformat() in problem for problem in problems)
    assert not any(str(UUID(int=7)) in problem for problem in problems)
