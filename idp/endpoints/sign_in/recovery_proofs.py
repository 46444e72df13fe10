"""/recovery/code, /recovery/message, /recovery/device: the proofs, one a page (experience §3.4).

A printed code or one that was sent; or this very browser, if the citizen signed in here under the password of now.
Whatever is wrong, and whoever does not exist, reads the same.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import StringField

from idp.accounts import channels, recovery_codes, sent_codes
from idp.accounts.sent_codes import Answer, Use
from idp.signals import recovery_messages
from idp.web import current, known_browsers, recovery_asking, recovery_pages, recovery_proving, recovery_steps
from idp.web.recovery_asking import CHANNELS
from idp.web.recovery_proving import Refused
from idp.web.recovery_steps import Steps, Way
from idp.web.sign_in import ScreenForm

blueprint = Blueprint("recovery_proofs", __name__, url_prefix="/recovery")

LASTS_MINUTES = int(sent_codes.LASTS[Use.RECOVERY] / timedelta(minutes=1))


class PrintedForm(ScreenForm):
    code = StringField(lazy_gettext("Kode pemulihan yang dicetak"))


class MessageForm(ScreenForm):
    code = StringField(lazy_gettext("Kode dari pesan"))


@blueprint.route("/code", methods=["GET", "POST"])
def printed_code() -> Response:
    steps, form = recovery_steps.at("/recovery/code"), recovery_pages.form(PrintedForm)
    typed = form.code.data or ""
    if request.method == "POST" and form.validate():
        wrong = gettext("Kode tidak cocok. Periksa kode di kertas, lalu coba lagi.")
        outcome = recovery_proving.prove(
            steps, Way.RECOVERY_CODE,
            lambda db: recovery_codes.use(db, current.gate().vault, steps.citizen_id, typed, current.now()), wrong,
        )  # fmt: skip
        if not isinstance(outcome, Refused):
            return recovery_asking.lead_on(outcome)
        form.refuse("code", outcome.text)
    return recovery_pages.render("recovery_code", form, 400 if form.errors else 200)


@blueprint.route("/device", methods=["GET", "POST"])
def known_device() -> Response:
    steps, form = recovery_steps.at("/recovery/device"), recovery_pages.form(ScreenForm)
    refused = None
    if request.method == "POST" and form.validate():
        wrong = gettext("Kami belum mengenal HP atau komputer ini. Pilih bukti lain.")
        outcome = recovery_proving.prove(
            steps, Way.KNOWN_DEVICE, lambda db: steps.citizen_id in _known_here(db), wrong
        )
        if not isinstance(outcome, Refused):
            return recovery_asking.lead_on(outcome)
        refused = outcome.text
    return recovery_pages.render("recovery_device", form, 400 if refused or form.errors else 200, refused=refused)


@blueprint.get("/message")
def show() -> Response:
    return _message(recovery_steps.at("/recovery/message"), recovery_pages.form(MessageForm))


@blueprint.post("/message")
def answer() -> Response:
    steps, form = recovery_steps.at("/recovery/message"), recovery_pages.form(MessageForm)
    if not form.validate():
        return _message(steps, form)
    if request.form.get("again"):
        due = steps.asked_at is None or current.now() >= steps.asked_at + sent_codes.AGAIN_AFTER
        return recovery_asking.lead_on(replace(steps, asked_at=None)) if due else _message(steps, form)
    # By our own clock and not by the code's: that there is one is no stranger's business.
    if steps.asked_at is not None and current.now() >= steps.asked_at + sent_codes.LASTS[Use.RECOVERY]:
        form.refuse("code", gettext("Kode sudah lewat %(minutes)s menit. Minta kode baru.", minutes=LASTS_MINUTES))
        return _message(steps, form)
    way, typed = _channel(steps), form.code.data or ""
    wrong = gettext("Kode tidak cocok. Periksa pesan terakhir.")
    outcome = recovery_proving.prove(steps, way, lambda db: _is_right(db, steps.citizen_id, way, typed), wrong)
    if not isinstance(outcome, Refused):
        return recovery_asking.lead_on(outcome)
    form.refuse("code", outcome.text)
    return _message(steps, form)


def _channel(steps: Steps) -> Way:
    way = steps.due()
    assert way in CHANNELS  # the page is this one's turn
    return Way(way)


def _message(steps: Steps, form: MessageForm) -> Response:
    """`again_at` None: too many messages were asked for, and none was sent for this."""
    return recovery_pages.render(
        "recovery_message", form, 400 if form.errors else 200,
        by_phone=_channel(steps) is Way.PHONE, minutes=LASTS_MINUTES,
        again_at=steps.asked_at + sent_codes.AGAIN_AFTER if steps.asked_at is not None else None,
    )  # fmt: skip


def _is_right(db: Session, citizen_id: UUID, way: Way, typed: str) -> bool:
    gate, now = current.gate(), current.now()
    since = now - recovery_messages.NUMBER_IS_FRESH if way is Way.PHONE else None
    address = channels.find_proved(db, gate.vault, citizen_id, CHANNELS[way], since=since)
    return address is not None and (
        sent_codes.answer(db, gate.vault, citizen_id, Use.RECOVERY, address, typed, now) is Answer.RIGHT
    )


def _known_here(db: Session) -> frozenset[UUID]:
    gate = current.gate()
    cookie = current.exchange().cookie(known_browsers.COOKIE)
    return known_browsers.still_known(db, known_browsers.read(gate.sealer, cookie, gate.clock()))
