"""Wrong proofs make the next one wait longer, never for ever."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from idp.accounts.delays import FORGOTTEN_AFTER, WAITS, Failures, after_one_more

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


def test_four_slips_cost_nothing_and_the_fifth_waits_a_minute() -> None:
    failures = Failures()
    for _ in range(4):
        failures = after_one_more(failures, NOW)
        assert not failures.waits(NOW)
    failures = after_one_more(failures, NOW)
    assert failures.refused_until == NOW + timedelta(minutes=1)
    assert failures.waits(NOW + timedelta(seconds=59))
    assert not failures.waits(NOW + timedelta(seconds=60))


def test_a_hundred_wrong_guesses_never_lock_for_longer_than_an_hour() -> None:
    """(row 83)"""
    failures, now, waits = Failures(), NOW, []
    for _ in range(100):
        failures = after_one_more(failures, now)
        waits.append((failures.refused_until or now) - now)
        now = failures.refused_until or now
    assert waits[-1] == timedelta(hours=1)
    assert all(before <= after for before, after in pairwise(waits))
    assert max(WAITS) == 3600


def test_a_day_without_a_wrong_proof_is_a_new_beginning() -> None:
    failures = Failures(50, NOW, NOW + timedelta(hours=1))
    assert after_one_more(failures, NOW + FORGOTTEN_AFTER).count == 1
    assert after_one_more(failures, NOW + FORGOTTEN_AFTER - timedelta(seconds=1)).count == 51
