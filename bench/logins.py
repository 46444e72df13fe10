"""Password sign-ins a second and core at a running demo: the server's CPU from the first page to the answer of the
form, and how much of it is the hash itself. Run after `gapura bench seed`; `make bench` does.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

from argon2 import PasswordHasher

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "opbench"))

from opbench import Bench  # noqa: E402
from provider import Citizen, Visit  # noqa: E402
from wire import Connection  # noqa: E402

from idp.accounts.password_hashing import LANES, MEMORY_KIB, PASSES  # noqa: E402


def hash_ms(times: int = 30) -> float:
    """CPU of one hash with the installation's parameters, alone in this process."""
    hasher, spent = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES), []
    for number in range(times):
        start = time.process_time()
        hasher.hash(f"a password of fifteen {number}")
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


async def login_ms(config: dict[str, object], base: Path, rounds: int) -> tuple[float, int]:
    """The server's CPU for each whole sign-in by password, one after the other, each in a new browser."""
    options = argparse.Namespace(concurrency=1, rate=None)
    bench = Bench(config, base, options)
    await bench.sign_everyone_in()
    bench.find_processes()
    link, before, count = Connection(bench.provider.issuer), bench.counters()["server"], 0
    for _ in range(rounds):
        for citizen in bench.citizens:
            anew = Citizen(citizen.fields, citizen.clients)
            await bench.provider.sign_in(link, Visit(anew, anew.clients[0]))
            count += 1
    link.close()
    return (bench.counters()["server"] - before) / count, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    config = json.loads(asked.config.read_text())
    spent, count = asyncio.run(login_ms(config, asked.config.resolve().parent, asked.rounds))
    one = hash_ms()
    print(
        f"{count} password sign-ins: {spent:.1f} ms of server CPU each, {1000 / spent:.1f} a second and core; "
        f"one hash alone {one:.1f} ms, {100 * one / spent:.0f} %"
    )


if __name__ == "__main__":
    main()
