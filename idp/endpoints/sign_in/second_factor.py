"""GET, POST /login/second: the second factor, after the right password or to raise a session that lives
(experience §3.2).

One text field, spaces allowed; a recovery code is accepted in the same place, and has this page with
`method=recovery_code` too, because a phone's keys for figures have no letters. A used code reads like a wrong one.
A code by SMS is sent when it is asked for, and its page is this one with `method=sms`.
Two ways in: a password proved in this browser within ten minutes signs the citizen in; a citizen who is signed in
already steps up, and `auth_time` stays at the password's moment (row 94).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField

from idp import audit
from idp.accounts import second_factor, sent_codes, sessions
from idp.accounts.assurance import Amr, aal_of
from idp.accounts.login import Refused, SignedIn, Why
from idp.accounts.second_factor import Method
from idp.accounts.sessions import SessionRow
from idp.accounts.totp import read_digits
from idp.errors import PageError
from idp.web import current, entering, languages, pages, second_factor_due, second_factor_sms, sign_in, signed_in
from idp.web.second_factor_due import Proof
from idp.web.sign_in import ScreenForm, Screening

blueprint = Blueprint("second_factor", __name__)

SMS_LASTS_MINUTES = int(sent_codes.LASTS[sent_codes.Use.SECOND_FACTOR] / timedelta(minutes=1))


class CodeForm(ScreenForm):
    code = StringField(lazy_gettext("Kode 6 angka"))
    onward = HiddenField()
    method = HiddenField()


@dataclass(frozen=True)
class Asked:
    """Who is asked: by what this browser proved, or as the citizen of its session."""

    citizen_id: UUID
    proof: Proof | None
    session: SessionRow | None


@blueprint.get("/login/second")
def show() -> Response:
    screen, asked = sign_in.screening(), _asked()
    if asked is None:
        return _to_login(screen)
    return _page(asked, _form(screen), screen)


@blueprint.post("/login/second/send")
def send() -> Response:
    """Have a code sent by SMS. The page comes by GET, so that reloading it sends nothing."""
    screen, asked = sign_in.screening(), _asked()
    if asked is None:
        return _to_login(screen)
    form = _form(screen)
    if not form.validate():
        return _page(asked, form, screen, 400)
    if not second_factor_sms.send(asked.citizen_id):
        form.refuse("code", gettext("Terlalu banyak pesan diminta. Pakai aplikasi kode, atau coba lagi nanti."))
        return _page(asked, form, screen, 400)
    way = {"handle": screen.story.handle} if screen else {"onward": form.onward.data or ""}
    return pages.see_other("/login/second?" + urlencode({**way, "method": Method.SMS}))


@blueprint.post("/login/second")
def submit() -> Response:
    screen, asked = sign_in.screening(), _asked()
    if asked is None:
        return _to_login(screen)
    form = _form(screen)
    if not form.validate():
        return _page(asked, form, screen, 400)
    outcome = _attempt(asked, form, current.now())
    if isinstance(outcome, Refused):
        form.refuse("code", _refusal(outcome, form.method.data))
        return _page(asked, form, screen, 400)
    if asked.proof is not None:
        at, shared = asked.proof.at, asked.proof.shared_device
        response = entering.enter(outcome, screen, proved_at=at, shared_device=shared, onward=form.onward.data)
    else:
        response = _stepped_up(outcome, asked, screen, form.onward.data)
    response.headers.extend([second_factor_due.forgetting()])
    return response


def _asked() -> Asked | None:
    """The proof of a password goes first: it is the newer act of whoever sits there."""
    proof = second_factor_due.find()
    if proof is not None:
        return Asked(proof.citizen_id, proof, None)
    row = signed_in.find_session()
    return Asked(row.citizen_id, None, row) if row is not None else None


def _attempt(asked: Asked, form: CodeForm, now: datetime) -> SignedIn | Refused:
    """What is typed says what it is: six digits are the app's or the SMS's, anything longer a recovery code."""
    gate, typed = current.gate(), form.code.data or ""
    of_digits = Method.SMS if form.method.data == Method.SMS else Method.CODE_APP
    method = of_digits if read_digits(typed) is not None else Method.RECOVERY_CODE
    with current.writing() as db:
        outcome = second_factor.attempt(db, gate.vault, asked.citizen_id, method, typed, now)
    if isinstance(outcome, SignedIn):
        audit.record(
            gate.database.hot(), action="login.second_factor", object_id=str(asked.citizen_id), outcome="done",
            actor_id=asked.citizen_id, detail={"method": method},
        )  # fmt: skip
    return outcome


def _stepped_up(outcome: SignedIn, asked: Asked, screen: Screening | None, onward: str | None) -> Response:
    session = asked.session
    assert session is not None  # asked without a proof is asked as the citizen of a session
    amr = tuple(dict.fromkeys((*session.amr, *(name for name in outcome.amr if name != Amr.PASSWORD))))
    with current.writing() as db:
        renewed = sessions.renew(db, session, aal=aal_of(amr), amr=amr, reauthenticated=False)
    if renewed is None:
        raise PageError("page_expired", 400, "the session ended meanwhile")
    return entering.lead_on(outcome, renewed, screen, shared_device=session.on_shared_device, onward=onward)


def _form(screen: Screening | None) -> CodeForm:
    g.form_secret = current.browser().secret.encode()
    form = CodeForm()
    if request.method == "GET":
        form.handle.data = screen.story.handle if screen is not None else ""
        form.onward.data = request.args.get("onward", "")
        form.method.data = request.args.get("method", "")
    return form


def _page(asked: Asked, form: CodeForm, screen: Screening | None, status: int = 200) -> Response:
    sms = second_factor_sms.find(asked.citizen_id)
    by_paper = form.method.data == Method.RECOVERY_CODE
    if by_paper:
        form.code.label.text = gettext("Kode pemulihan yang dicetak")
    return pages.render(
        "sign_in/second_factor.html",
        status=status,
        form=form,
        sms=sms,
        by_sms=sms is not None and sms.again_at is not None and form.method.data == Method.SMS,
        by_paper=by_paper,
        handle=screen.story.handle if screen else "",
        client=sign_in.named(screen.client) if screen else None,
        redirect_uri=screen.redirect_uri if screen else None,
    )


def _refusal(outcome: Refused, asked_for: str | None) -> str:
    if outcome.why is Why.TOO_MANY and outcome.until is not None:
        when = languages.clock(outcome.until)
        return str(gettext("Terlalu banyak percobaan. Coba lagi pukul %(time)s, atau pulihkan akun.", time=when))
    if outcome.why is Why.TOO_OLD:
        return str(gettext("Kode sudah lewat %(minutes)s menit. Minta kode baru.", minutes=SMS_LASTS_MINUTES))
    if asked_for == Method.SMS:
        return str(gettext("Kode tidak cocok. Periksa pesan terakhir."))
    if asked_for == Method.RECOVERY_CODE:
        return str(gettext("Kode tidak cocok. Periksa kode di kertas, lalu coba lagi."))
    return str(gettext("Kode tidak cocok. Periksa kode yang terbaru, lalu coba lagi."))


def _to_login(screen: Screening | None) -> Response:
    """Nothing was proved here, or too long ago: from the top."""
    query = {"handle": screen.story.handle} if screen else {"onward": request.args.get("onward", "")}
    return Response(status=303, headers=[("Location", f"/login?{urlencode(query)}")])
