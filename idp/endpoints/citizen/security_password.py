"""GET, POST /security/password: another password (experience §3.9). The present one is asked too; it is not typed
twice, because pasting works and a slip is mended by a recovery code (WCAG 3.3.8).
"""

from flask import Blueprint, Response
from flask_babel import gettext, lazy_gettext
from wtforms import PasswordField

from idp.accounts import password_change, totp
from idp.accounts.password_change import Wrong
from idp.accounts.password_hashing import QueueFull
from idp.accounts.password_rules import LEAST_ALONE, LEAST_WITH_SECOND_FACTOR, Refusal
from idp.errors import PageError
from idp.revocation.account import Change
from idp.web import current, fresh, pages, password_words
from idp.web.forms import Form
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_security_password", __name__, url_prefix="/security/password")


class PasswordForm(Form):
    password = PasswordField(lazy_gettext("Kata sandi sekarang"))
    new_password = PasswordField(lazy_gettext("Kata sandi baru"))


@blueprint.get("")
def show() -> Response:
    return _page(fresh.citizen("/security/password"), PasswordForm())


@blueprint.post("")
def submit() -> Response:
    citizen, form = fresh.citizen("/security/password"), PasswordForm()
    if not form.validate():
        return _page(citizen, form, 400)
    for field in ("password", "new_password"):
        if not form[field].data:
            form.refuse(field, gettext("Isi kata sandi."))
    if form.errors:
        return _page(citizen, form, 400)
    cookies = _changed(citizen, form)
    if cookies is None:
        return _page(citizen, form, 400)
    response = pages.see_other("/security?done=password")
    response.headers.extend(cookies)
    return response


def _changed(citizen: Citizen, form: PasswordForm) -> fresh.Headers | None:
    """The cookies this browser goes on with; None: refused, and the form says why."""
    gate, now = current.gate(), citizen.session.now
    try:
        judged = password_change.judge(
            gate.database, gate.vault, gate.hashing, citizen.citizen_id,
            typed=form.password.data, chosen=form.new_password.data,
        )  # fmt: skip
    except QueueFull:
        raise PageError("crowded", 503, "too many passwords are being verified") from None
    if isinstance(judged, Refusal):
        form.refuse("new_password", password_words.refusal(judged))
        return None
    with current.writing() as db:
        outcome = password_change.settle(db, citizen.citizen_id, judged, now)
        if not isinstance(outcome, Wrong):
            return fresh.changed(db, citizen, Change.PASSWORD, "password_changed")
    form.refuse("password", password_words.wrong(outcome))
    return None


def _page(citizen: Citizen, form: PasswordForm, status: int = 200) -> Response:
    with current.reading() as db:
        has_app = totp.is_set_up(db, citizen.citizen_id)
    least = LEAST_WITH_SECOND_FACTOR if has_app else LEAST_ALONE
    return pages.render("citizen/security_password.html", status=status, form=form, least=least)
