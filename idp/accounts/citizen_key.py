"""The key of one citizen, under which everything personal of theirs is sealed. Pure.

It lies in the database, itself sealed under a key of the key store. Whoever destroys it has erased the citizen
from every table at once. What is sealed names its use, its citizen and its row, so that bytes moved elsewhere do
not open there.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from keys.sealing import open_with, seal_with


class Use(StrEnum):
    """What is sealed under a citizen's key. Never rename one: what was sealed under it would not open again."""

    PROFILE = "profile"
    DEVICE = "device"
    TOTP_SECRET = "totp-secret"
    LABEL = "label"
    EVIDENCE = "evidence"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class CitizenKey:
    """Seals and opens for one citizen. Live only as long as the request that needs it."""

    citizen_id: UUID
    key: bytes = field(repr=False)

    def seal(self, use: Use, plaintext: bytes, row_id: UUID | None = None) -> bytes:
        """Nonce, ciphertext and tag. `row_id`: the rest of the row's key, where a citizen has several."""
        return seal_with(self.key, plaintext, self._context(use, row_id))

    def open(self, use: Use, sealed: bytes, row_id: UUID | None = None) -> bytes:
        """What was sealed for this use and row, or `CannotOpen`."""
        return open_with(self.key, sealed, self._context(use, row_id))

    def _context(self, use: Use, row_id: UUID | None) -> bytes:
        return use.value.encode() + b"\0" + self.citizen_id.bytes + (row_id.bytes if row_id else b"")
