"""In which language and zone a page speaks: Indonesian first, English beside it; dates and numbers written out.

The order: the citizen's own choice, what the application asked for (`ui_locales`, OIDC Core §3.1.2.1), what the
browser asks for, Indonesian. The words stand in `translations/` and are compiled in memory when a process starts,
so that a clean checkout, also one that cannot be written to, needs no build step.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, gettext, ngettext, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}  # each named in its own language
DEFAULT_ZONE = "Asia/Jakarta"
COOKIE = "__Host-gapura-language"
COOKIE_LIFE_SECONDS = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).parents[2] / "translations"


def choose(chosen: str, ui_locales: str, accept_language: str) -> str:
    """The language of one page. `chosen`, `ui_locales` are as sent: what is unknown in them counts as silence."""
    for tag in f"{chosen} {ui_locales}".split():
        primary = tag.lower().partition("-")[0]
        if primary == "in":  # the code of Indonesian until 1989; Java still writes it
            primary = "id"
        if primary in LANGUAGES:
            return primary
    accepted = parse_accept_header(accept_language, LanguageAccept)
    return accepted.best_match(list(LANGUAGES)) or "id"


def suggest(ui_locales: str) -> None:
    """Note what the application asked for. The citizen's own choice stays before it."""
    g.suggested_languages = ui_locales
    refresh()


def current() -> str:
    """The language of the page at hand."""
    if not has_request_context():
        return "id"
    chosen = request.args.get("ui_locales", "") or request.cookies.get(COOKIE, "")
    return choose(chosen, g.get("suggested_languages", ""), request.headers.get("Accept-Language", ""))


def use_zone(name: str | None) -> None:
    """The citizen's own time zone, by its IANA name; one that nobody knows, or None, changes nothing."""
    if name is None:
        return
    try:
        g.zone = ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        return
    refresh()


def zone() -> str:
    """The time zone of the page at hand: the citizen's, where one is signed in."""
    return str(g.get("zone", DEFAULT_ZONE)) if has_request_context() else DEFAULT_ZONE


def install(app: Flask) -> None:
    """Give an application both languages, and remember a choice made by the link in the page's head."""
    babel = Babel(app, default_locale="id", locale_selector=current, timezone_selector=zone)
    with app.app_context():
        for language in LANGUAGES:
            babel.domain_instance.cache[language, "messages"] = _compiled(language)
    app.after_request(_remember_choice)


def _compiled(language: str) -> Translations:
    compiled = BytesIO()
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def _remember_choice(response: Response) -> Response:
    wish = request.args.get("ui_locales", "")
    # At authorize the parameter is the application's wish, not the citizen's choice.
    if wish in LANGUAGES and request.method == "GET" and not request.path.startswith("/authorize"):
        response.set_cookie(
            COOKIE, wish, max_age=COOKIE_LIFE_SECONDS, secure=True, httponly=True, samesite="Lax", path="/"
        )
    return response


def name_of(tag: str) -> str:
    """The name of a language, in the page's own; a tag (BCP 47) that nobody knows stays as it is."""
    try:
        return str(Locale.parse(tag, sep="-").get_language_name(current()) or tag)
    except (ValueError, UnknownLocaleError):
        return tag


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(zone()))


def day(at: datetime) -> str:
    """`25 November 2026`, never with figures alone: 3/4 is two different days."""
    return format_datetime(_local(at), "d MMMM y", locale=current())


def month(at: datetime) -> str:
    """`November 2026`."""
    return format_datetime(_local(at), "MMMM y", locale=current())


def clock(at: datetime) -> str:
    """`14.05 WIB`: 24 hours, and always the zone, in its Indonesian name in both languages."""
    local = _local(at)
    return f"{local:%H.%M} {_zone_of(local)}"


def _zone_of(local: datetime) -> str:
    """`WIB`; abroad, where Babel has no short name and would write +0800, `GMT+8`."""
    name = get_timezone_name(local, width="short", locale="id")
    if name[0] not in "+-":
        return name
    sign, hours, minutes = name[0], int(name[1:3]), name[3:5]
    return f"GMT{sign}{hours}" + (f".{minutes}" if minutes != "00" else "")


def moment(at: datetime) -> str:
    """`25 November 2026, 14.05 WIB`."""
    return f"{day(at)}, {clock(at)}"


def recently(at: datetime, now: datetime) -> str:
    """`Hari ini, 08.40 WIB`, `Kemarin, …`; before that the date, because "three days ago" is slower to place."""
    days_ago = (_local(now).date() - _local(at).date()).days
    if days_ago == 0:
        return str(gettext("Hari ini, %(time)s", time=clock(at)))
    if days_ago == 1:
        return str(gettext("Kemarin, %(time)s", time=clock(at)))
    return moment(at)


def length_of_days(days: int) -> str:
    """`2 tahun`, `6 bulan`, `10 hari`: a retention as people say it, never rounded."""
    if days % 365 == 0:
        return str(ngettext("%(num)s tahun", "%(num)s tahun", days // 365))
    if days % 30 == 0:
        return str(ngettext("%(num)s bulan", "%(num)s bulan", days // 30))
    return str(ngettext("%(num)s hari", "%(num)s hari", days))


def number(value: int) -> str:
    """`1.234.567` in Indonesian, `1,234,567` in English."""
    return format_decimal(value, locale=current())
