"""Our public JWK Set (RFC 7517) as ready bytes.

It is built from a list of allowed members, so that no private one can slip in (protocol.md §6 row 69).
"""

import json
from hashlib import sha256

from keys.keyring import Keyring, SigningKey
from keys.public_keys import PUBLIC_MEMBERS
from keys.rotation import State

# The one that signs comes first: some verifiers take the first that fits.
_ORDER = {State.SIGNING: 0, State.PUBLISHED: 1, State.RETIRED: 2}


def document(keyring: Keyring, role: str = "tokens") -> tuple[bytes, str]:
    """The JWK Set of a role as JSON, and its ETag."""
    keys = sorted(keyring.verifiers(role), key=lambda key: _ORDER[key.state])
    body = json.dumps({"keys": [_listed(key) for key in keys]}, separators=(",", ":")).encode()
    return body, f'"{sha256(body).hexdigest()[:32]}"'


def whole_history(keyring: Keyring, role: str) -> bytes:
    """The same of every key that the role ever had, oldest first: what is kept for good is judged by it. Without
    the compromised ones, whose signatures prove nothing.
    """
    keys = [_listed(key) for key in keyring.history(role) if key.state is not State.COMPROMISED]
    return json.dumps({"keys": keys}, separators=(",", ":")).encode()


def _listed(key: SigningKey) -> dict[str, str]:
    members = {name: value for name, value in key.public_jwk.items() if name in PUBLIC_MEMBERS}
    return {"use": "sig", "alg": key.algorithm, "kid": key.kid, **members}
