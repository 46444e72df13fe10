"""An account comes to life: the letter is spent, the password set, the address told, in one transaction
(experience §3.3).

The form that did it, sent once more (a double tap, a reload), is known by the salted hash it carries and gets the
same answer; another browser with the same letter gets none.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from idp.accounts import channels, letters, passwords, recovery_codes
from idp.accounts.identifiers import Identifier
from idp.accounts.letters import AlreadyActive, Matches, NoMatch
from idp.accounts.profile import Vault


@dataclass(frozen=True, slots=True)
class Answers:
    """What a citizen answered. `password_hash`: of one that was found good; `channel` None: they have none."""

    code: str = field(repr=False)
    nik: Identifier
    birth_date: date = field(repr=False)
    channel: Identifier | None
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """These very answers brought the account to life before."""

    citizen_id: UUID


def activate(
    db: Session, vault: Vault, answers: Answers, now: datetime
) -> Matches | Repeated | AlreadyActive | NoMatch:
    """`Matches`: the account lives by this act, and its password is set."""
    verdict = letters.activate(
        db, vault, typed=answers.code, nik=answers.nik, birth_date=answers.birth_date, now=now
    )
    if isinstance(verdict, Matches):
        passwords.store(db, verdict.citizen_id, answers.password_hash, now)
        recovery_codes.discard(db, verdict.citizen_id)
        if answers.channel is not None:
            channels.tell(db, vault, verdict.citizen_id, answers.channel, now)
    elif isinstance(verdict, NoMatch):
        citizen_id = vault.find_citizen(db, answers.nik)
        stored = passwords.find_stored(db, citizen_id) if citizen_id is not None else None
        if citizen_id is not None and stored is not None and stored.hash == answers.password_hash:
            return Repeated(citizen_id)
    return verdict
