"""The trail is written with its deed, cannot be rewritten, and holds nothing secret."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp import audit
from idp.database import Database


def test_an_event_is_written_in_the_callers_transaction(db: Session) -> None:
    citizen_id = uuid4()
    audit.record(db, action="session.started", object_id="s-1", outcome="done", actor_id=citizen_id, actor_no=7)
    row = db.execute(
        text("SELECT action, outcome, actor_no, at FROM idp.audit_events WHERE actor_id = :citizen_id"),
        {"citizen_id": citizen_id},
    ).one()
    assert row[:3] == ("session.started", "done", 7)
    assert abs((row.at - datetime.now(UTC)).total_seconds()) < 60


def test_it_can_be_written_from_a_hot_connection(database: Database) -> None:
    object_id = str(uuid4())
    audit.record(database.hot(), action="token.code_replayed", object_id=object_id, outcome="refused")
    found = database.hot().execute("SELECT count(*) FROM idp.audit_events WHERE object_id = %s", (object_id,))
    assert found.fetchone() == (1,)


def test_a_secret_in_the_detail_does_not_reach_the_trail(db: Session) -> None:
    detail = {"token": "short", "note": "from siti@warga.example", "tries": 3}
    audit.record(db, action="login.failed", object_id="o-1", outcome="refused", detail=detail)
    kept = db.scalar(text("SELECT detail FROM idp.audit_events WHERE object_id = 'o-1'"))
    assert kept == {"token": "[withheld]", "note": "from [withheld]", "tries": 3}


def test_nobody_rewrites_the_trail(owner_database: Database) -> None:
    with owner_database.engine.connect() as connection, connection.begin():
        audit.record(Session(connection), action="a.done", object_id="o-2", outcome="done")
        with pytest.raises(Exception, match="append-only"):
            connection.exec_driver_sql("UPDATE idp.audit_events SET outcome = 'failed'")
        connection.rollback()


def test_an_outcome_is_one_of_three(database: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        audit.record(database.hot(), action="a.done", object_id="o-3", outcome="perhaps")  # type: ignore[arg-type]
