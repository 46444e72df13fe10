"""Random handles: strings that stand for something stored, and the digest under which it is stored.

A stolen table of digests redeems nothing, because a handle has at least 128 bits of chance (protocol.md §6 row
63); for the same reason a plain SHA-256 is enough, and a slow hash would only slow the doors.
"""

import hmac
import secrets
from hashlib import sha256

LEAST_BYTES = 16


def new_handle(nbytes: int = 32) -> str:
    """A fresh handle of `nbytes` random bytes in base64url."""
    if nbytes < LEAST_BYTES:
        raise ValueError(f"a handle of {nbytes} bytes can be guessed")
    return secrets.token_urlsafe(nbytes)


def digest(handle: str) -> bytes:
    """The 32 bytes to store and to look up by. Takes whatever a stranger sends, lone surrogates too."""
    return sha256(handle.encode("utf-8", "surrogatepass")).digest()


def same(a: bytes, b: bytes) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(a, b)
