"""From an error to an answer: JSON for machines, a page with a way on for people.

No stranger can cause a 500. Every page carries a stable code in `data-error` and an incident number, under which
the log holds what a developer needs. What a person reads is in their words, never in OAuth's; what was sent is
never repeated (rows 81, 111, 119).
"""

import json
import secrets
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, make_response, request
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from idp.errors import Code, DatabaseAway, OAuthError, PageError
from idp.exchange import Reply
from idp.web import languages, pages, session_cookie
from keys.errors import MasterKeyMissing

log = structlog.get_logger()

# Without 0 O 1 I L: the number is read out over the telephone.
INCIDENT_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
BACK_IN_SECONDS = 30
# First part of the path of every door that programs use.
MACHINE_DOORS = frozenset(
    # A list of seventeen quoted words would hide the words.
    """.well-known access agency-api bc-authorize device_authorization grants health introspect jwks metrics par
    ready register revoke ssf token userinfo""".split()  # noqa: SIM905
)
# Of them, those whose errors are one plain sentence.
PLAIN_DOORS = ("/access/",)


_ONWARD, _ANEW = lazy_gettext("Lanjutkan"), lazy_gettext("Mulai lagi")


@dataclass(frozen=True)
class Words:
    """What one kind of page says: what happened, and what to do now. `reload`: trying the same again may help."""

    title: LazyString
    text: LazyString
    reload: bool = False
    onward: LazyString = _ONWARD


_NOT_CONNECTED = Words(
    lazy_gettext("Layanan ini belum tersambung dengan benar."),
    lazy_gettext("Ini bukan kesalahan Anda. Kabari instansi pemilik layanan, dan sebutkan kode di bawah."),
)
# The codes that stand in data-error: add, never rename. A code that is not here is the application's fault.
PAGES: dict[str, Words] = {
    "application_suspended": Words(
        lazy_gettext("Layanan ini dihentikan sementara."),
        lazy_gettext("Jangan masukkan kata sandi di situsnya. Izin Anda kami jeda."),
    ),
    "forbidden": Words(
        lazy_gettext("Anda tidak punya akses ke halaman ini."),
        lazy_gettext("Masuk dengan akun lain, atau tanyakan kepada instansi Anda."),
    ),
    "not_found": Words(
        lazy_gettext("Halaman tidak ditemukan."),
        lazy_gettext("Periksa alamatnya, atau cari layanan."),
    ),
    "method_not_allowed": Words(
        lazy_gettext("Halaman ini tidak bisa dibuka dengan cara itu."),
        lazy_gettext("Mulai lagi dari daftar layanan."),
    ),
    "wrong_address": Words(
        lazy_gettext("Ini bukan alamat Gapura."),
        lazy_gettext("Buka Gapura di alamatnya sendiri."),
    ),
    "too_large": Words(
        lazy_gettext("Kiriman ini terlalu besar."),
        lazy_gettext("Kirim lebih sedikit, lalu coba lagi."),
    ),
    "already_signed_in": Words(
        lazy_gettext("Anda sudah masuk."),
        lazy_gettext("Lanjutkan ke layanan yang Anda tuju."),
    ),
    "signed_in_as_another": Words(
        lazy_gettext("Orang lain sudah masuk di sini."),
        lazy_gettext("Keluarkan dulu akun itu. Setelah itu masuk dengan akun Anda."),
    ),
    "account_is_active": Words(
        lazy_gettext("NIK ini sudah punya akun."),
        lazy_gettext("Masuk, atau pulihkan akun itu."),
    ),
    "letter_refused": Words(
        lazy_gettext("Data ini tidak cocok dengan surat."),
        lazy_gettext("Periksa lagi, atau pilih cara lain."),
        onward=_ANEW,
    ),
    "page_expired": Words(
        lazy_gettext("Halaman ini terlalu lama terbuka."),
        lazy_gettext("Mulai lagi. Tidak ada yang tersimpan dan tidak ada yang dikirim."),
        onward=_ANEW,
    ),
    "handle_unknown": Words(
        lazy_gettext("Halaman ini tidak berlaku lagi."),
        lazy_gettext("Mulai lagi dari layanan yang Anda tuju."),
        onward=_ANEW,
    ),
    "handle_of_another_browser": Words(
        lazy_gettext("Halaman ini dimulai di peramban lain."),
        lazy_gettext("Mulai lagi di sini. Jangan membuka tautan masuk dari orang lain."),
        onward=_ANEW,
    ),
    "link_over": Words(
        lazy_gettext("Tautan ini tidak berlaku lagi."),
        lazy_gettext("Buka tautan di e-mail terbaru dari Gapura."),
    ),
    "signed_out": Words(
        lazy_gettext("Anda sudah keluar."),
        lazy_gettext("Masuk lagi bila perlu."),
    ),
    "form_refused": Words(
        lazy_gettext("Kiriman ini tidak bisa kami terima."),
        lazy_gettext("Mungkin Anda sudah keluar, atau kiriman datang dari situs lain. Tidak ada yang berubah."),
    ),
    "bad_request": Words(
        lazy_gettext("Kiriman ini tidak bisa kami terima."),
        lazy_gettext("Kembali ke halaman sebelumnya, lalu coba lagi. Tidak ada yang berubah."),
    ),
    "too_many_attempts": Words(
        lazy_gettext("Terlalu banyak percobaan."),
        lazy_gettext("Coba lagi sebentar lagi."),
        reload=True,
    ),
    "crowded": Words(
        lazy_gettext("Sedang banyak yang masuk."),
        lazy_gettext("Belum ada yang berubah. Tunggu beberapa detik, lalu coba lagi."),
        reload=True,
    ),
    "unavailable": Words(
        lazy_gettext("Gapura sedang diperbaiki."),
        lazy_gettext("Kembali sebentar lagi. Loket tetap buka."),
        reload=True,
    ),
}
BY_STATUS = {
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    414: "too_large",
    429: "too_many_attempts",
    431: "too_large",
    503: "unavailable",
}
MACHINE_CODES = {429: Code.SLOW_DOWN, 503: Code.TEMPORARILY_UNAVAILABLE}


