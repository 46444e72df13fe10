"""A real Chromium, one for all tests that need script or a true browser. What is missing is said."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# A written-out environment: nothing of ours reaches the browser.
ENVIRONMENT: dict[str, str | float | bool] = {"PATH": os.defpath, "HOME": "/tmp", "LANG": "C.UTF-8"}


def missing(sentence: str) -> None:
    """Skip what cannot run here; in CI everything must."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        missing("Chromium is not installed: the pages are not looked at")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=ENVIRONMENT)
        yield browser
        browser.close()
