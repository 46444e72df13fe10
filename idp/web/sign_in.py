"""What the screens of a sign-in share: the story behind their handle, and the way on when they are done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from flask import Response, abort, request
from wtforms import HiddenField

from idp.authorization import code_flow
from idp.authorization.code_flow import Outcome
from idp.authorization.handles import Story
from idp.authorization.interaction import Step
from idp.authorization.look import SessionKey
from idp.authorization.response import FormPost
from idp.clients.registry import Client
from idp.exchange import Reply
from idp.web import current, form_post, languages, leaving, shells
from idp.web.forms import Form

LONGEST_HINT = 254  # of an e-mail address; a NIK and a number are shorter
ADDRESSES = {
    Step.LOGIN: "/login",
    Step.REAUTHENTICATE: "/login",
    Step.SELECT_ACCOUNT: "/login/account",
    Step.STEP_UP: "/login/second",
    Step.CONSENT: "/consent",
}


class ScreenForm(Form):
    """A form of a sign-in carries the handle and the choices, and nothing that could be edited (row 77)."""

    handle = HiddenField()


@dataclass(frozen=True)
class Screening:
    """The story that this screen belongs to: which application it leads to, where a POST of the page may end, and
    whom the application expects."""

    story: Story
    client: Client
    redirect_uri: str
    now: datetime
    login_hint: str


def refuse_head() -> None:
    """Before a door whose GET can lead back to the application: HEAD would make a code for nobody (C090)."""
    if request.method == "HEAD":
        methods = request.url_rule.methods if request.url_rule else None
        abort(405, valid_methods=sorted((methods or set()) - {"HEAD"}))


def screening() -> Screening | None:
    """The story of the handle that came with this request; None without a handle: Gapura's own sign-in."""
    handle = request.form.get("handle") or request.args.get("handle") or ""
    if not handle:
        return None
    story, reading, now = code_flow.resume(current.gate(), handle, current.browser().digest)
    languages.suggest(reading.get("ui_locales") or "")
    hint = (reading.get("login_hint") or "")[:LONGEST_HINT]
    return Screening(story, reading.client, reading.redirect_uri, now, hint)


def named(client: Client) -> dict[str, str]:
    """How a page calls an application and its agency: the words of review, in the page's language."""
    language = languages.current()
    return {
        "name": client.name.get(language) or next(iter(client.name.values())),
        "agency_name": client.agency_name.get(language) or next(iter(client.agency_name.values())),
    }


def onward(screen: Screening, session: SessionKey | None, cookies: Iterable[tuple[str, str]] = ()) -> Response:
    """The next screen, or the application."""
    outcome = code_flow.advance(current.gate(), screen.story, session)
    if isinstance(outcome, Reply) and leaving.wanted(
        current.exchange(), dict(outcome.headers).get("Location", "")
    ):
        # The code is made when the browser comes back for it: none stands in a page of ours (row 12).
        way = f"/authorize/continue/{quote(screen.story.handle)}"
        return _leave(way, cookies)
    return answered(outcome, cookies)


def _leave(way: str, cookies: Iterable[tuple[str, str]]) -> Response:
    page = leaving.reply(way)
    page.headers.extend(cookies)
    return shells.to_flask(page)


def answered(outcome: Outcome, cookies: Iterable[tuple[str, str]] = ()) -> Response:
    reply = reply_to(outcome, cookies)
    location = dict(reply.headers).get("Location", "")
    return _leave(location, cookies) if leaving.wanted(current.exchange(), location) else shells.to_flask(reply)


def reply_to(outcome: Outcome, cookies: Iterable[tuple[str, str]]) -> Reply:
    """The browser's next address: the client, or the screen that is due."""
    if isinstance(outcome, FormPost):
        reply = form_post.reply(outcome)
        reply.headers.extend(cookies)
        return reply
    if isinstance(outcome, Reply):
        outcome.headers.extend([("Cache-Control", "no-store"), *cookies])
        return outcome
    location = f"{ADDRESSES[outcome.step]}?handle={quote(outcome.story.handle)}"
    return Reply(303, b"", [("Location", location), ("Cache-Control", "no-store"), *cookies])
