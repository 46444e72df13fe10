"""A request as the doors read it, and a reply as they write it: the same whether Flask or the thin front is around
them.

The request is parsed once and strictly (protocol.md §2): a parameter is valid UTF-8 without control characters,
and a form is what its content type says. What a stranger sends can only become an `OAuthError`, never a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from idp.errors import Code, OAuthError

QUERY_LIMIT, FORM_LIMIT = 8 * 1024, 64 * 1024
PARAMETERS_LIMIT = 100
FORM_TYPE = "application/x-www-form-urlencoded"


class Parameters:
    """Decoded name and value pairs in the order sent. A parameter with an empty value counts as absent (RFC
    6749 §3.1).

    `broken_is_empty`: what cannot be read is empty and not an error, so its name still counts as sent.
    """

    def __init__(self, encoded: bytes | str, *, broken_is_empty: bool = False) -> None:
        text = encoded.decode("latin-1") if isinstance(encoded, bytes) else encoded
        pairs = [part.partition("=") for part in text.split("&") if part]
        if len(pairs) > PARAMETERS_LIMIT:
            raise OAuthError(Code.INVALID_REQUEST, "too many parameters")
        read = _decoded_or_empty if broken_is_empty else _decoded
        self.pairs = [(read(name), read(value)) for name, _, value in pairs]

    @cached_property
    def doubled(self) -> frozenset[str]:
        """Names that came more than once, empty values included."""
        names = [name for name, _ in self.pairs]
        return (
            frozenset(name for name in names if names.count(name) > 1)
            if len(set(names)) < len(names)
            else frozenset()
        )

    @cached_property
    def single(self) -> dict[str, str]:
        """Each name's first value that is not empty."""
        values: dict[str, str] = {}
        for name, value in self.pairs:
            if value:
                values.setdefault(name, value)
        return values

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name and value]


def _decoded(text: str) -> str:
    try:
        if "%" in text or "+" in text:
            value = unquote_to_bytes(text.replace("+", " ")).decode()
        else:
            value = text if text.isascii() else text.encode("latin-1").decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise OAuthError(Code.INVALID_REQUEST, "a parameter is not valid UTF-8") from None
    if has_controls(value):
        raise OAuthError(Code.INVALID_REQUEST, "a parameter holds control characters")
    return value


def has_controls(value: str) -> bool:
    """Whether a character of C0, or DEL, is among these. Most values are printable, and looked at once."""
    return not value.isprintable() and any(ord(c) < 0x20 or ord(c) == 0x7F for c in value)


def _decoded_or_empty(text: str) -> str:
    try:
        return _decoded(text)
    except OAuthError:
        return ""


class Request:
    """One HTTP request over its WSGI environment. Headers are read by name, cookies and parameters when asked
    for."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "/")

    def header(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            return str(self.environ.get(key, ""))
        return str(self.environ.get(f"HTTP_{key}", ""))

    def cookie(self, name: str) -> str | None:
        for part in str(self.environ.get("HTTP_COOKIE", "")).split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return None

    @property
    def remote(self) -> str:
        return str(self.environ.get("REMOTE_ADDR", ""))

    @cached_property
    def query(self) -> Parameters:
        return Parameters(self._query())

    @cached_property
    def form(self) -> Parameters:
        """The parameters of the body. Any charset parameter and case of the media type is accepted, and read as
        UTF-8."""
        return Parameters(self._form)

    def legible(self) -> Parameters:
        """Of the query, or of a POST's form, what can be read: for who says what is wrong with the rest."""
        return Parameters(self._form if self.method == "POST" else self._query(), broken_is_empty=True)

    def _query(self) -> str:
        text = str(self.environ.get("QUERY_STRING", ""))
        if len(text) > QUERY_LIMIT:
            raise OAuthError(
                Code.INVALID_REQUEST, "the query is longer than 8 KB", HTTPStatus.REQUEST_URI_TOO_LONG
            )
        return text

    @cached_property
    def _form(self) -> bytes:
        if self.header("content-type").partition(";")[0].strip().lower() != FORM_TYPE:
            raise OAuthError(Code.INVALID_REQUEST, f"the content type of the body must be {FORM_TYPE}")
        return self.content(FORM_LIMIT)

    def content(self, limit: int) -> bytes:
        """The body as it came; more bytes than `limit` are refused unread."""
        length = self.header("content-length")
        if length and not length.isdecimal():
            raise OAuthError(Code.INVALID_REQUEST, "the content length is not a number")
        expected = int(length.lstrip("0")[:12] or 0)  # leading zeros make no number smaller
        if expected > limit:
            raise _too_long(limit)
        stream = self.environ["wsgi.input"]
        body: bytes = stream.read(expected if length else limit + 1)
        if len(body) > limit:
            raise _too_long(limit)
        return body


def _too_long(limit: int) -> OAuthError:
    return OAuthError(
        Code.INVALID_REQUEST,
        f"the body is longer than {limit // 1024} KB",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


@dataclass
class Reply:
    """What a door answers. Headers that every answer carries are added by the shell."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
