"""Every page in its states, drawn with invented values and no database: what the browser tests walk through.

A page is named by its template; states are `filled`, `empty`, `wrong`, … Each template has at least one here:
`tests/architecture/test_templates.py` sees to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import Flask, Response, g, request
from flask_babel import gettext
from markupsafe import Markup
from wtforms import BooleanField, PasswordField, RadioField, SelectMultipleField, StringField

from idp import qr_codes
from idp.endpoints.agency.withdrawals_link import NO_STATUTE, AnswerForm
from idp.endpoints.sign_in.activate import (
    METHODS,
    ChannelForm,
    LetterForm,
    MethodForm,
    NewPasswordForm,
    PersonForm,
)
from idp.endpoints.sign_in.recovery import CAUSES, WAYS
from idp.signals.withdrawal_clock import ANSWER_WITHIN, LONGEST_STATUTE, Clock
from idp.web import languages, masking, pages, problems
from idp.web.forms import Form
from idp.web.permits import Held
from idp.web.withdrawn import Withdrawn

HOUSE = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
ISSUER = "http://127.0.0.1"
ID = UUID("0199aaaa-0000-7000-8000-000000000001")
LONG_WORD = "Penyelenggaraanketenagakerjaandankesejahteraan"
LONG_NAME = "Ida Bagus Ketut Anak Agung Wirawan Putra Pradnyana Kusumadewa" + "a" * 89


@dataclass(frozen=True)
class State:
    """One page in one state."""

    template: str
    name: str
    draw: Callable[[], Response]
    signed_in: bool = False

    @property
    def path(self) -> str:
        return f"/{self.template.removesuffix('.html')}/{self.name}"


@dataclass
class Gallery:
    states: list[State] = field(default_factory=list)

    def add(self, template: str, name: str = "filled", *, signed_in: bool = False, **values: Any) -> None:
        def draw() -> Response:
            made = {key: value() if callable(value) else value for key, value in values.items()}
            return pages.render(template, **made)

        self.states.append(State(template, name, draw, signed_in))

    def add_problem(self, name: str, **values: Any) -> None:
        self.states.append(State("protocol/error.html", name, lambda: problems.page(name, **values)))


class CodeForm(Form):
    code = StringField("Kode 6 angka")
    onward = StringField()


def paper_code() -> CodeForm:
    form = CodeForm()
    form.code.label.text = gettext("Kode pemulihan yang dicetak")
    return form


class LoginForm(Form):
    identifier = StringField("NIK, nomor HP, atau e-mail")
    password = PasswordField("Kata sandi")
    code = StringField("Kode 6 angka, atau kode pemulihan")
    shared_device = BooleanField("HP atau komputer ini dipakai bersama")


class RevealForm(Form):
    attribute = StringField()


class PasswordForm(Form):
    password = PasswordField("Kata sandi sekarang")
    new_password = PasswordField("Kata sandi baru")


def wrong_password() -> Form:
    form = PasswordForm()
    form.validate()
    form["csrf_token"].errors = []
    form.refuse("password", gettext("Kata sandi ini tidak cocok. Periksa, lalu coba lagi."))
    return form


def wrong_code() -> CodeForm:
    form = CodeForm()
    form.validate()
    form["csrf_token"].errors = []
    form.refuse("code", gettext("Kode tidak cocok. Periksa kode yang terbaru, lalu coba lagi."))
    return form


def wrong_login() -> Form:
    form = LoginForm()
    form.validate()
    form["csrf_token"].errors = []
    form.refuse("identifier", gettext("Nama masuk atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi."))
    form.refuse("password", gettext("Isi kata sandi."))
    return form


def login_refused(field: str, text: str) -> Callable[[], Form]:
    def made() -> Form:
        form = LoginForm(identifier="3273006004010011")
        form.refuse(field, gettext(text))
        return form

    return made


def row(name: str, label: str, value: Any, **more: Any) -> dict[str, Any]:
    shown = masking.shown(name, value)
    return {"name": name, "label": label, "value_masked": shown.text, "spoken": shown.spoken, **more}


def asked(*, name: str = "Siti Rahayu") -> list[dict[str, Any]]:
    return [
        row("name", "Nama", name, reason="untuk memanggil Anda di loket"),
        row("nik", "NIK", "3273004505900004"),
        row("bpjs_number", "Nomor BPJS", "0001234565512"),
        row("email", "E-mail", None),
    ]


def consent_page(**changed: Any) -> dict[str, Any]:
    return {
        "form": Form,
        "handle": "h",
        "client_name": "Antrean Puskesmas",
        "agency_name": "Dinas Kesehatan Kota Sukamaju",
        "agency_verified": True,
        "host": "antrean.dinkes-sukamaju.example",
        "citizen_name": "Siti Rahayu",
        "purpose_sentence": "Mendaftarkan Anda di antrean puskesmas.",
        "until": LATER,
        "retention_days": 730,
        "if_refused": "Anda tetap bisa mendaftar di loket. Layanan lain tidak terpengaruh.",
        "required": asked,
        "optional": lambda: [
            row("phone_number", "Nomor HP", "+628123451234", reason="untuk mengirim pengingat giliran"),
            row("village", "Kelurahan", "Sukamaju Kidul", reason="untuk memilih puskesmas terdekat"),
        ],
        "law": lambda: [
            row("birthdate", "Tanggal lahir", "1990-05-05", reason="", citation="UU 24/2013 Pasal 58 ayat (4)")
        ],
        "dpo_contact": "dpo@dinkes-sukamaju.example",
        "legal_basis": "UU 27/2022 Pasal 20 ayat (2) huruf a",
        "new_since_days": 3,
        "look_alike": "Antrian Puskesmas",
        "more": "nomor HP",
        "specific": "Ini data kesehatan.",
    } | changed


def held(label: str, *, by_law: bool = False) -> SimpleNamespace:
    return SimpleNamespace(name=label.lower().replace(" ", "_"), label=label, by_law=by_law)


def permit(state: str = "on", **changed: Any) -> SimpleNamespace:
    attributes = (held("Nama"), held("NIK", by_law=True), held("Nomor HP"))
    plain = {
        "consent_id": ID,
        "name": "Antrean Puskesmas",
        "agency_name": "Dinas Kesehatan Kota Sukamaju",
        "agency_code": "dinkes-sukamaju",
        "dpo_contact": "dpo@dinkes-sukamaju.example",
        "purpose": "Mendaftarkan Anda di antrean puskesmas.",
        "citation": "UU 24/2013 Pasal 58 ayat (4)",
        "attributes": attributes,
        "labels": "Nama, NIK, nomor HP",
        "law_labels": "NIK",
        "state": state,
        "given_at": NOW - timedelta(days=90),
        "until": LATER,
        "since": None,
        "days_left": 7,
        "retention_days": 730,
        "last_seen": NOW - timedelta(minutes=32),
        "clock": None,
        "ended": False,
    }
    return SimpleNamespace(**(plain | changed))


def over(**clock: Any) -> SimpleNamespace:
    """A consent that ended, with the agency at this point of its clock."""
    return permit("withdrawn", since=NOW, ended=True, clock=clock_at(**clock), last_seen=None)


def clock_at(**changed: Any) -> Clock:
    return replace(Clock(NOW, NOW + ANSWER_WITHIN), **changed)


def agencies(*permits: SimpleNamespace) -> list[SimpleNamespace]:
    return [SimpleNamespace(code="dinkes-sukamaju", name="Dinas Kesehatan Kota Sukamaju", permits=permits)]


def looks() -> list[SimpleNamespace]:
    plain = {"agency": "Dinas Kesehatan Kota Sukamaju", "service": "Antrean Puskesmas", "labels": "Nama, NIK"}
    plain |= {"purpose": "Mendaftarkan Anda di antrean puskesmas.", "at": NOW, "consent_id": ID, "asked_by": None}
    return [
        SimpleNamespace(**plain, basis="izin Anda", given=True),
        SimpleNamespace(**plain | {"asked_by": "Kantor Catatan Sipil Nusantara"}, basis="izin Anda", given=True),
        SimpleNamespace(
            **plain | {"consent_id": None, "agency": LONG_WORD, "service": LONG_WORD, "asked_by": LONG_WORD},
            basis="izin sudah dicabut",
            given=False,
        ),
    ]


def hang_sign_in(gallery: Gallery) -> None:
    client = {"name": "Antrean Puskesmas", "agency_name": "Dinas Kesehatan Kota Sukamaju"}
    sign_in = {"handle": "h", "client": client, "action": "/login"}
    gallery.add("sign_in/login.html", form=LoginForm, **sign_in)
    gallery.add("sign_in/login.html", "empty", form=LoginForm, handle="", client=None, action="/login")
    gallery.add("sign_in/login.html", "wrong", form=wrong_login, **sign_in)
    spent = login_refused(
        "identifier",
        "Terlalu banyak percobaan dari jaringan ini. Isi kode juga, pulihkan akun, atau coba lagi nanti.",
    )
    gallery.add("sign_in/login.html", "spent", form=spent, code_too=True, **sign_in)
    crowded = login_refused("password", "Sedang banyak yang masuk. Tunggu beberapa detik, lalu coba lagi.")
    gallery.add("sign_in/login.html", "crowded", form=crowded, **sign_in)
    sms = {"sms": SimpleNamespace(ending="1234", again_at=NOW)}
    second = "sign_in/second_factor.html"
    gallery.add(second, form=CodeForm, handle="h", client=client, by_sms=True, **sms)
    gallery.add(second, "wrong", form=wrong_code, handle="h", client=None, by_sms=False, **sms)
    gallery.add(second, "empty", form=CodeForm, handle="", client=client, by_sms=False, sms=None)
    gallery.add(second, "by-paper", form=paper_code, handle="h", client=client, by_sms=False, by_paper=True, **sms)
    choice = {"form": Form, "signed_in": True}
    gallery.add("sign_in/select_account.html", citizen_name="Siti Rahayu", handle="h", client=client, **choice)
    gallery.add("sign_in/select_account.html", "long", citizen_name=LONG_NAME, client=None, own_page="/", **choice)
    gallery.add("sign_in/consent.html", signed_in=True, **consent_page())
    nothing_to_beware_of = {"more": "", "specific": "", "look_alike": ""}
    gallery.add(
        "sign_in/consent.html", "empty", signed_in=True,
        **consent_page(required=list, optional=list, law=list, new_since_days=None, **nothing_to_beware_of),
    )  # fmt: skip
    gallery.add("sign_in/consent_refused.html", signed_in=True, back="/", again="/")
    sms_sent = SimpleNamespace(
        channel="sms", to="+6281234501234", subject="", text="204581 kode masuk\n\n@masuk #204581"
    )
    gallery.add("demo/inbox.html", messages=[(sms_sent, NOW)])
    long = consent_page(citizen_name=LONG_NAME, required=lambda: asked(name=LONG_NAME))
    gallery.add("sign_in/consent.html", "long", signed_in=True, **long)


def person(*, wrong: bool = False) -> PersonForm:
    form = PersonForm(identifier="3273006004010011", birth_day="31", birth_month="2", birth_year="2001")
    if wrong:
        form.refuse(
            "identifier", gettext("Data ini tidak cocok dengan surat. Periksa lagi, atau pilih cara lain.")
        )
        form.refuse("birth_day", gettext("Tulis tanggal lahir dengan angka, misalnya 27 3 1990."))
    return form


def no_method() -> MethodForm:
    form = MethodForm()
    form.refuse("method", gettext("Pilih salah satu cara."))
    return form


def hang_activation(gallery: Gallery) -> None:
    client = {"name": "Antrean Puskesmas", "agency_name": "Dinas Kesehatan Kota Sukamaju"}
    waiting = SimpleNamespace(handle="h", client=client, onward="/", at=lambda path: path)
    step = {"handle": "h", "client": client, "at": lambda: lambda path: path}
    gallery.add("sign_in/activate.html", form=MethodForm, methods=METHODS, **step)
    gallery.add("sign_in/activate.html", "wrong", form=no_method, methods=METHODS, **step)
    gallery.add("sign_in/activate_elsewhere.html", at_counter=True, **step)
    gallery.add("sign_in/activate_elsewhere.html", "agency", at_counter=False, **step)
    gallery.add("sign_in/activate_code.html", form=LetterForm, **step)
    gallery.add("sign_in/activate_person.html", form=person, **step)
    gallery.add("sign_in/activate_person.html", "wrong", form=lambda: person(wrong=True), **step)
    gallery.add("sign_in/activate_person.html", "already", form=person, already=True, **step)
    gallery.add("sign_in/activate_channel.html", form=ChannelForm, **step)
    gallery.add("sign_in/activate_password.html", form=NewPasswordForm, least=15, **step)
    shown = {"form": Form, "mark": "m", "nik": lambda: masking.shown("nik", "3273006004010011"), **step}
    told = "siti.nur.rahayu.dari.sukamaju.kidul@warga.sukamaju.example"
    gallery.add("sign_in/activate_check.html", birth_date="2001", channel=told, **shown)
    gallery.add("sign_in/activate_check.html", "empty", birth_date="2001", channel="", **shown)
    end = {"handle": "h", "waiting": waiting, "signed_in": True}
    phone = lambda: masking.shown("phone_number", "+6281234501234")  # noqa: E731
    gallery.add("sign_in/activate_done.html", form=Form, told=phone, **end)
    gallery.add("sign_in/activate_done.html", "empty", form=Form, told=None, **end)
    gallery.add("sign_in/activate_address.html", form=CodeForm, shown=phone, onward="/", **end)
    gallery.add("sign_in/activate_address.html", "wrong", form=wrong_code, shown=phone, onward="/", **end)
    gallery.add("sign_in/activate_codes.html", codes=["7K2M-94QD-XH3T-7K2M"] * 10, **end)


def hang_security(gallery: Gallery) -> None:
    device = SimpleNamespace(browser="Chrome", system="Android")
    here = SimpleNamespace(session_id=ID, device=device, started_at=NOW, seen_at=NOW)
    there = SimpleNamespace(
        session_id=UUID(int=7), device=None, started_at=NOW - timedelta(days=1), seen_at=NOW - timedelta(hours=1)
    )
    plain = {"form": Form, "here": ID, "now": NOW, "changed_at": NOW, "signed_in": True}
    gallery.add(
        "citizen/security.html",
        places=[here, there],
        has_app=True,
        codes_left=7,
        done="password",
        recovery=SimpleNamespace(opens_at=NOW + timedelta(days=3)),
        **plain,
    )
    gallery.add(
        "citizen/security.html",
        "empty",
        places=[here],
        has_app=False,
        codes_left=0,
        done="",
        recovery=None,
        **plain,
    )
    setup = SimpleNamespace(totp_id=ID, secret="JBSWY3DPEHPK3PXP" * 2, uri="otpauth://totp/Gapura")
    app = {"setup": setup, "signed_in": True}
    gallery.add("citizen/security_code_app.html", form=CodeForm, replaces=True, **app)
    gallery.add("citizen/security_code_app.html", "wrong", form=wrong_code, replaces=False, **app)
    gallery.add("citizen/security_code_app_off.html", form=PasswordForm, signed_in=True)
    gallery.add("citizen/security_code_app_off.html", "wrong", form=wrong_password, signed_in=True)
    gallery.add("citizen/security_password.html", form=PasswordForm, least=15, signed_in=True)
    gallery.add("citizen/security_password.html", "wrong", form=wrong_password, least=12, signed_in=True)
    gallery.add("citizen/security_codes_make.html", form=Form, signed_in=True)
    codes = ["7K2M-94QD-XH3T-8PQR"] * 10
    gallery.add("citizen/security_codes.html", codes=codes, app=True, signed_in=True)
    gallery.add("citizen/security_codes.html", "empty", codes=codes, app=False, signed_in=True)


def recovery_form(**wrongs: str) -> Callable[[], Form]:
    """The door's own forms are more than a page needs: these have the same fields."""

    class RecoveryForm(Form):
        cause = RadioField(choices=CAUSES, validate_choice=False)
        identifier = StringField("NIK, nomor HP, atau e-mail")
        proofs = SelectMultipleField(choices=WAYS, validate_choice=False)
        code = StringField("Kode pemulihan yang dicetak")
        new_password = PasswordField("Buat kata sandi")

    def made() -> Form:
        form = RecoveryForm()
        form.validate()
        form["csrf_token"].errors = []
        for name, text in wrongs.items():
            form.refuse(name, gettext(text))
        return form

    return made