def incident_number() -> str:
    """`GPR-XXXX-XXXX`: names one refusal in the log, and nothing else."""
    letters = "".join(secrets.choice(INCIDENT_LETTERS) for _ in range(8))
    return f"GPR-{letters[:4]}-{letters[4:]}"


def reply(error: OAuthError | DatabaseAway) -> Reply:
    """The answer of a machine's door (RFC 6749 §5.2), as both shells write it."""
    if isinstance(error, DatabaseAway):
        wait = ("Retry-After", str(BACK_IN_SECONDS))
        return _json(503, Code.TEMPORARILY_UNAVAILABLE, "the service cannot reach its database, try again", [wait])
    return _json(error.status, error.error, error.description, error.headers)


def _json(status: int, code: str, description: str, extra: Iterable[tuple[str, str]] = ()) -> Reply:
    body = json.dumps({"error": code, "error_description": description}).encode()
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return Reply(status, body, [*headers, *extra])


def sentence(error: OAuthError | DatabaseAway) -> Reply:
    """The same error where a plain sentence is the answer (AuthZEN §10.1.3)."""
    answer = reply(error)
    kept = [header for header in answer.headers if header[0] in ("WWW-Authenticate", "Retry-After", "Allow")]
    return _plain(answer.status, str(json.loads(answer.body)["error_description"]), kept)


def _plain(status: int, description: str, extra: Iterable[tuple[str, str]] = ()) -> Reply:
    body = f"{description[:1].upper()}{description[1:]}.\n".encode()
    return Reply(
        status, body, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *extra]
    )


