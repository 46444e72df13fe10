"""kill -9 of the database, of web processes and of the worker, under load: what was acknowledged stands, nothing
is half done, the service serves again by itself, and nobody is left behind (DESIGN §6.1).
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.races import rounds
from tests.faults.under_load import Citizen, Seen
from tests.running import Running, started

SERVES_AGAIN_SECONDS = 30.0
HALF_DONE = {
    "a withdrawal without its clock": """
        SELECT r.consent_id FROM consent.records AS r
          LEFT JOIN idp.withdrawals AS w ON w.citizen_id = r.citizen_id AND w.consent_id = r.consent_id
         WHERE r.act = 'withdrawn' AND w.consent_id IS NULL""",
    "a clock without its withdrawal": """
        SELECT w.consent_id FROM idp.withdrawals AS w
          LEFT JOIN consent.records AS r ON r.citizen_id = w.citizen_id AND r.consent_id = w.consent_id
                                        AND r.act IN ('withdrawn', 'expired', 'ended', 'struck_down')
         WHERE r.record_id IS NULL""",
    "a refresh family that outlived its consent": """
        SELECT f.family_id FROM idp.refresh_families AS f
          JOIN consent.records AS r ON r.citizen_id = f.citizen_id AND r.consent_id = f.consent_id
         WHERE r.act = 'withdrawn' AND f.ended_at IS NULL""",
    # A delivery under way is sealed: it tells whose it is and of which kind, and they are counted.
    "a withdrawal that nobody was or will be told of": """
        SELECT w.citizen_id FROM idp.withdrawals AS w
         WHERE w.told_at IS NULL AND w.not_told_at IS NULL
           AND NOT EXISTS (SELECT FROM idp.outbox AS o WHERE o.citizen_id = w.citizen_id
                                                         AND o.detail ->> 'consent_id' = w.consent_id::text)
         GROUP BY w.citizen_id
        HAVING count(*) > (SELECT count(*) FROM idp.deliveries AS d
                            WHERE d.citizen_id = w.citizen_id AND d.kind = 'consent-withdrawn'
                              AND d.given_up_at IS NULL)""",
    "an act whose leaf is nowhere": """
        SELECT r.record_id FROM consent.records AS r
          CROSS JOIN LATERAL (SELECT convert_to('{"c":"' || translate(rtrim(encode(r.commitment, 'base64'), '='),
                                                '+/', '-_') || '","v":1}', 'UTF8') AS entry) AS l
         WHERE NOT EXISTS (SELECT FROM consent.ledger_entries AS e WHERE e.entry = l.entry)
           AND NOT EXISTS (SELECT FROM consent.ledger_intake AS i WHERE i.entry = l.entry)""",
}


@pytest.fixture(scope="module")
def own(migrated: Path) -> Iterator[Running]:
    with started(migrated) as running:
        yield running


def processes(running: Running) -> dict[int, str]:
    """Everybody of this installation but its launcher, with the command."""
    mark, found = str(running.instance).encode(), {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            if mark in command + (entry / "environ").read_bytes():
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended meanwhile, or not ours to read
            continue
    return {pid: command for pid, command in found.items() if pid not in (running.launcher, os.getpid())}


def descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return True  # it has ended
    return False


def orphans(running: Running) -> list[str]:
    return [command for pid, command in processes(running).items() if not descends(pid, running.launcher)]


def eventually(true: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def database(running: Running) -> int:
    return int((running.instance / "pgdata" / "postmaster.pid").read_text().split()[0])


def web_process(running: Running) -> int:
    serving = web_processes(running)
    return random.Random(len(serving)).choice(serving)


def web_processes(running: Running) -> list[int]:
    """Those that answer, not the one that keeps them."""
    serving = sorted(pid for pid, command in processes(running).items() if "idp.serving" in command)
    return serving[1:]


def worker(running: Running) -> int:
    """The one before may have died young: then the next takes its time."""
    assert eventually(lambda: bool(workers(running)), 45)
    return workers(running)[0]


def workers(running: Running) -> list[int]:
    return [pid for pid, command in processes(running).items() if "idp.worker" in command]


# Whom it strikes, and for how many seconds somebody may go unserved.
KILLS = ((database, SERVES_AGAIN_SECONDS), (web_process, 5.0), (worker, 0.0))


def strike(running: Running, seen: Seen, number: int, citizens: int) -> tuple[float, float]:
    """Kill once, and wait until everybody was served again: from when, and until when, failures are excused."""
    victim, excused = KILLS[number % len(KILLS)]
    pid = victim(running)
    at = time.monotonic()  # before it: who was struck may have failed by the time that this thread goes on
    os.kill(pid, signal.SIGKILL)

    def served_again() -> bool:
        return sum(began > at and what == "withdrawn" for began, what in list(seen.acknowledged)) >= citizens

    assert eventually(served_again, SERVES_AGAIN_SECONDS), (victim.__name__, seen.failures[-5:])
    print(f"{victim.__name__}: served again after {time.monotonic() - at:.1f} s")
    assert eventually(lambda: not orphans(running), 10), orphans(running)
    return at, at + excused


@rounds(2, 20)
def test_what_was_acknowledged_stands_and_nothing_is_half_done(own: Running, rounds: int) -> None:
    """(C084) Seen to fail: with one commit in twenty left out, and with errors of a held connection's cursors, of
    an engine's first connection and of the CORS headers passed on as they come."""
    seen, stop, chance, before = Seen(), threading.Event(), random.Random(rounds), half_done(own)
    without_second_factor = [one for one in own.demo["citizens"] if not one["totp_secret"]]
    citizens = [Citizen(own, one, seen, stop) for one in without_second_factor[:4]]
    with ThreadPoolExecutor(len(citizens)) as pool:
        working = [pool.submit(one.work) for one in citizens[:-1]]
        working.append(pool.submit(citizens[-1].sign_in_again_and_again))
        try:
            excused = []
            for number in range(rounds):
                time.sleep(chance.uniform(0.3, 1.5))
                excused.append(strike(own, seen, number, len(citizens) - 1))
        finally:
            stop.set()
        for one in working:
            one.result()
    for failure in seen.failures:
        assert any(failure.ended >= at and failure.began <= until for at, until in excused), failure
    whole(own, seen)
    assert half_done(own) == before, "the demo's past has withdrawals of its own"


def half_done(running: Running) -> dict[str, set[str]]:
    return {what: {str(row[0]) for row in running.rows(sql)} for what, sql in HALF_DONE.items()}


def whole(running: Running, seen: Seen) -> None:
    """Once the worker has caught up, every table tells the same story."""
    assert eventually(lambda: not running.rows("SELECT 1 FROM idp.outbox LIMIT 1"), 45)
    assert len(seen.withdrawn) > 10, "under load"
    stands = running.rows("SELECT r.consent_id::text FROM consent.records AS r WHERE r.act = 'withdrawn'")
    assert set(seen.withdrawn) <= {row[0] for row in stands}
    assert running.command("ledger", "verify")["problems"] == []
    running.command("database", "check")


def test_in_the_end_nobody_is_left(own: Running) -> None:
    os.kill(own.launcher, signal.SIGTERM)
    assert eventually(lambda: not processes(own), 30), processes(own)
