"""A pause lets nothing leave, and is ended one consent at a time."""

from dataclasses import replace

from sqlalchemy.orm import Session

from consent import consents, pauses, records
from tests.consent_acts import LATER, end, head_of
from tests.consent_builders import a_consent


def test_a_pause_lets_nothing_leave_and_is_ended_for_one_at_a_time(db: Session) -> None:
    giving, first = a_consent(db)
    _, second = a_consent(db, citizen_id=giving.citizen_id)
    _, over = a_consent(db, citizen_id=giving.citizen_id)
    end(db, giving.citizen_id, over)
    stranger, theirs = a_consent(db)
    assert pauses.pause_all(db, giving.citizen_id, LATER) == 2
    assert pauses.pause_all(db, giving.citizen_id, LATER) == 0, "twice is once"
    assert head_of(db, giving).paused_at == LATER
    assert head_of(db, stranger).paused_at is None
    assert not pauses.resume(db, giving.citizen_id, theirs)
    assert pauses.resume(db, giving.citizen_id, first)
    assert not pauses.resume(db, giving.citizen_id, first)
    paused = {head.consent_id for head in consents.list_of(db, giving.citizen_id) if head.paused_at is not None}
    assert paused == {second}


def test_what_is_given_anew_is_paused_no_more(db: Session) -> None:
    giving, _ = a_consent(db)
    pauses.pause_all(db, giving.citizen_id, LATER)
    records.give(db, replace(giving, revision=1), LATER)
    assert head_of(db, giving).paused_at is None