def hang_recovery(gallery: Gallery) -> None:
    ways = {
        "recovery": {"cause": "Pilih apa yang terjadi.", "identifier": "Isi NIK, nomor HP, atau e-mail."},
        "recovery_proofs": {"proofs": "E-mail dan nomor HP dihitung satu bukti. Pilih satu bukti lain."},
        "recovery_code": {"code": "Kode tidak cocok. Periksa kode di kertas, lalu coba lagi."},
        "recovery_password": {"new_password": "Isi kata sandi."},
    }
    for name, wrongs in ways.items():
        shown = {"handle": "h", "least": 15}
        gallery.add(f"sign_in/{name}.html", form=recovery_form(), **shown)
        gallery.add(f"sign_in/{name}.html", "wrong", form=recovery_form(**wrongs), **shown)
    sent = {"handle": "", "minutes": 30, "by_phone": True, "again_at": NOW}
    gallery.add("sign_in/recovery_message.html", form=recovery_form(), **sent)
    spent = sent | {"by_phone": False, "again_at": None}
    wrong = recovery_form(code="Kode tidak cocok. Periksa pesan terakhir.")
    gallery.add("sign_in/recovery_message.html", "wrong", form=wrong, **spent)
    gallery.add("sign_in/recovery_device.html", form=Form, handle="", refused=None)
    refused = "Kami belum mengenal HP atau komputer ini. Pilih bukti lain."
    gallery.add("sign_in/recovery_device.html", "wrong", form=Form, handle="", refused=refused)
    gallery.add("sign_in/recovery_wait.html", handle="", opens_at=NOW + timedelta(days=3))
    done = {"handle": "", "onward": "/login"}
    gallery.add("sign_in/recovery_done.html", cause="forgot_password", until=NOW + timedelta(days=1), **done)
    gallery.add("sign_in/recovery_done.html", "all", cause="somebody_else", until=NOW, **done)
    gallery.add("sign_in/recovery_cancel.html", form=Form, link="x", opens_at=NOW + timedelta(days=3))
    gallery.add("sign_in/recovery_cancelled.html")
    gallery.add("sign_in/recovery_over.html", at_counter=False)
    gallery.add("sign_in/recovery_over.html", "counter", at_counter=True)


