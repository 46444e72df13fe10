"""Requests that nobody means well with, drawn from a seed: any door, any method, and bytes that libraries stumble
over. Spoken over a bare socket, because every client library refuses to send half of them.
"""

import random
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

# Planted wherever a secret could stand; neither may be found in a log.
MARKERS = ("Rahasia7xQ2mHostileK9pW4vMarker", "kata-sandi-penanda-bermusuhan")
METHODS = ["GET"] * 6 + ["POST"] * 6 + ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "get", "M-SEARCH"]
NAMES = """access_token acr_values attributes birth_day claims client_assertion client_assertion_type client_id
    client_secret code code_challenge code_challenge_method code_verifier csrf_token decision display grant_type
    handle id_token_hint identifier login_hint max_age next nonce password post_logout_redirect_uri prompt
    redirect_uri refresh_token request request_uri resource response_mode response_type scope shared_device state
    token token_type_hint ui_locales a[] __proto__ since before client""".split()  # noqa: SIM905
PLAIN = """antrean-puskesmas sim-saya code authorization_code refresh_token client_credentials openid S256 none
    query form_post allow id en urn:ietf:params:oauth:client-assertion-type:jwt-bearer
    eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.""".split()  # noqa: SIM905
NASTY = [
    b"%00", b"%ff%fe", b"%", b"%zz", b"%0d%0aSet-Cookie:x=y", b"\xff\xfe", b"-1", b"1e999", b"NaN", b"9" * 5000,
    b"%F0%9F%92%A9", b"%e2%80%ae", b"../../etc/passwd", b"'%20OR%201=1--", b"<script>alert(1)</script>",
    b"%7B%7D", b"%5B" * 900, b"%7B%22userinfo%22:%7B%22x%22:null", b"null", b"{{7*7}}", b"%C0%AE", b"A" * 3000,
    b"%ED%A0%80", b"a.%25%25%25.c", b"e30.W10.e30", b"x.a.y", b"..",
    b"0000000a-0000-7000-8000-000000000000", b"", b"+", b"%2B%3D%26",
]  # fmt: skip
TYPES = [b"application/x-www-form-urlencoded"] * 6 + [
    b"application/json", b"multipart/form-data; boundary=x", b"multipart/form-data", b"text/plain; charset=\xff",
    b"", b"application/x-www-form-urlencoded; charset=utf-16",
]  # fmt: skip
# Requests right but for what is broken in them: they come past the first check.
AUTHORIZE = {
    "client_id": "antrean-puskesmas", "redirect_uri": "", "response_type": "code", "scope": "openid profile",
    "code_challenge": "a" * 43, "code_challenge_method": "S256", "state": "s", "nonce": "n",
}  # fmt: skip
AIMED = [
    ("GET", "/authorize", AUTHORIZE),
    ("POST", "/authorize", AUTHORIZE),
    (
        "POST",
        "/token",
        {"grant_type": "authorization_code", "client_id": "sim-saya", "code": "x", "redirect_uri": ""},
    ),
    ("POST", "/token", {"grant_type": "refresh_token", "client_id": "sim-saya", "refresh_token": "x"}),
    *(
        ("POST", door, {"client_assertion_type": PLAIN[-2], "client_assertion": "x", "token": "x"})
        for door in ("/token", "/revoke", "/introspect")
    ),
    ("POST", "/revoke", {"client_id": "sim-saya", "token": "x", "token_type_hint": "x"}),
    ("GET", "/logout", {"id_token_hint": PLAIN[-1], "post_logout_redirect_uri": "x", "state": "x"}),
    ("GET", "/login", {"handle": "x"}),
    ("GET", "/agency/withdrawals/link", {"link": "x"}),
    ("POST", "/agency/withdrawals/link", {"decision": "kept", "statute": "UU 43/2009", "csrf_token": "x"}),
    ("GET", "/agency-api/withdrawals", {"after": "x"}),
    ("POST", "/activate", {"method": "letter", "csrf_token": "x", "handle": "x"}),
    ("POST", "/activate/code", {"letter_code": "7K2M-94QD-XH3T", "csrf_token": "x"}),
    ("POST", "/activate/person", {"identifier": "x", "birth_day": "1", "birth_month": "1", "birth_year": "1"}),
    ("GET", "/activate/check", {"handle": "x"}),
    ("POST", "/activate/address", {"code": "123456", "again": "x", "csrf_token": "x"}),
    ("POST", "/activate/check", {"answers": "x", "csrf_token": "x", "handle": "x"}),
    ("GET", "/login/account", {"handle": "x", "onward": "/security"}),
    ("POST", "/login/account", {"decision": "another", "csrf_token": "x", "handle": "x"}),
    ("POST", "/login", {"identifier": "3273010101900001", "password": "x", "csrf_token": "x", "handle": "x"}),
    ("GET", "/disclosures", {"before": "x", "since": "x", "client": "x"}),
]
MORE = ("max_age", "claims", "prompt", "id_token_hint", "acr_values", "login_hint", "ui_locales", "response_mode")
ENCODED_MARKERS = [quote(marker).encode() for marker in MARKERS]


