"""A worker's parts on a server of their own: what its duties commit (keys, the log) no other test finds."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.gate import Gate
from idp.installation import Installation
from idp.settings import Settings
from idp.worker import Parts
from keys import keyring
from keys.key_store import KeyStore
from keys.sealing import RestSealer
from tests.running import copy_folder


@pytest.fixture(scope="session")
def workers_installation(migrated: Path) -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="gapura-worker-"))
    folder.chmod(0o711)
    copy_folder(migrated, folder)
    settings = Settings.from_env({"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(folder)})
    with Installation(settings) as installation:
        installation.upgrade()
        yield installation
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def parts(workers_installation: Installation) -> Iterator[Parts]:
    settings = workers_installation.settings
    KeyStore.open(settings.key_store, create=True)
    gate = Gate.build(settings, workers_installation.url("gapura_worker"), "gapura_worker")
    with gate.database.writing() as db:
        keyring.ensure(db, gate.rest_sealer, datetime.now(UTC))
    yield Parts(settings, gate)
    gate.database.close()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(RestSealer(b"m" * 32), b"l" * 32)


@pytest.fixture(scope="session")
def hashing() -> PasswordHashing:
    return PasswordHashing(b"p" * 32)
