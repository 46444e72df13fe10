"""Races: acts that begin together, because nobody starts before everybody is ready."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sample_client import Browser, SampleClient, Visit

RACERS = 8


def rounds(short: int, long: int = 200) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "rounds", [pytest.param(short), pytest.param(long, marks=pytest.mark.long)], ids=["short", "long"]
    )


def race(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each act answered, in their order."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def a_code(browser: Browser, client: SampleClient, scope: str = "openid profile") -> tuple[Visit, str]:
    """A hop of a signed-in citizen, up to the code."""
    visit = client.visit(scope)
    return visit, client.code(visit, browser.get(visit.url))
