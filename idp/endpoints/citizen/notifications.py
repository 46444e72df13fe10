"""What I was told. This inbox is the truth; other channels say only that there is something here, without a link.

The words are made when the page is read, in that day's language; the row holds a kind, numbers and ids.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from idp.claims.notice_words import in_language
from idp.signals import notifications
from idp.signals.models import Notification
from idp.web import current, languages, pages, signed_in
from idp.web.forms import Form
from idp.web.signed_in import Citizen

blueprint = Blueprint("citizen_notifications", __name__)


@dataclass(frozen=True)
class Words:
    """What one kind says; `%(name)s` is the application, `%(attempts)s` how often it was called. `to`: the page
    that shows more, `label` its link."""

    title: LazyString
    to: str
    label: LazyString


@dataclass(frozen=True)
class Message:
    """One row."""

    at: datetime
    title: str
    to: str
    label: str
    unread: bool


_PERMIT = lazy_gettext("Lihat izin")
_SECURITY = lazy_gettext("Lihat keamanan")
_LOOKS = lazy_gettext("Lihat siapa melihat")
WORDS = {
    "consent_given": Words(lazy_gettext("Anda memberi izin kepada %(name)s."), "/consents/{consent_id}", _PERMIT),
    "consent_widened": Words(
        lazy_gettext("Izin untuk %(name)s bertambah luas."), "/consents/{consent_id}", _PERMIT
    ),
    "consent_ending": Words(
        lazy_gettext("Izin untuk %(name)s segera berakhir."), "/consents/{consent_id}", _PERMIT
    ),
    "first_look": Words(lazy_gettext("%(name)s melihat data Anda untuk pertama kali."), "/disclosures", _LOOKS),
    "token_reused": Words(
        lazy_gettext("Akses %(name)s kami hentikan karena dipakai dua kali. Masuk lagi di sana bila perlu."),
        "/consents/{consent_id}",
        _PERMIT,
    ),
    "withdrawal_not_told": Words(
        lazy_gettext(
            "Izin %(name)s tetap dicabut, tetapi instansinya tidak bisa kami beri tahu. Percobaan: %(attempts)s."
        ),
        "/consents/{consent_id}",
        _PERMIT,
    ),
    "withdrawal_overdue": Words(
        lazy_gettext("Izin %(name)s tetap dicabut, tetapi instansinya terlambat menjawab."),
        "/consents/{consent_id}",
        _PERMIT,
    ),
    "logout_not_told": Words(
        lazy_gettext(
            "%(name)s tidak bisa kami beri tahu bahwa Anda keluar. Percobaan: %(attempts)s. "
            "Mungkin Anda masih masuk di sana."
        ),
        "/services",
        lazy_gettext("Ke daftar layanan"),
    ),
    "new_sign_in": Words(lazy_gettext("Ada yang masuk dari HP atau komputer baru."), "/security", _SECURITY),
    "password_changed": Words(lazy_gettext("Kata sandi Anda diubah."), "/security", _SECURITY),
    "second_factor_added": Words(lazy_gettext("Kode kedua dipasang."), "/security", _SECURITY),
    "second_factor_removed": Words(lazy_gettext("Kode kedua dimatikan."), "/security", _SECURITY),
    "recovery_codes_made": Words(lazy_gettext("Kode pemulihan baru dibuat."), "/security", _SECURITY),
    "address_moved": Words(
        lazy_gettext("Nomor HP atau e-mail Anda kini dipakai akun lain."), "/security", _SECURITY
    ),
    "recovery_requested": Words(lazy_gettext("Ada yang meminta pemulihan akun Anda."), "/security", _SECURITY),
    "recovery_cancelled": Words(lazy_gettext("Permintaan pemulihan akun dibatalkan."), "/security", _SECURITY),
    "recovered": Words(lazy_gettext("Akun dipulihkan. Semua HP lama dikeluarkan."), "/security", _SECURITY),
}
# A kind that a newer release wrote, read by an older one beside it.
UNKNOWN = Words(lazy_gettext("Ada perubahan pada akun Anda."), "/security", _SECURITY)


@blueprint.get("/notifications")
def show() -> Response:
    return _page(signed_in.citizen(), Form())


@blueprint.post("/notifications/read")
def mark_read() -> Response:
    """Looking changes nothing (a prefetch looks too): what was read is said by a button."""
    citizen = signed_in.citizen()
    form = Form()
    if not form.validate():
        return _page(citizen, form, 400)
    with current.writing() as db:
        notifications.mark_read(db, citizen.citizen_id)
    return pages.see_other("/notifications")


def _page(citizen: Citizen, form: Form, status: int = 200) -> Response:
    with current.reading() as db:
        found = [_message(row) for row in notifications.list_of(db, citizen.citizen_id)]
    return pages.render(
        "citizen/notifications.html", status=status, form=form, messages=found, now=citizen.session.now
    )


def _message(row: Notification) -> Message:
    words, detail = WORDS.get(row.kind, UNKNOWN), dict(row.detail)
    address = words.to.format(consent_id=_identifier(detail)) if "{" in words.to else words.to
    return Message(
        at=_told_at(row.notification_id),
        title=_filled(str(words.title), detail),
        to=address if not address.endswith("/") else "/consents",
        label=str(words.label),
        unread=row.read_at is None,
    )


def _filled(title: str, detail: dict[str, Any]) -> str:
    if "%(" not in title:
        return title
    return title % {"name": _name(detail), "attempts": detail.get("attempts", 0)}


def _told_at(notification_id: UUID) -> datetime:
    """Its first 48 bits are the time, in ms (RFC 9562 §5.7)."""
    return datetime.fromtimestamp(int.from_bytes(notification_id.bytes[:6]) / 1000, UTC)


def _identifier(detail: dict[str, Any]) -> str:
    try:
        return str(UUID(str(detail.get("consent_id"))))
    except ValueError:
        return ""


def _name(detail: dict[str, Any]) -> str:
    """The application's, or its agency's where the message is about the whole agency."""
    client = current.gate().registry.get().by_no.get(int(detail.get("client_no", 0)))
    if client is None:
        return ""
    return in_language(client.agency_name if "agency_no" in detail else client.name, languages.current())
