"""tests/COVERAGE.md says what the tests say."""

from tests import coverage_report


def test_the_coverage_is_up_to_date() -> None:
    assert coverage_report.REPORT.read_text() == coverage_report.report(), "run: python -m tests.coverage_report"
