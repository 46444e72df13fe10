"""The next release's revision comes while this one serves: nobody waits long for it, and this release goes on
beside it, newly started processes too (C087).

Seen to fail: with a `lock_timeout` of two seconds, and with every newer revision refused.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from idp import schema
from idp.embedded_postgres import EmbeddedPostgres
from idp.settings import Mode
from tests.faults.test_killed_under_load import eventually, web_process, web_processes
from tests.running import Running, started
from tests.sample_client import sign_in

HELD_SECONDS = 4.0  # by a report that reads the table, longer than any one answer may take
NOTICED_SECONDS = 2.0
NEXT = """
from alembic import op

revision = "9001"
down_revision = "{newest}"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE idp.sessions ADD COLUMN of_the_next_release text")
    with op.get_context().autocommit_block():
        op.get_bind().exec_driver_sql("CREATE INDEX CONCURRENTLY ON idp.sessions (of_the_next_release)")
"""


@pytest.fixture(scope="module")
def own(migrated: Path) -> Iterator[Running]:
    with started(migrated) as running:
        yield running


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `gapura database upgrade` of the release after this one brings."""
    newest = schema.newest()
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations/versions/9001_before_next.py").write_text(NEXT.format(newest=newest))
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")


class Traffic:
    """Citizens whose applications ask for them again and again; each answer with its seconds."""

    def __init__(self, running: Running, number: int) -> None:
        self._client, self._browser = running.client("antrean-puskesmas"), running.browser()
        self._tokens = sign_in(self._browser, self._client, running.citizen(number), scope="openid profile")
        self.answers: list[tuple[float, int]] = []

    def go_on(self, stop: threading.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            page = self._browser.get(self._client.visit("openid profile", prompt="none").url)
            self.answers.append((time.monotonic() - began, page.status if "code" in page.answer else 500))
            began = time.monotonic()
            status = self._client.userinfo(self._tokens.access_token).status_code
            self.answers.append((time.monotonic() - began, status))


def upgraded_behind_a_report(url: str, pool: ThreadPoolExecutor) -> list[str]:
    """The revisions, brought while somebody's report holds the table."""
    with psycopg.connect(url) as report:
        report.execute("SET ROLE gapura_owner")
        report.execute("SELECT count(*) FROM idp.sessions")
        upgrade: Future[list[str]] = pool.submit(schema.upgrade, url, Mode.DEMO)
        time.sleep(HELD_SECONDS)
        assert not upgrade.done(), "it waits for the table"
    return upgrade.result(60)


def test_a_revision_that_waits_for_a_table_makes_nobody_wait(own: Running, next_release: None) -> None:
    """(C087)"""
    url, stop = EmbeddedPostgres(own.instance).url("gapura_owner"), threading.Event()
    citizens = [Traffic(own, number) for number in (1, 2, 3)]
    with ThreadPoolExecutor(len(citizens) + 1) as pool:
        asking = [pool.submit(one.go_on, stop) for one in citizens]
        assert upgraded_behind_a_report(url, pool) == ["9001"]
        time.sleep(0.5)  # beside the new schema
        stop.set()
        for one in asking:
            one.result()
    answers = sorted(answer for one in citizens for answer in one.answers)
    assert {status for _, status in answers} <= {200, 302, 303}
    print(
        f"{len(answers)} answers, p99 {answers[len(answers) * 99 // 100][0]:.3f} s, longest {answers[-1][0]:.3f} s"
    )
    assert answers[-1][0] < NOTICED_SECONDS
    # A process of this release begins on the next one's schema: it was killed, or the release is rolled back.
    before = web_processes(own)
    os.kill(web_process(own), signal.SIGKILL)
    assert eventually(lambda: len(web_processes(own)) == len(before) and web_processes(own) != before, 20)
    assert own.command("database", "check")["orphans"]
    assert Traffic(own, 4)
