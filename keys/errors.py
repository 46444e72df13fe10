"""What the floors above may catch. No message carries a key, a token or what was inside one."""

from collections.abc import Collection
from datetime import UTC, datetime


class KeysError(Exception):
    """Anything this floor refuses."""


class KeyStoreError(KeysError):
    """The key store cannot be used. The message is one sentence for the operator, with the path and what to do."""


class CannotOpen(KeysError):
    """Sealed bytes that do not open. Why is not said: a stranger must not learn which part was right."""


class UnknownKey(KeysError):
    """No such key, or none that may sign for this role and algorithm here."""


class KeyUnreadable(KeysError):
    """A private half that this installation's master key does not open: most likely the wrong master key."""


class MasterKeyMissing(CannotOpen, KeyUnreadable):
    """A row under a version of the master key that this process does not have. The message is for the operator."""

    def __init__(self, version: int, known: Collection[int]) -> None:
        here = ", ".join(str(one) for one in sorted(known))
        super().__init__(
            f"A row is sealed under version {version} of the master key, and this process knows {here}: "
            f"copy the file master-{version} from the key store that has it, then restart every process here."
        )


class BadSignature(KeysError):
    """A JWS that is not accepted. The message names the rule that it broke and nothing of its content."""


class BadKey(KeysError):
    """A public key of somebody else that is not acceptable: too weak, private, off its curve, or no key at all."""


class StepRefused(KeysError):
    """A step in a key's life that may not be taken now; `not_before` is when it may, if it ever may."""

    def __init__(self, reason: str, not_before: datetime | None = None) -> None:
        # The database may tell the time in another zone.
        dated = "" if not_before is None else f"; possible from {not_before.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(reason + dated)
        self.reason = reason
        self.not_before = not_before
