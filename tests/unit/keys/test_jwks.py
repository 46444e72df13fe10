"""Our JWK Set shows public members only; the keys of others are taken only if they are good."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import int_to_base64

from keys import jwks
from keys.errors import BadKey
from keys.keyring import Keyring
from keys.rotation import State
from tests.unit.keys.conftest import MakeKey

GOOD = ECKey.generate_key("P-256").as_dict(private=False)


def test_the_set_lists_what_may_verify_and_nothing_else(make_key: MakeKey) -> None:
    """(row 70)"""
    by_state = {state: make_key("ES256", state=state) for state in State}
    others = [
        make_key("EdDSA", role="ledger"),
        make_key("ES256", role="receipts"),
        make_key("ES256", role="events"),
    ]
    body, _ = jwks.document(Keyring((*by_state.values(), *others)))
    kids = [key["kid"] for key in json.loads(body)["keys"]]
    assert kids == [by_state[state].kid for state in (State.SIGNING, State.PUBLISHED, State.RETIRED)]


def test_no_private_member_shows(make_key: MakeKey) -> None:
    """(row 69)"""
    keyring = Keyring(tuple(make_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")))
    for key in json.loads(jwks.document(keyring)[0])["keys"]:
        assert {"kty", "use", "alg", "kid"} <= set(key) <= {"kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"}
        assert key["use"] == "sig"


def test_a_private_member_in_the_row_would_not_show_either(make_key: MakeKey) -> None:
    """(row 69)"""
    key = make_key("EdDSA")
    key.public_jwk["d"] = "secret"
    assert b"secret" not in jwks.document(Keyring((key,)))[0]


def test_the_etag_changes_with_the_set(make_key: MakeKey) -> None:
    first, second = make_key("ES256"), make_key("EdDSA")
    assert jwks.document(Keyring((first,))) == jwks.document(Keyring((first,)))
    etags = {jwks.document(Keyring(keys))[1] for keys in ((first,), (second,), (first, second))}
    assert len(etags) == 3
    assert all(etag.startswith('"') and etag.endswith('"') for etag in etags)


def test_our_own_set_can_be_read_as_any_other(make_key: MakeKey) -> None:
    keyring = Keyring(tuple(make_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")))
    good, bad = jwks.read_set(json.loads(jwks.document(keyring)[0]))
    assert [key.kid for key in good] == [key.kid for key in keyring.verifiers("tokens")]
    assert bad == []


@pytest.fixture(scope="module")
def rsa_jwk() -> Any:
    def make(bits: int = 2048, exponent: int = 65537) -> dict[str, Any]:
        numbers = rsa.generate_private_key(public_exponent=exponent, key_size=bits).public_key().public_numbers()
        return {"kty": "RSA", "n": int_to_base64(numbers.n), "e": int_to_base64(numbers.e)}

    return make


def test_rsa_of_1024_bits_or_exponent_3_is_refused(rsa_jwk: Any) -> None:
    """(row 67)"""
    assert jwks.read_key(rsa_jwk())
    for weak in (rsa_jwk(bits=1024), rsa_jwk(exponent=3)):
        with pytest.raises(BadKey, match="2048 to 4096"):
            jwks.read_key(weak)


def test_rsa_of_16384_bits_is_refused_without_making_one() -> None:
    """(row 67)"""
    modulus = "_" * 2730 + "8"  # 2048 bytes of ones
    with pytest.raises(BadKey):
        jwks.read_key({"kty": "RSA", "n": modulus, "e": "AQAB"})


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
        pytest.param({**GOOD, "crv": "P-257"}, id="an unknown curve"),
        pytest.param({**GOOD, "kid": 5}, id="a number as kid"),
        pytest.param({**GOOD, "kid": "x" * 129}, id="a long kid"),
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
        jwks.read_key(jwk)
    good, bad = jwks.read_set({"keys": [GOOD, jwk]})
    assert len(good) == 1
    assert [sentence[:7] for sentence in bad] == ["key 2: "]


def test_two_keys_of_one_kid_are_refused() -> None:
    """(row 67)"""
    other = ECKey.generate_key("P-256").as_dict(private=False)
    with pytest.raises(BadKey, match="same kid"):
        jwks.read_set({"keys": [{**GOOD, "kid": "1"}, {**other, "kid": "1"}]})


def test_keys_for_encryption_are_passed_over() -> None:
    x25519 = OKPKey.generate_key("X25519").as_dict(private=False)
    assert jwks.read_set({"keys": [GOOD, {**x25519, "use": "enc"}]})[1] == []


@pytest.mark.parametrize("value", [None, [], {}, {"keys": {}}, {"keys": None}, {"keys": [GOOD] * 21}])
def test_what_is_no_set_is_refused(value: Any) -> None:
    """(row 67)"""
    with pytest.raises(BadKey):
        jwks.read_set(value)