def page(
    code: str,
    status: int = 400,
    *,
    finding: str = "",
    onward: str | None = None,
    towards: str | None = None,
    until: datetime | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """A page for people. `onward`: the one way forward this story knows, `towards` which application;
    `until`: when to try again."""
    incident, g.page_is_error = incident_number(), True
    g.setdefault("session", session_cookie.SESSION in request.cookies)  # the way to sign out stands here too
    log.info("page_refused", incident=incident, problem=code, status=status, finding=finding)
    try:
        response = pages.render(
            "protocol/error.html",
            status=status,
            code=code,
            words=PAGES.get(code, _NOT_CONNECTED),
            incident=incident,
            finding=finding if code not in PAGES else "",  # what a developer can mend; else it is in the log
            onward=onward,
            towards=towards,
            until=until,
        )
    except Exception as error:
        log.error("page_broken", incident=incident, kind=type(error).__name__, frames=_place(error))
        return broken(incident)
    response.headers.extend(list(headers))
    return response


def broken(incident: str) -> Response:
    """The 500 page: made of nothing that could itself be broken."""
    english = languages.current() == "en"
    title = "Something went wrong on our side." if english else "Ada yang salah di pihak kami."
    text = "Try again in a few minutes. Code" if english else "Coba lagi beberapa menit lagi. Kode"
    onward = "To the services" if english else "Ke daftar layanan"
    language = "en" if english else "id"
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} – Gapura</title></head>"
        f'<body data-error="broken"><main><h1>{title}</h1><p>{text} {incident}.</p>'
        f'<p><a href="/services">{onward}</a></p></main></body></html>'
    )
    return make_response(body, 500)


def install(app: Flask) -> None:
    """Turn whatever a door raises into an answer."""
    app.register_error_handler(OAuthError, _of_oauth)
    app.register_error_handler(PageError, _of_page)
    app.register_error_handler(DatabaseAway, _of_database)
    app.register_error_handler(MasterKeyMissing, _of_master_key)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_bug)


def for_machines() -> bool:
    """Whether the door of the request at hand is one that programs use."""
    return request.path.split("/")[1] in MACHINE_DOORS


def _machine(status: int, code: str, description: str, extra: Iterable[tuple[str, str]] = ()) -> Response:
    """As the door at hand writes its errors."""
    if request.path.startswith(PLAIN_DOORS):
        return _written(_plain(status, description, extra))
    return _written(_json(status, code, description, extra))


def _written(answer: Reply) -> Response:
    return Response(answer.body, answer.status, answer.headers)


def _wait(status: int) -> list[tuple[str, str]]:
    """When to come back, where coming back is the way on."""
    return [("Retry-After", str(BACK_IN_SECONDS))] if status in (429, 503) else []


def _of_oauth(error: OAuthError) -> Response:
    if for_machines():
        return _written(reply(error))
    return page(error.error, error.status, finding=error.description, headers=error.headers)


def _of_page(error: PageError) -> Response:
    return page(error.code, error.status, finding=error.finding, onward=error.onward, headers=_wait(error.status))


def _of_database(error: DatabaseAway) -> Response:
    if for_machines():
        return _written(reply(error))
    return page("unavailable", 503, headers=_wait(503))


def _of_master_key(error: MasterKeyMissing) -> Response:
    """A machine that was not given the key store yet: others can answer, and its log says what to bring."""
    log.error("master key missing", mend=str(error))
    if for_machines():
        return _machine(503, Code.TEMPORARILY_UNAVAILABLE, "try again", _wait(503))
    return page("unavailable", 503, headers=_wait(503))


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().response, status, error.get_headers())
    allowed = sorted(error.valid_methods or []) if isinstance(error, MethodNotAllowed) else []
    extra = [("Allow", ", ".join(allowed))] if allowed else _wait(status)
    if for_machines():
        code = MACHINE_CODES.get(status, Code.INVALID_REQUEST)
        return _machine(status, code, HTTPStatus(status).phrase.lower(), extra)
    return page(BY_STATUS.get(status, "bad_request"), status, headers=extra)


def _place(error: Exception) -> list[str]:
    """Files and lines of the last calls."""
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]


def _of_bug(error: Exception) -> Response:
    incident = incident_number()
    rule = request.url_rule.rule if request.url_rule else ""
    # The class and the place, not the text: an exception may repeat what was typed (row 111).
    log.error("unexpected", incident=incident, kind=type(error).__name__, door=rule, frames=_place(error))
    if for_machines():
        return _machine(500, "server_error", f"unexpected, incident {incident}")
    return broken(incident)