def hang_sign_out(gallery: Gallery) -> None:
    client = {"name": "Antrean Puskesmas", "agency_name": "Dinas Kesehatan Kota Sukamaju"}
    gallery.add("protocol/logout.html", form=Form, client=client, bad_hint=False, signed_in=True)
    gallery.add("protocol/logout.html", "wrong", form=Form, client=None, bad_hint=True, signed_in=True)
    gallery.add("protocol/logout_done.html", told=["Antrean Puskesmas"], not_told=["Beasiswa Daerah"])
    gallery.add("protocol/logout_done.html", "empty", told=[], not_told=[])


def hang_consents(gallery: Gallery) -> None:
    counts = {"on": 3, "law": 1, "off": 4}
    many = agencies(permit(), permit("ending", last_seen=None), permit("suspended", labels="", attributes=()))
    shown = {"counts": counts, "now": NOW, "signed_in": True}
    gallery.add("citizen/consents.html", agencies=many, shown="on", done=over(), receipt_of=ID, **shown)
    gallery.add("citizen/consents.html", "law", agencies=agencies(permit()), shown="law", done=None, **shown)
    no = SimpleNamespace(at=NOW, name="Beasiswa Daerah", agency_name="Dinas Pendidikan Provinsi Tirta")
    past = agencies(
        over(told_at=NOW),
        over(not_told_at=NOW, attempts=14, due_at=NOW - timedelta(hours=1)),
        over(not_told_at=NOW),
        over(acknowledged_at=NOW),
        over(kept_under="UU 43/2009", kept_at=NOW),
    )
    gallery.add("citizen/consents.html", "off", agencies=past, shown="off", done=None, refused=[no, no], **shown)
    nothing = {"counts": {"on": 0, "law": 0, "off": 0}, "now": NOW, "signed_in": True, "done": None}
    gallery.add("citizen/consents.html", "empty", agencies=[], shown="on", **nothing)
    act = SimpleNamespace(at=NOW, words="Izin diberikan", labels="Nama, NIK, nomor HP", record_id=ID)
    detail = {"history": [act, act], "now": NOW, "signed_in": True, "form": Form}
    paused = permit("paused")
    gallery.add("citizen/consents_detail.html", "paused", permit=paused, done=None, **detail)
    gallery.add("citizen/consents_detail.html", permit=permit(), done="Nomor HP", wrong=True, **detail)
    bare = SimpleNamespace(**vars(over(deleted_at=NOW)) | {"attributes": (), "labels": ""})
    gallery.add("citizen/consents_detail.html", "empty", permit=bare, done=None, **detail)
    tap = {"form": Form, "back": "/consents", "signed_in": True}
    question = "Cabut izin Antrean Puskesmas?"
    gallery.add("citizen/consents_withdraw.html", question=question, names=(LONG_WORD,), attribute=None, **tap)
    two = ("Antrean Puskesmas", "Vaksinasi")
    gallery.add("citizen/consents_withdraw.html", "all", question=question, names=two, attribute=None, **tap)


