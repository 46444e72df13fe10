"""GET, POST /authorize (OIDC Core §3.1.2): where an application sends the browser, and where it comes back from a
screen.

A hot door: with a live session and a stored consent it is one read, one seal and a redirect. A POST from another
site comes without our cookies (SameSite=Lax), so it is kept under a handle and looked at again by GET.
"""

from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response

from idp.authorization import code_flow
from idp.authorization.handles import Sender
from idp.errors import OAuthError, PageError
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import current, rate_limits, session_cookie, shells, sign_in
from idp.web.rate_limits import UNFINISHED_OF_A_BROWSER, UNFINISHED_OF_A_NETWORK, Limit, network_of
from idp.web.session_cookie import Browser
from idp.web.sign_in import reply_to

METHODS = ("GET", "POST")
Budget = tuple[Limit, str]


def door(gate: Gate) -> Callable[[Request], Reply]:
    def authorize(request: Request) -> Reply:
        try:
            return _arrived(gate, request)
        except OAuthError as error:  # the request could not be read as a whole
            return _unreadable(gate, request, error)

    return authorize


def resumed(gate: Gate, handle: str, request: Request) -> Reply:
    """GET /authorize/continue/<handle>: one step further, looked at with this browser's own cookies. Here begins
    what a POST brought, and here a browser leaves that has answered its last screen.
    """
    browser = session_cookie.browser(request)
    outcome = code_flow.go_on(gate, handle, session_cookie.read(gate, request), _sender(gate, request, browser))
    return reply_to(outcome, browser.cookies)


def _arrived(gate: Gate, request: Request) -> Reply:
    if request.method == "POST":
        return _posted(gate, request)
    browser, session = session_cookie.browser(request), session_cookie.read(gate, request)
    query = str(request.environ.get("QUERY_STRING", ""))
    outcome = code_flow.begin(gate, query, request.query, session, _sender(gate, request, browser))
    return reply_to(outcome, browser.cookies)


def _posted(gate: Gate, request: Request) -> Reply:
    """Kept for any browser: this one's cookies did not come with a POST from another site."""
    if request.environ.get("QUERY_STRING"):
        raise PageError("request_unreadable", 400, "parameters came both in the address and in the body")
    kept = code_flow.keep(gate, request.form, partial(_may_keep, gate, (_of_network(request),)))
    if not isinstance(kept, str):
        return reply_to(kept, ())
    return Reply(303, b"", [("Location", f"/authorize/continue/{quote(kept)}"), ("Cache-Control", "no-store")])


def _unreadable(gate: Gate, request: Request, error: OAuthError) -> Reply:
    """Told to the client where a value is broken that is neither its id nor its address (row 4); else a page."""
    try:
        if error.status != HTTPStatus.BAD_REQUEST:  # too long: what is there of it is not what was sent
            raise error
        sent = request.legible()
    except OAuthError as worse:
        raise PageError("request_unreadable", worse.status, worse.description) from None
    return reply_to(code_flow.refuse_unread(gate, sent, error), ())


def _sender(gate: Gate, request: Request, browser: Browser) -> Sender:
    budgets = (UNFINISHED_OF_A_BROWSER, browser.digest.hex()), _of_network(request)
    return Sender(browser.digest, partial(_may_keep, gate, budgets))


def _of_network(request: Request) -> Budget:
    return UNFINISHED_OF_A_NETWORK, network_of(request.remote)


def _may_keep(gate: Gate, budgets: Iterable[Budget]) -> bool:
    """A request that does not fit an address takes a row, and nobody has shown who they are yet."""
    with gate.database.writing() as db:
        now = gate.now()
        return all(rate_limits.spend(db, gate.vault, limit, key, now) for limit, key in budgets)


blueprint = Blueprint("authorize_continue", __name__)
blueprint.before_request(sign_in.refuse_head)


@blueprint.get("/authorize/continue/<handle>")
def proceed(handle: str) -> Response:
    return shells.to_flask(resumed(current.gate(), handle, current.exchange()))
