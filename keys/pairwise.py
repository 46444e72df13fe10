"""The keyed permutation behind a pairwise `sub` and `sid` (OIDC Core §8.1): what one sector calls a citizen.

A UUID is 16 bytes, one block of AES; under a key of the sector's own, AES-256 is a permutation of all UUIDs, so
that no two citizens collide, no table is kept, and two sectors cannot compare notes. It is written as a letter,
the version of the key, and 26 characters of lower-case base32: 27 of a–z2–7, since clients use `sub` as a login
name and fold its case.
"""

from base64 import b32decode, b32encode
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from keys.derivation import Label, derive

LENGTH = 27  # a letter, and 128 bits in base32 without its padding
NEWEST_VERSION = 26  # `z`


class Pairwise:
    """The permutations of one installation: one key for each sector, version and use, from the master key."""

    def __init__(self, master: bytes) -> None:
        def permutation(label: Label, sector: str, version: int) -> Cipher[ECB]:
            # ECB of exactly one block is the permutation itself; nothing longer is ever put through it.
            return Cipher(AES(derive(master, label, sector, str(version))), ECB())  # noqa: S305

        # 27,000 sectors, each with two uses and seldom a second version, fit.
        self._permutation = lru_cache(maxsize=65536)(permutation)

    def subject(self, citizen_id: UUID, sector: str, version: int) -> str:
        """The citizen's `sub` in a sector, under the sector's key of this version (1 to 26)."""
        return self._write(Label.PAIRWISE_SUBJECT, citizen_id, sector, version)

    def session(self, session_id: UUID, sector: str, version: int) -> str:
        """The session's `sid` in a sector. Its key is another than that of `sub`: the two never meet."""
        return self._write(Label.PAIRWISE_SESSION, session_id, sector, version)

    def citizen(self, subject: str, sector: str) -> UUID | None:
        """Whom a sector calls `subject`; None if it cannot be a `sub`. Else it names some UUID: look it up."""
        if len(subject) != LENGTH or not "a" <= subject[0] <= "z" or subject != subject.lower():
            return None
        try:
            block = b32decode(subject[1:].upper() + "======")
        except ValueError:  # a character outside the alphabet
            return None
        if _letters(block) != subject[1:]:  # the last character has two spare bits: one citizen, one spelling
            return None
        permutation = self._permutation(Label.PAIRWISE_SUBJECT, sector, ord(subject[0]) - ord("a") + 1)
        return UUID(bytes=permutation.decryptor().update(block))

    def _write(self, label: Label, one: UUID, sector: str, version: int) -> str:
        if not 1 <= version <= NEWEST_VERSION:
            raise ValueError(f"a pairwise key has versions 1 to {NEWEST_VERSION}, not {version}")
        block = self._permutation(label, sector, version).encryptor().update(one.bytes)
        return chr(ord("a") + version - 1) + _letters(block)


def _letters(block: bytes) -> str:
    return b32encode(block)[:26].decode().lower()
