"""Which addresses a client may register, which redirect a request may use, and how a near miss differs. Pure.

Redirect addresses are compared byte for byte (RFC 9700 §2.1); what a browser and we could read differently
(userinfo, backslash, dot segments, odd hosts; C003) is refused at registration, so that comparing bytes is enough.
A difference is *named*; the registered list is never shown (clients.md §2.19).
"""

import ipaddress
import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

LONGEST = 512
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]"})
FETCHED_PORTS = frozenset({None, 443, 8443})

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HIDDEN_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff]|5[Cc])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")


def redirect_refusal(uri: str, *, custom_schemes: bool, localhost: bool) -> str | None:
    """What to write instead, or None where the address may be registered. `localhost`: demo and sandbox."""
    return _unsafe_text(uri) or _unsafe_place(uri, custom_schemes=custom_schemes, localhost=localhost)


def page_refusal(uri: str, *, loopback: bool) -> str | None:
    """The same for a page that a citizen is led to: https, and where `loopback` is open http on this machine."""
    wrong = redirect_refusal(uri, custom_schemes=False, localhost=loopback)
    return wrong or (None if loopback or uri[:6].lower() == "https:" else "use https")


def fetched_refusal(uri: str, *, loopback: bool) -> str | None:
    """The same for an address that we shall call ourselves (row 98): what is visible in its text."""
    wrong = page_refusal(uri, loopback=loopback)
    if wrong:
        return wrong
    parts = urlsplit(uri)
    host = host_of(parts)
    if loopback and host in LOOPBACK_HOSTS | {"localhost"}:
        return None
    if parts.scheme.lower() != "https" or parts.port not in FETCHED_PORTS:
        return "use https on port 443 or 8443"
    if _IPV4.fullmatch(host) or _IPV6.fullmatch(host):
        return None if ipaddress.ip_address(host.strip("[]")).is_global else "use a public address"
    inner = "." not in host or host.endswith((".", ".localhost", ".local", ".internal"))
    return "use a public host name" if inner else None


def _unsafe_text(uri: str) -> str | None:
    if not uri or len(uri) > LONGEST:
        return f"write an address of 1 to {LONGEST} characters"
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in uri):
        return "take out spaces and control characters"
    if not uri.isascii():
        return "write the host in its xn-- form and percent-encode the rest"
    if "\\" in uri:
        return "write / instead of a backslash"
    if "#" in uri:
        return "take out the fragment"
    if "*" in uri:
        return "register each address in full; there are no wildcards"
    if not _URI_CHARACTERS.fullmatch(uri) or _BAD_ESCAPE.search(uri) or _HIDDEN_CONTROL.search(uri):
        return "percent-encode what is not allowed in an address, and no control characters at all"
    return None


def _unsafe_place(uri: str, *, custom_schemes: bool, localhost: bool) -> str | None:
    scheme, colon, _ = uri.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        return "write an absolute address that begins with https://"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "write a host and a port that exist"
    if "@" in parts.netloc:
        return "take out the user name before the @"
    if any(segment in (".", "..") for segment in unquote(parts.path).split("/")):
        return "write the path without . and .. segments"
    if scheme.lower() in ("http", "https"):
        return _unsafe_host(parts, port, localhost=localhost)
    # Without a dot anybody may claim the scheme, and javascript: and data: have none (RFC 8252 §7.1).
    if not custom_schemes or "." not in scheme:
        return "use https, or in a native application your reversed domain as scheme: id.go.example:/callback"
    return None


def _unsafe_host(parts: SplitResult, port: int | None, *, localhost: bool) -> str | None:
    host = host_of(parts)
    if port == 0 or parts.netloc.endswith(":"):
        return "write a port from 1 to 65535 or none"
    if not (_IPV4.fullmatch(host) or _IPV6.fullmatch(host) or _NAME.fullmatch(host)):
        return "write a host name of letters, digits, dots and hyphens"
    if not _IPV4.fullmatch(host) and re.fullmatch(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)\.?", host.rsplit(".", 1)[-1]):
        return "write the host as a name; a browser reads this number as another address"
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS and not (localhost and host == "localhost"):
        return "use https; http is for 127.0.0.1 and [::1] only"
    return None


def host_of(parts: SplitResult) -> str:
    """The host as written but in lower case, an IPv6 address in its brackets, without port and userinfo."""
    return re.sub(r":[0-9]*$", "", parts.netloc.rpartition("@")[2]).lower()


def origin(uri: str) -> str | None:
    """Scheme, host and port as a browser writes an Origin header; None for an application's own scheme."""
    parts = urlsplit(uri)  # its scheme is in lower case
    if parts.scheme not in ("http", "https"):
        return None
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host_of(parts)}{port}"


def is_registered(sent: str, registered: Collection[str], *, any_loopback_port: bool) -> bool:
    """Byte for byte; only a native client's loopback address may come with another port (RFC 8252 §7.3)."""
    if sent in registered:
        return True
    portless = _without_loopback_port(sent) if any_loopback_port else None
    return portless is not None and portless in {_without_loopback_port(uri) for uri in registered}


def _without_loopback_port(uri: str) -> str | None:
    found = re.fullmatch(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?((?:[/?].*)?)", uri)
    if found is None or int(found[2] or 80) > 65535:  # no browser goes to a port that is none
        return None
    return found[1] + found[3]


class Difference(StrEnum):
    """What keeps a sent address from being one of the registered ones, in a developer's words."""

    TRAILING_SLASH = "the slash at the end"
    CASE = "upper and lower case"
    SCHEME = "the scheme, http or https"
    PORT = "the port"
    QUERY = "the query after the question mark"
    FRAGMENT = "the fragment after the #"
    ENCODING = "percent-encoding"
    PATH = "the path"
    HOST = "the host"


def difference(sent: str, registered: Iterable[str]) -> Difference:
    """The smallest difference to any registered address; HOST where not even the host is one of ours to name."""
    order = list(Difference)
    found = [_difference(sent, uri) for uri in registered]
    return min(found, key=order.index, default=Difference.HOST)


def _difference(sent: str, registered: str) -> Difference:
    """The one thing that differs. Where several do, PATH or HOST: to name only one would mislead."""
    if sent.rstrip("/") == registered.rstrip("/"):
        return Difference.TRAILING_SLASH
    if sent.lower() == registered.lower():
        return Difference.CASE
    if unquote(sent) == unquote(registered):
        return Difference.ENCODING
    try:
        one, other = urlsplit(sent), urlsplit(registered)
        ports = one.port, other.port
    except ValueError:
        return Difference.HOST
    if host_of(one) != host_of(other):
        return Difference.HOST
    parts = {
        Difference.SCHEME: one.scheme != other.scheme,
        Difference.PORT: ports[0] != ports[1],
        Difference.QUERY: one.query != other.query,
        Difference.FRAGMENT: one.fragment != other.fragment,
        Difference.PATH: one.path != other.path,
    }
    unlike = [part for part, differs in parts.items() if differs]
    return unlike[0] if len(unlike) == 1 else Difference.PATH
