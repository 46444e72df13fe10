"""Public keys of somebody else's, read strictly (RFC 7517; protocol.md §6 row 67). Pure.

Only RSA of 2048 to 4096 bits with exponent 65537, P-256 and Ed25519 are taken, and only public halves; whatever a
parser may trip over becomes `BadKey`. Each sentence says what to write instead, for whoever registers the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keys.errors import BadKey

AsymmetricKey = RSAKey | ECKey | OKPKey

PUBLIC_MEMBERS = frozenset({"kty", "n", "e", "crv", "x", "y"})
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
LONGEST_KID = 128  # characters; ours have 43
MOST_KEYS = 20
LEAST_RSA_BITS, MOST_RSA_BITS, RSA_EXPONENT = 2048, 4096, 65537


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of somebody else's, good for verifying."""

    kid: str | None
    algorithm: str | None
    public_key: AsymmetricKey = field(repr=False)


def read_set(value: Any) -> tuple[list[PublicKey], list[str]]:
    """The good keys of somebody's JWK Set, and a sentence about each bad one.

    At registration one bad key refuses the set; of a fetched set the good ones serve. Keys for encryption, and of
    kinds that we do not know, are passed over (RFC 7517 §5). `BadKey` if this is no set, is too large, or names
    one `kid` twice.
    """
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise BadKey(f"write an object whose member keys is a list of at most {MOST_KEYS} public keys")
    good: list[PublicKey] = []
    bad: list[str] = []
    for position, jwk in enumerate(keys, start=1):
        try:
            if not _passed_over(jwk):
                good.append(read_key(jwk))
        except BadKey as error:
            bad.append(f"key {position}: {error}")
    kids = [key.kid for key in good if key.kid is not None]
    if len(kids) != len(set(kids)):
        raise BadKey("give each key its own kid")
    return good, bad


def refusal(value: Any) -> str | None:
    """What to write instead, or None where a client may register this set."""
    try:
        good, bad = read_set(value)
    except BadKey as error:
        return str(error)
    if bad:
        return bad[0]
    return None if good else "add a key of kind RSA, EC on P-256 or OKP on Ed25519"


def read_key(jwk: Any) -> PublicKey:
    """One public key, or `BadKey` with what is wrong with it."""
    if not isinstance(jwk, dict):
        raise BadKey("write an object")
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise BadKey("send public keys only, and replace this private or symmetric one: it is no longer secret")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str | None) or kid == "" or len(kid or "") > LONGEST_KID:
        raise BadKey(f"write kid as a text of 1 to {LONGEST_KID} characters")
    if not isinstance(algorithm, str | None):
        raise BadKey("write alg as a text")
    return PublicKey(kid, algorithm, _import(jwk))


def _import(jwk: Mapping[str, Any]) -> AsymmetricKey:
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
                raise BadKey("write a key of kind RSA, EC on P-256 or OKP on Ed25519")
    except (JoseError, UnsupportedAlgorithm, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise BadKey(
            "write its members as RFC 7518 section 6 says: they cannot be read, or name no point"
        ) from None


def _acceptable_rsa(plain: dict[str, Any]) -> RSAKey:
    RSAKey.validate_dict_key(plain)
    # Not RSAKey.import_key, which warns of a short key and takes it.
    native = RSAKey.binding.import_from_dict(plain)
    exponent = native.public_numbers().e
    if not LEAST_RSA_BITS <= native.key_size <= MOST_RSA_BITS or exponent != RSA_EXPONENT:
        raise BadKey(f"make RSA keys {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits long, with exponent {RSA_EXPONENT}")
    return RSAKey(native, native)


def _passed_over(jwk: Any) -> bool:
    if not isinstance(jwk, dict) or not PRIVATE_MEMBERS.isdisjoint(jwk):
        return False
    match jwk.get("kty"), jwk.get("crv"):
        case "RSA", _:
            known = True
        case ("EC" | "OKP") as kind, str() as curve:
            known = (kind, curve) in (("EC", "P-256"), ("OKP", "Ed25519"))
        case (("EC" | "OKP"), _):
            known = True  # and its curve is missing, which is a fault
        case kind, _:
            known = not isinstance(kind, str)
    return jwk.get("use") == "enc" or not known
