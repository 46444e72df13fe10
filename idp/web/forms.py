"""Forms for people: each carries a token of the browser that asked for it, and says what is wrong where it is.

The token is an HMAC under the secret of the session, or of the pre-session before anybody signed in. It is the
same in every tab, after a restart and in every process, so no tab's form can spoil another's (C014), and it dies
with the secret. Beside it, what the browser says of the sender must not name another site.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import Headers
from wtforms import Field, ValidationError
from wtforms.csrf.core import CSRF, CSRFTokenField

LABEL = b"gapura form token 1"
EXPIRED = lazy_gettext("Halaman ini terlalu lama terbuka. Silakan isi lagi.")


def token(secret: bytes) -> str:
    """The form token of one browser. `secret` is the (pre-)session's own and never leaves the house."""
    return hmac.new(secret, LABEL, hashlib.sha256).hexdigest()


def from_our_pages(headers: Mapping[str, str] | Headers, issuer: str) -> bool:
    """Whether the browser's own words allow that one of our pages sent this request.

    `Origin: null` says nothing: with `Referrer-Policy: no-referrer` browsers write it for our own forms too. Who
    sends neither header is no browser that a stranger's page could command; the token judges it.
    """
    site = headers.get("Sec-Fetch-Site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    origin = headers.get("Origin", "null")
    parts = urlsplit(issuer)
    return origin in ("null", f"{parts.scheme}://{parts.netloc}")


class BrowserToken(CSRF):  # type: ignore[misc]
    """WTForms' protection, with the token of this browser instead of one of each page view."""

    def setup_form(self, form: Any) -> Any:
        self.secret: bytes = form.meta.csrf_context
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:  # noqa: ARG002 (WTForms calls it so)
        return token(self.secret)

    def validate_csrf_token(self, form: Any, field: CSRFTokenField) -> None:  # noqa: ARG002
        sent = str(field.data or "").encode()
        if not hmac.compare_digest(sent, token(self.secret).encode()):
            raise ValidationError(EXPIRED)
        if not from_our_pages(request.headers, current_app.config["GAPURA_ISSUER"]):
            raise ValidationError(EXPIRED)


class Form(FlaskForm):  # type: ignore[misc]
    """The base of every form. The door has put the browser's secret into `g.form_secret` before it makes one."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = True
        csrf_class = BrowserToken
        csrf_field_name = "csrf_token"

        @cached_property
        def csrf_context(self) -> bytes:
            return bytes(g.form_secret)

    @property
    def stale(self) -> bool:
        """Sent by another browser, another site, or after the secret's end: nothing in it may be acted upon."""
        return bool(self["csrf_token"].errors)

    def refuse(self, field: str, text: str) -> None:
        """Say at a field what the domain found wrong with it."""
        self[field].errors = [*self[field].errors, text]

    def wrongs(self) -> list[tuple[Field, str]]:
        """What the summary at the top lists, in order. A stale form leads to its first visible field."""
        shown = [field for field in self if field.type not in ("CSRFTokenField", "HiddenField")]
        found = [(field, str(error)) for field in shown for error in field.errors]
        if self.stale and shown:
            found.insert(0, (shown[0], str(EXPIRED)))
        return found
