"""Never: a ledger entry changes or disappears without `gapura ledger verify` and an outsider's copy noticing.

Here the walls before that: no role of the service can touch what is written for good, and the owner of the
tables is stopped by a trigger. That whoever gets past both is noticed stands in
unit/consent/ledger/test_verify.py (every byte of entry, tile, checkpoint and head; a cut tail against an
outside copy) and test_verify_acts.py (acts and days).
"""

from collections.abc import Iterator

import pytest
import sqlalchemy.exc
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.database import Database
from tests.consent_builders import a_consent

FOR_GOOD = {
    "ledger_entries": "entry",
    "ledger_tiles": "hashes",
    "ledger_checkpoints": "note",
    "records": "commitment",
    "parties": "parties",
    "notices": "words",
    "disclosures": "reason",
    "disclosure_days": "root",
}


def verbs(table: str) -> list[str]:
    column = FOR_GOOD[table]
    return [
        f"UPDATE consent.{table} SET {column} = {column}",
        f"DELETE FROM consent.{table}",
        f"TRUNCATE consent.{table}_0" if table == "ledger_entries" else f"TRUNCATE consent.{table} CASCADE",
    ]


@pytest.mark.parametrize("table", FOR_GOOD)
def test_no_role_of_the_service_can_change_what_is_for_good(
    table: str, database: Database, worker_database: Database
) -> None:
    for role in (database, worker_database):
        for statement in verbs(table):
            with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"), role.writing() as db:
                db.execute(text(statement))


FILL = """
INSERT INTO consent.ledger_entries VALUES (16777215, 'x');
INSERT INTO consent.ledger_tiles VALUES (7, 1, convert_to(repeat('x', 8192), 'UTF8'));
INSERT INTO consent.ledger_checkpoints VALUES ('a log of this test', 1, sha256('x'), 'note', now());
INSERT INTO consent.disclosures (citizen_id, client_no, purpose_no, channel, reason, attribute_nos)
VALUES (uuidv7(), 1, 1, 'userinfo', 'consent_given', '{}');
INSERT INTO consent.disclosure_days VALUES (uuidv7(), current_date, 1, sha256('x'), sha256('y'));
"""


@pytest.fixture
def filled(owner_database: Database) -> Iterator[Session]:
    """At least a row in every table of the list, as the owner; rolled back."""
    with owner_database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            a_consent(db)
            for statement in FILL.split(";\n"):
                if statement.strip():
                    db.execute(text(statement))
            yield db
        transaction.rollback()


@pytest.mark.parametrize("table", FOR_GOOD)
def test_the_owner_is_stopped_by_a_trigger(table: str, filled: Session) -> None:
    for statement in verbs(table):
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), filled.begin_nested():
            filled.execute(text(statement))
