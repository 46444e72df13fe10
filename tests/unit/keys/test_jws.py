"""A verifier accepts exactly the keys, algorithms and types it names, and looks at lengths before it works."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from keys import jws
from keys.errors import BadSignature, UnknownKey
from keys.keyring import SigningKey
from keys.public_keys import PublicKey
from tests.unit.keys.conftest import MakeKey

CLAIMS = {"iss": "https://gapura.example", "sub": "a" * 27, "name": "Siti Nurhaliza é"}


@pytest.fixture(scope="module")
def key(make_key: MakeKey) -> SigningKey:
    return make_key("ES256")


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_by(key: SigningKey, header: dict[str, Any] | bytes, claims: Any) -> str:
    """A token with any header at all, and a good signature."""
    signing_input = f"{segment(header)}.{segment(claims)}"
    signature = jws._SIGNERS[key.algorithm].sign(signing_input.encode(), key.key)
    return f"{signing_input}.{segment(signature)}"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_what_is_signed_verifies(make_key: MakeKey, algorithm: str) -> None:
    key = make_key(algorithm)
    token = jws.sign(key, CLAIMS, "JWT")
    assert jws.header_of(token) == {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    assert jws.verify(token, [key], typ="JWT", algorithms=[algorithm]) == CLAIMS


def test_ed25519_is_accepted_under_both_its_names(make_key: MakeKey) -> None:
    key = make_key("EdDSA")
    token = signed_by(key, {"alg": "Ed25519", "kid": key.kid, "typ": "JWT"}, CLAIMS)
    assert jws.verify(token, [key], typ="JWT", algorithms=["EdDSA", "Ed25519"]) == CLAIMS
    with pytest.raises(BadSignature):
        jws.verify(token, [key], typ="JWT", algorithms=["EdDSA"])


def test_a_key_without_its_private_half_does_not_sign(key: SigningKey) -> None:
    with pytest.raises(UnknownKey):
        jws.sign(replace(key, key=None), CLAIMS, "JWT")


def test_claims_that_are_no_json_are_not_signed(key: SigningKey) -> None:
    with pytest.raises(ValueError):
        jws.sign(key, {"exp": float("nan")}, "JWT")


def test_only_the_named_algorithms_are_accepted(make_key: MakeKey, key: SigningKey) -> None:
    """(row 64) (C058)"""
    token = jws.sign(key, CLAIMS, "JWT")
    for algorithms in (["RS256"], ["EdDSA"], []):
        with pytest.raises(BadSignature):
            jws.verify(token, [key], typ="JWT", algorithms=algorithms)
    rsa = make_key("RS256")
    with pytest.raises(BadSignature):
        jws.verify(jws.sign(rsa, CLAIMS, "JWT"), [rsa], typ="JWT", algorithms=["ES256"])


@pytest.mark.parametrize("name", ["none", "None", "HS256"])
def test_no_secret_and_no_none_even_if_a_caller_named_them(key: SigningKey, name: str) -> None:
    """(row 64) The public key as an HMAC secret is the oldest trick; `none` the second."""
    signing_input = f"{segment({'alg': name, 'kid': key.kid, 'typ': 'JWT'})}.{segment(CLAIMS)}"
    secret = json.dumps(key.public_jwk).encode()
    signature = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest() if name == "HS256" else b""
    for verifier in (key, PublicKey(None, None, key.public_key)):
        with pytest.raises(BadSignature):
            jws.verify(f"{signing_input}.{segment(signature)}", [verifier], typ="JWT", algorithms=[name, "ES256"])


def test_the_type_is_compared(key: SigningKey) -> None:
    """(row 65) (C058)"""
    token = jws.sign(key, CLAIMS, "logout+jwt")
    for typ in ("JWT", "at+jwt", None, ("JWT", None)):
        with pytest.raises(BadSignature):
            jws.verify(token, [key], typ=typ, algorithms=["ES256"])
    assert jws.verify(token, [key], typ=("JWT", "logout+jwt"), algorithms=["ES256"]) == CLAIMS


def test_a_token_without_type_is_accepted_only_where_the_caller_says_so(key: SigningKey) -> None:
    """(row 65)"""
    token = signed_by(key, {"alg": "ES256", "kid": key.kid}, CLAIMS)
    assert jws.verify(token, [key], typ=("JWT", None), algorithms=["ES256"]) == CLAIMS
    with pytest.raises(BadSignature):
        jws.verify(token, [key], typ="JWT", algorithms=["ES256"])


@pytest.mark.parametrize("typ", ["jwt", "JWT", "application/jwt", "application/JWT"])
def test_a_type_is_a_media_type(key: SigningKey, typ: str) -> None:
    """(row 65)"""
    token = signed_by(key, {"alg": "ES256", "typ": typ}, CLAIMS)
    assert jws.verify(token, [key], typ="JWT", algorithms=["ES256"]) == CLAIMS


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"crit": ["exp"], "exp": 1}, id="an unknown critical member"),
        pytest.param({"crit": ["b64"], "b64": False}, id="unencoded payload"),
        pytest.param({"b64": False}, id="unencoded payload, unmarked"),
        pytest.param({"b64": True}, id="b64 at all"),
        pytest.param({"crit": []}, id="an empty list"),
        pytest.param({"crit": "alg"}, id="no list"),
        pytest.param({"crit": ["alg"]}, id="a known member"),
    ],
)
def test_whatever_is_critical_is_refused(key: SigningKey, more: dict[str, Any]) -> None:
    """(row 66)"""
    token = signed_by(key, {"alg": "ES256", "kid": key.kid, "typ": "JWT", **more}, CLAIMS)
    with pytest.raises(BadSignature):
        jws.verify(token, [key], typ="JWT", algorithms=["ES256"])


def test_a_key_that_a_token_brings_along_is_not_believed(make_key: MakeKey, key: SigningKey) -> None:
    stranger = make_key("ES256")
    header = {"alg": "ES256", "typ": "JWT", "jwk": stranger.public_jwk, "jku": "https://evil.example/jwks"}
    with pytest.raises(BadSignature):
        jws.verify(signed_by(stranger, header, CLAIMS), [key], typ="JWT", algorithms=["ES256"])


def test_another_key_with_the_same_kid_does_not_verify(make_key: MakeKey, key: SigningKey) -> None:
    forged = jws.sign(replace(make_key("ES256"), kid=key.kid), CLAIMS, "JWT")
    with pytest.raises(BadSignature):
        jws.verify(forged, [key], typ="JWT", algorithms=["ES256"])


def test_a_kid_that_is_not_known_is_not_tried(key: SigningKey) -> None:
    token = signed_by(key, {"alg": "ES256", "kid": "other", "typ": "JWT"}, CLAIMS)
    with pytest.raises(BadSignature):
        jws.verify(token, [key], typ="JWT", algorithms=["ES256"])


def test_without_kid_five_keys_are_tried(make_key: MakeKey) -> None:
    keys = [make_key("ES256") for _ in range(6)]
    last, sixth = (signed_by(key, {"alg": "ES256", "typ": "JWT"}, CLAIMS) for key in keys[4:])
    assert jws.verify(last, keys, typ="JWT", algorithms=["ES256"]) == CLAIMS
    with pytest.raises(BadSignature):
        jws.verify(sixth, keys, typ="JWT", algorithms=["ES256"])


def test_a_key_of_somebody_else_needs_no_kid_and_no_algorithm(key: SigningKey) -> None:
    client_key = PublicKey(None, None, key.public_key)
    assert jws.verify(jws.sign(key, CLAIMS, "JWT"), [client_key], typ="JWT", algorithms=["ES256"]) == CLAIMS


def test_a_key_of_the_wrong_kind_is_a_bad_signature_not_an_error(make_key: MakeKey, key: SigningKey) -> None:
    token = jws.sign(key, CLAIMS, "JWT")
    for other in ("RS256", "EdDSA"):
        with pytest.raises(BadSignature):
            jws.verify(token, [PublicKey(None, None, make_key(other).public_key)], typ="JWT", algorithms=["ES256"])


HEADER = {"alg": "ES256", "typ": "JWT"}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("..", id="dots"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d.e", id="a JWE"),
        pytest.param("é.é.é", id="not ASCII"),
        pytest.param("\ud800..", id="a lone surrogate"),
        pytest.param("!.!.!", id="not base64url"),
        pytest.param(f"{segment(b'x')}.e30.e30", id="no JSON"),
        pytest.param(f"{segment([])}.e30.e30", id="a list"),
        pytest.param(f"{segment({})}.e30.e30", id="no algorithm"),
        pytest.param(f"{segment({'alg': 5})}.e30.e30", id="a number as algorithm"),
        pytest.param(f"{segment({'alg': None})}.e30.e30", id="null as algorithm"),
        pytest.param(f"{segment({**HEADER, 'kid': 5})}.e30.e30", id="a number as kid"),
        pytest.param(f"{segment({**HEADER, 'kid': 'x' * 129})}.e30.e30", id="a long kid"),
        pytest.param(f"{segment({**HEADER, 'typ': ['JWT']})}.e30.e30", id="a list as type"),
        pytest.param(f"{segment(b'[' * 3000)}.e30.e30", id="a deep header"),
        pytest.param(segment(b'{"alg":"none","alg":"ES256","typ":"JWT"}') + ".e30.e30", id="two algorithms"),
        pytest.param(f"{segment({**HEADER, 'x': 'y' * 4096})}.e30.e30", id="a header over 4 KB"),
        pytest.param(f"{segment(HEADER)}.e30.", id="no signature"),
        pytest.param(f"{segment(HEADER)}.e30.!!!", id="a signature that is not base64url"),
        pytest.param(f"{segment(HEADER)}.!!!.e30", id="a payload that is not base64url"),
        pytest.param(f"{segment(HEADER)}..e30", id="no payload"),
        pytest.param(f"{segment(HEADER)}.e30.{'A' * 86}", id="a signature of zeros"),
        pytest.param("A" * 20_000, id="20 KB"),
    ],
)
def test_whatever_a_stranger_sends_is_a_bad_signature(key: SigningKey, token: str) -> None:
    with pytest.raises(BadSignature) as refusal:
        jws.verify(token, [key], typ="JWT", algorithms=["ES256"])
    assert "eyJ" not in str(refusal.value)


@pytest.mark.parametrize("claims", [b"[]", b'"x"', b"1", b"x", b'{"a":1,"a":2}', b"[" * 2000, b"\xff"])
def test_claims_are_one_strict_object(key: SigningKey, claims: bytes) -> None:
    """(row 68)"""
    with pytest.raises(BadSignature):
        jws.verify(signed_by(key, HEADER, claims), [key], typ="JWT", algorithms=["ES256"])


def test_a_megabyte_is_refused_before_it_is_decoded(key: SigningKey) -> None:
    """(C060)"""
    token = f"{segment(HEADER)}.{'A' * 1_000_000}.{'A' * 86}"
    start = time.thread_time()
    for _ in range(100):
        with pytest.raises(BadSignature):
            jws.verify(token, [key], typ="JWT", algorithms=["ES256"])
    assert (time.thread_time() - start) / 100 < 0.001


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(f"{segment({**HEADER, 'x': 'y' * 4096})}.e30.e30", id="a header over 4 KB"),
        pytest.param(f"{segment(HEADER)}.{'A' * 16384}.e30", id="a token over 16 KB"),
    ],
)
def test_a_header_is_not_even_read_from_what_is_too_large(token: str) -> None:
    """(C060)"""
    with pytest.raises(BadSignature):
        jws.header_of(token)


def test_a_key_registered_for_one_algorithm_does_not_verify_another(make_key: MakeKey) -> None:
    """(C058)"""
    key = make_key("RS256")
    for_pss = PublicKey(key.kid, "PS256", key.public_key)
    with pytest.raises(BadSignature):
        jws.verify(jws.sign(key, CLAIMS, "JWT"), [for_pss], typ="JWT", algorithms=["RS256", "PS256"])


def test_a_changed_character_anywhere_is_a_bad_signature(key: SigningKey) -> None:
    token = jws.sign(key, {"sub": "a"}, "JWT")
    for position, character in enumerate(token):
        if character != ".":
            changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
            with pytest.raises(BadSignature):
                jws.verify(changed, [key], typ="JWT", algorithms=["ES256"])
