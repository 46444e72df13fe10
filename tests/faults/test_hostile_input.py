"""Nothing a stranger can send makes the service answer 5xx, grow, or write into a log what was sent (DESIGN §6.6,
§6.7).
"""

import random
from collections import Counter
from pathlib import Path
from urllib.parse import quote, urlsplit

from idp.app import create_flask
from idp.gate import Gate
from tests.faults import hostile
from tests.faults.races import rounds
from tests.running import Running
from tests.sample_client import sign_in

SEED, WARM_UP = 20261125, 400
MOST_GROWTH = 1.2


def doors(gate: Gate) -> list[str]:
    """Every path of the URL map, its variables filled with something."""
    rules = create_flask(gate).url_map.iter_rules()
    paths = {rule.rule for rule in rules} | {"/nothing-here"}
    filled = [
        "/".join("0000000a-0000-7000-8000-000000000000" if "<" in part else part for part in path.split("/"))
        for path in paths
    ]
    return sorted(filled)


def memory(instance: Path) -> dict[str, int]:
    """Pages that each of the server's processes holds: those whose environment names this instance."""
    mark, pages = f"GAPURA_INSTANCE={instance}".encode(), {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                pages[process.name] = int((process / "statm").read_text().split()[1])
        except OSError:  # ended meanwhile, or not ours to read
            continue
    return pages


def logged(instance: Path) -> str:
    files = [instance / "wsgi.log", *(path for path in (instance / "log").rglob("*") if path.is_file())]
    return "".join(path.read_text(errors="replace") for path in files)


@rounds(1_500, 20_000)
def test_no_stranger_gets_a_server_error_or_leaves_a_secret(running: Running, gate: Gate, rounds: int) -> None:
    """(row 109, row 110, row 111, row 119, row 120, C092) Seen to fail: with an assertion that
    cannot be decoded left to raise, with each query printed, and with 300 KB kept of each request to a hot door.
    """
    browser, back = running.browser(), running.client().redirect_uri
    sign_in(browser, running.client(), running.citizen(6))
    cookies = ["; ".join(f"{name}={value}" for name, value in browser.cookies.items())]
    chance, paths, at = random.Random(SEED), doors(gate), urlsplit(running.issuer)
    before: dict[str, int] = {}
    statuses: Counter[int] = Counter()

    def drawn(count: int) -> list[bytes]:
        return [hostile.request(chance, paths, at.netloc, cookies, back) for _ in range(count)]

    warm_up = [*hostile.sweep(chance, paths, at.netloc, cookies), *drawn(WARM_UP)]
    for number, message in enumerate(warm_up + drawn(rounds)):
        if number == len(warm_up):
            before = memory(running.instance)
        answer = hostile.send(str(at.hostname), int(at.port or 80), message)
        statuses[answer.status] += 1
        assert answer.status < 500, (number, answer.head, message[:1500])
        assert b"Traceback" not in answer.body, message[:1500]
        assert b"\r\nset-cookie:x=y" not in answer.head.lower(), message[:1500]
    after = memory(running.instance)
    assert before.keys() == after.keys() != set(), "a process died"
    for process, pages in before.items():
        assert after[process] <= pages * MOST_GROWTH
    assert statuses[0] < statuses.total() / 10, statuses  # nearly all of it was heard to its end
    assert statuses[200] + statuses[303] > rounds / 20, statuses
    log = logged(running.instance)
    for marker in hostile.MARKERS:
        assert marker not in log
        assert quote(marker) not in log
