"""A real Chromium over the gallery of pages, and axe-core to judge them. What is missing is said."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.browser.gallery import Gallery, make_app, make_gallery

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# A written-out environment: nothing of ours reaches the browser.
ENVIRONMENT: dict[str, str | float | bool] = {"PATH": os.defpath, "HOME": "/tmp", "LANG": "C.UTF-8"}


def missing(sentence: str) -> None:
    """Skip what cannot run here; in CI everything must."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        missing("Chromium is not installed: the pages are not looked at")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=ENVIRONMENT)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    npm = shutil.which("npm")
    if not AXE.exists() and npm:
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=Path(__file__).parent, capture_output=True, check=False, timeout=120)
    if not AXE.exists():
        missing("axe-core is not here and npm could not fetch it: accessibility is not judged")
    return AXE.read_text()


@pytest.fixture(scope="session")
def gallery() -> Gallery:
    return make_gallery()


@pytest.fixture(scope="session")
def address(gallery: Gallery) -> Iterator[str]:
    """Where the gallery hangs."""
    server = make_server("127.0.0.1", 0, make_app(gallery), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
