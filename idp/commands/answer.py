"""What a command answers, and the small pieces every command is made of."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
    make_command(parser, run)
    return parser


def make_command(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], Answer]) -> None:
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(run=run)


def written(value: Any) -> str:
    """For people: lists with spaces between, objects as `member value`, times to the second in UTC."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {written(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list):
        return ("; " if value and isinstance(value[0], dict) else " ").join(map(written, value))
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
