"""GET, POST /login: who are you? Identifier and password on one page, because a round trip costs a second on 2G
(experience §3.1). Wrong password, unknown account and locked one read the same and take the same time.
"""

from urllib.parse import quote

from flask import Blueprint, Response, g, request
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, PasswordField, StringField

from idp import audit
from idp.accounts import identifiers, login
from idp.accounts.identifiers import Unreadable
from idp.accounts.login import NeedsSecondFactor, Refused, SignedIn, Why
from idp.accounts.password_hashing import QueueFull
from idp.authorization import code_flow
from idp.authorization.code_flow import Screen
from idp.authorization.interaction import Step
from idp.web import (
    current,
    entering,
    identifier_words,
    known_browsers,
    languages,
    pages,
    password_sign_in,
    problems,
    second_factor_due,
    sign_in,
    signed_in,
)
from idp.web.password_sign_in import Spent
from idp.web.second_factor_due import Proof
from idp.web.sign_in import ScreenForm, Screening

blueprint = Blueprint("login", __name__)

KNOCKS = 8  # a browser takes at most 20
RUSH_SECONDS = 2


_not_looked_at = audit.Pace()


class LoginForm(ScreenForm):
    identifier = StringField(lazy_gettext("NIK, nomor HP, atau e-mail"))
    password = PasswordField(lazy_gettext("Kata sandi"))
    code = StringField(lazy_gettext("Kode 6 angka, atau kode pemulihan"))
    shared_device = BooleanField(lazy_gettext("HP atau komputer ini dipakai bersama"))
    onward = HiddenField()


@blueprint.get("/login")
def show() -> Response:
    screen = sign_in.screening()
    if _is_over(screen):
        return _already_signed_in(screen)
    form = _form(screen)
    return _page(form, screen)


@blueprint.post("/login")
def submit() -> Response:
    screen = sign_in.screening()
    form = _form(screen)
    if not form.validate():
        return _page(form, screen, 400)
    identifier = identifiers.normalise(form.identifier.data or "")
    if isinstance(identifier, Unreadable):
        form.refuse("identifier", identifier_words.sentence(identifier))
    if not form.password.data:
        form.refuse("password", gettext("Isi kata sandi."))
    if isinstance(identifier, Unreadable) or not form.password.data:
        return _page(form, screen, 400)
    gate = current.gate()
    exchange, now = current.exchange(), current.now()
    known = known_browsers.read(gate.sealer, exchange.cookie(known_browsers.COOKIE), now)
    try:
        with gate.hashing.place():  # before a code is spent that a full queue would waste
            outcome = password_sign_in.attempt(
                gate.database, gate.vault, gate.hashing, identifier=identifier, password=form.password.data,
                known=known, remote=exchange.remote, now=now, code=(form.code.data or "").strip(),
            )  # fmt: skip
    except QueueFull:
        return _come_back(form, screen)
    _note(outcome)
    match outcome:
        case SignedIn():
            shared = bool(form.shared_device.data)
            return entering.enter(outcome, screen, proved_at=now, shared_device=shared, onward=form.onward.data)
        case NeedsSecondFactor():
            entering.make_way(outcome.citizen_id, screen, form.onward.data)
            proof = Proof(outcome.citizen_id, bool(form.shared_device.data), now)
            return second_factor_due.lead(proof, screen, form.onward.data)
        case Refused() | Spent():
            form.refuse("identifier", _refusal(outcome))
            return _page(form, screen, 400, code_too=isinstance(outcome, Spent))


def _come_back(form: LoginForm, screen: Screening | None) -> Response:
    """The queue of hashes is full. The browser itself knocks again, for 307 keeps the method and what was typed:
    its way here and back is the wait, and holds no thread. In a rush that lasts the citizen is asked to.
    """
    knocks = request.args.get("knock", 0, type=int)
    if 0 <= knocks < KNOCKS:
        again = {"Location": f"/login?knock={knocks + 1}", "Cache-Control": "no-store"}
        return Response(status=307, headers=again)
    form.refuse("password", gettext("Sedang banyak yang masuk. Tunggu beberapa detik, lalu coba lagi."))
    response = _page(form, screen, 503)
    response.headers["Retry-After"] = str(RUSH_SECONDS)
    return response


