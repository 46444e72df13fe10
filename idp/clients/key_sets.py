"""Is a client's JWK Set acceptable (RFC 7517; row 67)? Pure. What a stranger sends is judged, never parsed into a
500.

Only public keys, each strong enough for the algorithms we accept. A key of a kind we do not know is ignored as RFC
7517 §5 says, but at least one must be usable.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

MOST_KEYS = 20
LONGEST_KID = 128
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
CURVES: Mapping[str, frozenset[str]] = {
    "EC": frozenset({"P-256", "P-384", "P-521"}),
    "OKP": frozenset({"Ed25519"}),
}


def refusal(jwks: object) -> str | None:
    """What to write instead, or None where the set may be kept."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if (
        not isinstance(keys, list)
        or not 1 <= len(keys) <= MOST_KEYS
        or not all(isinstance(key, dict) for key in keys)
    ):
        return f"write an object whose member keys is a list of 1 to {MOST_KEYS} public keys"
    kids = [key["kid"] for key in keys if "kid" in key]
    if any(not isinstance(kid, str) or not 1 <= len(kid) <= LONGEST_KID for kid in kids):
        return f"write each kid as a text of 1 to {LONGEST_KID} characters"
    if len(set(kids)) != len(kids):
        return "give each key its own kid"
    for key in keys:
        if wrong := _wrong_key(key):
            return wrong
    if not any(_is_known(key) for key in keys):
        return "add a key of kind RSA, EC on P-256 or OKP on Ed25519"
    return None


def _is_known(key: Mapping[str, Any]) -> bool:
    kind = key.get("kty")
    return kind == "RSA" or (isinstance(kind, str) and key.get("crv") in CURVES.get(kind, ()))


def _wrong_key(key: Mapping[str, Any]) -> str | None:
    if key.get("kty") == "oct" or PRIVATE_MEMBERS & key.keys():
        return "send public keys only, and replace the private or symmetric key: what was sent is no longer secret"
    if not _is_known(key):
        return None
    known = {name: value for name, value in key.items() if name in ("kty", "crv", "x", "y", "n", "e")}
    try:
        if key["kty"] == "RSA":
            return _wrong_rsa(RSAKey.import_key(known))
        # Reading the key is what finds a point that is not on its curve.
        kind = ECKey if key["kty"] == "EC" else OKPKey
        kind.import_key(known).public_key  # noqa: B018
    except (JoseError, UnsupportedAlgorithm, ArithmeticError, LookupError, TypeError, ValueError):
        return "write each key as RFC 7518 section 6 says; one of them cannot be read"
    return None


def _wrong_rsa(key: RSAKey) -> str | None:
    public = key.public_key
    if not 2048 <= public.key_size <= 4096:
        return "make each RSA key 2048 to 4096 bits long"
    return None if public.public_numbers().e == 65537 else "make each RSA key with the public exponent 65537"
