"""Create an account, prove who its citizen is, change its state. Writer of `accounts` and `assurance_events` (NIST
SP 800-63A-4).

One NIK, one account, for life: who is enrolled again, or comes back after closing, is the same citizen with the
same id, because an identity provider that mints a new one locks people out everywhere (experience.md §3.3). What
else ends with an account when it is suspended or closed stands in `idp/revocation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts.citizen_key import Use
from idp.accounts.identifiers import Identifier
from idp.accounts.models import Account, AssuranceEvent
from idp.accounts.profile import Taken, Value, Vault
from idp.accounts.states import AccountState

# Which state may become which. Nothing leads out of `erased`.
_ENDS = {AccountState.CLOSED, AccountState.DECEASED, AccountState.ERASED}
MAY_BECOME = {
    AccountState.PENDING: {AccountState.ACTIVE, *_ENDS},
    AccountState.ACTIVE: {AccountState.SUSPENDED, *_ENDS},
    AccountState.LOCKED: {AccountState.ACTIVE, AccountState.SUSPENDED, *_ENDS},
    AccountState.SUSPENDED: {AccountState.ACTIVE, *_ENDS},
    AccountState.CLOSED: {AccountState.ACTIVE, AccountState.DECEASED, AccountState.ERASED},
    AccountState.DECEASED: {AccountState.ACTIVE, AccountState.ERASED},  # registries err, and the living come back
    AccountState.ERASED: set[AccountState](),
}


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Whose account it is; `made`: by this call. An account that was there is returned untouched."""

    citizen_id: UUID
    made: bool


def create(
    db: Session,
    vault: Vault,
    *,
    nik: Identifier,
    values: Mapping[str, Value],
    ial: int,
    method: str,
    now: datetime,
    vouched_by_no: int | None = None,
    state: AccountState = AccountState.ACTIVE,
) -> Enrolled:
    """An account for a person whose NIK the registry vouches for, with the values it brings.

    The digest of the NIK decides between two enrolments at once; it is written before anything else of the
    citizen.
    """
    there = vault.find_citizen(db, nik)
    if there is not None:
        return Enrolled(there, made=False)
    citizen_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    if isinstance(vault.link(db, citizen_id, nik, now), Taken):
        # The other enrolment was waited for and is committed: a NIK leads to whoever was first.
        return Enrolled(vault.get_citizen(db, nik), made=False)
    db.add(Account(citizen_id=citizen_id, state=state, ial=0, created_at=now, state_at=now, locked_until=None))
    db.flush()
    vault.make_key(db, citizen_id)
    vault.save(db, citizen_id, values, now)
    if ial:
        prove(db, vault, citizen_id, ial=ial, method=method, vouched_by_no=vouched_by_no, now=now)
    return Enrolled(citizen_id, made=True)


def prove(
    db: Session,
    vault: Vault,
    citizen_id: UUID,
    *,
    ial: int,
    method: str,
    now: datetime,
    vouched_by_no: int | None = None,
    evidence: bytes | None = None,
) -> None:
    """Write down what proved the citizen's identity. The account's level never falls by a weaker proof."""
    event_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    sealed = vault.get_key(db, citizen_id).seal(Use.EVIDENCE, evidence, event_id) if evidence else None
    db.add(
        AssuranceEvent(
            citizen_id=citizen_id,
            event_id=event_id,
            ial=ial,
            method=method,
            vouched_by_no=vouched_by_no,
            evidence_sealed=sealed,
            at=now,
        )
    )
    account = _locked(db, citizen_id)
    if account is not None:
        account.ial = max(account.ial, ial)
    db.flush()


def change_state(
    db: Session, citizen_id: UUID, state: AccountState, now: datetime, *, actor_id: UUID | None = None
) -> AccountState | None:
    """Move the account to `state`; the state before. None: there is no such account, or no way from where it is.

    `actor_id`: the citizen or operator who did it; None: the house itself.
    """
    account = _locked(db, citizen_id)
    if account is None or state not in MAY_BECOME[account.state]:
        return None
    before, account.state, account.state_at, account.locked_until = account.state, state, now, None
    db.flush()
    audit.record(
        db,
        action=f"account.{state}",
        object_id=str(citizen_id),
        outcome="done",
        actor_id=actor_id,
        detail={"before": before},
    )
    return before


def find_account(db: Session, citizen_id: UUID) -> Account | None:
    """The account's row, to read."""
    return db.get(Account, citizen_id)


def _locked(db: Session, citizen_id: UUID) -> Account | None:
    """The newest row, locked: two changes at once are judged one after the other."""
    statement = select(Account).where(Account.citizen_id == citizen_id).with_for_update()
    return db.scalar(statement.execution_options(populate_existing=True))
