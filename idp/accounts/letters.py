"""Letters and counters that bring an account to life. Writer of `activations`.

A letter carries 12 signs (59 bits) to the address in the registry; a counter hands over the same. Only the keyed
digest of NIK and code is kept, so a code is worth nothing without the NIK it was made for. Sixty days, five wrong
birth dates, once. What does not match is one answer, never which part (experience.md §3.3). Who comes back after
closing is the same citizen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts import enrolment
from idp.accounts.identifiers import Identifier
from idp.accounts.models import Activation
from idp.accounts.printed_codes import grouped, new_code, read_code
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState
from keys.derivation import Label

LENGTH = 12
LASTS = timedelta(days=60)
TRIES = 5
PROVES_IAL = (
    2  # the registry vouched for the person and the address; the letter reached it, or a counter saw the face
)

_FORGET = """
WITH over AS (
  SELECT a.letter_digest FROM idp.activations AS a
   WHERE a.expires_at <= %(now)s::timestamptz - interval '30 days'
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.activations AS a USING over WHERE a.letter_digest = over.letter_digest
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is printed. Nobody sees the code again."""

    citizen_id: UUID
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Matches:
    """Letter, NIK and birth date belong together, and the account may come to life."""

    citizen_id: UUID
    vouched_by_no: int | None


@dataclass(frozen=True, slots=True)
class AlreadyActive:
    """They belong together, and the account lives: said only to who holds the letter."""

    citizen_id: UUID


class NoMatch:
    """They do not belong together, or no more."""


def issue(
    db: Session,
    vault: Vault,
    *,
    nik: Identifier,
    values: Mapping[str, Value],
    now: datetime,
    vouched_by_no: int | None = None,
) -> Letter:
    """A letter for a person in the registry, whose account is made with it if there is none. `values` say
    `birthdate`.

    `vouched_by_no`: the agency whose counter saw the person and hands the code over.
    """
    if "birthdate" not in values:
        raise ValueError("a letter is answered with a birth date, so the registry must have brought one")
    enrolled = enrolment.create(
        db, vault, nik=nik, values=values, ial=0, method="letter", state=AccountState.PENDING, now=now
    )
    code = new_code(LENGTH)
    db.add(
        Activation(
            letter_digest=_digest(vault, nik, code),
            citizen_id=enrolled.citizen_id,
            vouched_by_no=vouched_by_no,
            tries_left=TRIES,
            issued_at=now,
            expires_at=now + LASTS,
        )
    )
    db.flush()
    audit.record(db, action="letter.issued", object_id=str(enrolled.citizen_id), outcome="done")
    return Letter(enrolled.citizen_id, grouped(code), now + LASTS)


def judge(
    db: Session, vault: Vault, *, typed: str, nik: Identifier, birth_date: date, now: datetime
) -> Matches | AlreadyActive | NoMatch:
    """Whether they belong together. Spends nothing but a try where the birth date is wrong."""
    letter = _find(db, vault, typed, nik)
    if letter is None or letter.used_at is not None or letter.tries_left == 0 or letter.expires_at <= now:
        return NoMatch()
    if _birth_date(db, vault, letter.citizen_id) != birth_date:
        letter.tries_left -= 1
        db.flush()
        detail = {"tries_left": letter.tries_left}
        object_id = str(letter.citizen_id)
        audit.record(db, action="letter.refused", object_id=object_id, outcome="refused", detail=detail)
        return NoMatch()
    account = enrolment.find_account(db, letter.citizen_id)
    if account is None or account.state not in (AccountState.PENDING, AccountState.CLOSED, AccountState.ACTIVE):
        return NoMatch()
    if account.state is AccountState.ACTIVE:
        return AlreadyActive(letter.citizen_id)
    return Matches(letter.citizen_id, letter.vouched_by_no)


def activate(
    db: Session, vault: Vault, *, typed: str, nik: Identifier, birth_date: date, now: datetime
) -> Matches | AlreadyActive | NoMatch:
    """Spend the letter and bring the account to life. `Matches`: it lives now; the caller sets its password."""
    verdict = judge(db, vault, typed=typed, nik=nik, birth_date=birth_date, now=now)
    letter = _find(db, vault, typed, nik)
    if letter is None or not isinstance(verdict, Matches):
        return verdict
    letter.used_at = now
    enrolment.change_state(db, letter.citizen_id, AccountState.ACTIVE, now, actor_id=letter.citizen_id)
    method = "letter" if letter.vouched_by_no is None else "counter"
    vouched_by_no = letter.vouched_by_no
    enrolment.prove(
        db, vault, letter.citizen_id, ial=PROVES_IAL, method=method, vouched_by_no=vouched_by_no, now=now
    )
    return verdict


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete letters that ran out a month ago, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _find(db: Session, vault: Vault, typed: str, nik: Identifier) -> Activation | None:
    """The letter, locked: two who spend it at once are judged one after the other."""
    code = read_code(typed, LENGTH)
    if code is None:
        return None
    statement = select(Activation).where(Activation.letter_digest == _digest(vault, nik, code)).with_for_update()
    return db.scalar(statement.execution_options(populate_existing=True))


def _birth_date(db: Session, vault: Vault, citizen_id: UUID) -> date | None:
    profile = vault.find_profile(db, citizen_id)
    held = profile.values.get("birthdate") if profile else None
    return date.fromisoformat(held.value) if held else None


def _digest(vault: Vault, nik: Identifier, code: str) -> bytes:
    return vault.keyed_digest(Label.LETTER, nik.normal, code)
