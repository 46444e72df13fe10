"""What the meter measures with: made in demo and sandbox only, and real where it can be checked."""

import json
from pathlib import Path

import pytest

from consent import attributes, purposes
from idp import cli
from idp.accounts import identifiers
from idp.accounts.profile import Vault
from idp.clients import registry
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from keys.key_store import KeyStore
from keys.sealing import RestSealer


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore.open(tmp_path_factory.mktemp("instance") / "keys", create=True)


@pytest.fixture(autouse=True)
def environment(
    log_put_back: None,
    postgres: EmbeddedPostgres,
    database: Database,
    store: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("GAPURA_KEY_STORE", str(store.folder))
    monkeypatch.setenv("DATABASE_URL", postgres.url("gapura_web"))
    monkeypatch.setenv("GAPURA_WORKER_DATABASE_URL", postgres.url("gapura_worker"))
    monkeypatch.setenv("GAPURA_OWNER_DATABASE_URL", postgres.url("gapura_owner"))
    with database.writing() as db:
        attributes.ensure(db)
        purposes.ensure(db)


def seed() -> None:
    for _ in range(2):  # safe to run again
        assert cli.main(["bench", "seed", "--citizens", "2", "--clients", "12"]) == 0


def test_the_clients_are_those_of_the_meters_configuration(database: Database) -> None:
    seed()
    wanted = json.loads((Path(__file__).parents[4] / "bench" / "gapura.json").read_text())
    with database.reading() as db:
        known = registry.load(db).by_id
    for number in range(12):
        client = known[wanted["clients"]["client_id"].format(n=number)]
        assert client.redirect_uris == {wanted["clients"]["redirect_uri"].format(n=number)}
        assert client.id_token_alg == wanted["id_token_alg"]
        assert set(wanted["scope"].split()) <= client.scopes
        assert client.state == "live"


def test_the_citizens_are_found_by_the_name_that_the_meter_types(database: Database, store: KeyStore) -> None:
    seed()
    vault = Vault(RestSealer(store.master), store.lookup)
    with database.reading() as db:
        email = identifiers.normalise("bench-1@example.go.id")
        assert isinstance(email, identifiers.Identifier)
        assert vault.find_citizen(db, email) is not None


def test_production_has_no_such_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """(DESIGN §6.10)"""
    monkeypatch.setenv("GAPURA_MODE", "production")
    monkeypatch.setenv("GAPURA_ISSUER", "https://masuk.example")
    monkeypatch.setenv("GAPURA_MASTER_KEY_FILE", "/dev/null")
    assert cli.main(["bench", "seed", "--citizens", "1", "--clients", "1"]) == 1
    assert "demo and sandbox" in capsys.readouterr().err
