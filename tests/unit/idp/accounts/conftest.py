"""The parts that tests of accounts share."""

import pytest

from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from keys.sealing import RestSealer


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(RestSealer(b"m" * 32), b"l" * 32)


@pytest.fixture(scope="session")
def hashing() -> PasswordHashing:
    return PasswordHashing(b"p" * 32)
