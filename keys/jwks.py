"""The public JWK Set (RFC 7517): ours as ready bytes, and the keys of others read with care.

Ours is built from a list of allowed members, so that no private one can slip in (protocol.md §6 row 69). Of others
only RSA of 2048 to 4096 bits with exponent 65537, P-256 and Ed25519 are taken, and only public halves; whatever a
parser may trip over becomes `BadKey` (row 67).
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keys.errors import BadKey
from keys.keyring import LONGEST_KID, Keyring, SigningKey
from keys.private_halves import PUBLIC_MEMBERS, AsymmetricKey
from keys.rotation import State

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
MOST_KEYS = 20
LEAST_RSA_BITS, MOST_RSA_BITS, RSA_EXPONENT = 2048, 4096, 65537

# The one that signs comes first: some verifiers take the first that fits.
_ORDER = {State.SIGNING: 0, State.PUBLISHED: 1, State.RETIRED: 2}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of somebody else's, good for verifying."""

    kid: str | None
    algorithm: str | None
    public_key: AsymmetricKey = field(repr=False)


def document(keyring: Keyring, role: str = "tokens") -> tuple[bytes, str]:
    """The JWK Set of a role as JSON, and its ETag."""
    keys = sorted(keyring.verifiers(role), key=lambda key: _ORDER[key.state])
    body = json.dumps({"keys": [_listed(key) for key in keys]}, separators=(",", ":")).encode()
    return body, f'"{sha256(body).hexdigest()[:32]}"'


def _listed(key: SigningKey) -> dict[str, str]:
    members = {name: value for name, value in key.public_jwk.items() if name in PUBLIC_MEMBERS}
    return {"use": "sig", "alg": key.algorithm, "kid": key.kid, **members}


def read_set(value: Any) -> tuple[list[PublicKey], list[str]]:
    """The good keys of somebody's JWK Set, and a sentence about each bad one.

    At registration one bad key refuses the set; of a fetched set the good ones serve. Keys for encryption are
    passed over. `BadKey` if this is no set, is too large, or names one `kid` twice.
    """
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise BadKey(f"not a JWK Set of at most {MOST_KEYS} keys")
    good: list[PublicKey] = []
    bad: list[str] = []
    for position, jwk in enumerate(keys, start=1):
        try:
            if not _only_encrypts(jwk):
                good.append(read_key(jwk))
        except BadKey as error:
            bad.append(f"key {position}: {error}")
    kids = [key.kid for key in good if key.kid is not None]
    if len(kids) != len(set(kids)):
        raise BadKey("two keys have the same kid")
    return good, bad


def read_key(jwk: Any) -> PublicKey:
    """One public key, or `BadKey` with what is wrong with it."""
    if not isinstance(jwk, dict):
        raise BadKey("not an object")
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise BadKey("a secret or private key does not belong here: replace it, it is no longer secret")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str | None) or not isinstance(algorithm, str | None) or len(kid or "") > LONGEST_KID:
        raise BadKey(f"kid and alg are strings, kid of at most {LONGEST_KID} characters")
    return PublicKey(kid, algorithm, _import(jwk))


def _import(jwk: dict[str, Any]) -> AsymmetricKey:
    plain = {name: value for name, value in jwk.items() if name in PUBLIC_MEMBERS}
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "RSA", _:
                return _acceptable_rsa(plain)
            case "EC", "P-256":
                return ECKey.import_key(plain)
            case "OKP", "Ed25519":
                return OKPKey.import_key(plain)
            case _:
                raise BadKey("only RSA, EC P-256 and OKP Ed25519 are accepted")
    except (JoseError, UnsupportedAlgorithm, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise BadKey("its members are malformed or name no point of the curve") from None


def _acceptable_rsa(plain: dict[str, Any]) -> RSAKey:
    RSAKey.validate_dict_key(plain)
    native = RSAKey.binding.import_from_dict(
        plain
    )  # not RSAKey.import_key, which warns of a short key and takes it
    exponent = native.public_numbers().e
    if not LEAST_RSA_BITS <= native.key_size <= MOST_RSA_BITS or exponent != RSA_EXPONENT:
        raise BadKey(f"RSA must have {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits and exponent {RSA_EXPONENT}")
    return RSAKey(native, native)


def _only_encrypts(jwk: Any) -> bool:
    return isinstance(jwk, dict) and jwk.get("use") == "enc" and PRIVATE_MEMBERS.isdisjoint(jwk)
