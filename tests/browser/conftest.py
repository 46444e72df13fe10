"""The gallery of pages, axe-core to judge them in a real Chromium, and a cheap phone for the walks."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import send_file
from werkzeug.serving import make_server

from tests.browser.gallery import make_app, make_gallery
from tests.browser.states import Gallery
from tests.browser.visiting import PHONE, Site
from tests.chromium import missing

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe(address: str) -> str:
    """Its address beside the gallery: by that the browser compiles it once, not once a page."""
    npm = shutil.which("npm")
    if not AXE.exists() and npm:
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=Path(__file__).parent, capture_output=True, check=False, timeout=120)
    if not AXE.exists():
        missing("axe-core is not here and npm could not fetch it: accessibility is not judged")
    return f"{address}/axe.js"


@pytest.fixture(scope="session")
def gallery() -> Gallery:
    return make_gallery()


@pytest.fixture(scope="session")
def address(gallery: Gallery) -> Iterator[str]:
    """Where the gallery hangs."""
    app = make_app(gallery)
    app.add_url_rule("/axe.js", "axe", lambda: send_file(AXE, max_age=3600))
    server = make_server("127.0.0.1", 0, app, threaded=True)
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
