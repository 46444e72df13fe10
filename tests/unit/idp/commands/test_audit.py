"""`gapura audit verify`: whether the security trail is whole, by its exit code and in sentences."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from idp import audit, audit_heads, cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres


@pytest.fixture(autouse=True)
def environment(log_put_back: None, own_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("DATABASE_URL", own_postgres.url("gapura_web"))


def test_a_whole_trail_is_said_to_be_and_its_newest_head_given_away(
    own_postgres: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "verify"]) == 0
    assert "Every minute fits its head" in capsys.readouterr().out
    owner = Database(own_postgres.url("gapura_owner"), "gapura_owner")
    with owner.writing() as db:
        audit.record(db, action="a.done", object_id="o", outcome="done")
        audit_heads.close(db, db.execute(text("SELECT now()")).scalar_one() + timedelta(minutes=2), 5)
    assert cli.main(["audit", "verify", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["wrong"] == []
    assert len(said["newest"]["head"]) == 64
    with owner.writing() as db:
        db.execute(text("DELETE FROM consent.ledger_intake"))
    owner.close()
    assert cli.main(["audit", "verify"]) == 3
    assert "has no entry in the log" in capsys.readouterr().out
