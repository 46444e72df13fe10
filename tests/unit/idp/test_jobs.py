"""A job exists if and only if its cause committed; one of a dead worker is taken back, once (C084)."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from idp import jobs
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.job_runner import JobRunner
from idp.jobs import Job

ROOT = Path(__file__).parents[3]
SLOW_WORKER = """
import sys, time
from idp.job_runner import JobRunner
from idp.jobs import Job

def slow(arguments):
    print("begun", flush=True)
    time.sleep(600)

JobRunner(sys.argv[1], "gapura_worker", {Job("test.slow"): slow}).run()
"""


@pytest.fixture(autouse=True)
def no_job_left(owner_database: Database) -> Iterator[None]:
    yield
    with owner_database.writing() as db:
        db.execute(text("DELETE FROM jobs.procrastinate_jobs"))


def _count(database: Database, job: Job, state: str = "todo") -> int:
    with database.reading() as db:
        found = db.execute(
            text("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = :name AND status::text = :state"),
            {"name": job.name, "state": state},
        )
        return int(found.scalar_one())


class Run:
    """A runner in a thread, for the time of a test."""

    def __init__(self, postgres: EmbeddedPostgres, handlers: Mapping[Job, Any]) -> None:
        self._runner = JobRunner(postgres.url("gapura_worker"), "gapura_worker", handlers)
        self._thread = threading.Thread(target=self._runner.run)

    def __enter__(self) -> "Run":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()


def _until(condition: Any, within: float = 15) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_job_whose_cause_is_rolled_back_does_not_exist(database: Database) -> None:
    job = Job("test.rolled_back")
    with pytest.raises(ZeroDivisionError), database.writing() as db:  # noqa: PT012 - the cause is what fails
        jobs.defer(db, job, {"number": 1})
        raise ZeroDivisionError
    assert _count(database, job) == 0


def test_a_deferred_job_runs_with_its_arguments_and_is_gone(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    job = Job("test.runs")
    seen: list[Mapping[str, Any]] = []
    with Run(postgres, {job: seen.append}):
        with database.writing() as db:
            jobs.defer(db, job, {"client_no": 7, "note": "seven"})
        assert _until(lambda: seen)
        assert _until(lambda: _count(database, job) + _count(database, job, "doing") == 0)
    assert seen == [{"client_no": 7, "note": "seven"}]


def test_a_job_that_fails_is_tried_again_and_stands_as_failed_when_it_has_had_its_tries(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    job = Job("test.fails", tries=2)
    attempts: list[int] = []

    def fail(arguments: Mapping[str, Any]) -> None:
        attempts.append(1)
        raise ValueError("marker-4711")

    with Run(postgres, {job: fail}):
        with database.writing() as db:
            jobs.defer(db, job, {})
        assert _until(lambda: _count(database, job, "failed") == 1)
    assert len(attempts) == 2


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [(0, timedelta(seconds=2)), (1, timedelta(seconds=4)), (10, timedelta(seconds=2048)), (11, None)],
)
def test_tries_are_further_apart_each_time(attempts: int, wait: timedelta | None) -> None:
    assert Job("test.policy").wait(attempts) == wait
    assert Job("test.policy", tries=99).wait(50) == timedelta(hours=1)


def test_a_job_of_a_killed_worker_is_taken_back_once_by_two_rescuers(
    database: Database, worker_database: Database, owner_database: Database, postgres: EmbeddedPostgres
) -> None:
    """(C084): the rescuer is no job; a worker restarted under the same name does not make the job look alive."""
    job = Job("test.slow")
    with database.writing() as db:
        jobs.defer(db, job, {"key": str(uuid4())})
    worker = subprocess.Popen(
        [sys.executable, "-c", SLOW_WORKER, postgres.url("gapura_worker")],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "begun"
    assert jobs.rescue(worker_database.hot()) == [], "its worker lives"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    with owner_database.writing() as db:  # as if the time had passed
        db.execute(text("UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"))
    rescued: list[int] = []
    both = [lambda: rescued.extend(jobs.rescue(worker_database.hot()))] * 2
    rescuers = [threading.Thread(target=rescue) for rescue in both]
    for rescuer in rescuers:
        rescuer.start()
    for rescuer in rescuers:
        rescuer.join()
    assert len(rescued) == 1
    seen: list[Mapping[str, Any]] = []
    with Run(postgres, {job: seen.append}):
        assert _until(lambda: seen)


def test_how_the_jobs_stand_is_told(database: Database, worker_database: Database) -> None:
    """(C084)"""
    with database.writing() as db:
        jobs.defer(db, Job("test.waits"), {})
    standing = jobs.standing(worker_database.hot())
    assert (standing.waiting, standing.running, standing.failed) == (1, 0, 0)
    assert standing.late_seconds < 5
