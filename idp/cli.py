"""The command `gapura`: what an operator does without reading the source (DESIGN §7).

Each subject is a module of `idp/commands`, listed here; each command has --help and --json and answers with an
exit code: 0 done, 1 refused or failed, with one sentence on stderr, 2 not understood, 3 looked and found
something wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from idp import log
from idp.commands import (
    accounts,
    agencies,
    agreements,
    audit,
    bench,
    clients,
    database,
    keys,
    ledger,
    settings,
    worker,
)
from idp.commands.answer import Answer, CommandError
from idp.installation import BAD_STARTS

SUBJECTS = (accounts, agencies, agreements, audit, bench, clients, database, keys, ledger, settings, worker)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer."""
    log.configure(stream=sys.stderr)
    asked = _parser().parse_args(arguments)
    try:
        answer: Answer = asked.run(asked)
    except (CommandError, *BAD_STARTS) as refusal:
        print(f"gapura: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(answer.data, ensure_ascii=False, default=str) if asked.json else "\n".join(answer.lines))
    return answer.code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gapura",
        description="Operate a Gapura installation. Settings come from the environment: see gapura settings.",
        epilog="Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 looked and found something wrong.",
    )
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    for subject in SUBJECTS:
        subject.add_to(subjects)
    return parser
