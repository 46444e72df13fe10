"""The keys of others are taken only if they are good, and what cannot be read is a refusal and nothing worse."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import int_to_base64

from keys import public_keys
from keys.errors import BadKey

GOOD = ECKey.generate_key("P-256").as_dict(private=False)


@pytest.fixture(scope="module")
def rsa_jwk() -> Any:
    def make(bits: int = 2048, exponent: int = 65537) -> dict[str, Any]:
        numbers = rsa.generate_private_key(public_exponent=exponent, key_size=bits).public_key().public_numbers()
        return {"kty": "RSA", "n": int_to_base64(numbers.n), "e": int_to_base64(numbers.e)}

    return make


def test_rsa_of_1024_bits_or_exponent_3_is_refused(rsa_jwk: Any) -> None:
    """(row 67)"""
    assert public_keys.read_key(rsa_jwk())
    for weak in (rsa_jwk(bits=1024), rsa_jwk(exponent=3)):
        with pytest.raises(BadKey, match="2048 to 4096"):
            public_keys.read_key(weak)


def test_rsa_of_16384_bits_is_refused_without_making_one() -> None:
    """(row 67)"""
    modulus = "_" * 2730 + "8"  # 2048 bytes of ones
    with pytest.raises(BadKey):
        public_keys.read_key({"kty": "RSA", "n": modulus, "e": "AQAB"})


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="a list"),
        pytest.param({}, id="empty"),
        pytest.param({"kty": "EC"}, id="no curve"),
        pytest.param({"kty": ["EC"]}, id="a list as kty"),
        pytest.param({"kty": "EC", "crv": "P-256"}, id="no coordinates"),
        pytest.param({**GOOD, "x": 5}, id="a number as coordinate"),
        pytest.param({**GOOD, "x": "!"}, id="not base64url"),
        pytest.param({**GOOD, "x": GOOD["y"], "y": GOOD["x"]}, id="off the curve"),
        pytest.param({**GOOD, "crv": 257}, id="a number as curve"),
        pytest.param({"kty": None}, id="null as kty"),
        pytest.param({**GOOD, "kid": 5}, id="a number as kid"),
        pytest.param({**GOOD, "kid": "x" * 129}, id="a long kid"),
        pytest.param({**GOOD, "kid": ""}, id="an empty kid"),
        pytest.param({**GOOD, "d": None}, id="a private member that is null"),
        pytest.param({**GOOD, "alg": ["ES256"]}, id="a list as alg"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, id="a short Ed25519 key"),
        pytest.param({"kty": "RSA", "n": "AQ", "e": "AQAB"}, id="a tiny RSA key"),
        pytest.param({"kty": "RSA", "n": "", "e": ""}, id="an empty RSA key"),
        pytest.param({"kty": "RSA", "n": None, "e": None}, id="null members"),
        pytest.param(OctKey.generate_key(256).as_dict(), id="a secret"),
        pytest.param({"kty": "oct", "use": "enc", "k": "AA"}, id="a secret for encryption"),
        pytest.param(ECKey.generate_key("P-256").as_dict(private=True), id="a private EC key"),
        pytest.param(OKPKey.generate_key("Ed25519").as_dict(private=True), id="a private Ed25519 key"),
        pytest.param(RSAKey.generate_key(2048).as_dict(private=True), id="a private RSA key"),
    ],
)
def test_a_key_that_is_not_good_is_a_bad_key_and_nothing_worse(jwk: Any) -> None:
    """(row 67)"""
    with pytest.raises(BadKey):
        public_keys.read_key(jwk)
    good, bad = public_keys.read_set({"keys": [GOOD, jwk]})
    assert len(good) == 1
    assert [sentence[:7] for sentence in bad] == ["key 2: "]


def test_two_keys_of_one_kid_are_refused() -> None:
    """(row 67)"""
    other = ECKey.generate_key("P-256").as_dict(private=False)
    with pytest.raises(BadKey, match="its own kid"):
        public_keys.read_set({"keys": [{**GOOD, "kid": "1"}, {**other, "kid": "1"}]})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(OKPKey.generate_key("X25519").as_dict(private=False) | {"use": "enc"}, id="for encryption"),
        pytest.param({**GOOD, "use": "enc"}, id="for encryption, of a kind we know"),
        pytest.param({**GOOD, "crv": "P-257"}, id="of an unknown curve"),
        pytest.param({"kty": "new", "kid": "x"}, id="of an unknown kind"),
    ],
)
def test_a_key_that_is_not_for_us_is_passed_over(other: dict[str, Any]) -> None:
    """(row 67) Alone it is not enough to register (RFC 7517 §5)."""
    good, bad = public_keys.read_set({"keys": [GOOD, other]})
    assert (len(good), bad) == (1, [])
    assert public_keys.refusal({"keys": [GOOD, other]}) is None
    assert "add a key" in str(public_keys.refusal({"keys": [other]}))


@pytest.mark.parametrize("keys", [[], ["x"], [{}], [GOOD] * 21, [{**GOOD, "x": "!"}]])
def test_a_set_that_cannot_be_registered_is_refused_in_words(keys: list[Any]) -> None:
    """(row 67)"""
    assert public_keys.refusal({"keys": keys})
    assert public_keys.refusal({"keys": [GOOD]}) is None


@pytest.mark.parametrize("value", [None, [], {}, {"keys": {}}, {"keys": None}, {"keys": [GOOD] * 21}])
def test_what_is_no_set_is_refused(value: Any) -> None:
    """(row 67)"""
    with pytest.raises(BadKey):
        public_keys.read_set(value)
