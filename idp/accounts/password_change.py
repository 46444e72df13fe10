"""A citizen who is signed in chooses another password, or shows once more that they know this one.

Three moves, as at the login: read, compute the slow hashes with nothing held, settle under the row's lock. The old
password is asked because a phone that lies unlocked on a table is signed in too; wrong ones are counted with those
of the login (protocol.md §6 row 83). Whether the sign-in is fresh, and what ends with a change, is the door's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import passwords, totp
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.password_rules import Refusal, find_refusal
from idp.accounts.passwords import Guess, Stored
from idp.accounts.profile import Vault
from idp.database import Database

KNOWN_TO_OTHERS = ("nik", "phone_number", "email", "name")


@dataclass(frozen=True, slots=True)
class Wrong:
    """The present password was not right; `until`: the next try waits that long."""

    until: datetime | None = None


class Right:
    """It was."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the slow part found: `stored` is what it was verified against, `renewed` the hash of the new one."""

    stored: Stored | None
    right: bool
    renewed: str | None = field(default=None, repr=False)


def judge(
    database: Database,
    vault: Vault,
    hashing: PasswordHashing,
    citizen_id: UUID,
    *,
    typed: str,
    chosen: str | None,
) -> Judged | Refusal:
    """Verify the present password and hash the new one; nothing is held meanwhile. `chosen` None: only verify."""
    with database.reading() as db:
        stored, personal = passwords.find_stored(db, citizen_id), known_to_others(db, vault, citizen_id)
        follows = totp.is_set_up(db, citizen_id)
    if chosen is not None:
        refusal = find_refusal(chosen, personal=personal, second_factor=follows)
        if refusal is not None:
            return refusal
    right = hashing.verify(stored.hash if stored else None, typed)
    return Judged(stored, right, hashing.hash(chosen) if right and chosen is not None else None)


def settle(db: Session, citizen_id: UUID, judged: Judged, now: datetime) -> Right | Wrong:
    """Count, or write. A change meanwhile wins: what was verified is then the old one."""
    memory = passwords.lock(db, citizen_id)
    if memory is None or judged.stored is None:
        return Wrong()
    if memory.of_passwords.waits(now):
        return Wrong(memory.of_passwords.refused_until)
    if not judged.right or memory.set_at != judged.stored.set_at:
        return Wrong(passwords.count_failure(db, citizen_id, Guess.PASSWORD, now).refused_until)
    if judged.renewed is not None:
        passwords.store(db, citizen_id, judged.renewed, now)
    return Right()


def known_to_others(db: Session, vault: Vault, citizen_id: UUID) -> list[str]:
    """What anyone near the citizen knows of them, so none of it is a password."""
    profile = vault.find_profile(db, citizen_id)
    held = profile.values if profile else {}
    return [str(held[name].value) for name in KNOWN_TO_OTHERS if name in held and held[name].value]
