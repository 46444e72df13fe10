"""Header fields with an underscore, which WSGI cannot tell from those with a hyphen, and fields that come twice:
what a stranger adds changes nothing, and two answers to one question are refused (C089).

Seen to fail: with a doubled Authorization read as one.
"""

import base64
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.running import Running
from tests.sample_client import SampleClient, sign_in

FORM = b"Content-Type: application/x-www-form-urlencoded"


def spoken(running: Running, start: str, *lines: bytes, body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of a request of just these lines: no client library sends them."""
    at = urlsplit(running.issuer)
    message = b"\r\n".join([f"{start} HTTP/1.1".encode(), *lines, b"Connection: close", b"", body])
    with socket.create_connection((str(at.hostname), int(at.port or 80)), timeout=10) as line:
        line.sendall(message)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    return running.client("bantuan-beras")


def host(running: Running) -> bytes:
    return f"Host: {urlsplit(running.issuer).netloc}".encode()


def basic(client: SampleClient) -> bytes:
    pair = f"{client.client_id}:{client.secret}".encode()
    return b"Authorization: Basic " + base64.b64encode(pair)


@pytest.mark.parametrize("door", ["/token", "/introspect", "/revoke"])
def test_two_authorizations_are_refused(running: Running, client: SampleClient, door: str) -> None:
    """(C089, row 40)"""
    body = b"token=x&grant_type=client_credentials"
    length = b"Content-Length: %d" % len(body)
    wrong = b"Authorization: Basic " + base64.b64encode(b"bantuan-beras:keliru")
    for both in ((basic(client), wrong), (wrong, basic(client)), (basic(client), basic(client))):
        status, answer = spoken(running, f"POST {door}", host(running), FORM, length, *both, body=body)
        assert (status, json.loads(answer)["error"]) == (400, "invalid_request")


def test_two_tokens_are_refused(running: Running, client: SampleClient) -> None:
    """(C089)"""
    tokens = sign_in(running.browser(), client, running.citizen(10), scope="openid profile")
    right, wrong = f"Authorization: Bearer {tokens.access_token}".encode(), b"Authorization: Bearer x"
    assert spoken(running, "GET /userinfo", host(running), right)[0] == 200
    for both in ((right, wrong), (wrong, right), (right, right)):
        status, answer = spoken(running, "GET /userinfo", host(running), *both)
        assert (status, json.loads(answer)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("lines", [(b"Content-Length: 3", b"Content-Length: 9"), (b"Content-Length: x",),
                                   (b"Content-Length: 3", b"Transfer-Encoding: chunked")])  # fmt: skip
def test_two_lengths_are_refused(running: Running, lines: tuple[bytes, ...]) -> None:
    """(C089, row 109)"""
    status, _ = spoken(running, "POST /token", host(running), FORM, *lines, body=b"a=b")
    assert status == 400


def test_what_an_underscore_adds_changes_nothing(running: Running, client: SampleClient) -> None:
    """(C089, row 80) Neither who asks, nor from where, nor how long the body is, nor what we are called."""
    body = b"token=x"
    added = [b"Content_Length: 0", b"Content_Type: text/plain", b"X_Forwarded_For: 10.0.0.1",
             b"X-Forwarded-For: ::1", b"X_Forwarded_Host: jahat.example", b"X_Real_IP: 127.0.0.1",
             b"X_Forwarded_Proto: https", b"X_HTTP_Method_Override: DELETE", b"Remote_User: admin",
             b"Remote-User: admin"]  # fmt: skip
    plain = [host(running), FORM, basic(client), b"Content-Length: %d" % len(body)]
    assert spoken(running, "POST /introspect", *plain, *added, body=body) == (
        spoken(running, "POST /introspect", *plain, body=body)
    )  # fmt: skip
    for path in ("/consents", "/services", "/.well-known/openid-configuration"):
        status, answer = spoken(running, f"GET {path}", host(running), *added)
        assert status == spoken(running, f"GET {path}", host(running))[0]
        assert b"jahat" not in answer
    status, _ = spoken(running, "GET /consents", host(running), *added, b"Accept: text/html")
    assert status == 303, "nobody is signed in by a header"
    for spelled in (b"X-Forwarded-For: 127.0.0.1", b"X_Forwarded_For: 127.0.0.1"):
        assert spoken(running, "GET /metrics", host(running), spelled)[0] == 404, "it came by a proxy"


def test_two_hosts_change_no_address(running: Running) -> None:
    """(C089, row 80)"""
    for hosts in ((host(running), b"Host: jahat.example"), (b"Host: jahat.example", host(running))):
        status, answer = spoken(running, "GET /.well-known/openid-configuration", *hosts)
        assert status in (400, 421) or json.loads(answer)["issuer"] == running.issuer
        assert b"jahat" not in answer


@pytest.mark.parametrize("path", ["/jwks", "/login"])
def test_a_head_is_read_to_its_limit_and_no_further(running: Running, path: str) -> None:
    """(protocol.md §5) What a stranger sends before the body costs no more memory than this."""
    start = f"GET {path}?a={'b' * 8000}"
    assert spoken(running, start, host(running), b"X-Long: " + b"x" * 12_000)[0] == 200
    assert spoken(running, start, host(running), b"X-Long: " + b"x" * 20_000)[0] == 431


@pytest.mark.parametrize("megabytes", [1, 3])
def test_a_token_of_a_megabyte_is_not_even_read(running: Running, megabytes: int) -> None:
    """(C060) In the header the server itself ends it; in a body the limit of 64 KB does."""
    junk, began = b"A" * (megabytes << 20), time.monotonic()
    status, _ = cut_off(running, b"Authorization: Bearer " + junk)
    assert status in (400, 431, 0)
    status, _ = cut_off(running, FORM, b"Content-Length: %d" % (len(junk) + 13), body=b"access_token=" + junk)
    assert status in (413, 0)
    assert time.monotonic() - began < 5


def cut_off(running: Running, *lines: bytes, body: bytes = b"") -> tuple[int, bytes]:
    """0: the server hung up while we were still speaking."""
    try:
        return spoken(running, "POST /userinfo", host(running), *lines, body=body)
    except (ConnectionError, IndexError):
        return 0, b""
