"""Each address there is, by each method: what a door does not do it refuses by name, and to look without taking
(HEAD), or to ask what is allowed (OPTIONS), does nothing (C090).

Seen to fail: with HEAD let through where a GET leads back to the application, with OPTIONS answered by Flask
itself, and with doubled slashes mended by a redirect.
"""

import re
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest

from idp.app import create_flask
from idp.gate import Gate
from idp.web import cors
from tests import local_http
from tests.faults.test_hostile_input import logged
from tests.people import a_person, enter
from tests.running import Running
from tests.sample_client import Browser, SampleClient, consent, log_in

ALL = ("HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO")
ANYTHING = "0000000a-0000-7000-8000-000000000000"
KEEPS_THE_METHOD = {301, 302, 307, 308}  # 301 and 302: some clients do, some do not
PAGE = {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"}
SCOPE = "openid profile"


def doors(gate: Gate) -> Iterator[tuple[str, set[str]]]:
    """Each address with something in its variables, and the methods that it has."""
    declared: dict[str, set[str]] = {}
    for rule in create_flask(gate).url_map.iter_rules():
        declared.setdefault(re.sub("<[^>]+>", ANYTHING, rule.rule), set()).update(rule.methods or ())
    yield from sorted(declared.items())


def header(browser: Browser) -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"Cookie": cookies, "Accept": "text/html", "Origin": "https://jahat.example"}


def test_each_door_answers_by_its_own_methods_and_no_other(running: Running, gate: Gate) -> None:
    """(C090, row 6, row 12, row 73, row 120) Of somebody who is signed in."""
    browser, _ = enter(running, a_person(gate))
    seen = 0
    for path, methods in doors(gate):
        for method in ALL:
            answer = local_http.request(method, running.issuer + path, headers=header(browser))
            seen += 1
            where = (path, method, answer.status_code)
            assert answer.status_code < 500, where
            assert answer.status_code not in KEEPS_THE_METHOD, where
            assert "date" in answer.headers, where
            if method not in methods:
                assert answer.status_code == 405, where
                assert set(answer.headers["allow"].replace(" ", "").split(",")) <= methods, where
            if method == "HEAD":
                assert answer.content == b"", where
            if method == "OPTIONS" and path not in cors.FOR_ALL | cors.FOR_CLIENTS:
                assert answer.status_code == 405, where
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert set(answer.headers["content-security-policy"].split("; ")) >= PAGE, where
                assert answer.headers["cross-origin-opener-policy"] == "same-origin", where
            assert answer.headers["x-content-type-options"] == "nosniff", where
            assert answer.headers["referrer-policy"] == "no-referrer", where
            if path not in cors.FOR_ALL:
                assert "access-control-allow-origin" not in answer.headers, where
    assert seen > 60 * len(ALL)


def test_an_address_spelled_with_more_slashes_is_none_of_ours(running: Running, gate: Gate) -> None:
    """(row 6) Mended by a redirect, a form that was posted would be posted again."""
    for path, _ in doors(gate):
        for spelled in (f"{path}/", f"/{path}", path[:1] + path[1:].replace("/", "//")):
            for method in ("GET", "POST"):
                answer = local_http.request(method, running.issuer + spelled)
                assert answer.status_code not in KEEPS_THE_METHOD, (method, spelled, answer.headers["location"])


@pytest.fixture
def answered(running: Running, gate: Gate) -> tuple[Browser, str]:
    """A browser whose citizen has answered all that was asked, and the handle of it: its next GET makes a code."""
    browser, client, person = running.browser(), running.client(), a_person(gate)
    page = log_in(browser, browser.get(client.visit(SCOPE).url), person.as_told())
    handle = page.form("decision").fields["handle"][0]
    consent(browser, page)
    return browser, handle


def test_head_makes_no_code(running: Running, answered: tuple[Browser, str]) -> None:
    """(C090) A scanner that looks at the address of a page of the story."""
    browser, handle = answered
    query = urlencode({"handle": handle})
    for path in (f"/authorize/continue/{quote(handle)}", f"/consent?{query}", f"/consent/refusal?{query}"):
        looked = local_http.request("HEAD", running.issuer + path, headers=header(browser))
        assert (looked.status_code, looked.headers.get("location")) == (405, None), path
        assert "GET" in looked.headers["allow"]
        assert "code" in browser.get(path).answer, "what HEAD refused is what GET does"
    for path in (f"/login?{query}", f"/login/account?{query}", f"/login/second?{query}"):
        looked = local_http.request("HEAD", running.issuer + path, headers=header(browser))
        assert "location" not in looked.headers, path


def test_head_ends_no_session(running: Running, gate: Gate) -> None:
    """(C090) By the hint that ends it at once where a GET brings it."""
    browser, client = running.browser(), running.client()
    visit, person = client.visit(SCOPE), a_person(gate)
    tokens = client.exchange(visit, consent(browser, log_in(browser, browser.get(visit.url), person.as_told())))
    out = f"{running.issuer}/logout?{urlencode({'id_token_hint': tokens.id_token})}"
    assert local_http.request("HEAD", out, headers=header(browser)).status_code == 200
    assert "code" in browser.get(client.visit(SCOPE).url).answer
    browser.get(out)
    assert browser.get(client.visit(SCOPE).url).has_form("identifier", "password")


def test_an_answer_to_head_leaves_nothing_for_the_next_on_the_line(running: Running) -> None:
    """(C090)"""
    at = urlsplit(running.issuer)
    with socket.create_connection((str(at.hostname), int(at.port or 80)), timeout=10) as line:
        for path in ("/jwks", "/login", "/nowhere", "/authorize"):
            line.sendall(f"HEAD {path} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode())
            assert whole(line)[1] == b"", path
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode())
            head, body = whole(line, body=True)
            assert head.startswith(b"HTTP/1.1 "), (path, head)
            assert len(body) > 100, path


def whole(line: socket.socket, *, body: bool = False) -> tuple[bytes, bytes]:
    """The next answer on the line, and whatever of it has come beyond its head."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.recv(65_536)
    head, _, rest = received.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head) or [b"0"]
    while body and len(rest) < int(length):
        rest += line.recv(65_536)
    return head, rest


@pytest.mark.parametrize("door", ["token", "introspect", "revoke"])
def test_what_a_get_brings_to_a_door_for_posts_is_not_written_down(running: Running, door: str) -> None:
    """(C090)"""
    client: SampleClient = running.client()
    marker = "penandaDariAlamat7Qk2"
    sent = {"client_id": client.client_id, "client_secret": marker, "code": marker, "token": marker}
    answer = local_http.get(f"{running.issuer}/{door}", params=sent)
    assert (answer.status_code, "POST" in answer.headers["allow"]) == (405, True)
    assert marker not in answer.text
    assert marker not in logged(running.instance)
