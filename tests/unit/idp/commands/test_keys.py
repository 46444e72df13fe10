"""`gapura keys`: what an operator sees and may do, with the date of what comes too early."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from idp import cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.settings import Mode, Settings
from keys import keyring
from keys.key_store import KeyStore
from keys.rotation import LANES, PUBLISHED_BEFORE_SIGNING, Key, Role, State
from keys.sealing import RestSealer
from tests.unit.idp.commands.conftest import stand_in

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def installation(
    log_put_back: None,
    no_keys: None,
    postgres: EmbeddedPostgres,
    worker_database: Database,
    store: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A demo installation whose first keys were made long ago."""
    stand_in(monkeypatch, postgres, store)
    with worker_database.writing() as db:
        keyring.ensure(db, RestSealer(store.master), LONG_AGO)


def keys_of(database: Database, role: str = "tokens", algorithm: str = "ES256") -> list[Key]:
    with database.reading() as db:
        return [key for key in keyring.list_keys(db) if (key.role, key.algorithm) == (role, algorithm)]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = cli.main(["keys", *arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else err


def test_list_shows_every_key_and_its_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = asked(capsys, "list")
    assert code == 0
    assert len(told["keys"]) == len(LANES)
    by_role = {row["role"]: row for row in told["keys"]}
    assert by_role["tokens"]["next"] == "successor published from 2026-03-31 23:30 UTC"
    assert by_role["ledger"]["next"] is None
    assert cli.main(["keys", "list"]) == 0
    assert all(row["kid"] in capsys.readouterr().out for row in told["keys"][:1])


def test_list_tells_when_the_key_store_is_not_the_right_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, store: KeyStore, tmp_path: Path
) -> None:
    code, told = asked(capsys, "list")
    assert (code, told["master_key_opens"]) == (0, True)
    assert told["master_key_fingerprint"] == store.fingerprint
    monkeypatch.setenv("GAPURA_KEY_STORE", str(KeyStore.open(tmp_path / "other", create=True).folder))
    code, told = asked(capsys, "list")
    assert (code, told["master_key_opens"]) == (3, False)
    code, told = asked(capsys, "rotate", "tokens", "ES256")
    assert code == 1
    assert "not the master key" in told


def test_a_missing_key_store_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAPURA_KEY_STORE", str(tmp_path / "nowhere"))
    for command in (["list"], ["rotate", "tokens", "ES256"]):
        code, told = asked(capsys, *command)
        assert code == 1
        assert "no key store" in told
        assert told.count("\n") == 1


def test_rotate_publishes_the_next_key_and_says_when_it_signs(
    capsys: pytest.CaptureFixture[str], worker_database: Database
) -> None:
    """(C056)"""
    code, told = asked(capsys, "rotate", "tokens", "ES256")
    old, new = keys_of(worker_database)
    assert (code, told["kid"]) == (0, new.kid)
    assert (old.state, new.state) == (State.SIGNING, State.PUBLISHED)
    assert datetime.fromisoformat(told["signs_at"]) == new.published_at + PUBLISHED_BEFORE_SIGNING
    code, told = asked(capsys, "rotate", "tokens", "ES256")
    assert code == 1
    assert "already waits" in told


def test_nobody_retires_a_key_before_its_successor_is_ready(
    capsys: pytest.CaptureFixture[str], worker_database: Database
) -> None:
    """(C056) The refusal shows the date, and stands in the trail."""
    [old] = keys_of(worker_database)
    code, told = asked(capsys, "retire", old.kid)
    assert code == 1
    assert "no successor" in told
    asked(capsys, "rotate", "tokens", "ES256")
    code, told = asked(capsys, "retire", old.kid)
    ready_at = keys_of(worker_database)[1].published_at + PUBLISHED_BEFORE_SIGNING
    assert code == 1
    assert f"possible from {ready_at:%Y-%m-%d %H:%M:%S} UTC" in told
    with worker_database.reading() as db:
        trail = text("SELECT action, outcome FROM idp.audit_events WHERE object_id = :kid")
        assert set(db.execute(trail, {"kid": old.kid})) == {("key.retired", "refused")}


def test_a_ready_successor_takes_over_early(
    capsys: pytest.CaptureFixture[str], worker_database: Database, store: KeyStore
) -> None:
    with worker_database.writing() as db:
        new = keyring.publish(db, RestSealer(store.master), "tokens", "ES256", LONG_AGO)
    old = next(key.kid for key in keys_of(worker_database) if key.state is State.SIGNING)
    assert asked(capsys, "retire", old) == (0, {"kid": old, "successor": new})


def test_nothing_is_destroyed_before_its_date(
    capsys: pytest.CaptureFixture[str], worker_database: Database, store: KeyStore
) -> None:
    """(C057) Not the key that signs, and not the one retired a moment ago: the date is shown."""
    with worker_database.writing() as db:
        new = keyring.publish(db, RestSealer(store.master), "tokens", "ES256", LONG_AGO)
    old = next(key.kid for key in keys_of(worker_database) if key.state is State.SIGNING)
    code, told = asked(capsys, "destroy", old)
    assert code == 1
    assert "not retired" in told
    asked(capsys, "retire", old)
    code, told = asked(capsys, "destroy", old)
    assert code == 1
    assert "possible from" in told
    assert {key.kid: key.state for key in keys_of(worker_database)} == {old: State.RETIRED, new: State.SIGNING}


def test_a_retired_key_whose_date_has_come_can_be_destroyed(
    capsys: pytest.CaptureFixture[str], worker_database: Database, store: KeyStore
) -> None:
    """(C057)"""
    with worker_database.writing() as db:
        new = keyring.publish(db, RestSealer(store.master), "tokens", "ES256", LONG_AGO)
        keyring.start_signing(db, new, LONG_AGO + PUBLISHED_BEFORE_SIGNING)
    old = next(key.kid for key in keys_of(worker_database) if key.state is State.RETIRED)
    assert asked(capsys, "destroy", old)[0] == 0
    assert asked(capsys, "destroy", old)[0] == 1


def test_a_compromise_first_says_what_it_breaks(
    capsys: pytest.CaptureFixture[str], worker_database: Database
) -> None:
    [stolen] = keys_of(worker_database)
    code, told = asked(capsys, "compromise", stolen.kid)
    assert code == 1
    assert any("no longer verify" in sentence for sentence in told["breaks"])
    assert keys_of(worker_database)[0].state is State.SIGNING
    code, told = asked(capsys, "compromise", stolen.kid, "--confirm")
    assert code == 0
    assert {key.kid: key.state for key in keys_of(worker_database)} == {
        stolen.kid: State.COMPROMISED,
        told["signs_instead"]: State.SIGNING,
    }


@pytest.mark.parametrize("role", list(Role))
def test_every_role_says_what_its_compromise_breaks(
    capsys: pytest.CaptureFixture[str], worker_database: Database, role: Role
) -> None:
    algorithm = next(algorithm for of, algorithm in LANES if of is role)
    [key] = keys_of(worker_database, role, algorithm)
    assert asked(capsys, "compromise", key.kid)[1]["breaks"]


@pytest.mark.parametrize("command", [["retire"], ["destroy"], ["compromise"], ["compromise", "--confirm"]])
def test_a_key_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    code, told = asked(capsys, command[0], "no-such-key", *command[1:])
    assert code == 1
    assert "no key no-such-key" in told.lower() if isinstance(told, str) else told


@pytest.mark.parametrize("arguments", [["rotate", "tokens", "HS256"], ["rotate", "anything", "ES256"], []])
def test_what_is_not_understood_exits_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["keys", *arguments])
    assert left.value.code == 2
    capsys.readouterr()


