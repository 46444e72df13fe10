"""GET, POST /authorize (OIDC Core §3.1.2): where an application sends the browser, and where it comes back from a
screen.

A hot door: with a live session and a stored consent it is one read, one seal and a redirect. A POST from another
site comes without our cookies (SameSite=Lax), so it is kept under a handle and looked at again by GET.
"""

from collections.abc import Callable
from urllib.parse import quote

from flask import Blueprint, Response

from idp.authorization import code_flow, handles
from idp.authorization.handles import ANY_BROWSER, Story
from idp.errors import OAuthError, PageError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import current, session_cookie, shells
from idp.web.sign_in import reply_to

METHODS = ("GET", "POST")


def door(gate: Gate) -> Callable[[Request], Reply]:
    def authorize(request: Request) -> Reply:
        try:
            return _arrived(gate, request)
        except OAuthError as error:  # the request could not even be read
            raise PageError("request_unreadable", error.status, error.description) from None

    return authorize


def resumed(gate: Gate, handle: str, request: Request) -> Reply:
    """GET /authorize/continue/<handle>: one step further, looked at with this browser's own cookies. Here begins
    what a POST brought, and here a browser leaves that has answered its last screen.
    """
    browser = session_cookie.browser(request)
    outcome = code_flow.go_on(gate, handle, session_cookie.read(gate, request), browser.digest)
    return reply_to(outcome, browser.cookies)


def _arrived(gate: Gate, request: Request) -> Reply:
    if request.method == "POST":
        return _posted(gate, request)
    browser, session = session_cookie.browser(request), session_cookie.read(gate, request)
    query = str(request.environ.get("QUERY_STRING", ""))
    return reply_to(code_flow.begin(gate, query, request.query, session, browser.digest), browser.cookies)


def _posted(gate: Gate, request: Request) -> Reply:
    """Kept for any browser: this one's cookies did not come with a POST from another site."""
    parameters = request.form
    if request.query.pairs:
        raise PageError("request_unreadable", 400, "parameters came both in the address and in the body")
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.pairs)
    code_flow.prove(gate, parameters)
    now = gate.now()
    handle = handles.make(gate.database.hot(), gate.sealer, Story(query, now, ANY_BROWSER), now)
    return Reply(303, b"", [("Location", f"/authorize/continue/{quote(handle)}"), ("Cache-Control", "no-store")])


blueprint = Blueprint("authorize_continue", __name__)


@blueprint.get("/authorize/continue/<handle>")
def proceed(handle: str) -> Response:
    return shells.to_flask(resumed(current.gate(), handle, current.exchange()))
