"""What the tests of this floor ask for: keys made without a database, and a sealer for those with one."""

from collections.abc import Callable

import pytest

from keys.keyring import SigningKey
from keys.private_halves import generate, public_jwk
from keys.rotation import State
from keys.sealing import RestSealer

MakeKey = Callable[..., SigningKey]


@pytest.fixture(scope="session")
def make_key() -> MakeKey:
    """A fresh key that can sign: by algorithm, role and state."""

    def make(algorithm: str = "ES256", role: str = "tokens", state: State = State.SIGNING) -> SigningKey:
        key = generate(algorithm)
        return SigningKey(key.thumbprint(), algorithm, role, state, public_jwk(key, algorithm), key, key)

    return make


@pytest.fixture(scope="session")
def rest_sealer() -> RestSealer:
    return RestSealer(bytes(range(32)))
