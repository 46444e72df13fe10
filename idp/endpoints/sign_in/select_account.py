"""GET, POST /login/account: who goes on, the citizen who is signed in at this browser or somebody else (OIDC Core
§3.1.2.1, `prompt=select_account`; two people at one device, C011).

Nobody takes the place of another unasked: whoever is not the one signed in signs them out here first, and that is
a sign-out like any other. The story goes on under its handle either way.
"""

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from wtforms import HiddenField

from idp.authorization import code_flow
from idp.errors import PageError
from idp.web import current, masking, pages, session_cookie, sign_in, signed_in, signing_out
from idp.web.sign_in import ScreenForm, Screening
from idp.web.signed_in import Citizen

blueprint = Blueprint("select_account", __name__)


class AccountForm(ScreenForm):
    onward = HiddenField()


@blueprint.get("/login/account")
def show() -> Response:
    screen, citizen = sign_in.screening(), signed_in.find()
    if citizen is None:
        return _to_login(screen)
    return _page(citizen, screen, _form(screen))


@blueprint.post("/login/account")
def submit() -> Response:
    screen, citizen = sign_in.screening(), signed_in.find()
    if citizen is None:  # signed out meanwhile, here or elsewhere
        return _to_login(screen)
    form = _form(screen)
    if not form.validate():
        return _page(citizen, screen, form, 400)
    match request.form.getlist("decision"):
        case ["continue"]:
            return _continued(screen)
        case ["another"]:
            signing_out.sign_out(citizen.session)
            response = _to_login(screen)
            response.headers.extend([session_cookie.clearing()])
            return response
    raise PageError("form_refused", 400, "decision must be continue or another, once")


def _continued(screen: Screening | None) -> Response:
    if screen is None:
        return pages.see_other(signed_in.own_page(_own_page()))
    story = code_flow.with_account_chosen(current.gate(), screen.story, screen.now)
    return sign_in.onward(replace(screen, story=story), current.session_key())


def _own_page() -> str:
    """The page of ours that a sign-in without an application was for."""
    return request.form.get("onward") or request.args.get("onward") or ""


def _to_login(screen: Screening | None) -> Response:
    query = {"handle": screen.story.handle} if screen is not None else {"onward": _own_page()}
    return pages.see_other(f"/login?{urlencode(query)}")


def _form(screen: Screening | None) -> AccountForm:
    """Its token is made of the session: a form that was shown to somebody before is worth nothing (row 78)."""
    form = AccountForm()
    if request.method == "GET":
        form.handle.data = screen.story.handle if screen is not None else ""
    return form


def _page(citizen: Citizen, screen: Screening | None, form: AccountForm, status: int = 200) -> Response:
    with current.reading() as db:
        profile = current.gate().vault.find_profile(db, citizen.citizen_id)
    held = profile.values.get("name") if profile else None
    return pages.render(
        "sign_in/select_account.html",
        status=status,
        form=form,
        handle=screen.story.handle if screen else "",
        client=sign_in.named(screen.client) if screen else None,
        citizen_name=masking.shown("name", held.value if held else None).text,
        own_page="" if screen else signed_in.own_page(_own_page()),
        redirect_uri=screen.redirect_uri if screen else None,
    )
