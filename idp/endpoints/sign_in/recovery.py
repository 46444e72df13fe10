"""/recovery: back into an account without a help desk (experience §3.4). What happened, two proofs, a wait unless
a printed code is among them, a new password.

Whether the account exists is told to nobody who has not proved it: text, status and time are the same (row 82).
Nothing of the account changes before a first proof; then the owner is warned on every channel.
"""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response
from flask_babel import gettext, lazy_gettext
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from idp.accounts import enrolment, identifiers, recovery
from idp.accounts.identifiers import Identifier, Unreadable
from idp.accounts.recovery import Cause
from idp.accounts.states import AccountState
from idp.web import (
    current,
    identifier_words,
    pages,
    recovery_asking,
    recovery_pages,
    recovery_steps,
    waiting_sign_in,
)
from idp.web.recovery_steps import NOBODY, Steps, Way
from idp.web.sign_in import ScreenForm

blueprint = Blueprint("recovery", __name__, url_prefix="/recovery")

CAUSES = (
    SelectChoice(Cause.FORGOT_PASSWORD.value, lazy_gettext("Saya lupa kata sandi")),
    SelectChoice(Cause.NUMBER_CHANGED.value, lazy_gettext("Nomor HP saya berganti")),
    SelectChoice(Cause.PHONE_LOST.value, lazy_gettext("HP saya hilang")),
    SelectChoice(Cause.SOMEBODY_ELSE.value, lazy_gettext("Orang lain memakai akun saya")),
)
WAYS = (
    SelectChoice(Way.RECOVERY_CODE.value, lazy_gettext("Kode pemulihan yang dicetak")),
    SelectChoice(Way.KNOWN_DEVICE.value, lazy_gettext("HP atau komputer ini, tempat saya pernah masuk")),
    SelectChoice(Way.EMAIL.value, lazy_gettext("E-mail yang sudah dipastikan")),
    SelectChoice(Way.PHONE.value, lazy_gettext("Nomor HP yang dipastikan dalam 60 hari terakhir")),
)


class CauseForm(ScreenForm):
    cause = RadioField(lazy_gettext("Apa yang terjadi?"), choices=CAUSES, validate_choice=False)
    identifier = StringField(lazy_gettext("NIK, nomor HP, atau e-mail"))


class ProofsForm(ScreenForm):
    proofs = SelectMultipleField(
        lazy_gettext("Pilih dua bukti yang Anda punya"), choices=WAYS, validate_choice=False
    )


@blueprint.get("")
def show() -> Response:
    return recovery_pages.render("recovery", recovery_pages.form(CauseForm))


@blueprint.post("")
def begin() -> Response:
    form = recovery_pages.form(CauseForm)
    if not form.validate():
        return recovery_pages.render("recovery", form, 400)
    identifier, cause = identifiers.normalise(form.identifier.data or ""), form.cause.data
    if cause not in set(Cause):
        form.refuse("cause", gettext("Pilih apa yang terjadi."))
    if isinstance(identifier, Unreadable):
        form.refuse("identifier", identifier_words.sentence(identifier))
        return recovery_pages.render("recovery", form, 400)
    if form.errors:
        return recovery_pages.render("recovery", form, 400)
    budget = current.gate().vault.digest(identifier)[:16].hex()
    return recovery_steps.lead(Steps(_whose(identifier), Cause(cause), budget, current.now()))


@blueprint.get("/proofs")
def show_proofs() -> Response:
    _begun()
    return recovery_pages.render("recovery_proofs", recovery_pages.form(ProofsForm))


@blueprint.post("/proofs")
def choose() -> Response:
    steps, form = _begun(), recovery_pages.form(ProofsForm)
    if not form.validate():
        return recovery_pages.render("recovery_proofs", form, 400)
    chosen = recovery_steps.choose(form.proofs.data or ())
    if chosen is None:
        ticked = set(form.proofs.data or ())
        form.refuse(
            "proofs",
            gettext("E-mail dan nomor HP dihitung satu bukti. Pilih satu bukti lain.")
            if ticked == {Way.EMAIL, Way.PHONE}
            else gettext("Pilih dua bukti."),
        )
        return recovery_pages.render("recovery_proofs", form, 400)
    return recovery_asking.lead_on(replace(steps, chosen=chosen, asked_at=None))


@blueprint.get("/wait")
def wait() -> Response:
    """When it opens, for who has given two proofs. Too early is told by the page of the password, which leads
    here.
    """
    steps = recovery_steps.at("/recovery/password")
    with current.reading() as db:
        standing = recovery.find(db, steps.citizen_id)
    if standing is None or standing.recovery_id != steps.recovery_id:
        return recovery_pages.render("recovery_over")
    opens_at = standing.opens_for(steps.given)
    if opens_at <= current.now():
        return pages.see_other("/recovery/password")
    return recovery_pages.render("recovery_wait", opens_at=opens_at)


@blueprint.get("/done")
def done() -> Response:
    """On to the sign-in that waited, or to where its application begins if it waited too long."""
    steps, waiting = recovery_steps.at("/recovery/done"), waiting_sign_in.find()
    onward = waiting.onward if waiting.handle else "/login"
    return recovery_pages.render("recovery_done", cause=steps.cause, until=steps.basic_until, onward=onward)


def _whose(identifier: Identifier) -> UUID:
    """Two look-ups whether there is somebody or not. Who cannot sign in is not let in by the back door either."""
    gate = current.gate()
    with current.reading() as db:
        citizen_id = gate.vault.find_citizen(db, identifier) or NOBODY
        account = enrolment.find_account(db, citizen_id)
    return citizen_id if account is not None and account.state is AccountState.ACTIVE else NOBODY


def _begun() -> Steps:
    """Proofs may be chosen anew at any time before the end: who has lost one takes another."""
    steps = recovery_steps.find()
    return steps if steps is not None and steps.basic_until is None else recovery_steps.at("/recovery/proofs")
