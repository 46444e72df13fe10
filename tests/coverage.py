"""Writes tests/COVERAGE.md: which test covers which row of the protocol's checklist and which case, read from the
docstrings of the tests. `python tests/coverage.py` writes it; test_coverage.py fails while it is out of date.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS / "COVERAGE.md"
ROWS, CASES = range(1, 121), range(1, 93)
# What cannot be tested yet, and for what it waits; whatever else has no test is listed as missing.
WAITS = {
    "DPoP": {"row 23", "row 48", "row 54", "row 55", "row 56"},
    "PAR and signed requests": {"row 24", "row 25", "row 26", "row 44", "row 45", "row 47"},
    "mutual TLS": {"row 46"},
    "other resources and token exchange": {"row 53", "row 62"},
    "device authorization, CIBA, shared signals": {"row 106", "row 107", "row 108"},
}
_HEAD = """# What the tests cover

Made by `python tests/coverage.py` from the tests' docstrings; do not edit. A row is one of the security checklist,
a case one of the catalogue of what went wrong for others.
"""


def page() -> str:
    """The whole page."""
    found = covered()
    waits = {name: reason for reason, names in WAITS.items() for name in names - found.keys()}
    every = [*(f"row {number}" for number in ROWS), *(f"C{number:03}" for number in CASES)]
    missing = [name for name in every if name not in found and name not in waits]
    lines = [f"| {name} | {'<br>'.join(found[name])} |" for name in every if name in found]
    lines += ["", "## Waiting", "", "| what | for |", "|---|---|"]
    lines += [f"| {name} | {waits[name]} |" for name in every if name in waits]
    lines += ["", "## Without a test", "", ", ".join(missing) or "Nothing."]
    return "\n".join([_HEAD, "| what | tests |", "|---|---|", *lines, ""])


def covered() -> dict[str, list[str]]:
    """Rows and cases with the tests that name them, in the order of the files."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for test, words in _tests(path):
            for name in sorted(named(words)):
                found[name].append(f"`{path.relative_to(TESTS)}` {test}")
    return found


def _tests(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name.removeprefix("test_").replace("_", " "), ast.get_docstring(node) or ""


def named(words: str) -> set[str]:
    """What the brackets of a docstring name: `(row 15)`, `(rows 1, 4)`, `(rows 98-101)`, `(C018, row 49)`."""
    names: set[str] = set()
    for inside in re.findall(r"\(([^()]*)\)", words):
        names |= set(re.findall(r"\bC\d{3}\b", inside))
        for first, last in re.findall(r"(?:\brows? |, )(\d{1,3})(?:[-–](\d{1,3}))?(?![\d.])", inside):
            if "row" in inside:
                names |= {f"row {number}" for number in range(int(first), int(last or first) + 1)}
    return names


if __name__ == "__main__":
    PAGE.write_text(page())
