"""GET, POST /logout (OpenID Connect RP-Initiated Logout 1.0; protocol.md §3.10), and the citizen's own way out.

Only a hint whose `sid` is this browser's session ends it without asking (C051); an expired hint is as good, since
the citizen may have been away for an hour (C050). Who is signed out already gets what they wished for (C052). An
address that is not registered, or comes without a valid hint, is never redirected to. Whoever must be asked posts
a form of ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from idp.accounts.sessions import SessionRow
from idp.authorization import id_token_hint, response
from idp.clients.registry import Client
from idp.errors import OAuthError, PageError
from idp.exchange import has_controls
from idp.gate import Gate
from idp.web import current, pages, session_cookie, sign_in, signed_in, signing_out
from idp.web.forms import Form

blueprint = Blueprint("logout", __name__)


PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint")


class LogoutForm(Form):
    """The citizen's own word: it carries nothing but the browser's token."""


@dataclass(frozen=True)
class Wish:
    """What a request asks for, as far as it is proven. `sid` is of the hint's session; `back` a registered
    address."""

    client: Client | None = None
    sid: str = ""
    back: str = ""
    state: str | None = None
    hint_is_bad: bool = False


@blueprint.route("/logout", methods=["GET", "POST"])
def logout() -> Response:
    if request.method == "POST" and current.session_key() is None:
        # A form on the application's own page brings no cookies of ours (SameSite=Lax): looked at again by GET.
        # What belongs to the protocol and nothing else: a stale form of ours carries a token that no address may.
        sent = [(name, value) for name, value in request.form.items(multi=True) if name in PARAMETERS]
        return pages.see_other(f"/logout?{urlencode(sent)}" if sent else "/logout")
    found, wish = signed_in.find(), _wish(current.gate(), _sent())
    if found is None:
        return _back(wish) or _signed_out(())
    session, form = found.session, _form(found.session)
    if wish.sid and wish.sid == current.gate().sid(session.session_id, _client(wish)):
        return _end(session, wish)
    if request.method == "POST" and form.validate():
        return _end(session, replace(wish, back=""))
    named = sign_in.named(wish.client) if wish.client is not None else None
    status = 400 if wish.hint_is_bad else 200
    return pages.render("protocol/logout.html", status=status, form=form, client=named, bad_hint=wish.hint_is_bad)


def _sent() -> dict[str, str]:
    """The parameters, each once (protocol.md §2)."""
    sent = request.args if request.method == "GET" else request.form
    if any(len(sent.getlist(name)) > 1 for name in PARAMETERS):
        raise PageError("request_unreadable", 400, "a parameter came more than once")
    return {name: sent[name] for name in PARAMETERS if sent.get(name)}


def _is_legible(sent: dict[str, str]) -> bool:
    """Whether each value is what was sent: Flask replaces bytes that are no text (protocol.md §2)."""
    try:
        if request.method == "GET":
            _ = current.exchange().query
    except OAuthError:
        return False
    return not any(has_controls(value) for value in sent.values())


def _wish(gate: Gate, sent: dict[str, str]) -> Wish:
    if not _is_legible(sent):
        return Wish(hint_is_bad=True)
    registry, hint = gate.registry.get(), sent.get("id_token_hint")
    if hint is None:
        return Wish(client=registry.by_id.get(sent.get("client_id", "")))
    claims = id_token_hint.claims_of(gate, hint)
    client = registry.by_id.get(str(claims.get("aud"))) if claims is not None else None
    if claims is None or client is None or sent.get("client_id", client.client_id) != client.client_id:
        return Wish(hint_is_bad=True)
    back = sent.get("post_logout_redirect_uri", "")
    return Wish(
        client=client,
        sid=str(claims.get("sid", "")),
        back=back if back in client.post_logout_uris else "",
        state=sent.get("state"),
    )


def _client(wish: Wish) -> Client:
    assert wish.client is not None  # a sid comes with the client of its hint
    return wish.client


def _end(session: SessionRow, wish: Wish) -> Response:
    ended = signing_out.sign_out(session)
    answer = _back(wish) or _signed_out(ended.client_nos if ended is not None else ())
    answer.headers.extend([session_cookie.clearing()])
    return answer


def _back(wish: Wish) -> Response | None:
    """To the application, as it asked; its registered address keeps its bytes."""
    if not wish.back:
        return None
    fields = {} if wish.state is None else {"state": wish.state}
    return pages.see_other(response.with_query(wish.back, fields))


def _signed_out(client_nos: Iterable[int]) -> Response:
    """The truth about what ended: who is told, and where the citizen may still be signed in."""
    registry = current.gate().registry.get()
    took_part = [registry.by_no[number] for number in client_nos if number in registry.by_no]
    g.session = None
    return pages.render(
        "protocol/logout_done.html",
        told=[sign_in.named(client)["name"] for client in took_part if client.backchannel_logout_uri],
        not_told=[sign_in.named(client)["name"] for client in took_part if not client.backchannel_logout_uri],
    )


def _form(session: SessionRow) -> LogoutForm:
    g.session = session
    return LogoutForm()
