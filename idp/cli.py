"""The command `gapura`: what an operator does without reading the source (DESIGN §7).

Each subject is a module of `idp/commands`, listed here; each command has --help and --json and answers with an
exit code: 0 done, 1 refused or failed, with one sentence on stderr, 2 not understood, 3 looked and found
something wrong. Only the module of the subject that is asked for is imported: all of them take a second.
"""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence

from idp import log
from idp.commands.answer import Answer, CommandError

SUBJECTS = {
    "accounts": "citizens' accounts: letters, and where an account stands",
    "agencies": "public bodies: register, verify, suspend, resume",
    "agreements": "what applications may ask: show, approve, refuse",
    "audit": "the security trail: is it whole?",
    "bench": "clients, citizens and a country to measure with; demo and sandbox only",
    "clients": "applications: register, show, suspend, replace a secret",
    "database": "the schema, and whether what is in it holds together",
    "keys": "the signing keys",
    "ledger": "the log that proves no consent record was changed or dropped",
    "settings": "every setting, its unit, default and reason",
    "worker": "deferred jobs, and what recurs: run it, look how it stands",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer."""
    log.configure(stream=sys.stderr)
    words = sys.argv[1:] if arguments is None else arguments
    if any(0xD800 <= ord(sign) <= 0xDFFF for word in words for sign in word):  # bytes that are no UTF-8
        print("gapura: The command is not written in UTF-8.", file=sys.stderr)
        return 2
    asked = _parser(words[0] if words else "").parse_args(words)
    try:
        answer: Answer = asked.run(asked)
    except KeyboardInterrupt:
        return 130
    except Exception as failure:
        from idp.installation import BAD_STARTS  # whoever raises one has imported it

        if not isinstance(failure, (CommandError, *BAD_STARTS)):
            raise
        print(f"gapura: {failure}", file=sys.stderr)
        return 1
    try:
        print(json.dumps(answer.data, ensure_ascii=False, default=str) if asked.json else "\n".join(answer.lines))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as head, has enough; at its end the interpreter flushes again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return answer.code


def _parser(asked: str) -> argparse.ArgumentParser:
    """Knows all subjects, and of the one that is asked for its commands."""
    parser = argparse.ArgumentParser(
        prog="gapura",
        description="Operate a Gapura installation. Settings come from the environment: see gapura settings.",
        epilog="Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 looked and found something wrong.",
    )
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    for name, text in SUBJECTS.items():
        subject = subjects.add_parser(name, help=text, description=text)
        if name == asked:
            importlib.import_module(f"idp.commands.{name}").add_to(subject)
    return parser
