"""docs/reference/ made from the code: `python -m tests.reference` writes it, tests/architecture/test_reference.py
compares it. Nothing in these pages is written by hand.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
MADE = "Made from the code by `python -m tests.reference`; a test compares it."

Page = Callable[[], str]


def cell(text: object) -> str:
    """A bar would end the cell, an angle bracket outside of code begin a tag, a line end the table."""
    line = " ".join(str(text).split()).replace("|", "\\|")
    return line if line.startswith("`") else line.replace("<", "&lt;")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell(one) for one in row)} |" for row in lines) + "\n"


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts)]) + "\n"


def code(text: str) -> str:
    return f"`{text}`"


def first_sentence(doc: str | None) -> str:
    """Of a docstring: what it says before its first full stop or blank line, without the address it begins"
    " with."""
    paragraph = " ".join((doc or "").strip().partition("\n\n")[0].split())
    sentence = paragraph.partition(". ")[0].strip().removesuffix(".")
    sentence = re.sub(r"^(GET|POST|/)[^:]*: |; protocol\.md §\d+| \(experience §[\d.]+\)", "", sentence)
    return sentence[:1].upper() + sentence[1:]
