"""Addresses that somebody else chose: which are called, and what may come back."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idp import outbound
from idp.outbound import Unreachable


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


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler], None], certificate: Path | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    home = f"http://127.0.0.1:{server.server_port}/"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        home = f"https://localhost:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield home
    finally:
        server.shutdown()
        server.server_close()


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


def make_certificate(file: Path) -> Path:
    """Key and certificate of localhost, trusted by whoever is told to."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return file


def test_nothing_of_ours_goes_along() -> None:
    """(row 101)"""
    seen: dict[str, str] = {}

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.update({name.lower(): value for name, value in handler.headers.items()})
        plain(handler)

    with served(note) as url:
        outbound.post_form(url, {"logout_token": "t"}, loopback=True)
    assert set(seen) <= {"host", "user-agent", "accept-encoding", "content-type", "content-length"}
