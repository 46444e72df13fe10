"""Addresses that somebody else chose: which are called, and what may come back."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from idp import outbound
from idp.outbound import Unreachable
from tests.served import make_certificate, served


def resolving_to(*addresses: str) -> outbound.Resolver:
    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


INNER = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
    "fc00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1", "::",
    "64:ff9b:1::a00:1", "::a00:1", "fec0::1", "192.0.0.8",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    """(row 98, C037)"""
    with pytest.raises(Unreachable, match="not a public address"):
        outbound.get("https://app.example.go.id/", accept="*/*", loopback=False, resolve=resolving_to(address))


def test_a_name_with_one_inner_address_is_not_called() -> None:
    """(row 98, row 99)"""
    with pytest.raises(Unreachable, match="not a public address"):
        outbound.get(
            "https://app.example.go.id/",
            accept="*/*",
            loopback=False,
            resolve=resolving_to("93.184.216.34", "10.0.0.1"),
        )


WRONG = [
    "http://app.example.go.id/", "https://2130706433/", "https://0x7f.1/",
    "https://127.1/", "https://user:pass@app.example.go.id/", "https://app.example.go.id:22/", "file:///etc/passwd",
    "https://app.example.go.id/#f", "https:\\\\app.example.go.id/", "https://app.example.go.id:99999/", "https://é.id/",
    "https://localhost/", "gopher://app.example.go.id/", "", "https://",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_an_address_of_another_form_is_not_called(url: str) -> None:
    """(row 98, row 100, C037)"""
    with pytest.raises(Unreachable, match=r"not an address|not https"):
        outbound.get(url, accept="*/*", loopback=False, resolve=resolving_to("127.0.0.1"))


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/"])
def test_an_inner_address_written_out_is_not_called(url: str) -> None:
    """(row 98)"""
    with pytest.raises(Unreachable, match="not a public address"):
        outbound.get(url, accept="*/*", loopback=False)


def plain(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"ok")


def test_the_demo_may_call_this_machine_and_production_may_not() -> None:
    """(row 98)"""
    with served(plain) as url:
        assert outbound.get(url, accept="*/*", loopback=True).body == b"ok"
        with pytest.raises(Unreachable):
            outbound.get(url, accept="*/*", loopback=False)


def test_a_redirect_is_not_followed() -> None:
    """(row 100)"""

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(301)
        handler.send_header("Location", "http://127.0.0.1:1/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with served(elsewhere) as url:
        assert outbound.get(url, accept="*/*", loopback=True).status == 301


def test_an_answer_that_is_too_long_or_packed_is_none() -> None:
    """(row 100)"""

    def long(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * 70_000)

    def packed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    for answer in (long, packed):
        with served(answer) as url, pytest.raises(Unreachable):
            outbound.get(url, accept="*/*", loopback=True)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b"x")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_trickle_is_cut_at_the_deadline(scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """(row 100)"""
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    certificate = make_certificate(tmp_path / "localhost.pem") if scheme == "https" else None
    if certificate is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(trickle, certificate) as url:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            outbound.get(url, accept="*/*", loopback=True)
        assert 0.4 < time.monotonic() - began < 2


def test_nothing_of_ours_goes_along() -> None:
    """(row 101)"""
    seen: dict[str, str] = {}

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.update({name.lower(): value for name, value in handler.headers.items()})
        plain(handler)

    with served(note) as url:
        outbound.post_form(url, {"logout_token": "t"}, loopback=True)
    assert set(seen) <= {"host", "user-agent", "accept-encoding", "content-type", "content-length"}


def test_the_name_is_resolved_once_and_that_address_is_called() -> None:
    """(row 99) A name that leads inside at its second asking is not asked a second time."""
    asked: list[str] = []
    with served(plain) as url:
        port = int(url.rpartition(":")[2].strip("/"))

        def rebinding(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
            asked.append(host)
            return resolving_to("127.0.0.1" if len(asked) == 1 else "10.0.0.1")(host, port)

        answer = outbound.get(f"http://localhost:{port}/", accept="*/*", loopback=True, resolve=rebinding)
    assert (answer.body, asked) == (b"ok", ["localhost"])


@pytest.mark.parametrize("trusted", [True, False])
def test_the_certificate_is_judged_by_the_name(
    trusted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """(row 99) The address is ours to choose, the name is what must be proven."""
    certificate = make_certificate(tmp_path / "other.pem", "localhost" if trusted else "app.example.go.id")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(plain, certificate) as url:
        if trusted:
            assert outbound.get(url, accept="*/*", loopback=True).body == b"ok"
            return
        with pytest.raises(Unreachable):
            outbound.get(url, accept="*/*", loopback=True)


def test_a_resolver_that_hangs_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """(row 100) And however many hang, they are a bounded number of threads."""
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.2)
    over = threading.Event()

    def hanging(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        over.wait(30)
        raise OSError

    before, began = threading.active_count(), time.monotonic()
    try:
        for _ in range(outbound.RESOLVED_AT_ONCE + 3):
            with pytest.raises(Unreachable, match="no name in time"):
                outbound.get("https://app.example.go.id/", accept="*/*", loopback=False, resolve=hanging)
        assert time.monotonic() - began < 0.3 * (outbound.RESOLVED_AT_ONCE + 3)
        assert threading.active_count() - before <= outbound.RESOLVED_AT_ONCE
    finally:
        over.set()


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    def unknown(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror

    with pytest.raises(Unreachable):
        outbound.get("https://app.example.go.id/", accept="*/*", loopback=False, resolve=unknown)
