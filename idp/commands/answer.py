"""What a command answers, and the small pieces every command is made of."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from idp.database import Database
from idp.gate import Gate
from idp.installation import Installation
from idp.settings import Settings
from keys.errors import KeyStoreError

FOUND_SOMETHING_WRONG = 3


class CommandError(Exception):
    """A command that is refused or failed; the text is one sentence with the mend."""


@dataclass(frozen=True)
class Answer:
    """`data` for --json, `lines` for people."""

    data: Any
    lines: list[str] = field(default_factory=list)
    code: int = 0


def add_command(
    parsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], Answer],
    text: str,
) -> argparse.ArgumentParser:
    """A command under a subject, with what every command has."""
    parser = parsers.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(run=run)
    return parser


@contextmanager
def opened(role: str) -> Iterator[tuple[Settings, Database]]:
    """Settings and a database that fits, in one role, for the time of a command."""
    settings = Settings.from_env()
    with Installation(settings) as installation:
        installation.judge(role, datetime.now(UTC))
        database = installation.database(role)
        try:
            yield settings, database
        finally:
            database.close()


@contextmanager
def opened_gate() -> Iterator[Gate]:
    """A web process's parts, for a command that does what a door does."""
    settings = Settings.from_env()
    with Installation(settings) as installation:
        installation.judge("gapura_web", datetime.now(UTC))
        try:
            gate = Gate.build(settings, installation.url("gapura_web"))
        except KeyStoreError as refusal:
            raise CommandError(str(refusal)) from refusal
        try:
            yield gate
        finally:
            gate.database.close()
