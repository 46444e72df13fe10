"""What every page shares: its frame, its headers, and the files beside it, under addresses made of their content.

A style sheet is fetched once and kept for a year; a changed one has another address. Whoever still holds a page of
the release before asks for the old address and gets the new sheet, uncached, rather than none.
"""

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, g, make_response, render_template, request
from markupsafe import Markup, escape

from idp.web import headers, languages

STATIC = Path(__file__).parents[2] / "static"
FILES = {"style.css": "text/css; charset=utf-8", "gapura.svg": "image/svg+xml"}
LONGEST_KEPT_QUERY = 2048
MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """One file, read and packed when the process starts: it holds no secret, so packing it tells nobody any."""

    address: str
    media_type: str
    body: bytes
    packed: bytes


def _read(name: str, media_type: str) -> StaticFile:
    body = (STATIC / name).read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    stem, _, ending = name.partition(".")
    return StaticFile(f"/static/{stem}-{digest}.{ending}", media_type, body, gzip.compress(body, mtime=0))


def install(app: Flask, issuer: str) -> None:
    """Give an application the frame of its pages. `issuer` is the only host a page ever names (row 80)."""
    files = {name: _read(name, media_type) for name, media_type in FILES.items()}
    app.config["GAPURA_ISSUER"] = issuer

    def serve(name: str) -> Response:
        stem, _, ending = name.partition(".")
        found = files.get(f"{stem.partition('-')[0]}.{ending}")
        if found is None:
            abort(404)
        response = make_response(found.body)
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0:
            response.set_data(found.packed)
            response.content_encoding = "gzip"
        response.content_type = found.media_type
        response.headers["Cache-Control"] = FOREVER if found.address == request.path else "no-cache"
        return response

    every = headers.every_answer(issuer)

    def add_headers(response: Response) -> Response:
        if response.mimetype == "text/html":
            pairs = [*every, *headers.page(g.get("form_target"), g.get("page_script"))]
        else:
            pairs = every
        for name, value in pairs:
            response.headers.setdefault(name, value)
        return response

    app.add_url_rule("/static/<name>", "static", serve)
    app.after_request(add_headers)
    app.context_processor(_frame)
    app.jinja_env.globals["static_address"] = {name: file.address for name, file in files.items()}
    app.jinja_env.globals["our_host"] = urlsplit(issuer).netloc
    app.jinja_env.filters.update(
        day=_kept_together(languages.day),
        clock=_kept_together(languages.clock),
        moment=_moment,
        recently=languages.recently,
        length_of_days=languages.length_of_days,
        number=languages.number,
        initials=initials,
        contact=contact,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def render(template: str, *, status: int = 200, redirect_uri: str | None = None, **values: Any) -> Response:
    """One page. `redirect_uri`: where the answer to its form may lead, named in the page's policy."""
    g.form_target = redirect_uri
    kept = {"handle": values.get("handle"), "onward": values.get("own_page")}
    g.kept_in_links = {name: value for name, value in kept.items() if value}
    return make_response(render_template(template, **values), status)


def see_other(address: str) -> Response:
    """The answer to a form that did something: the next page, by GET, so that reloading repeats nothing."""
    return Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def _frame() -> dict[str, Any]:
    """Variables of the layout. `session` is what the door set in `g`; None: nobody is signed in."""
    language = languages.current()
    other = "en" if language == "id" else "id"
    return {
        "language": language,
        "session": g.get("session"),
        "other_language": other,
        "other_language_name": languages.LANGUAGES[other],
        "other_language_address": _same_page_in(other),
    }


def _same_page_in(language: str) -> str:
    """A link to the page at hand in another language, with its query; after a POST, to the page with the form."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "ui_locales"]
    # An error page repeats nothing of what was sent, not even in a link to itself (C002).
    if len(request.query_string) > LONGEST_KEPT_QUERY or g.get("page_is_error"):
        query = []
    kept = g.get("kept_in_links", {})
    query.extend((name, value) for name, value in kept.items() if name not in request.args)
    return "?" + urlencode([*query, ("ui_locales", language)])


def initials(name: str) -> str:
    """Of an application's first two words, for the seal beside its name."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def contact(told: str) -> Markup:
    """Where a data protection officer is reached: an e-mail address as a link, anything else as it stands."""
    return Markup('<a href="mailto:{0}">{0}</a>').format(told) if MAIL_ADDRESS.fullmatch(told) else escape(told)


def _kept_together(written: Callable[[datetime], str]) -> Callable[[datetime], Markup]:
    """A date or a time is not broken over two lines."""
    return lambda at: Markup('<span class="num">{}</span>').format(written(at))


def _moment(at: datetime) -> Markup:
    written = Markup('<span class="num">{}</span>, <span class="num">{}</span>')
    return written.format(languages.day(at), languages.clock(at))
