"""One attempt at signing in with a password, answered by a value: signed in, a second factor is due, or refused
and why.

Three moves, so that nobody holds a connection or a lock while a slow hash is computed: look the account up,
verify, settle. An identifier that nobody has costs the same work and gets the same answer (protocol.md §6 row 82);
its wrong guesses are remembered by the door, which hands the memory in. A password alone signs nobody in who has a
second factor (row 88).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from idp.accounts import passwords
from idp.accounts.assurance import Amr
from idp.accounts.delays import Failures
from idp.accounts.identifiers import Identifier
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.passwords import Guess
from idp.accounts.profile import Vault
from idp.accounts.states import AccountState
from idp.database import Database

# hotpath.sql, 9. An account without a password answers as nobody would: that it exists is no stranger's business.
_FIND = """
SELECT a.citizen_id, a.state, w.hash, w.set_at, w.failures, w.failed_at, w.refused_until,
       EXISTS (SELECT FROM idp.totp_secrets AS t
                WHERE t.citizen_id = a.citizen_id AND t.confirmed_at IS NOT NULL) AS has_second_factor
  FROM idp.identifiers AS i
  JOIN idp.accounts AS a ON a.citizen_id = i.citizen_id
  JOIN idp.passwords AS w ON w.citizen_id = i.citizen_id
 WHERE i.digest = %(digest)s AND i.kind = %(kind)s::idp.identifier_kind
"""


class Why(StrEnum):
    """Why an attempt was refused.

    `NO_MATCH` never says which of the two was wrong, or that there is no such account. `TOO_OLD` is of a code that
    was sent, to whoever knew the password.
    """

    NO_MATCH = "no_match"
    TOO_MANY = "too_many"
    NOT_ACTIVE = "not_active"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The password was right, and it is enough. The session is still to be started."""

    citizen_id: UUID
    amr: tuple[str, ...] = (Amr.PASSWORD,)


@dataclass(frozen=True, slots=True)
class NeedsSecondFactor:
    """The password was right; nobody is signed in yet."""

    citizen_id: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """`until`: the time the page names.

    `citizen_id` is for the audit trail and shown to nobody; None: no such account.
    """

    why: Why
    until: datetime | None = None
    citizen_id: UUID | None = None


Outcome = SignedIn | NeedsSecondFactor | Refused


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who is meant by what was typed, or nobody."""

    citizen_id: UUID | None
    state: AccountState | None
    hash: str | None = field(repr=False)
    set_at: datetime | None
    failures: Failures
    has_second_factor: bool


def attempt(
    database: Database,
    vault: Vault,
    hashing: PasswordHashing,
    *,
    identifier: Identifier,
    password: str,
    of_nobody: Failures,
    known_here: frozenset[UUID],
    now: datetime,
) -> Outcome:
    """Try one pair. Opens its own short transactions: the hash between them must hold nothing.

    `of_nobody`: what is remembered of this identifier if it leads to no account. `known_here`: citizens whom this
    browser has signed in before; what strangers did to their accounts does not keep them out (row 83).
    """
    candidate = find(database.hot(), vault, identifier, of_nobody)
    known = candidate.citizen_id in known_here
    if candidate.failures.waits(now) and not known:
        return Refused(Why.TOO_MANY, candidate.failures.refused_until, candidate.citizen_id)
    right = hashing.verify(candidate.hash, password)
    outdated = right and candidate.hash is not None and hashing.is_outdated(candidate.hash)
    renewed = hashing.hash(password) if outdated else None
    with database.writing() as db:
        return settle(db, candidate, right=right, known=known, renewed=renewed, now=now)


def find(connection: Connection[Any], vault: Vault, identifier: Identifier, of_nobody: Failures) -> Candidate:
    """Whom the identifier leads to, with what is needed to judge."""
    params = {"digest": vault.digest(identifier), "kind": identifier.kind}
    row = connection.cursor(row_factory=dict_row).execute(_FIND, params).fetchone()
    if row is None:
        return Candidate(None, None, None, None, of_nobody, has_second_factor=False)
    failures = Failures(row["failures"], row["failed_at"], row["refused_until"])
    return Candidate(
        row["citizen_id"],
        AccountState(row["state"]),
        row["hash"],
        row["set_at"],
        failures,
        row["has_second_factor"],
    )


def settle(
    db: Session, candidate: Candidate, *, right: bool, known: bool, renewed: str | None, now: datetime
) -> Outcome:
    """Count, or sign in. Judged again under the row's lock: of many guesses at once none slips past the wait."""
    citizen_id = candidate.citizen_id
    if citizen_id is None:
        return Refused(Why.NO_MATCH)
    memory = passwords.lock(db, citizen_id)
    if memory is None:
        return Refused(Why.NO_MATCH, citizen_id=citizen_id)
    if memory.of_passwords.waits(now) and not known:
        return Refused(Why.TOO_MANY, memory.of_passwords.refused_until, citizen_id)
    if not right or memory.set_at != candidate.set_at:  # changed while it was verified: it is the old one
        return _counted(db, citizen_id, now)
    if candidate.state is not AccountState.ACTIVE:
        return Refused(Why.NOT_ACTIVE, citizen_id=citizen_id)
    if renewed is not None and candidate.hash is not None:
        passwords.rehash(db, citizen_id, candidate.hash, renewed)
    if memory.of_passwords.count:
        passwords.forget_failures(db, citizen_id, Guess.PASSWORD)
    return NeedsSecondFactor(citizen_id) if candidate.has_second_factor else SignedIn(citizen_id)


def _counted(db: Session, citizen_id: UUID, now: datetime) -> Refused:
    failures = passwords.count_failure(db, citizen_id, Guess.PASSWORD, now)
    return Refused(Why.TOO_MANY if failures.waits(now) else Why.NO_MATCH, failures.refused_until, citizen_id)
