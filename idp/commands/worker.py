"""`gapura worker run|check`: run what is deferred and what recurs; look how the deferred jobs stand."""

import argparse
from dataclasses import asdict

from idp import jobs, worker
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, add_command
from idp.commands.opened import opened

LATE_SECONDS = 120


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    add_command(commands, "run", run, "Run until stopped (TERM, Ctrl-C): what is under way is finished first.")
    add_command(commands, "check", check, "How many jobs wait, run and have failed; exit 3 when they are late.")


def run(_asked: argparse.Namespace) -> Answer:
    return Answer({}, [], worker.main())


def check(_asked: argparse.Namespace) -> Answer:
    with opened("gapura_worker") as (_, database):
        found = jobs.standing(database.hot())
    late = found.late_seconds > LATE_SECONDS
    lines = [
        f"{found.waiting} waiting, {found.running} running, {found.failed} failed for good.",
        f"The latest is {found.late_seconds:.0f} s late." if late else "None is late.",
    ]
    return Answer(asdict(found), lines, FOUND_SOMETHING_WRONG if late or found.failed else 0)