def test_a_lane_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """(row 70)"""
    assert asked(capsys, "rotate", "ledger", "RS256")[0] == 1


def test_every_change_is_told_to_all_processes(
    capsys: pytest.CaptureFixture[str], worker_database: Database
) -> None:
    generation = "SELECT generation FROM idp.generation"
    with worker_database.reading() as db:
        before = db.scalar(text(generation))
    asked(capsys, "rotate", "tokens", "RS256")
    with worker_database.reading() as db:
        assert db.scalar(text(generation)) != before


@pytest.mark.parametrize("command", ["retire", "compromise"])
def test_in_production_one_person_alone_does_not_break_glass(
    capsys: pytest.CaptureFixture[str],
    worker_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    store: KeyStore,
    command: str,
) -> None:
    """(DESIGN §6.11) The database is the demo's; the settings that judge are production's."""
    [key] = keys_of(worker_database)
    in_production = Settings(Mode.PRODUCTION, "https://gapura.example", 8000, store.folder.parent, store.folder)

    @contextmanager
    def opened(_role: str) -> Iterator[tuple[Settings, Database]]:
        yield in_production, worker_database

    monkeypatch.setattr("idp.commands.keys.opened", opened)
    code, told = asked(capsys, command, key.kid, *(["--confirm"] if command == "compromise" else []))
    assert code == 1
    assert "second person" in told
    assert keys_of(worker_database) == [key]
