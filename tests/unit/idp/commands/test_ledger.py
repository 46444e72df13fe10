"""`gapura ledger`: what an auditor and an outsider are told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from consent import records
from consent.ledger import checkpoint
from consent.ledger.checkpoint import VerifierKey
from idp import cli
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.ledger_upkeep import tick
from idp.settings import Settings
from keys import keyring
from keys.key_store import KeyStore
from keys.sealing import RestSealer
from tests.consent_builders import a_giving, an_agreement


@pytest.fixture(autouse=True)
def environment(
    log_put_back: None, own_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, store: KeyStore
) -> None:
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("DATABASE_URL", own_postgres.url("gapura_web"))
    monkeypatch.setenv("GAPURA_KEY_STORE", str(store.folder))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore.open(tmp_path_factory.mktemp("keys") / "keys", create=True)


@pytest.fixture
def published(own_worker_database: Database, store: KeyStore) -> None:
    """A log with a checkpoint, over leaves whose acts were erased: they need no client."""
    sealer = RestSealer(store.master)
    with own_worker_database.writing() as db:
        keyring.ensure(db, sealer, datetime.now(UTC))
        ring = keyring.load(db, sealer, everything=True)
        giving = a_giving(db, an_agreement(db), expires_at=datetime(2027, 1, 1, tzinfo=UTC))
        assert isinstance(records.give(db, giving), records.Given)
        db.execute(text("UPDATE consent.records SET salt = NULL, erased_at = now() WHERE erased_at IS NULL"))
    assert tick(own_worker_database, ring, Settings.from_env({"GAPURA_MODE": "demo"})) is not None


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = cli.main(["ledger", *map(str, arguments)])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_without_a_log_each_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "verify") == (0, "There is no log here yet.\n")
    assert run(capsys, "head")[0] == 1
    assert run(capsys, "keys", "--json") == (0, "[]\n")


def test_a_sound_log_is_0_and_says_what_it_cannot_exclude(
    published: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """(C080)"""
    code, shown = run(capsys, "verify")
    assert code == 0
    assert "no outside head given: truncation cannot be excluded" in shown
    assert "fit." in shown


def test_what_an_outsider_keeps_is_accepted_back(
    published: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "head.txt"
    kept.write_text(run(capsys, "head")[1], encoding="utf-8")
    (written,) = json.loads(run(capsys, "keys", "--json")[1])
    assert checkpoint.verify(kept.read_text(encoding="utf-8"), [VerifierKey.parse(written)]).size >= 1
    code, shown = run(capsys, "verify", "--outside", kept, "--json")
    assert code == 0
    assert json.loads(shown)["warnings"] == []


def test_after_a_compromise_outsiders_get_the_new_key_alone_and_verify_says_so(
    published: None, capsys: pytest.CaptureFixture[str], own_worker_database: Database, store: KeyStore
) -> None:
    (before,) = json.loads(run(capsys, "keys", "--json")[1])
    sealer = RestSealer(store.master)
    with own_worker_database.writing() as db:
        signer = keyring.load(db, sealer, everything=True).signer("ledger", "EdDSA")
        keyring.compromise(db, sealer, signer.kid, datetime.now(UTC))
    (after,) = json.loads(run(capsys, "keys", "--json")[1])
    assert after != before
    code, shown = run(capsys, "verify", "--json")
    assert code == 0
    assert [line for line in json.loads(shown)["warnings"] if "compromised" in line]


def test_what_is_wrong_is_told_and_is_3(
    published: None, capsys: pytest.CaptureFixture[str], own_postgres: EmbeddedPostgres
) -> None:
    owner = Database(own_postgres.url("gapura_owner"), "gapura_owner")
    with owner.writing() as db:
        db.execute(text("ALTER TABLE consent.ledger_entries_0 DISABLE TRIGGER USER"))
        db.execute(text("UPDATE consent.ledger_entries SET entry = set_byte(entry, 10, 65) WHERE position = 0"))
    owner.close()
    code, shown = run(capsys, "verify")
    assert code == 3
    assert "entry 0 is not the one that its tile has" in shown
    assert "has no entry in the log" in shown


def test_a_file_that_is_no_checkpoint_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "verify", "--outside", tmp_path / "nothing")[0] == 1
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    code, shown = run(capsys, "verify", "--outside", tmp_path / "text")
    assert code == 3
    assert "an outside head cannot be used" in shown


def test_a_missing_key_store_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAPURA_KEY_STORE", str(tmp_path / "none"))
    code, shown = run(capsys, "verify")
    assert code == 1
    assert "key store" in shown
