"""My data: every value that stands here about me, who holds it and as of when; masked, and shown one at a time.

Showing a value whole needs a sign-in of the last five minutes, leaves a trace, and ends with the page: the next
one is masked again. A value that is wrong is mended by whoever holds it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response
from wtforms import HiddenField

from idp import audit
from idp.accounts.profile import Value
from idp.claims.notice_words import in_language
from idp.web import current, languages, masking, pages, permits, signed_in
from idp.web.forms import Form
from idp.web.masking import Shown
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_account", __name__, url_prefix="/account")

FRESH = timedelta(minutes=5)
# What people look for; the rest follows by its name on the page.
FIRST = (
    "name", "nik", "kk_number", "birthdate", "gender", "phone_number", "email", "address", "village", "district",
    "regency", "province", "npwp", "bpjs_number",
)  # fmt: skip


class RevealForm(Form):
    """Which value to show whole."""

    attribute = HiddenField()


@dataclass(frozen=True)
class Row:
    """One value. `hidden`: it is masked, and can be shown."""

    name: str
    label: str
    shown: Shown
    holder: str
    as_of: datetime
    hidden: bool


@blueprint.get("")
def show() -> Response:
    return _page(signed_in.citizen(), RevealForm())


@blueprint.post("/reveal")
def reveal() -> Response:
    citizen = signed_in.citizen()
    form = RevealForm()
    if not form.validate():
        return _page(citizen, form, 400)
    if citizen.session.now - citizen.session.authenticated_at > FRESH:
        return pages.see_other("/login?onward=/account")
    gate, name = current.gate(), str(form.attribute.data)
    if name in gate.attributes.get().by_name:
        audit.record(
            gate.database.hot(),
            action="account.reveal",
            object_id=name,
            outcome="done",
            actor_id=citizen.citizen_id,
        )
    return _page(citizen, form, whole=name)


def _page(citizen: Citizen, form: RevealForm, status: int = 200, whole: str | None = None) -> Response:
    gate = current.gate()
    with current.reading() as db:
        found = gate.vault.find_profile(db, citizen.citizen_id)
    values = found.values if found else {}
    names = values.keys() & gate.attributes.get().by_name
    rows = sorted((_row(name, values[name], name == whole) for name in names), key=_place)
    officers = _officers({values[name].holder for name in names})
    return pages.render("citizen/account.html", status=status, form=form, rows=rows, officers=officers)


def _place(row: Row) -> tuple[int, str]:
    return (FIRST.index(row.name) if row.name in FIRST else len(FIRST), row.label.casefold())


def _row(name: str, value: Value, whole: bool) -> Row:
    masked, plain = masking.shown(name, value.value), Shown(_whole(value.value))
    return Row(
        name=name,
        label=permits.label_of(current.gate().attributes.get().by_name[name]),
        shown=plain if whole else masked,
        holder=_holder(value.holder),
        as_of=value.as_of,
        hidden=not whole and name in masking.MASKS and masked.text != plain.text,
    )


def _whole(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("formatted") or ", ".join(str(part) for part in value.values()))
    return masking.plain(value)


def _officers(codes: set[str]) -> list[tuple[str, str]]:
    """Of the agencies that hold something of it: name, and where its data protection officer is reached."""
    clients = current.gate().registry.get().by_no.values()
    found = {(_holder(one.agency_code), one.dpo_contact) for one in clients if one.agency_code in codes}
    return sorted(found, key=lambda officer: officer[0].casefold())


def _holder(code: str) -> str:
    clients = current.gate().registry.get().by_no.values()
    names = next((client.agency_name for client in clients if client.agency_code == code), None)
    return in_language(names, languages.current()) if names else "Gapura"
