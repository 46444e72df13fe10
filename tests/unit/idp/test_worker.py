"""Each duty runs in the worker's role, and a worker process starts, works and stops when told."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from idp import worker
from idp.installation import Installation
from idp.worker import Parts

ROOT = Path(__file__).parents[3]
NAMES = [
    "number the ledger",
    "sign receipts",
    "hand signals over",
    "deliver signals",
    "give up deliveries",
    "number withdrawals",
    "remind agencies",
    "end sessions that ran out",
    "end consents that ran out",
    "tell what ends soon",
    "rescue jobs",
    "rotate keys",
    "close days of disclosures",
    "close minutes of the trail",
    "expire recoveries",
    "tell how things stand",
    "make and drop partitions",
    "forget rate limits",
    "forget sent codes",
    "forget letters",
    "forget unconfirmed second factors",
    "forget ended sessions",
    "forget settled recoveries",
    "forget answered questions",
    "forget deliveries given up",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_duty_runs_a_round_with_the_workers_rights(parts: Parts, name: str) -> None:
    (duty,) = [duty for duty in worker.duties(parts) if duty.name == name]
    assert not all(duty.run() for _ in range(20)), "it never comes to rest"


def test_every_duty_is_tried_here(parts: Parts) -> None:
    assert [duty.name for duty in worker.duties(parts)] == NAMES


def _environment(installation: Installation, **changes: str) -> dict[str, str]:
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(installation.settings.instance)}
    return passed | own | {"DATABASE_URL": installation.url("gapura_worker")} | changes


def test_a_worker_process_starts_and_stops_in_order(parts: Parts, workers_installation: Installation) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "idp.worker"],
        cwd=ROOT,
        env=_environment(workers_installation),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "worker started" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "failed" not in rest


def test_a_worker_on_another_database_is_refused_in_one_sentence(workers_installation: Installation) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "idp.worker"],
        cwd=ROOT,
        env=_environment(workers_installation, GAPURA_MODE="sandbox"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("gapura: The database is of mode demo")
