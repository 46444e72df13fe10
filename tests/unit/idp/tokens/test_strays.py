"""A budget of junk: so many at once, then one each tenth of a second, for each client alone."""

from idp.tokens import strays
from idp.tokens.strays import Strays


def test_so_many_at_once_and_then_as_time_passes() -> None:
    """(row 61)"""
    clock = [100.0]
    budget = Strays(monotonic=lambda: clock[0])
    assert {budget.wait(1) for _ in range(strays.AT_ONCE)} == {0.0}
    assert 0 < budget.wait(1) <= strays.EVERY_SECONDS
    assert budget.wait(2) == 0, "another client's is its own"
    clock[0] += 1.01
    assert [budget.wait(1) > 0 for _ in range(12)] == [False] * 10 + [True] * 2
    clock[0] += 3600
    assert {budget.wait(1) for _ in range(strays.AT_ONCE)} == {0.0}
