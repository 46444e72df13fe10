"""A page on oidc-client-ts in a real Chromium: a public client, PKCE, answers across origins."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.clients.programs import HERE, node_modules, register
from tests.running import Running

SUPARNO = 2
LIBRARY = "oidc-client-ts/dist/browser/oidc-client-ts.min.js"


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """A test prints nothing."""


@pytest.fixture
def home(running: Running, tmp_path: Path) -> Iterator[str]:
    """Where the page is served; it is registered there, as a public client."""
    copy(node_modules() / LIBRARY, tmp_path)
    for name in ("index.html", "login.js"):
        copy(HERE / "oidc_client_ts" / name, tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=tmp_path))
    address = f"http://127.0.0.1:{server.server_port}"
    told = register(running, address, "/", "native", {"token_endpoint_auth_method": "none"})
    assert "CLIENT_SECRET" not in told
    place = {name: told[name] for name in ("ISSUER", "CLIENT_ID")}
    (tmp_path / "place.js").write_text(
        "".join(f"const {name} = {json.dumps(value)}\n" for name, value in place.items())
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield address
    server.shutdown()


def test_a_page_signs_a_citizen_in_then_again_without_typing_and_out(
    running: Running, chromium: Any, home: str
) -> None:
    citizen = running.citizen(SUPARNO)
    context = chromium.new_context(locale="id-ID")
    page = context.new_page()
    page.goto(home)
    page.click("#login")
    page.fill("[name=identifier]", citizen["nik"])
    page.fill("[name=password]", citizen["password"])
    page.click("#login-submit")
    page.click("#consent-allow")
    sub = shown(page, "sub")
    assert shown(page, "name") == "Suparno"

    page.evaluate("sessionStorage.clear()")
    page.goto(home)
    assert page.locator("[data-claim=nobody]").count() == 1
    page.click("#login")
    assert shown(page, "sub") == sub, "nobody had to type"

    page.click("#logout")
    page.wait_for_selector("[data-claim=nobody]")
    page.click("#login")
    page.wait_for_selector("#login-submit")
    context.close()


def shown(page: Any, claim: str) -> str:
    """What the application received, or why it did not."""
    page.wait_for_selector("[data-claim=sub], [data-claim=error]", timeout=10_000)
    found: str = page.inner_text(f"[data-claim={claim}], [data-claim=error]")
    return found
