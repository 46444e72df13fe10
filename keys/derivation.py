"""Keys derived from one secret (HKDF-SHA-256, RFC 5869), and the one list of the labels they are derived under.

Two uses that share a key are two chances to misuse one as the other; so every use has its label here, and a label
is never renamed, reused or given to a second use. What else distinguishes keys of one label (a day, a sector) is
the context.
"""

from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class Label(StrEnum):
    """What a derived key is for. Add members; a changed value makes everything sealed under it unreadable."""

    MASTER_FINGERPRINT = "master-fingerprint"  # shown to operators; tells nothing of the key

    STORE_MARK = "store-mark"  # of the look-up key and the pepper, kept in the database: keys/store_marks

    # Sealed and sent out, one key a day: keys/sealing.Kind
    CODE = "code"
    ACCESS_TOKEN = "access-token"
    REFRESH_TOKEN = "refresh-token"
    SESSION_COOKIE = "session-cookie"
    KNOWN_BROWSER = "known-browser"
    INTERACTION = "interaction"
    LINK = "link"
    STORED_REQUEST = "stored-request"
    PASSWORD_PROVED = "password-proved"
    RECOVERY_STEPS = "recovery-steps"
    CANCELLATION = "cancellation"
    ACTIVATION = "activation"
    WITHDRAWAL = "withdrawal"
    REPEATABLE_NONCE = "repeatable-nonce"  # of what must seal to the same text again

    # Sealed at rest: keys/sealing.RestSealer. Each stands in idp/resealing too.
    SIGNING_KEY = "signing-key"
    DATA_KEY = "data-key"
    CITIZEN_KEY = "citizen-key"
    DELIVERY = "delivery"

    # Keyed digests (HMAC), under the look-up key: what is found or compared without being kept
    IDENTIFIER = "identifier"
    LETTER = "letter"
    RECOVERY_CODE = "recovery-code"
    SENT_CODE = "sent-code"
    RATE_LIMIT = "rate-limit"

    # Keyed before it is hashed slowly, under the pepper: idp/accounts/password_hashing
    PASSWORD = "password"

    # Keyed permutations, one key a sector and version: keys/pairwise
    PAIRWISE_SUBJECT = "pairwise-subject"
    PAIRWISE_SESSION = "pairwise-session"


def derive(secret: bytes, label: Label, *context: str) -> bytes:
    """32 bytes that only `secret` yields, and only for this label and context."""
    info = joined("gapura", label, *context)
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)


def joined(*parts: str | bytes) -> bytes:
    """The parts as bytes, each after its length, so that ("ab", "c") and ("a", "bc") differ."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
