"""The registry that sends letters, and a browser whose network was forgiven what other tests tried."""

from collections.abc import Iterator

import pytest

from tests.activating import Registry
from tests.running import Running
from tests.sample_client import Browser


@pytest.fixture(scope="module")
def registry(running: Running) -> Iterator[Registry]:
    registry = Registry(running)
    yield registry
    registry.database.close()


@pytest.fixture(autouse=True)
def forgiven(running: Running) -> None:
    """All of these come from one address, faster than people do; its budget has a test of its own."""
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()