@dataclass(frozen=True)
class Answer:
    """What came back: 0 where the server closed without a word."""

    status: int
    head: bytes
    body: bytes


def request(chance: random.Random, paths: list[str], host: str, cookies: list[str], back: str) -> bytes:
    """One request, whole: aimed, with a value or two broken, or wild. `back` is a registered address."""
    if chance.random() < 0.5:
        return _aimed(chance, host, cookies, back)
    method, body = chance.choice(METHODS), b""
    target = quote(chance.choice(paths)).encode()
    if chance.random() < 0.1:
        target += chance.choice([b"/", b"//", b"/..", b"%2e", b"%00", b";x", b"/" + b"a" * 600])
    if chance.random() < 0.6:
        target += b"?" + _pairs(chance)
    lines = [method.encode() + b" " + target.replace(b" ", b"") + b" HTTP/1.1"]
    lines += [b"Host: " + chance.choice([host.encode()] * 8 + [b"evil.example", b"a b", b"[::1"])]
    if method in ("POST", "PUT", "PATCH"):
        kind = chance.choice(TYPES)
        body = chance.choice(
            [_pairs(chance)] * 5 + [b'{"a":', b"\x00\xff" * 50, b"--x\r\n\r\n", b"a=" + b"b" * 70_000]
        )
        lines += [b"Content-Type: " + kind, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, *_headers(chance, cookies), b"Connection: close", b"", body])


def sweep(chance: random.Random, paths: Iterable[str], host: str, cookies: list[str]) -> Iterator[bytes]:
    """Each door once by GET and once by POST, signed in and not: none is left to chance."""
    for path in paths:
        for cookie in (*cookies, "a=b"):
            target, pairs = quote(path).encode(), _pairs(chance)
            lines = [b"Host: " + host.encode(), b"Cookie: " + cookie.encode(), b"Connection: close"]
            yield b"\r\n".join([b"GET %s?%s HTTP/1.1" % (target, pairs), *lines, b"", b""])
            lines += [b"Content-Type: " + TYPES[0], b"Content-Length: %d" % len(pairs)]
            yield b"\r\n".join([b"POST %s HTTP/1.1" % target, *lines, b"", pairs])


def _aimed(chance: random.Random, host: str, cookies: list[str], back: str) -> bytes:
    method, path, fields = chance.choice(AIMED)
    values = {name: quote(value or back, safe="").encode() for name, value in fields.items()}
    for name in chance.sample([*fields, chance.choice(MORE)], chance.choice([1, 1, 2])):
        values[name] = _value(chance)
    pairs = b"&".join(name.encode() + b"=" + value for name, value in values.items())
    lines = [b"Host: " + host.encode(), b"Cookie: " + chance.choice([*cookies, "a=b"]).encode()]
    if method == "GET":
        return b"\r\n".join(
            [b"GET %s?%s HTTP/1.1" % (path.encode(), pairs), *lines, b"Connection: close", b"", b""]
        )
    lines += [b"Content-Type: " + TYPES[0], b"Content-Length: %d" % len(pairs), b"Connection: close", b"", pairs]
    return b"\r\n".join([b"POST %s HTTP/1.1" % path.encode(), *lines])


def _pairs(chance: random.Random) -> bytes:
    count = chance.choice([1, 2, 4, 8, 8, 12, 150])
    names = [quote(chance.choice(NAMES)).encode() for _ in range(count)]
    return b"&".join(name + b"=" + _value(chance) for name in names)


def _value(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.4:
        return quote(chance.choice(PLAIN)).encode()
    return chance.choice(ENCODED_MARKERS) if kind < 0.6 else chance.choice(NASTY)


def _headers(chance: random.Random, cookies: list[str]) -> Iterable[bytes]:
    marker = chance.choice(ENCODED_MARKERS)
    if chance.random() < 0.5:
        cookie = chance.choice([*cookies, f"__Host-gapura={MARKERS[0]}", "__Host-gapura=\u00ff; =;;", "a=b"])
        yield b"Cookie: " + cookie.encode("latin-1")
    if chance.random() < 0.4:
        scheme = chance.choice([b"Bearer ", b"Basic ", b"basic", b"DPoP ", b"Bearer  ", b"Basic /w==", b"\xff "])
        yield b"Authorization: " + scheme + marker
    for name in (b"Origin", b"Referer", b"X-Forwarded-Host", b"Accept-Language", b"Accept", b"If-None-Match",
                 b"Sec-Fetch-Site", b"X-HTTP-Method-Override", b"DPoP", b"Client-Cert"):  # fmt: skip
        if chance.random() < 0.12:
            yield (
                name + b": " + chance.choice([marker, b"\xff\xfe", b"null", b"*/*;q=x", b"A" * 3000, b"id,,;;q=-"])
            )


def send(host: str, port: int, message: bytes) -> Answer:
    with socket.create_connection((host, port), timeout=10) as connection:
        try:
            connection.sendall(message)
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:  # it stopped listening to too much: the answer may be lost with it
            return Answer(0, b"", b"")
    head, _, body = received.partition(b"\r\n\r\n")
    parts = head.split(b" ", 2)
    return Answer(int(parts[1]) if len(parts) > 1 else 0, head, body)