def hang_receipts(gallery: Gallery) -> None:
    words = {
        "application": "Antrean Puskesmas",
        "agency": "Dinas Kesehatan Kota Sukamaju",
        "purpose": "Mendaftarkan Anda di antrean puskesmas.",
        "law_citation": "UU 24/2013 Pasal 58 ayat (4)",
        "basis": "UU 27/2022 Pasal 20 ayat (2) huruf a",
        "retention_days": 90,
        "if_refused": "Anda tetap bisa mendaftar di loket.",
        "contact": "pdp@dinkes-sukamaju.example",
    }
    name = {"label": "Nama", "reason": "untuk memanggil Anda di loket"}
    phone = {"label": "Nomor HP", "reason": ""}
    nik = {"label": "NIK", "reason": "untuk mencocokkan rekam medis"}
    act = SimpleNamespace(record_id=ID, consent_id=ID, acted_at=NOW, expires_at=LATER, previous_id=None)
    receipt = SimpleNamespace(
        receipt_id=ID, log="id.gapura.example/ledger/2026", in_log_by=NOW + timedelta(hours=24)
    )
    given = {
        "form": Form,
        "words": words,
        "spoken_in": "id",
        "act": act,
        "event": "Izin diberikan",
        "citizen_name": LONG_NAME,
        "data": {"required": [name], "optional": [phone], "law": [nik]},
        "clock": None,
        "receipt": receipt,
        "code": Markup(qr_codes.draw("A" * 120)),
        "commitment": "rh6PbwiLCwGWtRJA1a28gaPCBWD4VPYFsUiOMutAK9s",
        "now": NOW,
        "signed_in": True,
    }
    page = "citizen/receipts.html"
    gallery.add(page, state="signed", entered=SimpleNamespace(position=12345), **given)
    gallery.add(page, "being-entered", state="signed", entered=None, **given)
    gallery.add(page, "late", state="signed", entered=None, **given | {"now": LATER})
    ended = SimpleNamespace(record_id=ID, consent_id=ID, acted_at=NOW, expires_at=None, previous_id=ID)
    nothing = {"required": [], "optional": [], "law": []}
    withdrawn = given | {"act": ended, "event": "Izin dicabut", "data": nothing, "clock": over().clock}
    gallery.add(page, "withdrawn", state="signed", entered=SimpleNamespace(position=0), **withdrawn)
    for state in ("none", "waiting", "unfit"):
        gallery.add(page, state, state=state, entered=None, **given | {"receipt": None, "code": None})
    gallery.add(page, "erased", state="erased", entered=None, **given | {"receipt": None, "words": {}})


