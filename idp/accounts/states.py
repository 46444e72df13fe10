"""The words in which accounts, sessions and recoveries stand in the database, as their types there spell them.

Pure.
"""

from enum import StrEnum


class AccountState(StrEnum):
    """An account's life. Only `active` signs in."""

    PENDING = "pending"
    ACTIVE = "active"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    DECEASED = "deceased"
    ERASED = "erased"


class Audience(StrEnum):
    """Whom a session's pages are for. A row serves no other audience than its own."""

    CITIZEN = "citizen"
    AGENCY = "agency"
    OPERATOR = "operator"


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGGED_OUT = "logged_out"
    EXPIRED = "expired"
    IDLE = "idle"
    ENDED_BY_CITIZEN = "ended_by_citizen"
    ENDED_BY_OPERATOR = "ended_by_operator"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_CLOSED = "account_closed"
    CREDENTIAL_CHANGED = "credential_changed"
    RECOVERY = "recovery"


class Proof(StrEnum):
    """What proves, in a recovery, that one is the citizen."""

    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    KNOWN_DEVICE = "known_device"
    CHANNEL = "channel"
    COUNTER = "counter"
    LETTER = "letter"
    TRUSTED_CONTACT = "trusted_contact"


class RecoveryState(StrEnum):
    """Where a recovery stands."""

    WAITING = "waiting"
    OPENED = "opened"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
