"""Two proofs, and three days unless one of them is strong."""

import threading
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from idp.accounts import recovery
from idp.accounts.profile import Vault
from idp.accounts.recovery import CancelledBy, Cause, NotPossible, Standing
from idp.accounts.states import Proof, RecoveryState
from idp.database import Database
from tests.builders import NOW, a_citizen

DAY = timedelta(days=1)
STRONG = {Proof.RECOVERY_CODE, Proof.PASSKEY, Proof.COUNTER}


@pytest.fixture
def citizen_id(db: Session, vault: Vault) -> UUID:
    return a_citizen(db, vault).citizen_id


def begin(db: Session, citizen_id: UUID, proof: Proof = Proof.CHANNEL, after: timedelta = timedelta()) -> Standing:
    standing = recovery.begin(db, citizen_id, Cause.FORGOT_PASSWORD, proof, NOW + after)
    assert isinstance(standing, Standing)
    return standing


def proved(db: Session, citizen_id: UUID, *proofs: Proof, after: timedelta = timedelta()) -> Standing:
    """A recovery with these two proofs."""
    standing = begin(db, citizen_id, proofs[0], after)
    added = recovery.add_proof(db, citizen_id, standing.recovery_id, proofs[1], NOW + after)
    assert isinstance(added, Standing)
    return added


@pytest.mark.parametrize(("first", "second"), [pair for pair in product(Proof, Proof) if pair[0] is not pair[1]])
def test_two_different_proofs_open_it_at_once_if_one_is_strong_and_after_three_days_if_not(
    db: Session, citizen_id: UUID, first: Proof, second: Proof
) -> None:
    """(row 91)"""
    begun, given = begin(db, citizen_id, first).recovery_id, {first, second}
    assert recovery.open_(db, citizen_id, begun, given, NOW + 10 * DAY) is NotPossible.NOT_OPEN
    added = recovery.add_proof(db, citizen_id, begun, second, NOW)
    if given == {Proof.PASSKEY, Proof.KNOWN_DEVICE}:
        assert added is NotPossible.SAME_PROOF
        return
    assert isinstance(added, Standing)
    opens_at = NOW if given & STRONG else NOW + 3 * DAY
    assert (added.opens_at, added.opens_for(given)) == (opens_at, opens_at)
    if opens_at > NOW:
        early = opens_at - timedelta(seconds=1)
        assert recovery.open_(db, citizen_id, begun, given, early) is NotPossible.TOO_EARLY
    opened = recovery.open_(db, citizen_id, begun, given, opens_at)
    assert isinstance(opened, Standing)
    assert opened.state is RecoveryState.OPENED


def test_one_proof_twice_is_one_proof(db: Session, citizen_id: UUID) -> None:
    begun = begin(db, citizen_id).recovery_id
    again = recovery.add_proof(db, citizen_id, begun, Proof.CHANNEL, NOW)
    assert isinstance(again, Standing)
    assert again.needs_another_proof
    assert recovery.open_(db, citizen_id, begun, [Proof.CHANNEL], NOW + 10 * DAY) is NotPossible.NOT_OPEN


def test_nobody_opens_it_by_the_proofs_of_another(db: Session, citizen_id: UUID) -> None:
    """(row 91): the thief has the phone, the owner the printed codes; both are at the same recovery."""
    thief, owner = {Proof.CHANNEL, Proof.KNOWN_DEVICE}, {Proof.CHANNEL, Proof.RECOVERY_CODE}
    begun = proved(db, citizen_id, Proof.CHANNEL, Proof.RECOVERY_CODE).recovery_id
    for given in ([], [Proof.CHANNEL], [Proof.RECOVERY_CODE], [Proof.PASSKEY, Proof.KNOWN_DEVICE]):
        assert recovery.open_(db, citizen_id, begun, given, NOW + 9 * DAY) is NotPossible.NOT_OPEN
    assert recovery.open_(db, citizen_id, begun, thief, NOW) is NotPossible.TOO_EARLY
    assert isinstance(recovery.open_(db, citizen_id, begun, owner, NOW), Standing)
    assert recovery.complete(db, citizen_id, begun, thief, NOW) is NotPossible.TOO_EARLY
    assert isinstance(recovery.complete(db, citizen_id, begun, owner, NOW), Standing)


def test_who_finds_a_printed_code_waits_no_longer(db: Session, citizen_id: UUID) -> None:
    begun = proved(db, citizen_id, Proof.CHANNEL, Proof.KNOWN_DEVICE).recovery_id
    third = recovery.add_proof(db, citizen_id, begun, Proof.RECOVERY_CODE, NOW + DAY)
    assert isinstance(third, Standing)
    given = {Proof.CHANNEL, Proof.RECOVERY_CODE}
    assert third.opens_for(given) == NOW
    assert isinstance(recovery.open_(db, citizen_id, begun, given, NOW + DAY), Standing)


def test_asking_again_does_not_move_the_end(db: Session, citizen_id: UUID) -> None:
    first = proved(db, citizen_id, Proof.CHANNEL, Proof.KNOWN_DEVICE)
    again = begin(db, citizen_id, after=2 * DAY)
    assert (again.recovery_id, again.opens_at) == (first.recovery_id, first.opens_at)
    assert again.cancel_handle is None
    third = begin(db, citizen_id, Proof.LETTER, after=2 * DAY)
    assert third.opens_at == first.opens_at
    assert recovery.find(db, citizen_id) == third


