"""Schema jobs: procrastinate's own tables and functions, as its release 3.10.0 ships them. Before the release.

Kept as a copy beside this file: an upgrade of the library must not change what an old revision once did. Its functions
name their tables without a schema, so each is bound to `jobs`; its two NOTIFY triggers go, because NOTIFY takes a lock
that serialises commits and a withdrawal defers jobs: the worker asks once a second instead.
Not reversible: going back would lose what must not be lost. A backup from before the upgrade is the way back.
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

PROCRASTINATE = Path(__file__).parents[1] / "procrastinate-3.10.0.sql"
BEGIN = """
CREATE SCHEMA jobs;
SET LOCAL search_path = jobs
"""
END = """
DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON jobs.procrastinate_jobs;
DROP TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 ON jobs.procrastinate_jobs;
DO $$
DECLARE made regprocedure;
BEGIN
  FOR made IN SELECT p.oid::regprocedure FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'jobs'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_catalog', made);
  END LOOP;
END $$;
RESET search_path;

GRANT USAGE ON SCHEMA jobs TO gapura_web, gapura_worker;
-- web defers; the worker does the rest. The functions run with their caller's rights.
GRANT SELECT, INSERT ON jobs.procrastinate_jobs, jobs.procrastinate_events TO gapura_web;
GRANT UPDATE, DELETE ON jobs.procrastinate_jobs, jobs.procrastinate_events TO gapura_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.procrastinate_workers, jobs.procrastinate_periodic_defers TO gapura_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO gapura_web, gapura_worker;
"""


def upgrade() -> None:
    for sql in (BEGIN, PROCRASTINATE.read_text(), END):
        op.get_bind().exec_driver_sql(sql)
