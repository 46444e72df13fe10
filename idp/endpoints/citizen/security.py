"""Where am I signed in, and with what: devices to sign out, the code app to set up, recovery codes (experience
§3.9).

What changes an authenticator asks for a sign-in of the last five minutes (row 92), tells the citizen, and ends
every other session: whoever was in before knows something that no longer counts.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, request
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField

from idp.accounts import passwords, recovery_codes, sessions, totp
from idp.accounts.states import SessionEnd
from idp.revocation import account
from idp.revocation import session as revocation
from idp.signals import notifications
from idp.web import current, pages, signed_in
from idp.web.forms import Form
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_security", __name__, url_prefix="/security")


class CodeAppForm(Form):
    totp_id = HiddenField()
    code = StringField(lazy_gettext("Kode 6 angka"))


@blueprint.get("")
def show() -> Response:
    citizen, gate = signed_in.citizen(), current.gate()
    with current.reading() as db:
        places = sessions.list_of(db, gate.vault, citizen.citizen_id, citizen.session.now)
        changed_at = passwords.find_set_at(db, citizen.citizen_id)
        apps, codes_left = totp.list_ids(db, citizen.citizen_id), recovery_codes.count_left(db, citizen.citizen_id)
    return pages.render(
        "citizen/security.html",
        form=Form(),
        places=places,
        here=citizen.session.session_id,
        changed_at=changed_at,
        has_app=bool(apps),
        codes_left=codes_left,
        now=citizen.session.now,
    )


@blueprint.post("/sessions/<uuid:session_id>/end")
def end_one(session_id: UUID) -> Response:
    """One device. 404 for another citizen's: the answer must not tell that it exists."""
    citizen = signed_in.citizen()
    if not Form().validate_on_submit():
        abort(400)
    with current.writing() as db:
        revocation.end(db, citizen.citizen_id, session_id, SessionEnd.ENDED_BY_CITIZEN)
    return pages.see_other("/security")


@blueprint.post("/sessions/end-others")
def end_others() -> Response:
    citizen = signed_in.citizen()
    if not Form().validate_on_submit():
        abort(400)
    with current.writing() as db:
        ended = sessions.end_all_but(
            db, citizen.citizen_id, citizen.session.session_id, SessionEnd.ENDED_BY_CITIZEN
        )
        revocation.end_with(db, ended)
    return pages.see_other("/security")


@blueprint.route("/code-app", methods=["GET", "POST"])
def code_app() -> Response:
    citizen = signed_in.freshly("/security/code-app")
    gate, form, name = current.gate(), CodeAppForm(), _app_name(citizen)
    if request.method == "POST" and form.validate():
        codes = _confirmed(citizen, form)
        if codes is not None:
            return pages.render("citizen/security_codes.html", codes=codes)
        form.refuse("code", gettext("Kode tidak cocok. Periksa kode yang terbaru, lalu coba lagi."))
    with current.writing() as db:
        begun = form.totp_id.data
        setup = totp.find_setup(db, gate.vault, citizen.citizen_id, UUID(begun), name) if _is_uuid(begun) else None
        setup = setup or totp.begin(db, gate.vault, citizen.citizen_id, name, citizen.session.now)
    form.totp_id.data = str(setup.totp_id)
    status = 400 if form.errors else 200
    return pages.render("citizen/security_code_app.html", status=status, form=form, setup=setup)


@blueprint.get("/code-app/<uuid:totp_id>.svg")
def code_app_image(totp_id: UUID) -> Response:
    """The QR code of a set-up that is under way; an image of our own, because the page's policy allows no
    other."""
    citizen, gate = signed_in.citizen(), current.gate()
    with current.reading() as db:
        setup = totp.find_setup(db, gate.vault, citizen.citizen_id, totp_id, _app_name(citizen))
    if setup is None:
        abort(404)
    return Response(setup.svg, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _confirmed(citizen: Citizen, form: CodeAppForm) -> list[str] | None:
    """The recovery codes that come with a new second factor; None: the app does not show what it should."""
    gate, now = current.gate(), citizen.session.now
    if not _is_uuid(form.totp_id.data):
        return None
    with current.writing() as db:
        app = UUID(form.totp_id.data)
        if not totp.confirm(db, gate.vault, citizen.citizen_id, app, form.code.data or "", now):
            return None
        codes = recovery_codes.make(db, gate.vault, citizen.citizen_id, now)
        account.credential_changed(db, citizen.citizen_id, citizen.session.session_id)
        notifications.add(db, citizen.citizen_id, "second_factor_added", {})
    return codes


def _app_name(citizen: Citizen) -> str:
    """What the citizen's app calls the account: it must be told apart from others, and carry nothing personal."""
    return citizen.citizen_id.hex[-6:]


def _is_uuid(text: str | None) -> bool:
    try:
        return bool(UUID(text or ""))
    except ValueError:
        return False
