"""An installation that commands are run at."""

from pathlib import Path

import pytest

from idp.embedded_postgres import EmbeddedPostgres
from keys.key_store import KeyStore


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore.open(tmp_path / "keys", create=True)


def stand_in(monkeypatch: pytest.MonkeyPatch, postgres: EmbeddedPostgres, store: KeyStore) -> None:
    """The environment of a demo installation with this database and this key store."""
    monkeypatch.setenv("GAPURA_MODE", "demo")
    monkeypatch.setenv("GAPURA_INSTANCE", str(postgres.data.parent))
    monkeypatch.setenv("GAPURA_KEY_STORE", str(store.folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