def test_what_was_begun_and_left_starts_no_wait_for_who_comes_later(db: Session, citizen_id: UUID) -> None:
    left = begin(db, citizen_id).recovery_id
    late = NOW + timedelta(hours=1)
    assert recovery.add_proof(db, citizen_id, left, Proof.KNOWN_DEVICE, late) is NotPossible.NOT_OPEN
    anew = begin(db, citizen_id, after=timedelta(hours=1))
    assert anew.recovery_id != left
    assert anew.opens_at == late + 3 * DAY
    assert anew.cancel_handle is not None, "the owner is warned again"


def test_a_completed_recovery_is_over(db: Session, citizen_id: UUID) -> None:
    given = (Proof.RECOVERY_CODE, Proof.CHANNEL)
    begun = begin(db, citizen_id, Proof.RECOVERY_CODE).recovery_id
    act = (citizen_id, begun, given, NOW)
    assert recovery.complete(db, *act) is NotPossible.NOT_OPEN
    recovery.add_proof(db, citizen_id, begun, Proof.CHANNEL, NOW)
    assert recovery.complete(db, *act) is NotPossible.NOT_OPEN
    recovery.open_(db, *act)
    assert not recovery.is_completed(db, citizen_id, begun)
    completed = recovery.complete(db, *act)
    assert isinstance(completed, Standing)
    assert completed.state is RecoveryState.COMPLETED
    assert recovery.is_completed(db, citizen_id, begun)
    assert recovery.complete(db, *act) is NotPossible.NOT_OPEN
    assert recovery.cancel(db, citizen_id, CancelledBy.EMAIL, NOW) is NotPossible.NOT_OPEN
    assert recovery.find(db, citizen_id) is None
    assert recovery.add_proof(db, citizen_id, begun, Proof.LETTER, NOW) is NotPossible.NOT_OPEN


def test_the_owner_cancels_with_the_warnings_handle_and_nobody_with_another(db: Session, citizen_id: UUID) -> None:
    standing = begin(db, citizen_id)
    handle = standing.cancel_handle
    assert handle is not None
    assert handle not in repr(standing)
    act = (citizen_id, standing.recovery_id)
    wrong = recovery.cancel_by_handle(db, *act, handle + "x", CancelledBy.EMAIL, NOW)
    assert wrong is NotPossible.NOT_OPEN
    cancelled = recovery.cancel_by_handle(db, *act, handle, CancelledBy.EMAIL, NOW)
    assert isinstance(cancelled, Standing)
    assert cancelled.state is RecoveryState.CANCELLED
    again = recovery.cancel_by_handle(db, *act, handle, CancelledBy.EMAIL, NOW)
    assert again is NotPossible.NOT_OPEN


@pytest.mark.parametrize("proof", [Proof.COUNTER, Proof.LETTER])
def test_what_was_proved_face_to_face_is_not_cancelled_from_afar(
    db: Session, citizen_id: UUID, proof: Proof
) -> None:
    proved(db, citizen_id, Proof.CHANNEL, proof)
    for by in (CancelledBy.EMAIL, CancelledBy.PHONE):
        assert recovery.cancel(db, citizen_id, by, NOW) is NotPossible.FACE_TO_FACE
    assert isinstance(recovery.cancel(db, citizen_id, CancelledBy.SESSION, NOW), Standing)


def test_two_cancellations_by_one_channel_send_both_to_a_counter(db: Session, citizen_id: UUID) -> None:
    for by in (CancelledBy.EMAIL, CancelledBy.PHONE):
        begin(db, citizen_id)
        recovery.cancel(db, citizen_id, by, NOW)
    begin(db, citizen_id)
    recovery.cancel(db, citizen_id, CancelledBy.PHONE, NOW)
    asked = recovery.begin(db, citizen_id, Cause.PHONE_LOST, Proof.RECOVERY_CODE, NOW)
    assert asked is NotPossible.FROZEN
    begun = begin(db, citizen_id, Proof.COUNTER).recovery_id
    assert recovery.add_proof(db, citizen_id, begun, Proof.CHANNEL, NOW) is NotPossible.FROZEN
    recovery.cancel(db, citizen_id, CancelledBy.COUNTER, NOW)
    begin(db, citizen_id, after=91 * DAY)


def test_what_nobody_finished_expires(db: Session, citizen_id: UUID) -> None:
    begin(db, citizen_id)
    recovery.expire_due(db, NOW + 10 * DAY - timedelta(seconds=1))
    assert recovery.find(db, citizen_id) is not None
    assert recovery.expire_due(db, NOW + 10 * DAY) >= 1
    assert recovery.find(db, citizen_id) is None


def test_two_that_begin_at_once_are_one_recovery(database: Database, vault: Vault) -> None:
    with database.writing() as db:
        citizen_id = a_citizen(db, vault).citizen_id
    barrier, outcomes = threading.Barrier(2), []

    def ask() -> None:
        with database.writing() as db:
            barrier.wait()
            outcomes.append(begin(db, citizen_id))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.recovery_id for one in outcomes}) == 1
    assert sorted(one.cancel_handle is None for one in outcomes) == [False, True]
