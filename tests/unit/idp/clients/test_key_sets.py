"""Which key sets a client may register (row 67)."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from idp.clients import key_sets


def public(key: Any, **members: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **members}


EC = public(ECKey.generate_key("P-256"), kid="ec")
RSA = public(RSAKey.generate_key(2048), kid="rsa")
ED = public(OKPKey.generate_key("Ed25519"), kid="ed")


def rsa_with(bits: int, exponent: int) -> dict[str, Any]:
    numbers = rsa.generate_private_key(public_exponent=exponent, key_size=bits).public_key().public_numbers()

    def text(number: int) -> str:
        return (
            base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
        )

    return {"kty": "RSA", "n": text(numbers.n), "e": text(numbers.e)}


def huge_rsa() -> dict[str, Any]:
    return {"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xff" * 2048).rstrip(b"=").decode(), "e": "AQAB"}


@pytest.mark.parametrize("keys", [[EC], [RSA], [ED], [EC, RSA, ED], [EC, {"kty": "new", "kid": "x"}]])
def test_public_keys_of_the_kinds_we_accept_are_kept(keys: list[dict[str, Any]]) -> None:
    assert key_sets.refusal({"keys": keys}) is None


@pytest.mark.parametrize(
    "jwks",
    [
        pytest.param(None, id="nothing"),
        pytest.param("{}", id="a text"),
        pytest.param([], id="a list"),
        pytest.param({}, id="no keys"),
        pytest.param({"keys": []}, id="an empty list"),
        pytest.param({"keys": {}}, id="keys that are no list"),
        pytest.param({"keys": ["x"]}, id="a key that is no object"),
        pytest.param({"keys": [EC] * 21}, id="too many keys"),
        pytest.param({"keys": [{}]}, id="a key without kind"),
        pytest.param({"keys": [{"kty": None}]}, id="a kind that is null"),
        pytest.param({"keys": [{"kty": ["EC"]}]}, id="a kind that is a list"),
        pytest.param({"keys": [{"kty": "EC"}]}, id="an EC key without curve"),
        pytest.param({"keys": [{"kty": "EC", "crv": "P-256"}]}, id="an EC key without point"),
        pytest.param({"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": None}]}, id="numbers for texts"),
        pytest.param({"keys": [{"kty": "EC", "crv": "P-256", "x": "!!", "y": "é"}]}, id="no base64"),
        pytest.param(
            {"keys": [{"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}]}, id="only an unknown curve"
        ),
        pytest.param({"keys": [{**EC, "y": EC["x"]}]}, id="a point off the curve"),
        pytest.param({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}, id="a short Ed25519 key"),
        pytest.param({"keys": [{"kty": "RSA"}]}, id="an RSA key without numbers"),
        pytest.param({"keys": [{"kty": "RSA", "n": "", "e": "AQAB"}]}, id="an empty modulus"),
        pytest.param({"keys": [{"kty": "RSA", "n": RSA["n"], "e": "AA"}]}, id="exponent zero"),
        pytest.param({"keys": [rsa_with(1024, 65537)]}, id="1024 bits"),
        pytest.param({"keys": [rsa_with(2048, 3)]}, id="exponent three"),
        pytest.param({"keys": [huge_rsa()]}, id="16384 bits"),
        pytest.param({"keys": [OctKey.generate_key(256).as_dict(private=True)]}, id="a symmetric key"),
        pytest.param({"keys": [ECKey.generate_key("P-256").as_dict(private=True)]}, id="a private key"),
        pytest.param({"keys": [{**EC, "d": None}]}, id="a private member that is null"),
        pytest.param({"keys": [EC, {**ED, "kid": "ec"}]}, id="two keys of one kid"),
        pytest.param({"keys": [{**EC, "kid": 7}]}, id="a kid that is a number"),
        pytest.param({"keys": [{**EC, "kid": "k" * 129}]}, id="a long kid"),
    ],
)
def test_weak_private_and_broken_keys_are_refused_in_words(jwks: object) -> None:
    """Nothing that a stranger sends makes the parser raise (row 67)."""
    assert key_sets.refusal(jwks)
