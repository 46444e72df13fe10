"""Do hops have priority over sign-ins by password? The time of a hop at a running demo, alone, and while many more
citizens sign in at once than can be served. Run after `gapura bench seed`; `make bench` does.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "opbench"))

from forms import Stuck  # noqa: E402
from opbench import Bench  # noqa: E402
from provider import Citizen, Refused, Visit  # noqa: E402
from wire import Connection  # noqa: E402

HOPS = 200
CROWD = 40


async def hop_times(bench: Bench) -> list[float]:
    """Milliseconds of each of some hops, one after the other, by those who are signed in."""
    link, spent = Connection(bench.provider.issuer), []
    for number in range(HOPS):
        began = time.perf_counter()
        await bench.hop(link, bench.visit(number % bench.concurrency, number))
        spent.append((time.perf_counter() - began) * 1000)
    link.close()
    return sorted(spent)


async def sign_in_again(bench: Bench, number: int, done: dict[str, int]) -> None:
    """One of the crowd: signs in, in a new browser each time, until the hops are done."""
    while True:
        link, citizen = Connection(bench.provider.issuer), bench.citizens[number]
        anew = Citizen(citizen.fields, citizen.clients)
        try:
            await bench.provider.sign_in(link, Visit(anew, anew.clients[0]))
            done["signed in"] += 1
        except (Refused, Stuck):
            done["told to come back"] += 1
            await asyncio.sleep(1)
        finally:
            link.close()


async def main(config: dict[str, Any], base: Path) -> None:
    bench = Bench(config, base, argparse.Namespace(concurrency=8, rate=None))
    await bench.sign_everyone_in()
    bench.find_processes()
    await bench.warm_up(500)
    alone, done, began = await hop_times(bench), {"signed in": 0, "told to come back": 0}, time.perf_counter()
    crowd = [asyncio.create_task(sign_in_again(bench, number, done)) for number in range(CROWD)]
    await asyncio.sleep(2)
    beside = await hop_times(bench)
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    for label, times in (("alone", alone), (f"beside {CROWD} who sign in at once", beside)):
        print(f"a hop {label}: median {times[HOPS // 2]:.0f} ms, 95 % within {times[HOPS * 95 // 100]:.0f} ms")
    print(f"of the crowd, in {time.perf_counter() - began:.0f} s: {done}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=Path)
    asked = parser.parse_args()
    asyncio.run(main(json.loads(asked.config.read_text()), asked.config.resolve().parent))
