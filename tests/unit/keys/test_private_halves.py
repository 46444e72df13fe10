"""New keys: strong, named by their thumbprint, and sealed for one row."""

import pytest

from keys.errors import KeyUnreadable
from keys.private_halves import generate, import_public, open_private, public_jwk, seal_private
from keys.sealing import RestSealer


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_key_comes_back_from_its_seal_as_it_was(rest_sealer: RestSealer, algorithm: str) -> None:
    key = generate(algorithm)
    kid = key.thumbprint()
    again = open_private(rest_sealer, kid, seal_private(rest_sealer, kid, key))
    assert again.as_dict(private=True) == key.as_dict(private=True)
    assert import_public(public_jwk(key, algorithm)).as_dict() == key.as_dict(private=False)


def test_no_kid_begins_with_a_hyphen_or_a_command_would_take_it_for_an_option() -> None:
    assert not any(generate("EdDSA").thumbprint().startswith("-") for _ in range(500))


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS512", ""])
def test_no_key_is_made_for_another_algorithm(algorithm: str) -> None:
    """(row 64)"""
    with pytest.raises(ValueError, match="no keys are made"):
        generate(algorithm)


def test_a_private_half_opens_under_its_own_kid_only(rest_sealer: RestSealer) -> None:
    key = generate("EdDSA")
    sealed = seal_private(rest_sealer, "one", key)
    with pytest.raises(KeyUnreadable, match="another"):
        open_private(rest_sealer, "another", sealed)
