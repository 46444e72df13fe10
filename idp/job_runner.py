"""Runs deferred jobs by procrastinate; when the database goes away, it waits and goes on."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from idp.jobs import HEARTBEAT, Job

Handler = Callable[[Mapping[str, Any]], None]
POLL_SECONDS = 1.0  # nobody notifies: NOTIFY takes a lock that serialises the commits of a whole country
AGAIN_SECONDS = 2.0
CONCURRENCY = 2
STOP_SECONDS = 10.0

log = structlog.get_logger()


class AsItsPolicySays(BaseRetryStrategy):
    """procrastinate's question answered by `Job.wait`."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate.jobs.Job) -> RetryDecision | None:
        log.warning("job failed", job=self._job.name, attempts=job.attempts, exc_info=exception)
        wait = self._job.wait(job.attempts)
        return None if wait is None else RetryDecision(retry_in={"seconds": int(wait.total_seconds())})


class JobRunner:
    """Runs `handlers` until told to stop. A handler is a function of the job's arguments, run in a thread."""

    def __init__(self, url: str, role: str, handlers: Mapping[Job, Handler]) -> None:
        self._url = url
        self._role = role
        self._handlers = handlers
        self._asked_to_stop = False  # may be asked before there is a loop to wake
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Blocks until `stop` is called, from a signal handler or another thread."""
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # it writes arguments; we tell what fails
        asyncio.run(self._run())

    def stop(self) -> None:
        self._asked_to_stop = True
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        if self._asked_to_stop:
            self._stopping.set()
        while not self._stopping.is_set():
            try:
                await self._work(self._stopping)
            except Exception as error:  # whatever it was, jobs go on when the database does
                log.warning("jobs wait for the database", exc_info=error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), AGAIN_SECONDS)

    async def _work(self, stopping: asyncio.Event) -> None:
        async def prepare(connection: psycopg.AsyncConnection[Any]) -> None:
            await connection.execute(f"SET ROLE {self._role}")
            await connection.execute("SET search_path = jobs, pg_catalog")

        connector = procrastinate.PsycopgConnector(
            conninfo=self._url,
            kwargs={"autocommit": True, "connect_timeout": 5, "application_name": "gapura_jobs"},
            configure=prepare,
            min_size=1,
            max_size=CONCURRENCY + 1,
            timeout=10,
        )
        app = procrastinate.App(connector=connector)
        for job, handler in self._handlers.items():
            app.task(name=job.name, retry=AsItsPolicySays(job))(_taking_arguments(handler))
        async with app.open_async():  # never cancelled: a pool that is cut off while it opens does not close
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=CONCURRENCY,
                    listen_notify=False,
                    fetch_job_polling_interval=POLL_SECONDS,
                    update_heartbeat_interval=HEARTBEAT.total_seconds(),
                    shutdown_graceful_timeout=STOP_SECONDS,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            stopped = asyncio.create_task(stopping.wait())
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            working.cancel()  # which lets it finish what it has begun
            with contextlib.suppress(asyncio.CancelledError):
                await working


def _taking_arguments(handler: Handler) -> Callable[..., None]:
    def task(**arguments: Any) -> None:
        handler(arguments)

    return task
