"""From a record to the bytes that are committed: canonical form, commitment, leaf. Pure.

The leaf is the RFC 8785 form of `{"c": commitment, "v": 1}`. It tells no kind, person, agency, purpose or time:
in a small pilot any of them would name who just consented. What it commits to is kept beside it, under a salt
of 32 random bytes; without the salt the commitment says nothing, which is what an erasure rests on.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import rfc8785

SALT_BYTES = 32
ENTRY_BYTES = 57  # all leaves are of one length, fillers too


def canonical(document: dict[str, Any]) -> bytes:
    """The one byte form of a JSON document (RFC 8785)."""
    return rfc8785.dumps(document)


def digest(document: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(document)).digest()


def commitment(salt: bytes, document: dict[str, Any]) -> bytes:
    """HMAC-SHA-256(salt, canonical document): binds to the document, and hides it from who lacks the salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hmac.digest(salt, canonical(document), "sha256")


def entry(committed: bytes) -> bytes:
    """The leaf of a commitment (32 bytes; a filler's are random)."""
    if len(committed) != hashlib.sha256().digest_size:
        raise ValueError("a commitment has 32 bytes")
    return canonical({"c": base64url(committed), "v": 1})


def committed_by(leaf: bytes) -> bytes:
    """The commitment in a leaf; ValueError when the bytes are not exactly what `entry` makes."""
    document = json.loads(leaf)
    text = document.get("c") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise ValueError("not a leaf")
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if entry(found) != leaf:
        raise ValueError("not a leaf in canonical form")
    return found


def base64url(value: bytes) -> str:
    """Without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