def wrong_statute() -> AnswerForm:
    form = AnswerForm(statute="ya")
    form.validate()
    form["csrf_token"].errors = []
    form.refuse("statute", str(NO_STATUTE))
    return form


def hang_agency(gallery: Gallery) -> None:
    told = Withdrawn(
        name="Antrean Puskesmas",
        agency_name="Dinas Kesehatan Kota Sukamaju",
        purpose="Mendaftarkan Anda di antrean puskesmas.",
        attributes=(Held("name", "Nama", False), Held("nik", "NIK", True)),
        citation="UU 24/2013 Pasal 58 ayat (4)",
        subject="a" + "bkx3vq2" * 8,
        act="withdrawn",
        since=NOW,
        clock=clock_at(),
    )
    past = {"acknowledged_at": NOW, "told_at": NOW}
    states = {
        "filled": told,
        "empty": replace(told, attributes=(), act="ended"),
        "part": replace(told, act="amended"),
        "acknowledged": replace(told, clock=clock_at(**past)),
        "overdue": replace(told, act="expired", clock=clock_at(due_at=NOW)),
        "kept": replace(told, clock=clock_at(kept_at=NOW, kept_under="UU 43/2009 Pasal 6 " + "a" * 180, **past)),
        "deleted": replace(told, clock=clock_at(deleted_at=NOW, **past)),
    }
    shown = {"now": NOW, "longest": LONGEST_STATUTE}
    for name, state in states.items():
        gallery.add("agency/withdrawals_link.html", name, form=AnswerForm, told=state, **shown)
    gallery.add("agency/withdrawals_link.html", "wrong", form=wrong_statute, told=told, **shown)


