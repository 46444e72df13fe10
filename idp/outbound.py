"""The only way to an address that somebody else chose: logout doors of clients, their key sets (protocol.md §6
rows 98–101).

A name is resolved once, every address it has must be public, and the connection goes to the address that was
checked, with TLS for the name. No redirect is followed, nothing of ours goes along (cookies, credentials), nothing
longer than 64 KB or slower than five seconds comes back, the resolution of the name within them. In the demo and
the sandbox this machine itself may be called, by http.
"""

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 5.0
RESOLVED_AT_ONCE = 16
BODY_LIMIT = 64 * 1024
URL_LIMIT = 2048
PORTS = frozenset({443, 8443})  # those that a client may register (idp/clients/addresses)
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}\Z")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind NAT64: the inner address is what counts
_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out; the rest has inner or old meanings
_PROTOCOLS_OWN = ipaddress.ip_network("192.0.0.0/24")  # IETF protocol assignments (RFC 6890)

Resolver = Callable[..., list[tuple[Any, ...]]]


class Unreachable(Exception):
    """One error for all causes: a client that names an inner address must not learn what is there."""


@dataclass(frozen=True)
class Answer:
    """What came back. The body is cut by nothing: a longer one is `Unreachable`."""

    status: int
    body: bytes


@dataclass(frozen=True)
class _Place:
    scheme: str
    host: str
    port: int
    target: str


def post_form(
    url: str, fields: dict[str, str], *, loopback: bool, resolve: Resolver = socket.getaddrinfo
) -> Answer:
    """POST a form. `loopback`: the demo and the sandbox, where this machine itself may be called."""
    body = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _exchange("POST", url, body, headers, loopback, resolve, TOTAL_SECONDS)


def get(
    url: str,
    *,
    accept: str,
    loopback: bool,
    resolve: Resolver = socket.getaddrinfo,
    within: float | None = None,
) -> Answer:
    """GET a document. `within`: seconds, where somebody waits for it and the usual five are too long."""
    return _exchange("GET", url, b"", {"Accept": accept}, loopback, resolve, within or TOTAL_SECONDS)


def _exchange(
    method: str, url: str, body: bytes, headers: dict[str, str], loopback: bool, resolve: Resolver, within: float
) -> Answer:
    place, ends_at = _read(url, loopback), time.monotonic() + within
    address = _checked_address(_resolved(place, resolve, within), loopback)
    try:
        connected = socket.create_connection(
            (address, place.port), timeout=max(0.01, min(CONNECT_SECONDS, ends_at - time.monotonic()))
        )
    except OSError as error:
        raise Unreachable("no connection") from error
    # A peer that sends a byte a second never lets a read time out: at the deadline the line is cut. TLS takes the
    # socket away from `connected`, so the cut has a hold of its own.
    held = connected.dup()
    deadline = threading.Timer(ends_at - time.monotonic(), _cut, [held, cut := threading.Event()])
    deadline.start()
    try:
        answer = _spoken(place, connected, method, body, headers)
        if cut.is_set():  # what was cut may look whole
            raise Unreachable("no answer in time")
        return answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable("no answer in time") from error
    finally:
        deadline.cancel()
        _cut(held, cut)
        held.close()
        connected.close()


def _spoken(place: _Place, connected: socket.socket, method: str, body: bytes, headers: dict[str, str]) -> Answer:
    line = connected
    if place.scheme == "https":
        line = ssl.create_default_context().wrap_socket(connected, server_hostname=place.host.strip("[]"))
    conversation = http.client.HTTPConnection(place.host, place.port)
    conversation.sock = line
    conversation.request(
        method, place.target, body or None, headers | {"User-Agent": "Gapura", "Accept-Encoding": "identity"}
    )
    answer = conversation.getresponse()
    received = answer.read(BODY_LIMIT + 1)
    if len(received) > BODY_LIMIT:
        raise Unreachable("the answer is too long")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable("the answer is packed")
    return Answer(answer.status, received)


def _cut(connected: socket.socket, cut: threading.Event) -> None:
    cut.set()
    with contextlib.suppress(OSError):  # it may have ended by itself
        connected.shutdown(socket.SHUT_RDWR)


def _read(url: str, loopback: bool) -> _Place:
    """The parts of an address that may be called at all."""
    if len(url) > URL_LIMIT or not url.isascii() or any(c <= " " or c == "\\" for c in url):
        raise Unreachable("not an address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreachable("not an address") from None
    host = parts.hostname or ""
    if (
        "@" in parts.netloc
        or parts.fragment
        or not (_is_literal(host) or _NAME.match(host) or _is_local(host, loopback))
    ):
        raise Unreachable("not an address")
    if parts.scheme == "https" and ((port or 443) in PORTS or loopback):
        return _Place(
            "https", parts.netloc.rpartition(":")[0] if port else parts.netloc, port or 443, _target(parts)
        )
    if parts.scheme == "http" and loopback and (_is_literal(host) or host == "localhost"):
        return _Place("http", f"[{host}]" if ":" in host else host, port or 80, _target(parts))
    raise Unreachable("not https, or another port")


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_literal(host: str) -> bool:
    """An address as it is written, not `127.1`, `0x7f.1` or `2130706433`, which resolvers read too."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False


def _is_local(host: str, loopback: bool) -> bool:
    return loopback and host == "localhost"


_resolving = threading.BoundedSemaphore(RESOLVED_AT_ONCE)


def _resolved(place: _Place, resolve: Resolver, within: float) -> list[tuple[Any, ...]]:
    """What the resolver says, in time. It cannot be told to stop, so it has a thread of its own, one of a bounded
    number: name servers that hang cost us no more than these."""
    if not _resolving.acquire(timeout=within):
        raise Unreachable("no name in time")
    said: Future[list[tuple[Any, ...]]] = Future()

    def ask() -> None:
        try:
            said.set_result(resolve(place.host.strip("[]"), place.port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:  # ValueError: a label that no name may have
            said.set_exception(error)
        finally:
            _resolving.release()

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        return said.result(within)
    except (OSError, ValueError, TimeoutError) as error:
        raise Unreachable("no name in time") from error


def _checked_address(found: list[tuple[Any, ...]], loopback: bool) -> str:
    """The address to connect to. All that the name has must be allowed: a resolver that mixes is not trusted."""
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(_allowed(address, loopback) for address in addresses):
        raise Unreachable("not a public address")
    return str(addresses[0])


def _allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, loopback: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _allowed(address.ipv4_mapped, loopback)
        if address in _TRANSLATED or address.sixtofour is not None or address.teredo is not None:
            return False
    if address.is_loopback:
        return loopback
    if address in _PROTOCOLS_OWN or (address.version == 6 and address not in _UNICAST):
        return False
    return address.is_global and not address.is_multicast
