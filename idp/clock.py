"""The worker's clock: duties that recur, each in a thread of its own, so that one that hangs holds up no other.

A duty that fails is told in the log and in the metrics, and comes again; it never ends the worker. Two workers
may run the same duty at once: each duty is safe to run twice.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from idp import metrics
from idp.errors import DatabaseAway

log = structlog.get_logger()


@dataclass(frozen=True)
class Duty:
    """What recurs. `run` does one round in its own transactions; True: there is more to do at once."""

    name: str
    every: timedelta
    run: Callable[[], bool]


class Clock:
    """Runs duties from `start` to `stop`. A stop waits for the rounds under way."""

    def __init__(self, duties: Iterable[Duty]) -> None:
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(duty,), name=f"duty {duty.name}", daemon=True)
            for duty in duties
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, within_seconds: float) -> None:
        self._stopping.set()
        deadline = time.monotonic() + within_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _keep(self, duty: Duty) -> None:
        """First at once: what fell due while no worker ran has waited long enough."""
        while not self._stopping.is_set():
            more = run_once(duty)
            if not more:
                self._stopping.wait(duty.every.total_seconds())


def run_once(duty: Duty) -> bool:
    """One round; whether there is more to do at once. Never raises."""
    try:
        more = duty.run()
    except DatabaseAway as away:
        log.warning("duty waits for the database", duty=duty.name, reason=str(away))
        metrics.DUTIES.labels(duty.name, "waiting").inc()
        return False
    except Exception as error:
        log.error("duty failed", duty=duty.name, exc_info=error)
        metrics.DUTIES.labels(duty.name, "failed").inc()
        return False
    metrics.DUTIES.labels(duty.name, "done").inc()
    return more