def hang_portal(gallery: Gallery) -> None:
    day = SimpleNamespace(at=NOW, looks=looks())
    month = SimpleNamespace(value="2026-11", name="November 2026")
    choice = {"months": [month], "signed_in": True, "agency": None}
    agency = ("dinkes-sukamaju", "Dinas Kesehatan Kota Sukamaju")
    gallery.add(
        "citizen/disclosures.html", days=[day], month=month, agencies=[agency], older="?before=x", **choice
    )
    bare = {"days": [], "agencies": [], "older": None}
    gallery.add("citizen/disclosures.html", "empty", month=month, this_month=True, **bare, **choice)
    one = SimpleNamespace(
        name="Antrean Puskesmas", agency="Dinas Kesehatan Kota Sukamaju", purpose="Mendaftarkan Anda.", start="/"
    )
    other = SimpleNamespace(name=LONG_WORD, agency=LONG_WORD, purpose="Mendaftarkan Anda.", start="/")
    found = {"events": [("birth", "Melahirkan"), ("school", "Sekolah dan kuliah")], "event": "", "instead": None}
    gallery.add(
        "citizen/applications.html",
        signed_in=True,
        query="",
        continued=[one, other],
        services=[one, other],
        further="?page=1",
        **found,
    )
    lost = found | {"instead": "akta"}
    gallery.add(
        "citizen/applications.html", "empty", query="aktee", continued=[], services=[], further=None, **lost
    )
    rows = [
        SimpleNamespace(name="nik", label="NIK", shown=masking.Shown("•••• 0004", "berakhir 4"), holder="Dukcapil",
                        as_of=NOW, hidden=True),
        SimpleNamespace(name="name", label="Nama", shown=masking.Shown(LONG_NAME), holder="Dukcapil", as_of=NOW,
                        hidden=False),
    ]  # fmt: skip
    gallery.add(
        "citizen/account.html",
        signed_in=True,
        form=RevealForm,
        rows=rows,
        officers=[("Dukcapil", "dpo@dukcapil.example")],
    )
    gallery.add("citizen/account.html", "empty", signed_in=True, form=RevealForm, rows=[])
    told = SimpleNamespace(
        at=NOW,
        title="Anda memberi izin kepada Antrean Puskesmas.",
        to="/consents",
        label="Lihat izin",
        unread=True,
    )
    gallery.add("citizen/notifications.html", signed_in=True, form=Form, messages=[told, told], now=NOW)
    gallery.add("citizen/notifications.html", "empty", signed_in=True, form=Form, messages=[], now=NOW)
    for name in ("help", "privacy", "accessibility"):
        gallery.add(f"citizen/guide_{name}.html")


