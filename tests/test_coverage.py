"""The page of what is covered is what the docstrings say."""

import pytest

from tests import coverage


def test_the_page_is_up_to_date() -> None:
    assert coverage.PAGE.read_text() == coverage.page(), "run: python tests/coverage.py"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("(row 15)", {"row 15"}),
        ("(rows 1, 4) More.", {"row 1", "row 4"}),
        ("(rows 98-100; C018)", {"row 98", "row 99", "row 100", "C018"}),
        ("(C018, C022, row 15)", {"C018", "C022", "row 15"}),
        ("(DESIGN §6.1) of 3, 4 (OIDC Core, 2)", set()),
    ],
)
def test_brackets_name_rows_and_cases(words: str, names: set[str]) -> None:
    assert coverage.named(words) == names