def _is_over(screen: Screening | None) -> bool:
    """Whether whoever comes back to this page (by the back button, or in a second tab) has nothing to do here. A
    sign-in for a page of ours is asked for by that page, also of a citizen who is signed in (row 92).
    """
    if signed_in.find_session() is None:
        return False
    if screen is None:
        return "onward" not in request.args
    outcome = code_flow.advance(current.gate(), screen.story, current.session_key())
    return not isinstance(outcome, Screen) or outcome.step not in (Step.LOGIN, Step.REAUTHENTICATE)


def _already_signed_in(screen: Screening | None) -> Response:
    signed_in.find()  # the page's frame says so too
    if screen is None:
        return problems.page("already_signed_in", 200, onward=signed_in.FIRST_PAGE)
    way = f"/authorize/continue/{quote(screen.story.handle)}"
    return problems.page("already_signed_in", 200, onward=way, towards=sign_in.named(screen.client)["name"])


def _form(screen: Screening | None) -> LoginForm:
    g.form_secret = current.browser().secret.encode()
    form = LoginForm()
    if request.method == "GET":
        form.handle.data = screen.story.handle if screen is not None else ""
        form.onward.data = request.args.get("onward", "")
        form.identifier.data = screen.login_hint if screen is not None else ""
    return form


def _page(form: LoginForm, screen: Screening | None, status: int = 200, *, code_too: bool = False) -> Response:
    """`code_too`: this network has guessed too often, so a code is asked for beside the password (DESIGN §3)."""
    response = pages.render(
        "sign_in/login.html",
        status=status,
        form=form,
        code_too=code_too or bool(form.code.data),
        handle=screen.story.handle if screen else "",
        client=sign_in.named(screen.client) if screen else None,
        action="/login",
        own_page="" if screen else signed_in.own_page(form.onward.data),
        redirect_uri=screen.redirect_uri if screen else None,
    )
    response.headers.extend(list(current.browser().cookies))
    return response


def _refusal(outcome: Refused | Spent) -> str:
    if isinstance(outcome, Spent) and outcome.code_tried:
        return str(
            gettext("Nama masuk, kode, atau kata sandi tidak cocok. Pakai kode yang terbaru, lalu coba lagi.")
        )
    if isinstance(outcome, Spent):
        return str(
            gettext(
                "Terlalu banyak percobaan dari jaringan ini. Isi kode juga, pulihkan akun, atau coba lagi nanti."
            )
        )
    if outcome.why is Why.TOO_MANY and outcome.until is not None:
        when = languages.clock(outcome.until)
        return str(gettext("Terlalu banyak percobaan. Coba lagi pukul %(time)s, atau pulihkan akun.", time=when))
    return str(gettext("Nama masuk atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi."))


def _note(outcome: login.Outcome | Spent) -> None:
    """Each attempt leaves a trace, also when it is refused or the browser hangs up (row 112). What no budget
    bounds is counted: attempts of a network that has none left are not looked at, and cost their sender nothing.
    """
    citizen_id = None if isinstance(outcome, Spent) else outcome.citizen_id
    right = isinstance(outcome, SignedIn | NeedsSecondFactor)
    detail: dict[str, object] = {"why": outcome.why} if isinstance(outcome, Refused) else {}
    if isinstance(outcome, Spent):
        times = _not_looked_at.due("network_spent")
        if not times:
            return
        detail = {"why": "network_spent", "times": times}
    audit.record(
        current.gate().database.hot(),
        action="login.password",
        object_id=str(citizen_id or "nobody"),
        outcome="done" if right else "refused",
        actor_id=citizen_id,
        detail=detail,
    )