def make_gallery() -> Gallery:
    gallery = Gallery()
    hang_sign_in(gallery)
    hang_activation(gallery)
    hang_sign_out(gallery)
    hang_security(gallery)
    hang_recovery(gallery)
    hang_consents(gallery)
    hang_receipts(gallery)
    hang_agency(gallery)
    hang_portal(gallery)
    for code in problems.PAGES:
        gallery.add_problem(code, onward="/", finding="the address sent is not registered", until=None)
    over = {"onward": "/", "towards": "Antrean Puskesmas"}
    gallery.states.append(State("protocol/error.html", "over", lambda: problems.page("already_signed_in", **over)))
    gallery.add_problem("redirect_uri_mismatch", finding="the address sent is not registered")
    return gallery


def make_app(gallery: Gallery) -> Flask:
    app = Flask(__name__, template_folder=str(HOUSE / "templates"), static_folder=None)
    languages.install(app)
    pages.install(app, ISSUER)
    problems.install(app)
    for state in gallery.states:
        app.add_url_rule(state.path, state.path, _view(state), methods=["GET", "POST"])
    return app


def _view(state: State) -> Callable[[], Response]:
    def view() -> Response:
        g.form_secret = b"gallery"
        g.session = SimpleNamespace() if state.signed_in else None
        if request.method == "POST":
            return Response("received")
        return state.draw()

    return view


if __name__ == "__main__":
    make_app(make_gallery()).run(port=8106)
