"""The slow way back into an account: two proofs, and three days unless one of them is strong. Writer of
`recoveries`.

E-mail and phone together are one proof, because one stolen phone holds both (experience.md §3.4). Without a
recovery code, a passkey or a counter among the two the owner has 72 hours to cancel, with one tap and no sign-in;
asking again does not move that end. What a counter or a letter proved is not cancelled from a phone or an inbox;
two cancellings by one channel freeze it, and send both sides to a counter. How each proof is given is another
module's; what ends with a completed recovery stands in `idp/revocation`.

A recovery is the account's, and several may be at it: the owner, and whoever holds a stolen phone. So nobody opens
it by proofs of somebody else: who comes to open it is judged by the proofs that they gave themselves, and waits as
those demand.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from idp import audit
from idp.accounts.models import Account, Recovery
from idp.accounts.states import Proof, RecoveryState
from keys.handles import digest, new_handle, same

WAIT = timedelta(hours=72)
PROVED_WITHIN = timedelta(hours=1)  # from the first proof to the second; an older first one starts no wait
STAYS_OPEN = timedelta(days=7)  # after it could be opened; then it must be asked for anew
FREEZES_FOR = timedelta(days=90)
CANCELS_THAT_FREEZE = 2
STRONG = frozenset({Proof.RECOVERY_CODE, Proof.PASSKEY, Proof.COUNTER})
FACE_TO_FACE = frozenset({Proof.COUNTER, Proof.LETTER})
_SAME_THING = frozenset({Proof.PASSKEY, Proof.KNOWN_DEVICE})  # both are the phone in the hand
_OPEN = (RecoveryState.WAITING, RecoveryState.OPENED)

_FORGET = """
WITH over AS (
  SELECT r.citizen_id, r.recovery_id FROM idp.recoveries AS r
   WHERE r.state NOT IN ('waiting', 'opened') AND r.state_at <= %(now)s::timestamptz - interval '2 years'
   LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idp.recoveries AS r USING over
 WHERE r.citizen_id = over.citizen_id AND r.recovery_id = over.recovery_id
"""


class Cause(StrEnum):
    """What the citizen says has happened."""

    FORGOT_PASSWORD = "forgot_password"
    NUMBER_CHANGED = "number_changed"
    PHONE_LOST = "phone_lost"
    SOMEBODY_ELSE = "somebody_else"


class CancelledBy(StrEnum):
    """Where the cancelling came from."""

    EMAIL = "email"
    PHONE = "phone"
    SESSION = "session"
    COUNTER = "counter"


class NotPossible(StrEnum):
    """Why a proof or an act was not taken."""

    SAME_PROOF = "same_proof"
    FROZEN = "frozen"
    FACE_TO_FACE = "face_to_face"
    NOT_OPEN = "not_open"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a recovery stands. `cancel_handle` goes into the warnings; only the call that began it has it."""

    recovery_id: UUID
    state: RecoveryState
    proofs: tuple[Proof, ...]
    asked_at: datetime
    opens_at: datetime
    cancel_handle: str | None = field(default=None, repr=False)

    @property
    def needs_another_proof(self) -> bool:
        """Whether the citizen still has to prove a second thing."""
        return len(self.proofs) < 2

    def opens_for(self, given: Iterable[Proof]) -> datetime:
        """When it opens for whoever gave these proofs."""
        return _opens_at(self.asked_at, frozenset(given))


def begin(db: Session, citizen_id: UUID, cause: Cause, proof: Proof, now: datetime) -> Standing | NotPossible:
    """Ask for the account with a first proof just given. One that is open already goes on, with its own end."""
    # Two that begin at once take turns at the account; the index `recoveries_one_open` is the promise behind it.
    db.execute(select(Account.citizen_id).where(Account.citizen_id == citizen_id).with_for_update(key_share=True))
    if proof is not Proof.COUNTER and _is_frozen(db, citizen_id, now):
        return NotPossible.FROZEN
    there = _find_open(db, citizen_id)
    if there is not None and _is_abandoned(there, now):
        _move(db, there, RecoveryState.EXPIRED, now)
    elif there is not None:
        return add_proof(db, citizen_id, there.recovery_id, proof, now)
    handle = new_handle()
    recovery_id = db.connection().exec_driver_sql("SELECT uuidv7()").scalar_one()
    recovery = Recovery(
        citizen_id=citizen_id,
        recovery_id=recovery_id,
        cause=cause,
        first_proof=proof,
        state=RecoveryState.WAITING,
        asked_at=now,
        opens_at=_opens_at(now, {proof}),
        cancel_digest=digest(handle),
        state_at=now,
    )
    db.add(recovery)
    db.flush()
    _record(db, recovery, "recovery.asked", detail={"cause": cause, "proof": proof})
    return _standing(recovery, handle)


def add_proof(
    db: Session, citizen_id: UUID, recovery_id: UUID, proof: Proof, now: datetime
) -> Standing | NotPossible:
    """Take a second proof of another kind. If it is strong the wait is over; nothing makes it longer.

    A recovery that has two already takes no third; who brings one is still judged by what they gave.
    """
    recovery = _find_open(db, citizen_id)
    if recovery is None or recovery.recovery_id != recovery_id or _is_abandoned(recovery, now):
        return NotPossible.NOT_OPEN
    if proof is not Proof.COUNTER and _is_frozen(db, citizen_id, now):
        return NotPossible.FROZEN
    if recovery.second_proof is not None or proof is recovery.first_proof:
        return _standing(recovery)
    if {proof, recovery.first_proof} <= _SAME_THING:
        return NotPossible.SAME_PROOF
    recovery.second_proof = proof
    recovery.opens_at = _opens_at(recovery.asked_at, {recovery.first_proof, proof})
    db.flush()
    _record(db, recovery, "recovery.proved", detail={"proof": proof})
    return _standing(recovery)


def find(db: Session, citizen_id: UUID) -> Standing | None:
    """The recovery under way, for the page that names its end."""
    recovery = db.scalar(_open_of(citizen_id))
    return None if recovery is None else _standing(recovery)


def open_(
    db: Session, citizen_id: UUID, recovery_id: UUID, given: Iterable[Proof], now: datetime
) -> Standing | NotPossible:
    """Let the citizen choose a new password: both proofs are given, by this one, and their wait is over."""
    recovery = _find_open(db, citizen_id)
    if recovery is None or recovery.recovery_id != recovery_id:
        return NotPossible.NOT_OPEN
    refused = _find_refusal(recovery, frozenset(given), now)
    if refused is not None:
        return refused
    if recovery.state is RecoveryState.WAITING:
        _move(db, recovery, RecoveryState.OPENED, now)
    return _standing(recovery)


def complete(
    db: Session, citizen_id: UUID, recovery_id: UUID, given: Iterable[Proof], now: datetime
) -> Standing | NotPossible:
    """The new password is set.

    For a day the account is `basic` (`sessions` sees to it); the caller ends all that ends.
    """
    recovery = _find_open(db, citizen_id)
    if recovery is None or recovery.recovery_id != recovery_id or recovery.state is not RecoveryState.OPENED:
        return NotPossible.NOT_OPEN
    refused = _find_refusal(recovery, frozenset(given), now)
    if refused is not None:
        return refused
    _move(db, recovery, RecoveryState.COMPLETED, now)
    return _standing(recovery)


def is_completed(db: Session, citizen_id: UUID, recovery_id: UUID) -> bool:
    """Whether it has led to a new password: who sends the form twice is told the same twice."""
    recovery = db.get(Recovery, (citizen_id, recovery_id))
    return recovery is not None and recovery.state is RecoveryState.COMPLETED


def cancel_by_handle(
    db: Session, citizen_id: UUID, recovery_id: UUID, handle: str, by: CancelledBy, now: datetime
) -> Standing | NotPossible:
    """The link in a warning: no sign-in, one tap. `citizen_id` and `recovery_id` came sealed in it."""
    recovery = _find_open(db, citizen_id)
    if recovery is None or recovery.recovery_id != recovery_id or not same(recovery.cancel_digest, digest(handle)):
        return NotPossible.NOT_OPEN
    return cancel(db, citizen_id, by, now)


def cancel(db: Session, citizen_id: UUID, by: CancelledBy, now: datetime) -> Standing | NotPossible:
    """The owner says no. Twice from one channel: whoever reads it is no longer believed."""
    recovery = _find_open(db, citizen_id)
    if recovery is None:
        return NotPossible.NOT_OPEN
    face_to_face = FACE_TO_FACE & {recovery.first_proof, recovery.second_proof}
    if face_to_face and by in (CancelledBy.EMAIL, CancelledBy.PHONE):
        return NotPossible.FACE_TO_FACE
    recovery.cancelled_by = by
    _move(db, recovery, RecoveryState.CANCELLED, now)
    return _standing(recovery)


def expire_due(db: Session, now: datetime) -> int:
    """Close what nobody finished; how many. The worker's."""
    due = (Recovery.state.in_(_OPEN), Recovery.opens_at <= now - STAYS_OPEN)
    closed = update(Recovery).where(*due).values(state=RecoveryState.EXPIRED, state_at=now)
    return len(db.execute(closed.returning(Recovery.recovery_id)).all())


def forget(db: Session, limit: int, now: datetime) -> int:
    """Delete recoveries that were settled two years ago, at most `limit` rows; how many. The worker's."""
    return db.connection().exec_driver_sql(_FORGET, {"limit": limit, "now": now}).rowcount


def _opens_at(asked_at: datetime, proofs: AbstractSet[Proof]) -> datetime:
    return asked_at if STRONG & proofs else asked_at + WAIT


def _find_refusal(recovery: Recovery, given: frozenset[Proof], now: datetime) -> NotPossible | None:
    if recovery.second_proof is None or len(given) < 2 or given <= _SAME_THING:
        return NotPossible.NOT_OPEN
    return NotPossible.TOO_EARLY if now < _opens_at(recovery.asked_at, given) else None


def _is_abandoned(recovery: Recovery, now: datetime) -> bool:
    """Begun and left. Its end must not serve another who comes days later: the owner was warned of an own act."""
    return recovery.second_proof is None and recovery.asked_at <= now - PROVED_WITHIN


def _is_frozen(db: Session, citizen_id: UUID, now: datetime) -> bool:
    by_channel = (
        select(func.count())
        .select_from(Recovery)
        .where(
            Recovery.citizen_id == citizen_id,
            Recovery.cancelled_by.in_((CancelledBy.EMAIL, CancelledBy.PHONE)),
            Recovery.state_at > now - FREEZES_FOR,
        )
        .group_by(Recovery.cancelled_by)
    )
    return any(count >= CANCELS_THAT_FREEZE for count in db.scalars(by_channel))


def _find_open(db: Session, citizen_id: UUID) -> Recovery | None:
    """Locked: of two acts at once the second is judged by what the first left."""
    return db.scalar(_open_of(citizen_id).with_for_update())


def _open_of(citizen_id: UUID) -> Select[Recovery]:
    statement = select(Recovery).where(Recovery.citizen_id == citizen_id, Recovery.state.in_(_OPEN))
    return statement.execution_options(populate_existing=True)


def _move(db: Session, recovery: Recovery, state: RecoveryState, now: datetime) -> None:
    recovery.state, recovery.state_at = state, now
    db.flush()
    _record(
        db, recovery, f"recovery.{state}", detail={"by": recovery.cancelled_by} if recovery.cancelled_by else {}
    )


def _record(db: Session, recovery: Recovery, action: str, detail: dict[str, str]) -> None:
    object_id, citizen_id = str(recovery.recovery_id), recovery.citizen_id
    audit.record(db, action=action, object_id=object_id, outcome="done", actor_id=citizen_id, detail=detail)


def _standing(recovery: Recovery, handle: str | None = None) -> Standing:
    proofs = tuple(proof for proof in (recovery.first_proof, recovery.second_proof) if proof is not None)
    return Standing(recovery.recovery_id, recovery.state, proofs, recovery.asked_at, recovery.opens_at, handle)
