"""The agency's clock after a withdrawal: three days, told or not told, and never both unsaid."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from idp.signals import delivery
from idp.signals.delivery import Clock

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
CITIZEN, CONSENT = uuid4(), uuid4()


@pytest.fixture
def db(worker_db: Session) -> Session:
    delivery.start_clock(worker_db, CITIZEN, CONSENT, 7, NOW)
    return worker_db


def clock(db: Session, consent_id: UUID = CONSENT) -> Clock:
    return delivery.clocks_of(db, CITIZEN)[consent_id]


def test_the_agency_has_three_times_twenty_four_hours(db: Session) -> None:
    assert clock(db) == Clock(NOW, NOW + timedelta(hours=72), None, None, 0, None, None, None)


def test_a_second_tap_does_not_begin_it_anew(db: Session) -> None:
    delivery.start_clock(db, CITIZEN, CONSENT, 7, NOW + timedelta(hours=1))
    assert clock(db).withdrawn_at == NOW


def test_the_first_telling_counts(db: Session) -> None:
    delivery.told(db, CITIZEN, CONSENT)
    first = clock(db).told_at
    assert first is not None
    delivery.told(db, CITIZEN, CONSENT)
    delivery.not_told(db, CITIZEN, CONSENT, 3)
    assert (clock(db).told_at, clock(db).not_told_at, clock(db).attempts) == (first, None, 0)


def test_what_was_not_told_says_since_when_and_after_how_many_attempts(db: Session) -> None:
    delivery.not_told(db, CITIZEN, CONSENT, 31)
    assert clock(db).not_told_at is not None
    assert clock(db).attempts == 31


def test_another_citizens_clock_is_not_touched_or_seen(db: Session) -> None:
    other = uuid4()
    delivery.told(db, other, CONSENT)
    assert clock(db).told_at is None
    assert delivery.clocks_of(db, other) == {}
