"""The pages on the way in and out: sign-in, consent, activation, recovery, sign-out."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, PasswordField, RadioField, SelectMultipleField, StringField

from idp.endpoints.sign_in.activate import (
    METHODS,
    ChannelForm,
    LetterForm,
    MethodForm,
    NewPasswordForm,
    PersonForm,
)
from idp.endpoints.sign_in.recovery import CAUSES, WAYS
from idp.web import masking
from idp.web.forms import Form
from tests.browser.states import LATER, LONG_NAME, NOW, Gallery


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
