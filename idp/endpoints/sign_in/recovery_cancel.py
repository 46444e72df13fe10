"""GET, POST /recovery/cancel: the owner says no, by the link in a warning: no sign-in, one tap (experience §3.4).

Looking cancels nothing, because mail programs look too. Who opens the link twice is told that it is over.
"""

from flask import Blueprint, Response, request
from wtforms import HiddenField

from idp.accounts import recovery
from idp.accounts.recovery import NotPossible
from idp.signals import notifications, recovery_messages
from idp.web import current, languages, recovery_pages
from idp.web.sign_in import ScreenForm

blueprint = Blueprint("recovery_cancel", __name__, url_prefix="/recovery/cancel")


class CancelForm(ScreenForm):
    link = HiddenField()


@blueprint.get("")
def show() -> Response:
    form, link = recovery_pages.form(CancelForm), request.args.get("link", "")
    read = recovery_messages.read_cancellation(current.gate(), link)
    if read is None:
        return recovery_pages.render("recovery_over")
    with current.reading() as db:
        standing = recovery.find(db, read[0])
    if standing is None or standing.recovery_id != read[1]:
        return recovery_pages.render("recovery_over")
    return recovery_pages.render("recovery_cancel", form, link=link, opens_at=standing.opens_at)


@blueprint.post("")
def cancel() -> Response:
    form = recovery_pages.form(CancelForm)
    link = form.link.data or ""
    read = recovery_messages.read_cancellation(current.gate(), link)
    if read is None:
        return recovery_pages.render("recovery_over")
    if not form.validate():
        return recovery_pages.render("recovery_cancel", form, 400, link=link, opens_at=None)
    citizen_id, recovery_id, by, handle = read
    with current.writing() as db:
        outcome = recovery.cancel_by_handle(db, citizen_id, recovery_id, handle, by, current.now())
        if not isinstance(outcome, NotPossible):
            notifications.warn(db, current.gate().vault, citizen_id, "recovery_cancelled", languages.current())
    if isinstance(outcome, NotPossible):
        return recovery_pages.render("recovery_over", at_counter=outcome is NotPossible.FACE_TO_FACE)
    return recovery_pages.render("recovery_cancelled")
