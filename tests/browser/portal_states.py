"""The citizen's own pages, receipts, and what agencies answer by."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from markupsafe import Markup

from idp import qr_codes
from idp.endpoints.agency.withdrawals_link import NO_STATUTE, AnswerForm
from idp.signals.withdrawal_clock import ANSWER_WITHIN, LONGEST_STATUTE, Clock
from idp.web import masking
from idp.web.forms import Form
from idp.web.permits import Held
from idp.web.withdrawn import Withdrawn
from tests.browser.sign_in_states import CodeForm, PasswordForm, RevealForm, wrong_code, wrong_password
from tests.browser.states import ID, LATER, LONG_NAME, LONG_WORD, NOW, Gallery


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
