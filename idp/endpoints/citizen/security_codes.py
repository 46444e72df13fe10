"""GET, POST /security/codes: a new set of recovery codes; the one before is worth nothing from then on.

Shown once, in the answer to the form, and made to be printed. Looking at the page makes nothing.
"""

from flask import Blueprint, Response

from idp.accounts import recovery_codes
from idp.revocation.account import Change
from idp.web import current, fresh, pages
from idp.web.forms import Form

blueprint = Blueprint("citizen_security_codes", __name__, url_prefix="/security/codes")


@blueprint.get("")
def show() -> Response:
    fresh.citizen("/security/codes")
    return _page(Form())


@blueprint.post("")
def make() -> Response:
    citizen, form = fresh.citizen("/security/codes"), Form()
    if not form.validate():
        return _page(form, 400)
    with current.writing() as db:
        codes = recovery_codes.make(db, current.gate().vault, citizen.citizen_id, citizen.session.now)
        cookies = fresh.changed(db, citizen, Change.CODES_REPLACED, "recovery_codes_made")
    response = pages.render("citizen/security_codes.html", codes=codes, app=False)
    response.headers.extend(cookies)
    return response


def _page(form: Form, status: int = 200) -> Response:
    return pages.render("citizen/security_codes_make.html", status=status, form=form)
