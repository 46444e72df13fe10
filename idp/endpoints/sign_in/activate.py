"""GET, POST /activate and its questions: how, the code, the person, the channel, the password (experience §3.3).

One question a page; what was answered goes along sealed (`web/activating`). Who skips a step is led to the first
that is open. Letter, NIK and birth date are judged together, and what does not match is one sentence.
"""

import unicodedata
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from flask import Blueprint, Response, g, request
from flask_babel import gettext, lazy_gettext
from wtforms import PasswordField, StringField

from idp import audit
from idp.accounts import identifiers, letters, password_change, password_rules, totp
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.letters import AlreadyActive, Matches, NoMatch
from idp.accounts.password_hashing import QueueFull
from idp.accounts.printed_codes import read_code
from idp.errors import PageError
from idp.web import (
    activating,
    current,
    identifier_words,
    languages,
    letter_attempts,
    pages,
    password_words,
    signed_in,
    waiting_sign_in,
)
from idp.web.activating import Activating
from idp.web.letter_attempts import Spent
from idp.web.sign_in import ScreenForm
from idp.web.waiting_sign_in import Waiting

blueprint = Blueprint("activate", __name__, url_prefix="/activate")

AForm = TypeVar("AForm", bound=ScreenForm)
METHODS = (
    ("letter", lazy_gettext("Dengan kode dari surat")),
    ("agency", lazy_gettext("Lewat instansi yang sudah mengenal saya")),
    ("counter", lazy_gettext("Di loket")),
)


class MethodForm(ScreenForm):
    method = StringField()


class LetterForm(ScreenForm):
    letter_code = StringField(lazy_gettext("Kode dari surat"))


class PersonForm(ScreenForm):
    identifier = StringField(lazy_gettext("NIK"))
    birth_day = StringField(lazy_gettext("Hari"))
    birth_month = StringField(lazy_gettext("Bulan"))
    birth_year = StringField(lazy_gettext("Tahun"))


class ChannelForm(ScreenForm):
    channel = StringField(lazy_gettext("Nomor HP atau e-mail"))


class NewPasswordForm(ScreenForm):
    new_password = PasswordField(lazy_gettext("Buat kata sandi"))


@blueprint.get("")
def show() -> Response:
    return _methods(_form(MethodForm), _begun())


@blueprint.post("")
def choose() -> Response:
    waiting, form = _begun(), _form(MethodForm)
    if not form.validate():
        return _methods(form, waiting, 400)
    match form.method.data:
        case "letter":
            return pages.see_other(waiting.at("/activate/code"))
        case "agency" | "counter":  # these do not begin on a page of ours
            return pages.see_other(waiting.at(f"/activate/{form.method.data}"))
    form.refuse("method", gettext("Pilih salah satu cara."))
    return _methods(form, waiting, 400)


@blueprint.get("/agency")
def through_an_agency() -> Response:
    return _elsewhere(at_counter=False)


@blueprint.get("/counter")
def at_a_counter() -> Response:
    return _elsewhere(at_counter=True)


@blueprint.get("/code")
def ask_code() -> Response:
    """The code does not come back into its field: it is a secret."""
    return _page("activate_code", _form(LetterForm), _begun())


@blueprint.post("/code")
def take_code() -> Response:
    waiting, form = _begun(), _form(LetterForm)
    if not form.validate():
        return _page("activate_code", form, waiting, 400)
    code = read_code(form.letter_code.data or "", letters.LENGTH)
    if code is None:
        form.refuse("letter_code", gettext("Kode terdiri dari 12 huruf dan angka, tanpa 0, O, 1, I, dan L."))
        return _page("activate_code", form, waiting, 400)
    answered = activating.find(None)
    # Another letter is perhaps another person's, who shares the phone: nothing of the first one's goes along.
    return _onward(answered if answered and answered.code == code else Activating(code), waiting)


