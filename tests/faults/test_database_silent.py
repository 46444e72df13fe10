"""A database that takes connections and says nothing: who reaches for it is told so soon, who does not need it
notices nothing, and everything goes on by itself once it speaks again (C082).

Seen to fail: with the keys read from the database whatever their age, and with every request asking a silent
server.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.running import Running

SILENT_SECONDS, PATIENCE_SECONDS, HOPS = 7.0, 3.0, 60
PUBLIC = ("/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/health")


def database_of(running: Running) -> list[int]:
    """The postmaster and its children."""
    postmaster = int((running.instance / "pgdata" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


@contextmanager
def silent(running: Running) -> Iterator[None]:
    stopped = database_of(running)
    try:
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


def ask(running: Running, path: str) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = httpx.get(running.issuer + path, headers={"Accept": "text/html"}, timeout=30)
    return answer, time.monotonic() - began


def test_keys_and_discovery_answer_throughout_and_the_hops_are_told(running: Running) -> None:
    """(C082)"""
    hop = f"/authorize?client_id={running.client().client_id}"
    assert ask(running, hop)[0].status_code < 500
    time.sleep(1)  # until the keys are loaded since the new application moved the generation
    with ThreadPoolExecutor(HOPS) as pool:
        with silent(running):
            time.sleep(1.5)  # until no process may go on by what it remembers
            began = time.monotonic()
            hops = [pool.submit(ask, running, hop) for _ in range(HOPS)]
            time.sleep(PATIENCE_SECONDS)  # those that reach for the database first wait for it
            while time.monotonic() - began < SILENT_SECONDS:
                for path in PUBLIC:
                    answer, seconds = ask(running, path)
                    assert (answer.status_code, seconds < 2) == (200, True), (path, seconds)
                time.sleep(0.2)
        answers = [one.result()[0] for one in hops]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) > HOPS / 2
    assert all(answer.headers["retry-after"] for answer in refused)
    assert all(answer.status_code in (200, 503) for answer in answers)
    ends = time.monotonic() + 5
    while ask(running, hop)[0].status_code == 503:
        assert time.monotonic() < ends, "it does not come back by itself"
        time.sleep(0.2)
