"""Make signing keys, and keep their private halves sealed under the master key.

A private half is sealed as PKCS #8 with its `kid` as context, so that it opens in no other row. It exists in the
clear only in the memory of a process that signs with it.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keys.derivation import Label
from keys.errors import CannotOpen, KeyUnreadable, MasterKeyMissing
from keys.public_keys import PUBLIC_MEMBERS, AsymmetricKey
from keys.sealing import RestSealer

RSA_BITS = 2048
_CLASSES: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


def generate(algorithm: str) -> AsymmetricKey:
    """A new key that can sign with this algorithm. RS256 takes a tenth of a second or more."""
    key = _generate(algorithm)
    # One thumbprint in 64 begins with a hyphen, and a command would take it for an option.
    return key if not key.thumbprint().startswith("-") else generate(algorithm)


def _generate(algorithm: str) -> AsymmetricKey:
    if algorithm == "RS256":
        return RSAKey.generate_key(RSA_BITS)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256")
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    raise ValueError(f"no keys are made for {algorithm}")


def public_jwk(key: AsymmetricKey, algorithm: str) -> dict[str, Any]:
    """The public half as it stands in a JWK Set; its `kid` is the thumbprint (RFC 7638)."""
    return {**key.as_dict(private=False), "use": "sig", "alg": algorithm, "kid": key.thumbprint()}


def import_public(jwk: dict[str, Any]) -> AsymmetricKey:
    """The public half that `public_jwk` wrote. `alg` and `use` are ours to compare, by row and role: joserfc would
    refuse a key for `EdDSA` where it verifies as `Ed25519`."""
    return _CLASSES[jwk["kty"]].import_key({name: jwk[name] for name in PUBLIC_MEMBERS & jwk.keys()})


def seal_private(rest_sealer: RestSealer, kid: str, key: AsymmetricKey) -> bytes:
    """The bytes for `private_sealed`."""
    return rest_sealer.seal(Label.SIGNING_KEY, key.as_der(private=True), context_of(kid))


def open_private(rest_sealer: RestSealer, kid: str, private_sealed: bytes) -> AsymmetricKey:
    """The key with its private half, or `KeyUnreadable`."""
    try:
        der = rest_sealer.open(Label.SIGNING_KEY, private_sealed, context_of(kid))
    except MasterKeyMissing:
        raise
    except CannotOpen:
        raise KeyUnreadable(
            f"The private half of key {kid} does not open: this is not the master key that it was sealed under."
        ) from None
    # The seal vouches for the bytes. To check an RSA key's primes again costs 37 ms at every reload, not 0.003.
    native = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(native, RSAPrivateKey):
        return RSAKey(native, der)
    if isinstance(native, EllipticCurvePrivateKey):
        return ECKey(native, der)
    if isinstance(native, Ed25519PrivateKey):
        return OKPKey(native, der)
    raise KeyUnreadable(f"The private half of key {kid} is of a kind that Gapura does not use.")


def context_of(kid: str) -> bytes:
    """Of the row in which a private half is sealed."""
    return b"keys.private_keys/" + kid.encode()
