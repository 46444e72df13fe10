"""The embedded server has one owner, dies with it, comes back with every row, and opens to nobody else."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from idp.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

ROOT = Path(__file__).parents[3]
OWNER = """
import sys, time
from pathlib import Path
from idp.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start_or_attach()
print(server.owner, flush=True)
time.sleep(600)
"""


def _owning_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "True"
    return process


def _postmaster(folder: Path) -> int:
    return int((folder / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


def _gone(pid: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while Path(f"/proc/{pid}").exists() and "zombie" not in Path(f"/proc/{pid}/status").read_text():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _insert(server: EmbeddedPostgres, number: int) -> None:
    with psycopg.connect(server.url("gapura_owner")) as connection:
        connection.execute("SET ROLE gapura_owner")
        connection.execute("CREATE SCHEMA IF NOT EXISTS kept")
        connection.execute("CREATE TABLE IF NOT EXISTS kept.rows (number integer)")
        connection.execute("INSERT INTO kept.rows VALUES (%s)", (number,))


def _rows(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.url("gapura_owner")) as connection:
        connection.execute("SET ROLE gapura_owner")
        return [row[0] for row in connection.execute("SELECT number FROM kept.rows ORDER BY number")]


def test_a_second_process_attaches_and_its_end_leaves_the_server_running(folder: Path) -> None:
    owner = EmbeddedPostgres(folder)
    owner.start_or_attach()
    try:
        other = EmbeddedPostgres(folder)
        other.start_or_attach()
        assert (owner.owner, other.owner) == (True, False)
        other.stop()
        _insert(owner, 1)
    finally:
        owner.stop()


def test_a_process_that_must_own_is_refused_in_one_sentence(folder: Path) -> None:
    owner = EmbeddedPostgres(folder)
    owner.start_or_attach()
    try:
        with pytest.raises(EmbeddedPostgresError, match="in use by another process"):
            EmbeddedPostgres(folder).start_or_attach(wait_seconds=0.3, attach=False)
    finally:
        owner.stop()


def test_a_killed_owner_leaves_no_orphan_and_the_next_start_has_every_row(folder: Path) -> None:
    process = _owning_process(folder)
    server = EmbeddedPostgres(folder)
    server.start_or_attach()
    _insert(server, 1)
    postmaster = _postmaster(folder)
    process.kill()
    process.wait()
    server.start_or_attach()
    try:
        assert server.owner
        assert _gone(postmaster, 0)
        assert _rows(server) == [1]
    finally:
        server.stop()


def test_killing_everything_at_once_loses_nothing(folder: Path) -> None:
    process = _owning_process(folder)
    server = EmbeddedPostgres(folder)
    server.start_or_attach()
    _insert(server, 7)
    os.kill(_postmaster(folder), signal.SIGKILL)
    process.kill()
    process.wait()
    server.start_or_attach()
    try:
        assert _rows(server) == [7]
    finally:
        server.stop()


def test_the_socket_and_the_data_are_closed_to_others_and_there_is_no_tcp(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start_or_attach()
    try:
        for private in (folder / "pgdata", folder / "socket"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
        rules = (folder / "pgdata" / "pg_hba.conf").read_text()
        assert rules == "local all all peer map=gapura\n"
        with psycopg.connect(server.url("gapura_web")) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://gapura_superuser@/postgres?host={folder / 'socket'}")
    finally:
        server.stop()


def test_what_a_statement_was_refused_for_is_not_in_its_log(folder: Path) -> None:
    """(row 111) A row, a value or a literal of it may be anybody's number."""
    server = EmbeddedPostgres(folder)
    url = server.start_or_attach()["gapura_owner"]
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            for refused in (
                "SELECT '3273004405900001'::uuid",
                "SELECT 1/0 WHERE '3273004405900001' <> ''",
                "DO $$ BEGIN RAISE WARNING '3273004405900001'; END $$",
                "CREATE TEMP TABLE one (nik text PRIMARY KEY); INSERT INTO one VALUES ('3273004405900001');"
                " INSERT INTO one VALUES ('3273004405900001')",
            ):
                with contextlib.suppress(psycopg.Error):
                    connection.execute(refused)
    finally:
        server.stop()
    log = server.log.read_text()
    assert "ready to accept connections" in log
    assert "3273004405900001" not in log


def test_postgres_does_not_see_our_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server started with a key in its environment prints it."""
    monkeypatch.setenv("MARKER_SECRET", "d0nttell")
    server = EmbeddedPostgres(folder)
    server.start_or_attach()
    try:
        environment = Path(f"/proc/{_postmaster(folder)}/environ").read_bytes()
        assert b"d0nttell" not in environment
    finally:
        server.stop()


def test_a_long_path_has_its_socket_in_a_private_folder_that_others_find(folder: Path) -> None:
    long = folder / ("n" * 90)
    server = EmbeddedPostgres(long)
    server.start_or_attach()
    try:
        sockets = Path(server.url("gapura_web").partition("host=")[2])
        assert sockets.parent != long
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        other = EmbeddedPostgres(long)
        other.start_or_attach()
        assert other.url("gapura_web") == server.url("gapura_web")
        _insert(other, 3)
    finally:
        server.stop()
        shutil.rmtree(sockets)
