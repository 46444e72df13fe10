"""GET, POST /activate/address: the code that was sent to the address told in an activation (experience §3.2).

An address counts only once its code was answered, and the account lives without (C067).
"""

from datetime import timedelta

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext
from wtforms import StringField

from idp.accounts import channels, recovery_codes, sent_codes
from idp.accounts.channels import Proved
from idp.accounts.identifiers import Identifier
from idp.accounts.sent_codes import Answer, NotYet, ToSend
from idp.signals import notifications
from idp.web import address_messages, current, fresh, languages, masking, pages, waiting_sign_in
from idp.web.address_messages import Spent
from idp.web.sign_in import ScreenForm
from idp.web.signed_in import Citizen
from idp.web.waiting_sign_in import Waiting

blueprint = Blueprint("activate_address", __name__, url_prefix="/activate/address")


class AddressForm(ScreenForm):
    code = StringField(lazy_gettext("Kode 6 angka"))


@blueprint.get("")
def show() -> Response:
    citizen, address, waiting = _asked()
    return _page(AddressForm(), citizen, address, waiting)


@blueprint.post("")
def answer() -> Response:
    citizen, address, waiting = _asked()
    form = AddressForm()
    if not form.validate():
        return _page(form, citizen, address, waiting, 400)
    if request.form.get("again"):
        return _sent_again(form, citizen, address, waiting)
    outcome = _proved(citizen, address, form.code.data or "")
    if isinstance(outcome, Proved):
        return pages.see_other(_onward(citizen, waiting))
    form.refuse("code", _refusal(outcome))
    return _page(form, citizen, address, waiting, 400)


def _asked() -> tuple[Citizen, Identifier, Waiting]:
    """Who is asked about which address; where none waits for its proof there is nothing to do here."""
    citizen, waiting = fresh.citizen("/security"), waiting_sign_in.find()
    with current.reading() as db:
        address = channels.find_told(db, current.gate().vault, citizen.citizen_id)
    if address is None:
        raise current.Elsewhere(pages.see_other(waiting.at("/activate/done")))
    return citizen, address, waiting


def _proved(citizen: Citizen, address: Identifier, typed: str) -> Proved | Answer:
    with current.writing() as db:
        outcome = channels.prove(db, current.gate().vault, citizen.citizen_id, address, typed, citizen.session.now)
        if isinstance(outcome, Proved) and outcome.lost_by is not None:
            notifications.add(db, outcome.lost_by, "address_moved", {})
    return outcome


def _sent_again(form: AddressForm, citizen: Citizen, address: Identifier, waiting: Waiting) -> Response:
    with current.writing() as db:
        made = address_messages.send(db, citizen.citizen_id, address, citizen.session.now)
    match made:
        case ToSend():
            return pages.see_other(waiting.at("/activate/address"))
        case NotYet():
            when = languages.clock(made.until)
            form.refuse("code", gettext("Kode baru bisa dikirim lagi pukul %(time)s.", time=when))
        case Spent():
            form.refuse("code", gettext("Terlalu banyak kode diminta. Coba lagi nanti."))
    return _page(form, citizen, address, waiting, 429)


def _refusal(outcome: Answer) -> str:
    if outcome is Answer.TOO_OLD:
        minutes = sent_codes.LASTS[sent_codes.Use.VERIFY_PHONE] // timedelta(minutes=1)
        return str(gettext("Kode sudah lewat %(minutes)s menit. Minta kode baru.", minutes=minutes))
    return str(gettext("Kode tidak cocok. Periksa pesan terakhir."))


def _onward(citizen: Citizen, waiting: Waiting) -> str:
    """Who has printed their recovery codes is done here; else that is still offered."""
    with current.reading() as db:
        has_codes = recovery_codes.find_made_at(db, citizen.citizen_id) is not None
    return waiting.onward if has_codes else waiting.at("/activate/done")


def _page(
    form: AddressForm, citizen: Citizen, address: Identifier, waiting: Waiting, status: int = 200
) -> Response:
    name = channels.ATTRIBUTE[address.kind]
    return pages.render(
        "sign_in/activate_address.html",
        status=status,
        form=form,
        handle=waiting.handle,
        shown=masking.shown(name, address.normal),
        onward=_onward(citizen, waiting),
    )
