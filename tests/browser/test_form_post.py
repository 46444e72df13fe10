"""The answer by form, in a real Chromium with script and without: it arrives, and says what was sent, to the byte
(C091).

Seen to fail: with the script's hash left out of the policy, and with values that are percent-encoded.
"""

import queue
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.browser.visiting import PHONE, log_in
from tests.clients.programs import register
from tests.running import Running
from tests.sample_client import SampleClient
from tests.served import served


class Callback:
    """An application's address: what was posted to it."""

    def __init__(self) -> None:
        self.posted: queue.Queue[dict[str, list[str]]] = queue.Queue()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
            self.posted.put(parse_qs(body, keep_blank_values=True))
            assert handler.headers.get("Referer") is None
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"<title>arrived</title>")


@pytest.fixture(scope="module")
def callback() -> Callback:
    return Callback()


@pytest.fixture(scope="module")
def client(running: Running, callback: Callback) -> Iterator[SampleClient]:
    with served(callback.answer) as home:
        told = register(running, home.rstrip("/"), "/cb", "standard", {})
        yield SampleClient(running.issuer, {
            "client_id": told["CLIENT_ID"], "client_secret": told["CLIENT_SECRET"], "redirect_uris": [f"{home}cb"],
        })  # fmt: skip


STATES = ['"><script>x()</script>', "a b+c&d=%20é\u202e'", "s" * 4096]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
@pytest.mark.parametrize("state", STATES, ids=["markup", "signs", "long"])
def test_it_arrives_by_post_as_it_was_sent(
    chromium: Any, running: Running, client: SampleClient, callback: Callback, script: bool, state: str
) -> None:
    """(C091, row 10, row 12)"""
    context = chromium.new_context(**PHONE | {"java_script_enabled": script})
    try:
        page, said = context.new_page(), list[str]()
        page.on("console", lambda message: said.append(message.text))
        visit = client.visit("openid profile", response_mode="form_post", prompt="consent", state=state)
        page.goto(visit.url)
        log_in(page, running, 7)
        page.click("#consent-allow", no_wait_after=True)
        if not script:
            page.locator("#form-post-submit").wait_for()
            assert page.get_by_role("button").all_inner_texts() == ["Lanjut · Continue"]
            page.click("#form-post-submit")
        page.wait_for_url(client.redirect_uri)
        assert page.title() == "arrived"
    finally:
        context.close()
    posted = callback.posted.get(timeout=5)
    assert {name: len(values) for name, values in posted.items()} == {"code": 1, "state": 1, "iss": 1}
    assert (posted["state"], posted["iss"]) == ([state], [running.issuer])
    assert client.redeem(visit, posted["code"][0]).status_code == 200
    assert not [text for text in said if "Content Security Policy" in text]


def test_a_no_arrives_the_same_way(page: Any, running: Running, client: SampleClient, callback: Callback) -> None:
    """(C091) Without script."""
    visit = client.visit("openid profile", response_mode="form_post", prompt="consent")
    page.goto(visit.url)
    log_in(page, running, 8)
    page.click("#consent-refuse")
    page.click("#form-post-submit")
    page.wait_for_url(client.redirect_uri)
    posted = callback.posted.get(timeout=5)
    assert (posted["error"], posted["state"], posted["iss"]) == (
        ["access_denied"],
        [visit.state],
        [running.issuer],
    )
    assert "code" not in posted
