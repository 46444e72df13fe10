"""What is counted, for /metrics. Labels are names of ours from short lists: no path, id or client as it was sent
(row 111). Processes share their numbers through the folder in PROMETHEUS_MULTIPROC_DIR, which the launcher gives
them.
"""

import os
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY

REQUESTS = Counter("gapura_requests_total", "Answers, by door and status.", ["door", "status"])
SECONDS = Histogram(
    "gapura_request_seconds",
    "Time to an answer, by door.",
    ["door"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
DUTIES = Counter("gapura_duty_runs_total", "Runs of the worker's duties.", ["duty", "outcome"])
SIGNALS = Counter("gapura_signals_total", "Signals to clients, by what became of them.", ["kind", "fate"])
DELIVERIES = Counter("gapura_delivery_attempts_total", "Attempts to tell a client, by answer.", ["answer"])
JOBS = Gauge("gapura_jobs", "Deferred jobs, by state.", ["state"], multiprocess_mode="mostrecent")
JOBS_LATE = Gauge("gapura_jobs_late_seconds", "How late the latest job is.", multiprocess_mode="mostrecent")
PARTITIONS_MISSING = Gauge(
    "gapura_partitions_missing", "Partitions that should be there by now.", multiprocess_mode="mostrecent"
)


def count_answer(door: str, status: int, seconds: float) -> None:
    """One answer of a door. `door` is its path as it is registered, never as a stranger sent it."""
    answers, times = _of(door, status)
    answers.inc()
    times.observe(seconds)


@cache  # to look both up at each answer costs as much as counting it: 4 us together, three times a hop
def _of(door: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(door, str(status)), SECONDS.labels(door)


def as_text() -> bytes:
    """In Prometheus' text form: of all processes where they share a folder, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