@blueprint.get("/person")
def ask_person() -> Response:
    waiting = _begun()
    answered, form = _answered(waiting, "code"), _form(PersonForm)
    if answered.nik and answered.birth_date:
        form.identifier.data, born = answered.nik.normal, answered.birth_date
        form.birth_day.data, form.birth_month.data, form.birth_year.data = born.day, born.month, born.year
    return _page("activate_person", form, waiting)


@blueprint.post("/person")
def take_person() -> Response:
    waiting = _begun()
    answered, form = _answered(waiting, "code"), _form(PersonForm)
    if not form.validate():
        return _page("activate_person", form, waiting, 400)
    nik, born = identifiers.read_nik(form.identifier.data or ""), _birth_date(form)
    if not isinstance(nik, Identifier):
        form.refuse("identifier", identifier_words.of_nik(nik))
    if born is None:
        form.refuse("birth_day", gettext("Tulis tanggal lahir dengan angka, misalnya 27 3 1990."))
    if not isinstance(nik, Identifier) or born is None:
        return _page("activate_person", form, waiting, 400)
    gate = current.gate()
    verdict = letter_attempts.attempt(
        gate.database, gate.vault, typed=answered.code, nik=nik, birth_date=born,
        remote=current.exchange().remote, now=current.now(),
    )  # fmt: skip
    if isinstance(verdict, Matches):
        return _onward(replace(answered, nik=nik, birth_date=born), waiting)
    _note_refused(verdict)
    if isinstance(verdict, AlreadyActive):
        return _page("activate_person", form, waiting, 409, already=True)
    form.refuse("identifier", _refusal(verdict))
    return _page("activate_person", form, waiting, 429 if isinstance(verdict, Spent) else 400)


@blueprint.get("/channel")
def ask_channel() -> Response:
    waiting = _begun()
    answered, form = _answered(waiting, "person"), _form(ChannelForm)
    form.channel.data = answered.channel.normal if answered.channel else ""
    return _page("activate_channel", form, waiting)


@blueprint.post("/channel")
def take_channel() -> Response:
    waiting = _begun()
    answered, form = _answered(waiting, "person"), _form(ChannelForm)
    if not form.validate():
        return _page("activate_channel", form, waiting, 400)
    if request.form.get("without"):
        return _onward(replace(answered, channel=None, channel_asked=True), waiting)
    channel = identifiers.normalise(form.channel.data or "")
    if isinstance(channel, Identifier) and channel.kind is not Kind.NIK:
        return _onward(replace(answered, channel=channel, channel_asked=True), waiting)
    form.refuse("channel", identifier_words.of_channel(None if isinstance(channel, Identifier) else channel))
    return _page("activate_channel", form, waiting, 400)


@blueprint.get("/password")
def ask_password() -> Response:
    waiting = _begun()
    answered = _answered(waiting, "channel")
    return _password_page(_form(NewPasswordForm), waiting, _has_second_factor(answered))


@blueprint.post("/password")
def take_password() -> Response:
    waiting = _begun()
    answered, form = _answered(waiting, "channel"), _form(NewPasswordForm)
    has_factor = _has_second_factor(answered)
    if not form.validate():
        return _password_page(form, waiting, has_factor, 400)
    password = form.new_password.data or ""
    refusal = password_rules.find_refusal(password, personal=_personal(answered), second_factor=has_factor)
    if refusal is not None:
        form.refuse("new_password", password_words.refusal(refusal))
        return _password_page(form, waiting, has_factor, 400)
    try:
        hashed = current.gate().hashing.hash(password)
    except QueueFull:
        raise PageError("crowded", 503, "too many passwords are being hashed") from None
    return _onward(replace(answered, password_hash=hashed), waiting)


def _begun() -> Waiting:
    """Where this activation leads when it is over. Whoever is signed in here has an account: that comes first."""
    waiting = waiting_sign_in.find()
    if signed_in.find_session() is not None:
        raise current.Elsewhere(pages.see_other(waiting.at("/login/account")))
    return waiting


