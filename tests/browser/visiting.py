"""A citizen's browser at an application and at Gapura: the steps that every walk has in common."""

from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from tests.running import Running
from tests.sample_client import Page, SampleClient, Visit

PHONE: dict[str, Any] = {
    "java_script_enabled": False,
    "locale": "id-ID",
    "viewport": {"width": 360, "height": 800},
}


class Site(BaseHTTPRequestHandler):
    """An application's own pages: /callback is the end, or sends on to `onward`, as many do."""

    onward: str | None = None

    def do_GET(self) -> None:
        if self.path.startswith("/callback") and self.onward:
            self.send_response(302)
            self.send_header("Location", self.onward)
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>arrived</title>")

    def log_message(self, *_: object) -> None:
        """A test prints nothing."""


def application(running: Running, home: str) -> SampleClient:
    """The one that may run at any loopback port (RFC 8252 §7.3)."""
    client = running.client("sim-saya")
    client.redirect_uri = f"{home}/callback"
    return client


def begin(page: Any, running: Running, client: SampleClient, number: int, **sent: str) -> Visit:
    visit = client.visit("openid profile", redirect_uri=client.redirect_uri, **sent)
    page.goto(visit.url)
    log_in(page, running, number)
    return visit


def log_in(page: Any, running: Running, number: int) -> None:
    """By the login page that is shown. All tests sign in from one address, faster than people do: its budget is
    not what is tried here.
    """
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")
    citizen = running.citizen(number)
    page.fill("#identifier", citizen["nik"])
    page.fill("#password", citizen["password"])
    page.click("#login-submit")


def arrived(page: Any) -> Page:
    page.wait_for_url("**/callback?*")
    return Page(page.url, 200, httpx.Headers(), "")
