"""Which row of the security checklist and which case has which test, read from the tests' docstrings: `python -m
tests.coverage_report` writes tests/COVERAGE.md.

A test names what it covers as `(row 15)`, `(C018)`, several with commas. What nothing names waits, under what it
needs.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent
REPORT = TESTS / "COVERAGE.md"
ROWS = [*range(1, 14), *range(15, 23), *range(27, 44), *range(49, 53), *range(57, 62), *range(63, 89), 92,
        *range(94, 102), 105, *range(109, 116), 119, 120]  # fmt: skip
CASES = [number for number in range(1, 93) if number not in (46, 49, 63, 65, 67) and not 69 <= number <= 77]
# What of a row or a case has no test yet, and the door or page that it needs.
WAITING = {
    "C030": '"the secret was not form-encoded" at the agency: the agency\'s console',
    "C080": "heads pushed to an outside place: witnesses",
    "C081": "a witness that is down, its alarm and backlog: witnesses",
}
_NAMED = re.compile(r"\b(row \d+|C0\d\d)\b")


def found() -> dict[str, list[str]]:
    """Row or case → the tests that name it."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for name in dict.fromkeys(_NAMED.findall(ast.get_docstring(node) or "")):
                    places[name].append(f"{file.relative_to(TESTS)}::{node.name}")
    return places


def report() -> str:
    places = found()
    lines = [
        "# What is tested, and what waits",
        "",
        "Made from the tests' docstrings by `python -m tests.coverage_report`; a test compares it.",
    ]
    for title, names in (
        ("Security checklist", [f"row {n}" for n in ROWS]),
        ("Cases", [f"C{n:03}" for n in CASES]),
    ):
        covered = [name for name in names if name in places]
        lines += ["", f"## {title}: {len(covered)} of {len(names)}", "", "| | test |", "|---|---|"]
        lines += [f"| {name} | {'<br>'.join(places[name])} |" for name in covered]
        lines += [f"| {name} | **missing** |" for name in names if name not in places]
    lines += ["", "## Waiting", "", "Clauses that need a door or page of later.", ""]
    lines += [f"- {name}: {needs}" for name, needs in WAITING.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    REPORT.write_text(report())
