"""GET, POST /recovery/password: the end of a recovery. Both proofs are given and the wait is over, so the citizen
chooses a password, and everything that rested on the old one ends.

Sent twice, it is done once, and says so twice.
"""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import PasswordField

from idp.accounts import password_change, passwords, recovery, recovery_codes, totp
from idp.accounts.password_hashing import QueueFull
from idp.accounts.password_rules import LEAST_ALONE, LEAST_WITH_SECOND_FACTOR, find_refusal
from idp.accounts.recovery import Cause, NotPossible
from idp.accounts.sessions import BASIC_AFTER_RECOVERY
from idp.errors import PageError
from idp.revocation import account
from idp.revocation.account import Change
from idp.signals import notifications
from idp.web import current, languages, pages, password_words, recovery_pages, recovery_steps
from idp.web.recovery_steps import Steps
from idp.web.sign_in import ScreenForm

blueprint = Blueprint("recovery_password", __name__, url_prefix="/recovery/password")

# With these the app that shows codes is in other hands, or in none.
APP_IS_LOST = (Cause.PHONE_LOST, Cause.SOMEBODY_ELSE)


class PasswordForm(ScreenForm):
    new_password = PasswordField(lazy_gettext("Buat kata sandi"))


@blueprint.get("")
def show() -> Response:
    steps = recovery_steps.at("/recovery/password")
    with current.writing() as db:
        outcome = recovery.open_(db, steps.citizen_id, steps.recovery_id, steps.given, current.now())
    return _not_open(outcome) or _page(steps, recovery_pages.form(PasswordForm))


@blueprint.post("")
def submit() -> Response:
    steps, form = recovery_steps.at("/recovery/password"), recovery_pages.form(PasswordForm)
    if not form.validate():
        return _page(steps, form, 400)
    chosen, now = form.new_password.data or "", current.now()
    with current.reading() as db:
        personal = password_change.known_to_others(db, current.gate().vault, steps.citizen_id)
    refusal = find_refusal(chosen, personal=personal, second_factor=_keeps_app(steps))
    if refusal is not None:
        form.refuse("new_password", password_words.refusal(refusal) if chosen else gettext("Isi kata sandi."))
        return _page(steps, form, 400)
    try:
        hashed = current.gate().hashing.hash(chosen)
    except QueueFull:
        raise PageError("crowded", 503, "too many passwords are being verified") from None
    with current.writing() as db:
        outcome = recovery.complete(db, steps.citizen_id, steps.recovery_id, steps.given, now)
        if not isinstance(outcome, NotPossible):
            _recovered(db, steps, hashed, now)
        is_done = recovery.is_completed(db, steps.citizen_id, steps.recovery_id)  # by this, or by the tap before
    if is_done:
        return recovery_steps.lead(replace(steps, basic_until=now + BASIC_AFTER_RECOVERY))
    return _not_open(outcome) or _page(steps, form, 400)


def _recovered(db: Session, steps: Steps, hashed: str, now: datetime) -> None:
    """All that ends and begins with it (DESIGN §4), in its transaction."""
    citizen_id = steps.citizen_id
    notifications.warn(db, current.gate().vault, citizen_id, "recovered", languages.current())
    passwords.store(db, citizen_id, hashed, now)
    if steps.cause in APP_IS_LOST:
        totp.remove_all(db, citizen_id)
    if steps.cause is Cause.SOMEBODY_ELSE:
        recovery_codes.give_up(db, citizen_id)
    account.credential_changed(db, citizen_id, None, Change.RECOVERED)


def _keeps_app(steps: Steps) -> bool:
    with current.reading() as db:
        return steps.cause not in APP_IS_LOST and totp.is_set_up(db, steps.citizen_id)


def _not_open(outcome: recovery.Standing | NotPossible) -> Response | None:
    if outcome is NotPossible.TOO_EARLY:
        return pages.see_other("/recovery/wait")
    return recovery_pages.render("recovery_over") if isinstance(outcome, NotPossible) else None


def _page(steps: Steps, form: PasswordForm, status: int = 200) -> Response:
    least = LEAST_WITH_SECOND_FACTOR if _keeps_app(steps) else LEAST_ALONE
    return recovery_pages.render("recovery_password", form, status, least=least)
