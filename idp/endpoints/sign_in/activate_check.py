"""/activate/check, /activate/done, /activate/codes: the answers shown once more, the account alive, its recovery
codes (experience §3.3).

Until the first of these is confirmed nothing of the account has changed. It signs the citizen in, unless a second
factor of before still has to be shown; sent twice it does the same. A sign-in that waited goes on from here.
"""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, g
from sqlalchemy.orm import Session
from wtforms import HiddenField

from idp.accounts import activation, channels, recovery_codes, totp
from idp.accounts.activation import Answers, Repeated
from idp.accounts.identifiers import Identifier
from idp.accounts.letters import AlreadyActive, Matches, NoMatch
from idp.accounts.login import SignedIn
from idp.authorization.look import SessionKey
from idp.errors import PageError
from idp.signals import notifications
from idp.web import (
    activating,
    address_messages,
    current,
    entering,
    fresh,
    masking,
    pages,
    signed_in,
    waiting_sign_in,
)
from idp.web.activating import Activating
from idp.web.sign_in import ScreenForm
from idp.web.waiting_sign_in import Waiting

blueprint = Blueprint("activate_check", __name__, url_prefix="/activate")


class CheckForm(ScreenForm):
    """`answers` marks those that the page showed."""

    answers = HiddenField()


@blueprint.get("/check")
def show() -> Response:
    waiting = waiting_sign_in.find()
    if signed_in.find_session() is not None:
        return pages.see_other(waiting.at("/login/account"))
    answered = activating.find(waiting.at("/activate")) or Activating()
    answers = answered.answers()
    if answers is None:
        return pages.see_other(waiting.at(answered.next_page))
    return _page(answers, waiting)


@blueprint.post("/check")
def confirm() -> Response:
    waiting = waiting_sign_in.find()
    answered = activating.find(waiting.at("/activate"))
    if answered is None:
        raise PageError("page_expired", 400, "nothing was answered in this browser", waiting.at("/activate"))
    answers = answered.answers()
    if answers is None:
        return pages.see_other(waiting.at(answered.next_page))
    form = _form()
    if not form.validate():
        return _page(answers, waiting, 400)
    if form.answers.data != activating.mark():  # another tab answered something else meanwhile
        return pages.see_other(waiting.at("/activate/check"))
    now = current.now()
    with current.writing() as db:
        outcome = activation.activate(db, current.gate().vault, answers, now)
        if isinstance(outcome, Matches) and answers.channel is not None:
            _send_code(db, outcome.citizen_id, now)
    match outcome:
        case Matches() | Repeated():
            return _entered(outcome, waiting)
        case AlreadyActive():
            raise PageError("account_is_active", 409, "activated by another letter", waiting.at("/login"))
        case NoMatch():
            raise PageError(
                "letter_refused", 400, "the letter was used or ran out", waiting.at("/activate/person")
            )


@blueprint.get("/done")
def done() -> Response:
    citizen, waiting = signed_in.find(), waiting_sign_in.find()
    if citizen is None:
        return pages.see_other(waiting.at("/login"))
    with current.reading() as db:
        address = channels.find_told(db, current.gate().vault, citizen.citizen_id)
    return pages.render(
        "sign_in/activate_done.html",
        form=ScreenForm(),
        waiting=waiting,
        handle=waiting.handle,
        told=masking.shown(channels.ATTRIBUTE[address.kind], address.normal) if address else None,
    )


@blueprint.post("/codes")
def make_codes() -> Response:
    """The first set of an account. A new one each time, and only the newest counts: whoever taps twice holds the
    one that is shown. To replace a set of before is another page's (DESIGN §4: what ends with it).
    """
    citizen, waiting = fresh.citizen("/security/codes"), waiting_sign_in.find()
    if not ScreenForm().validate():
        raise PageError(
            "form_refused", 400, "the form's token is not of this session", waiting.at("/activate/done")
        )
    with current.writing() as db:
        made_at = recovery_codes.find_made_at(db, citizen.citizen_id)
        if made_at is not None and made_at < citizen.session.started_at:
            return pages.see_other("/security/codes")
        codes = recovery_codes.make(db, current.gate().vault, citizen.citizen_id, citizen.session.now)
        notifications.add(db, citizen.citizen_id, "recovery_codes_made", {})
        told = channels.find_told(db, current.gate().vault, citizen.citizen_id)
    return pages.render(
        "sign_in/activate_codes.html", codes=codes, waiting=waiting, handle=waiting.handle, told=told is not None
    )


def _send_code(db: Session, citizen_id: UUID, now: datetime) -> None:
    """To what was written down: an address of before, which the told one does not replace, needs none."""
    address = channels.find_told(db, current.gate().vault, citizen_id)
    if address is not None:
        address_messages.send(db, citizen_id, address, now)


def _entered(outcome: Matches | Repeated, waiting: Waiting) -> Response:
    """Signed in by what was just proved; a citizen who has a second factor shows it at the sign-in."""
    with current.reading() as db:
        has_factor = totp.is_set_up(db, outcome.citizen_id)
    if has_factor or _somebody_else_is_here(outcome):
        response = pages.see_other(waiting.at("/login"))
    else:
        proved_at = current.gate().now()  # after the password stands, whichever of two taps set it
        session = entering.begin(
            SignedIn(outcome.citizen_id), proved_at=proved_at, shared_device=False, again_at=waiting.at("/login")
        )
        key = SessionKey(outcome.citizen_id, session.session_id, session.secret)
        response = pages.see_other(waiting.at("/activate/done"))
        response.headers.extend(entering.cookies_of(key, session, shared_device=False))
    response.headers.extend([activating.forgetting()])
    return response


def _somebody_else_is_here(outcome: Matches | Repeated) -> bool:
    """Signed in meanwhile in another tab: the login page says how both get their turn."""
    there = signed_in.find_session()
    return there is not None and there.citizen_id != outcome.citizen_id


def _form() -> CheckForm:
    g.form_secret = current.browser().secret.encode()
    return CheckForm()


def _page(answers: Answers, waiting: Waiting, status: int = 200) -> Response:
    nik = masking.shown("nik", answers.nik.normal)
    return pages.render(
        "sign_in/activate_check.html",
        status=status,
        form=_form(),
        handle=waiting.handle,
        client=waiting.client,
        at=waiting.at,
        mark=activating.mark(),
        nik=nik,
        birth_date=masking.shown("birthdate", answers.birth_date.isoformat()).text,
        channel=_shown(answers.channel),
    )


def _shown(channel: Identifier | None) -> str:
    """In full: it was typed a minute ago, and this page is where a slip is seen."""
    return channel.normal if channel else ""
