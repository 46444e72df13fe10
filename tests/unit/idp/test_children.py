"""A child that dies is due again, later each time it dies young; a stubborn one is ended all the same."""

import os
import sys
import time

from idp.children import Child, stop_all


def _until(condition: object, within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_a_running_child_is_not_due() -> None:
    child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    child.start()
    assert not child.due()
    stop_all([child])
    assert child.exit_code() is not None


def test_a_child_that_dies_young_waits_longer_each_time() -> None:
    child = Child("mayfly", [sys.executable, "-c", ""], os.environ)
    pauses = []
    for _ in range(2):
        child.start()
        assert _until(lambda: child.exit_code() is not None)
        child.due()
        died = time.monotonic()
        assert _until(child.due)
        pauses.append(time.monotonic() - died)
    assert pauses[1] > pauses[0]


def test_a_child_that_does_not_listen_is_killed_when_its_time_is_over() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    child = Child("deaf", [sys.executable, "-c", deaf], os.environ)
    child.start()
    time.sleep(0.5)
    child.ask_to_stop()
    child.stop(time.monotonic() + 0.3)
    assert child.exit_code() is not None