def _answered(waiting: Waiting, least: str) -> Activating:
    """What was answered before this page, up to the question `least`; else the browser is led to what is open."""
    answered = activating.find(waiting.at("/activate"))
    if answered is None and request.method == "POST":
        raise PageError("page_expired", 400, "nothing was answered in this browser", waiting.at("/activate"))
    answered = answered or Activating()
    order = ("code", "person", "channel", "password", "check")
    if order.index(answered.next_page.removeprefix("/activate/")) <= order.index(least):
        raise current.Elsewhere(pages.see_other(waiting.at(answered.next_page)))
    return answered


def _onward(answered: Activating, waiting: Waiting) -> Response:
    response = pages.see_other(waiting.at(answered.next_page))
    response.headers.extend([activating.keeping(answered), *current.browser().cookies])
    return response


def _form(kind: type[AForm]) -> AForm:
    g.form_secret = current.browser().secret.encode()
    return kind()


def _page(name: str, form: ScreenForm, waiting: Waiting, status: int = 200, **values: Any) -> Response:
    response = pages.render(
        f"sign_in/{name}.html", status=status, form=form, handle=waiting.handle, client=waiting.client,
        at=waiting.at, **values,
    )  # fmt: skip
    response.headers.extend(list(current.browser().cookies))
    return response


def _methods(form: MethodForm, waiting: Waiting, status: int = 200) -> Response:
    return _page("activate", form, waiting, status, methods=METHODS)


def _elsewhere(*, at_counter: bool) -> Response:
    waiting = _begun()
    return pages.render(
        "sign_in/activate_elsewhere.html", handle=waiting.handle, at=waiting.at, at_counter=at_counter
    )


def _password_page(form: NewPasswordForm, waiting: Waiting, has_factor: bool, status: int = 200) -> Response:
    rules = password_rules
    least = rules.LEAST_WITH_SECOND_FACTOR if has_factor else rules.LEAST_ALONE
    return _page("activate_password", form, waiting, status, least=least)


def _birth_date(form: PersonForm) -> date | None:
    typed = (form.birth_year.data, form.birth_month.data, form.birth_day.data)
    texts = [unicodedata.normalize("NFKC", text or "").strip() for text in typed]
    if not all(text.isascii() and text.isdigit() and len(text) <= 4 for text in texts):
        return None
    try:
        return date(*(int(text) for text in texts))
    except ValueError:
        return None


def _refusal(verdict: NoMatch | Spent) -> str:
    if isinstance(verdict, NoMatch):
        return str(gettext("Data ini tidak cocok dengan surat. Periksa lagi, atau pilih cara lain."))
    if verdict.until is None:
        return str(gettext("Terlalu banyak percobaan dari jaringan ini. Pilih cara lain, atau coba lagi nanti."))
    when = languages.clock(verdict.until)
    return str(gettext("Terlalu banyak percobaan. Coba lagi pukul %(time)s, atau pilih cara lain.", time=when))


def _note_refused(verdict: AlreadyActive | NoMatch | Spent) -> None:
    """Each attempt leaves a trace, also when it is refused (row 112)."""
    citizen_id = verdict.citizen_id if isinstance(verdict, AlreadyActive) else None
    audit.record(
        current.gate().database.hot(), action="activation.refused", object_id=str(citizen_id or "nobody"),
        outcome="refused", detail={"why": type(verdict).__name__},
    )  # fmt: skip


def _has_second_factor(answered: Activating) -> bool:
    """Whoever comes back after closing may still have one, and is asked for it."""
    with current.reading() as db:
        citizen_id = current.gate().vault.find_citizen(db, answered.nik) if answered.nik else None
        return citizen_id is not None and totp.is_set_up(db, citizen_id)


def _personal(answered: Activating) -> list[str]:
    """What anyone near the citizen knows: what is registered, and what they told just now."""
    vault = current.gate().vault
    told = [one.normal for one in (answered.nik, answered.channel) if one is not None]
    with current.reading() as db:
        citizen_id = vault.find_citizen(db, answered.nik) if answered.nik else None
        return [*told, *(password_change.known_to_others(db, vault, citizen_id) if citizen_id else ())]
