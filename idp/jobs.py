"""What must happen later and must not be lost: a job is deferred in the transaction that causes it, so it exists
if and only if its cause does (DESIGN §3). Run by `idp/worker`, at least once: whatever a job does must be the
same done twice.

The names and retry policies of all jobs stand here. A job's arguments are numbers and ids, never a personal datum
or a secret: they lie in a table in the clear. Jobs of a worker that died are taken back by `rescue`, which is no
job itself (C084).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy.orm import Session

HEARTBEAT = timedelta(seconds=10)
DEAD_AFTER = timedelta(seconds=40)  # a job of a killed worker runs again within this and the rescuer's 15 s


@dataclass(frozen=True)
class Job:
    """A kind of job. Tried again after 2, 4, 8 … seconds, at most `longest_wait` apart, until it has failed
    `tries` times; then it stands as failed, for an operator to see."""

    name: str
    tries: int = 12
    longest_wait: timedelta = timedelta(hours=1)

    def wait(self, attempts: int) -> timedelta | None:
        """How long after its `attempts`-th failure (0: the first); None: it has failed for good."""
        if attempts + 1 >= self.tries:
            return None
        return min(timedelta(seconds=2 << min(attempts, 20)), self.longest_wait)


# What is sent late is a nuisance: a code has run out by then. So its tries come close together, and few.
SEND_MESSAGE = Job("message.send", tries=9, longest_wait=timedelta(minutes=5))
SEND_RECOVERY_CODE = Job("recovery.send_code", tries=9, longest_wait=timedelta(minutes=5))
AWAIT_FIRST_LOOK = Job("first_look.await")
WRITE_TO_AGENCY = Job("withdrawal.write", tries=36)  # for a day: then its reminder is due, which tries anew
JOBS: tuple[Job, ...] = (SEND_MESSAGE, SEND_RECOVERY_CODE, AWAIT_FIRST_LOOK, WRITE_TO_AGENCY)

DEFER = """
SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[
  ROW('default', %(name)s::text, 0, %(in_order)s::text, NULL, %(arguments)s::jsonb, %(not_before)s::timestamptz)
]::jobs.procrastinate_job_to_defer_v1[])
"""
# `attempts` counts the run that died, so that a job that kills its worker does not do so for ever.
RESCUE = """
UPDATE jobs.procrastinate_jobs AS j
   SET status = CASE WHEN j.attempts + 1 < %(most)s THEN 'todo' ELSE 'failed' END::jobs.procrastinate_job_status,
       attempts = j.attempts + 1, worker_id = NULL, scheduled_at = now()
 WHERE j.status = 'doing'
   AND NOT EXISTS (SELECT FROM jobs.procrastinate_workers AS w
                    WHERE w.id = j.worker_id AND w.last_heartbeat > now() - %(dead_after)s::interval)
RETURNING j.id
"""
FORGET_WORKERS = "DELETE FROM jobs.procrastinate_workers WHERE last_heartbeat < now() - interval '1 hour'"
STANDING = """
SELECT count(*) FILTER (WHERE j.status = 'todo'), count(*) FILTER (WHERE j.status = 'doing'),
       count(*) FILTER (WHERE j.status = 'failed'),
       coalesce(extract(epoch FROM now() - min(coalesce(j.scheduled_at, now()))
                                              FILTER (WHERE j.status = 'todo')), 0)
  FROM jobs.procrastinate_jobs AS j
"""
MOST_DEATHS = 10


@dataclass(frozen=True)
class Standing:
    """How many jobs wait, run and have failed for good; how many seconds the latest is late."""

    waiting: int
    running: int
    failed: int
    late_seconds: float


def defer(
    db: Session,
    job: Job,
    arguments: Mapping[str, str | int],
    *,
    in_order: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Have `job` run once the caller's transaction commits. Those of one `in_order` run one by one."""
    parameters = {
        "name": job.name,
        "in_order": in_order,
        "arguments": json.dumps(dict(arguments)),
        "not_before": not_before,
    }
    db.connection().exec_driver_sql(DEFER, parameters)


def rescue(connection: psycopg.Connection[Any]) -> list[int]:
    """Take back the jobs of workers that no longer give a sign of life. Two that rescue at once do it once."""
    rows = connection.execute(RESCUE, {"most": MOST_DEATHS, "dead_after": DEAD_AFTER}).fetchall()
    connection.execute(FORGET_WORKERS)
    return [int(row[0]) for row in rows]


def standing(connection: psycopg.Connection[Any]) -> Standing:
    """For metrics and the operator's page."""
    waiting, running, failed, late = connection.execute(STANDING).fetchone() or (0, 0, 0, 0)
    return Standing(waiting, running, failed, max(0.0, float(late)))
