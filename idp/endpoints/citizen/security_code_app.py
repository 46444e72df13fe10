"""/security/code-app: set a code app up, put another in its place, or switch it off (experience §3.9).

A new app counts from the moment it shows the right code; then the ones before are gone, and a new set of recovery
codes is shown once. To switch it off the password must be one that is long enough alone.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import HiddenField, PasswordField, StringField

from idp.accounts import password_change, recovery_codes, totp
from idp.accounts.password_change import Wrong
from idp.accounts.password_hashing import QueueFull
from idp.accounts.password_rules import LEAST_ALONE, find_refusal
from idp.errors import PageError
from idp.revocation.account import Change
from idp.web import current, fresh, pages, password_words, signed_in
from idp.web.forms import Form
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_security_code_app", __name__, url_prefix="/security/code-app")


class CodeAppForm(Form):
    totp_id = HiddenField()
    code = StringField(lazy_gettext("Kode 6 angka"))


class OffForm(Form):
    password = PasswordField(lazy_gettext("Kata sandi"))


@blueprint.route("", methods=["GET", "POST"])
def set_up() -> Response:
    citizen = fresh.citizen("/security/code-app")
    gate, form, name = current.gate(), CodeAppForm(), _app_name(citizen)
    if request.method == "POST" and form.validate():
        done = _confirmed(citizen, form)
        if done is not None:
            return done
        form.refuse("code", gettext("Kode tidak cocok. Periksa kode yang terbaru, lalu coba lagi."))
    with current.writing() as db:
        begun = form.totp_id.data
        setup = totp.find_setup(db, gate.vault, citizen.citizen_id, UUID(begun), name) if _is_uuid(begun) else None
        setup = setup or totp.begin(db, gate.vault, citizen.citizen_id, name, citizen.session.now)
        replaces = totp.is_set_up(db, citizen.citizen_id)
    form.totp_id.data = str(setup.totp_id)
    status = 400 if form.errors else 200
    return pages.render("citizen/security_code_app.html", status=status, form=form, setup=setup, replaces=replaces)


@blueprint.get("/<uuid:totp_id>.svg")
def image(totp_id: UUID) -> Response:
    """The QR code of a set-up that is under way; an image of our own, because the page's policy allows no
    other."""
    citizen, gate = signed_in.citizen(), current.gate()
    with current.reading() as db:
        setup = totp.find_setup(db, gate.vault, citizen.citizen_id, totp_id, _app_name(citizen))
    if setup is None:
        abort(404)
    return Response(setup.svg, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@blueprint.route("/off", methods=["GET", "POST"])
def switch_off() -> Response:
    citizen, form = fresh.citizen("/security/code-app/off"), OffForm()
    if request.method == "POST" and form.validate():
        cookies = _switched_off(citizen, form)
        if cookies is not None:
            response = pages.see_other("/security?done=code-app-off")
            response.headers.extend(cookies)
            return response
    status = 400 if form.errors else 200
    return pages.render("citizen/security_code_app_off.html", status=status, form=form)


def _confirmed(citizen: Citizen, form: CodeAppForm) -> Response | None:
    """The recovery codes that come with a new app; None: the app does not show what it should."""
    gate, now = current.gate(), citizen.session.now
    if not _is_uuid(form.totp_id.data):
        return None
    app = UUID(form.totp_id.data)
    with current.writing() as db:
        before = totp.list_ids(db, citizen.citizen_id)
        if not totp.confirm(db, gate.vault, citizen.citizen_id, app, form.code.data or "", now):
            return None
        _remove(db, citizen, list(before))
        codes = recovery_codes.make(db, gate.vault, citizen.citizen_id, now)
        change = Change.APP_REPLACED if before else Change.APP_ADDED
        cookies = fresh.changed(db, citizen, change, "second_factor_added")
    response = pages.render("citizen/security_codes.html", codes=codes, app=True)
    response.headers.extend(cookies)
    return response


def _switched_off(citizen: Citizen, form: OffForm) -> fresh.Headers | None:
    """The cookies this browser goes on with; None: refused, and the form says why."""
    gate, typed = current.gate(), form.password.data or ""
    try:
        judged = password_change.judge(
            gate.database, gate.vault, gate.hashing, citizen.citizen_id, typed=typed, chosen=None
        )
    except QueueFull:
        raise PageError("crowded", 503, "too many passwords are being verified") from None
    assert isinstance(judged, password_change.Judged)  # nothing was chosen that could be refused
    with current.writing() as db:
        outcome = password_change.settle(db, citizen.citizen_id, judged, citizen.session.now)
        if isinstance(outcome, Wrong):
            refused = password_words.wrong(outcome)
        elif find_refusal(typed, personal=(), second_factor=False) is not None:
            refused = gettext(
                "Tanpa aplikasi kode, kata sandi paling sedikit %(least)s huruf. Ubah dulu kata sandi Anda.",
                least=LEAST_ALONE,
            )
        else:
            _remove(db, citizen, list(totp.list_ids(db, citizen.citizen_id)))
            return fresh.changed(db, citizen, Change.APP_REMOVED, "second_factor_removed")
    form.refuse("password", refused)
    return None


def _remove(db: Session, citizen: Citizen, apps: list[UUID]) -> None:
    for totp_id in apps:
        totp.remove(db, citizen.citizen_id, totp_id)


def _app_name(citizen: Citizen) -> str:
    """What the citizen's app calls the account: it must be told apart from others, and carry nothing personal."""
    return citizen.citizen_id.hex[-6:]


def _is_uuid(text: str | None) -> bool:
    try:
        return bool(UUID(text or ""))
    except ValueError:
        return False
