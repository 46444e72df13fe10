"""Signing keys for the tests of this floor, made without a database."""

from collections.abc import Callable

import pytest

from keys.keyring import SigningKey
from keys.private_halves import generate, public_jwk
from keys.rotation import State

MakeKey = Callable[..., SigningKey]


@pytest.fixture(scope="session")
def make_key() -> MakeKey:
    """A fresh key that can sign: by algorithm, role and state."""

    def make(algorithm: str = "ES256", role: str = "tokens", state: State = State.SIGNING) -> SigningKey:
        key = generate(algorithm)
        return SigningKey(key.thumbprint(), algorithm, role, state, public_jwk(key, algorithm), key, key)

    return make
