"""Sign and verify a compact JWS (RFC 7515) that carries claims (RFC 7519).

Algorithms and `typ` are the caller's, never the token's: a verifier accepts exactly the keys, algorithms and types
that it names (RFC 8725 §3.1, §3.11). Lengths are bounded before anything is decoded; whatever is `crit` is
refused, since we know none. What the claims say (`iss`, `aud`, `exp`) is for the caller to judge.
"""

from base64 import urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Collection, Iterable
from functools import lru_cache
from json import JSONEncoder
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.util import urlsafe_b64decode

from keys import strict_json
from keys.errors import BadSignature, UnknownKey
from keys.keyring import SigningKey
from keys.public_keys import LONGEST_KID, AsymmetricKey

LONGEST_TOKEN, LONGEST_HEADER = 16384, 4096
MOST_KEYS_TRIED = 5  # a set of a thousand keys without `kid` must not cost a thousand verifications

# Ed25519 under its name of RFC 9864. We say `EdDSA`, which every client knows, and accept both.
_SAME_ALGORITHM = {"Ed25519": "EdDSA"}


class _Registry(JWSRegistry):
    """One algorithm and our limits. An empty list would mean the library's own choice, HS256 among it."""

    max_header_length = LONGEST_HEADER
    max_payload_length = LONGEST_TOKEN

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm], strict_check_header=False)
        # joserfc warns at each use of the old name; the signatures are the same.
        self.algorithms = {**JWSRegistry.algorithms, "EdDSA": JWSRegistry.algorithms["Ed25519"]}


_REGISTRIES = {name: _Registry(name) for name in ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")}
_SIGNERS = {name: registry.get_alg(name) for name, registry in _REGISTRIES.items()}
_to_json = JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class Verifier(Protocol):
    """A public key that may verify, ours or a client's. A member that is None matches whatever a token says."""

    @property
    def kid(self) -> str | None: ...
    @property
    def algorithm(self) -> str | None: ...
    @property
    def public_key(self) -> AsymmetricKey: ...


def sign(key: SigningKey, claims: dict[str, Any], typ: str) -> str:
    """A compact JWS by this key, with header `alg`, `kid`, `typ`."""
    if key.key is None:
        raise UnknownKey(f"key {key.kid} cannot sign here")
    signing_input = _header_segment(key.algorithm, key.kid, typ) + b"." + _segment(_to_json(claims).encode())
    return (signing_input + b"." + _segment(_SIGNERS[key.algorithm].sign(signing_input, key.key))).decode()


def sign_payload(key: SigningKey, payload: bytes, typ: str, cty: str) -> bytes:
    """The signature of the JWS that carries these very bytes; `compact` makes the whole of it, then or later."""
    if key.key is None:
        raise UnknownKey(f"key {key.kid} cannot sign here")
    signing_input = _header_segment(key.algorithm, key.kid, typ, cty) + b"." + _segment(payload)
    return _SIGNERS[key.algorithm].sign(signing_input, key.key)


def compact(algorithm: str, kid: str, typ: str, cty: str, payload: bytes, signature: bytes) -> str:
    """The compact JWS of a payload and the signature that `sign_payload` made of it."""
    parts = (_header_segment(algorithm, kid, typ, cty), _segment(payload), _segment(signature))
    return b".".join(parts).decode()


def verify(
    token: str, keys: Iterable[Verifier], *, typ: str | tuple[str | None, ...] | None, algorithms: Collection[str]
) -> dict[str, Any]:
    """The claims, if one of `keys` signed them with one of `algorithms` as this `typ`; else `BadSignature`.

    A `typ` of None stands for a header without one, which only tokens of others may have.
    """
    header = header_of(token)
    algorithm, kid = header["alg"], header.get("kid")
    if algorithm not in algorithms or algorithm not in _REGISTRIES:
        raise BadSignature("the algorithm is not accepted here")
    if not _same_type(header.get("typ"), typ if isinstance(typ, tuple) else (typ,)):
        raise BadSignature("the type is not accepted here")
    candidates = [key for key in keys if _may_have_signed(key, algorithm, kid)]
    for key in candidates[:MOST_KEYS_TRIED]:
        payload = _payload(token, key, algorithm)
        if payload is not None:
            return _claims(payload)
    raise BadSignature("no known key made this signature")


def header_of(token: str) -> dict[str, Any]:
    """The header, well-formed but not yet believed; `BadSignature` if this cannot be a JWS that we accept."""
    if len(token) > LONGEST_TOKEN or not token.isascii() or token.count(".") != 2:
        raise BadSignature("not a compact JWS of acceptable size")
    segment = token[: token.index(".")]
    if len(segment) > LONGEST_HEADER:
        raise BadSignature("the header is too large")
    try:
        header = strict_json.read(urlsafe_b64decode(segment.encode()))
    except (NotBase64, ValueError):
        raise BadSignature("the header is not readable") from None
    if not isinstance(header, dict) or "alg" not in header:
        raise BadSignature("the header names no algorithm")
    if not all(isinstance(header.get(name, ""), str) for name in ("alg", "kid", "typ")):
        raise BadSignature("alg, kid and typ are strings")
    if len(header.get("kid", "")) > LONGEST_KID:
        raise BadSignature("the kid is too long")
    if "crit" in header or "b64" in header:
        raise BadSignature("no critical header is understood")
    return header


def _may_have_signed(key: Verifier, algorithm: str, kid: str | None) -> bool:
    right_algorithm = key.algorithm is None or _plain(key.algorithm) == _plain(algorithm)
    return right_algorithm and (kid is None or key.kid is None or key.kid == kid)


def _payload(token: str, key: Verifier, algorithm: str) -> bytes | None:
    try:
        return deserialize_compact(token, key.public_key, registry=_REGISTRIES[algorithm]).payload
    except (JoseError, ValueError, TypeError):  # also of a key that does not fit the algorithm
        return None


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = strict_json.read(payload)
    except ValueError:
        raise BadSignature("the claims are not acceptable JSON") from None
    if not isinstance(claims, dict):
        raise BadSignature("the claims are not an object")
    return claims


def _same_type(found: str | None, wanted: tuple[str | None, ...]) -> bool:
    """Media types fold case and may carry their `application/` (RFC 7515 §4.1.9)."""
    plain = None if found is None else found.lower().removeprefix("application/")
    return plain in {None if one is None else one.lower() for one in wanted}


def _plain(algorithm: str) -> str:
    return _SAME_ALGORITHM.get(algorithm, algorithm)


@lru_cache(maxsize=256)
def _header_segment(algorithm: str, kid: str, typ: str, cty: str | None = None) -> bytes:
    header = {"alg": algorithm, "kid": kid, "typ": typ} | ({} if cty is None else {"cty": cty})
    return _segment(_to_json(header).encode())


def _segment(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
