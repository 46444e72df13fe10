"""Where am I signed in, and with what (experience §3.9): devices to sign out, and the way to what can be changed.

Each change is a page of its own (`security_password`, `security_codes`, `security_code_app`).
"""

from uuid import UUID

from flask import Blueprint, Response, request

from idp.accounts import passwords, recovery, recovery_codes, sessions, totp
from idp.accounts.recovery import CancelledBy, NotPossible
from idp.accounts.states import SessionEnd
from idp.errors import PageError
from idp.revocation import session as revocation
from idp.signals import notifications
from idp.web import current, languages, pages, signed_in
from idp.web.forms import Form

blueprint = Blueprint("citizen_security", __name__, url_prefix="/security")


@blueprint.get("")
def show() -> Response:
    citizen, gate = signed_in.citizen(), current.gate()
    with current.reading() as db:
        places = sessions.list_of(db, gate.vault, citizen.citizen_id, citizen.session.now)
        changed_at = passwords.find_set_at(db, citizen.citizen_id)
        has_app = totp.is_set_up(db, citizen.citizen_id)
        codes_left = recovery_codes.count_left(db, citizen.citizen_id)
        asked = recovery.find(db, citizen.citizen_id)
    return pages.render(
        "citizen/security.html",
        form=Form(),
        places=places,
        here=citizen.session.session_id,
        changed_at=changed_at,
        has_app=has_app,
        codes_left=codes_left,
        recovery=asked,
        done=request.args.get("done", ""),
        now=citizen.session.now,
    )


def _own_form() -> None:
    if not Form().validate_on_submit():
        raise PageError("form_refused", 400, "the form was not sent from this page", "/security")


@blueprint.post("/sessions/<uuid:session_id>/end")
def end_one(session_id: UUID) -> Response:
    """One device. 404 for another citizen's: the answer must not tell that it exists."""
    citizen = signed_in.citizen()
    _own_form()
    with current.writing() as db:
        revocation.end(db, citizen.citizen_id, session_id, SessionEnd.ENDED_BY_CITIZEN)
    return pages.see_other("/security")


@blueprint.post("/sessions/end-others")
def end_others() -> Response:
    citizen = signed_in.citizen()
    _own_form()
    with current.writing() as db:
        here = citizen.session.session_id
        revocation.end_all_but(db, citizen.citizen_id, here, SessionEnd.ENDED_BY_CITIZEN)
    return pages.see_other("/security")


@blueprint.post("/recovery/cancel")
def cancel_recovery() -> Response:
    """Somebody asked for this account, and whoever is signed in says no. Asks nothing more: it must be quick."""
    citizen, gate = signed_in.citizen(), current.gate()
    _own_form()
    with current.writing() as db:
        outcome = recovery.cancel(db, citizen.citizen_id, CancelledBy.SESSION, citizen.session.now)
        if not isinstance(outcome, NotPossible):
            notifications.warn(db, gate.vault, citizen.citizen_id, "recovery_cancelled", languages.current())
    return pages.see_other("/security")
