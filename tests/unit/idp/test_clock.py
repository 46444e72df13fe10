"""Duties recur at their pace; one that fails or hangs harms neither itself nor the others."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from idp.clock import Clock, Duty, run_once
from idp.errors import DatabaseAway

OFTEN = timedelta(milliseconds=20)


def _counting(counts: dict[str, int], name: str) -> bool:
    counts[name] = counts.get(name, 0) + 1
    return False


def _until(condition: Callable[[], bool], within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_duty_recurs_until_the_clock_stops() -> None:
    counts: dict[str, int] = {}
    clock = Clock([Duty("count", OFTEN, lambda: _counting(counts, "count"))])
    clock.start()
    assert _until(lambda: counts.get("count", 0) >= 3)
    clock.stop(5)
    stopped_at = counts["count"]
    time.sleep(0.1)
    assert counts["count"] == stopped_at


def test_a_duty_that_hangs_holds_up_no_other() -> None:
    counts: dict[str, int] = {}
    hanging = threading.Event()
    clock = Clock([Duty("hang", OFTEN, hanging.wait), Duty("count", OFTEN, lambda: _counting(counts, "count"))])
    clock.start()
    assert _until(lambda: counts.get("count", 0) >= 3)
    hanging.set()
    clock.stop(5)


def test_a_duty_that_fails_comes_again() -> None:
    counts: dict[str, int] = {}

    def fail() -> bool:
        _counting(counts, "fail")
        raise ValueError

    clock = Clock([Duty("fail", OFTEN, fail)])
    clock.start()
    assert _until(lambda: counts.get("fail", 0) >= 3)
    clock.stop(5)


def test_a_database_that_is_away_is_waited_for() -> None:
    def away() -> bool:
        raise DatabaseAway("database: no connection")

    assert run_once(Duty("away", OFTEN, away)) is False


def test_a_duty_with_more_to_do_goes_on_at_once() -> None:
    rounds: list[int] = []
    clock = Clock([Duty("batches", timedelta(hours=1), lambda: rounds.append(1) or len(rounds) < 5)])
    clock.start()
    assert _until(lambda: len(rounds) >= 5)
    clock.stop(5)
    assert len(rounds) == 5
