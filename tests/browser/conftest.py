"""The gallery of pages, axe-core to judge them in a real Chromium, and a cheap phone for the walks."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.browser.gallery import Gallery, make_app, make_gallery
from tests.browser.visiting import PHONE, Site
from tests.chromium import missing

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


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
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    servers: list[ThreadingHTTPServer] = []

    def start(onward: str | None = None) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneSite", (Site,), {"onward": onward}))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(**PHONE)
    yield context.new_page()
    context.close()
