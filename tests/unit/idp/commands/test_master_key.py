"""`gapura keys renew-master|reseal`: what an operator types, in the order that needs no stop."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from idp import cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from keys import keyring, store_marks
from keys.key_store import KeyStore
from tests.builders import NOW
from tests.unit.idp.commands.conftest import stand_in


@pytest.fixture(autouse=True)
def installation(
    log_put_back: None,
    own_postgres: EmbeddedPostgres,
    own_worker_database: Database,
    store: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, own_postgres, store)
    owner = Database(own_postgres.url("gapura_owner"), "gapura_owner")
    with owner.writing() as db:
        db.execute(text("TRUNCATE keys.private_keys, keys.signing_keys, keys.store_marks"))
    owner.close()
    with own_worker_database.writing() as db:
        keyring.ensure(db, store.rest_sealer(), NOW)
        store_marks.keep(db, store)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = cli.main(["keys", *arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else err


def trail(own_worker_database: Database) -> list[tuple[str, str]]:
    statement = "SELECT action, object_id FROM idp.audit_events WHERE action LIKE 'master_key.%' ORDER BY event_id"
    with own_worker_database.reading() as db:
        return [(row.action, row.object_id) for row in db.execute(text(statement))]


def test_made_chosen_and_sealed_anew(
    capsys: pytest.CaptureFixture[str], own_worker_database: Database, store: KeyStore
) -> None:
    assert asked(capsys, "renew-master") == (0, {"made": 2})
    code, told = asked(capsys, "list")
    assert (code, sorted(told["master_keys"]), told["sealing"]) == (0, ["1", "2"], 1)
    assert told["master_keys"]["1"] == store.fingerprint
    assert asked(capsys, "renew-master", "--use", "2") == (0, {"sealing": 2})
    code, told = asked(capsys, "reseal")
    assert (code, told["sealing"], told["left"]) == (0, 2, 0)
    assert told["rows"] > 0
    code, told = asked(capsys, "reseal")
    assert (code, told["rows"], told["left"]) == (0, 0, 0)
    code, told = asked(capsys, "list")
    assert (code, told["master_key_opens"], told["sealing"]) == (0, True, 2)
    done = [("master_key.resealing_began", "2"), ("master_key.resealed", "2")]
    assert trail(own_worker_database)[:2] == [("master_key.made", "2"), ("master_key.chosen", "2")]
    assert trail(own_worker_database)[2:] == [*done, *done]


def test_people_are_told_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, wanted in (
        (["renew-master"], "restart every process there; after that: gapura keys renew-master --use 2."),
        (["renew-master", "--use", "2"], "restart every process there; after that: gapura keys reseal."),
        (["reseal"], "No row hangs on another version than 2."),
        (["list"], "; version 2 seals."),
    ):
        assert cli.main(["keys", *arguments]) == 0
        assert wanted in capsys.readouterr().out


def test_a_version_that_is_not_here_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = asked(capsys, "renew-master", "--use", "7")
    assert code == 1
    assert "no version 7 of the master key" in told


def test_a_store_without_the_key_that_rows_hang_on_says_so(
    capsys: pytest.CaptureFixture[str], store: KeyStore
) -> None:
    for arguments in (["renew-master"], ["renew-master", "--use", "2"], ["reseal"]):
        assert asked(capsys, *arguments)[0] == 0
    (store.folder / "sealing").unlink()
    (store.folder / "master-2").unlink()
    code, told = asked(capsys, "reseal")
    assert (code, told["rows"]) == (3, 0)
    assert told["left"] > 0
    code, told = asked(capsys, "rotate", "tokens", "ES256")
    assert code == 1
    assert "copy the file master-2" in told


def test_the_key_store_of_another_installation_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAPURA_KEY_STORE", str(KeyStore.open(tmp_path / "other", create=True).folder))
    for command in ("renew-master", "reseal"):
        code, told = asked(capsys, command)
        assert code == 1
        assert "is not the one this database was filled with" in told
    assert not (tmp_path / "other" / "master-2").exists()
