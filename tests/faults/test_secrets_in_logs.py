"""No secret, token or personal datum stands in a log, an error, an address or a metric, nor in the database in
the clear (DESIGN §6.6).

Real flows with good and with bad secrets; every one of them is collected on the way, and then looked for
everywhere. Seen to fail: with what was typed at the login printed.
"""

import base64
import json
import re
import secrets
from urllib.parse import quote, unquote

import httpx
import psycopg
import pyotp
import pytest

from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from tests import local_http
from tests.builders import PASSWORD, a_citizen
from tests.faults.standing import OFFLINE, an_application
from tests.faults.test_hostile_input import logged
from tests.running import Running
from tests.sample_client import Browser, SampleClient, log_in, sign_in


class Watched(Browser):
    """A browser that remembers every address it was sent to by us, and each page that was an error."""

    def __init__(self, home: str) -> None:
        super().__init__(home, {"Accept-Language": "id"})
        self.addresses: list[str] = []
        self.errors: list[str] = []

    def _send(self, method: str, url: str, pairs: list[tuple[str, str]] | None, referer: str) -> httpx.Response:
        answer = super()._send(method, url, pairs, referer)
        sent_to = answer.headers.get("location", "")
        if sent_to.startswith(("/", self.home)):  # an application's own address carries its code, as it must
            self.addresses.append(sent_to)
        if answer.status_code >= 400:
            self.errors.append(answer.text)
        return answer


class Secrets:
    """What must be found nowhere, by what it is."""

    def __init__(self) -> None:
        self.known: dict[str, set[str]] = {}

    def add(self, what: str, *values: str) -> None:
        self.known.setdefault(what, set()).update(value for value in values if len(value) > 5)

    def found_in(self, text: str) -> set[str]:
        """Of a long one a piece is enough: it may have been cut, or damaged on purpose."""
        plain = text + unquote(text)
        return {
            what
            for what, values in self.known.items()
            if any((value if len(value) < 80 else value[-60:-10]) in plain for value in values)
        }


@pytest.fixture(scope="module")
def lived(running: Running, gate: Gate) -> tuple[Secrets, Watched, list[str]]:
    """A citizen's days: the secrets that came up, the browser, and the answers to what went wrong."""
    secret, browser, client = Secrets(), Watched(running.issuer), an_application(running)
    with gate.database.writing() as db:
        citizen = a_citizen(db, gate.vault, hashing=gate.hashing)
    known = {"nik": citizen.nik.normal, "password": PASSWORD}
    secret.add("NIK", citizen.nik.normal)
    secret.add("e-mail", citizen.email.normal)
    secret.add("telephone", citizen.phone.normal, citizen.phone.normal.removeprefix("+62"))
    secret.add("password", PASSWORD, quote(PASSWORD), PASSWORD.replace(" ", "+"))
    secret.add("client secret", str(client.secret))
    wrong = [
        *_at_the_login(browser, client, known, secret),
        *_at_the_token_door(browser, client, known, secret),
        *_at_other_doors(running, client, secret),
    ]
    _second_factor(browser, known, secret)
    secret.add("cookie", *(value for name, value in browser.cookies.items() if name == "__Host-gapura"))
    secret.add("key", *_keys(gate))
    return secret, browser, wrong


def _at_the_login(browser: Watched, client: SampleClient, known: dict[str, str], secret: Secrets) -> list[str]:
    for typed in ("kata sandi yang keliru sekali", "rahasia-keliru-" + secrets.token_hex(8)):
        secret.add("wrong password", typed, quote(typed), typed.replace(" ", "+"))
        page = log_in(browser, browser.get(client.visit(OFFLINE).url), known | {"password": typed})
        assert page.status in (400, 429), page.status
    stranger = "3175090101" + "".join(secrets.choice("0123456789") for _ in range(6))
    secret.add("somebody's NIK", stranger)
    log_in(browser, browser.get("/login"), {"nik": stranger, "password": "apa saja yang panjang"})
    secret.add("somebody's e-mail", "orang.lain.sekali@example.id")
    log_in(browser, browser.get("/login"), {"nik": "orang.lain.sekali@example.id", "password": "apa saja panjang"})
    return list(browser.errors)


def _at_the_token_door(
    browser: Watched, client: SampleClient, known: dict[str, str], secret: Secrets
) -> list[str]:
    tokens = sign_in(browser, client, known, scope=OFFLINE)
    secret.add("access token", tokens.access_token)
    secret.add("ID token", tokens.id_token, tokens.id_token.split(".")[1])
    secret.add("refresh token", tokens.answer["refresh_token"])
    secret.add("sub", tokens.claims["sub"])
    visit = client.visit(OFFLINE)
    code = client.code(visit, browser.get(visit.url))
    secret.add("code", code)
    secret.add("verifier", visit.verifier)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    answers = [
        client.redeem(visit, code[:-4] + "AAAA"), client.redeem(visit, code), client.redeem(visit, code),
        client.token(form), client.token(form | {"scope": "openid nik"}),
        client.token(form | {"refresh_token": tokens.answer["refresh_token"][:-5]}),
        client.userinfo(tokens.access_token), client.userinfo(tokens.access_token[:-3]),
        client.http.get(client.metadata["userinfo_endpoint"], params={"access_token": tokens.access_token}),
        client.http.get(client.metadata["end_session_endpoint"], params={"id_token_hint": tokens.id_token + "x"}),
        client.http.get(client.metadata["authorization_endpoint"], params={"id_token_hint": tokens.id_token}),
    ]  # fmt: skip
    secret.add("refresh token", *(one.json().get("refresh_token", "") for one in answers[1:4]))
    return [answer.text for answer in answers if answer.status_code >= 400]


def _at_other_doors(running: Running, client: SampleClient, secret: Secrets) -> list[str]:
    doors = [client.metadata[f"{name}_endpoint"] for name in ("token", "revocation", "introspection")]
    bad = "rahasia-klien-keliru-" + secrets.token_hex(8)
    secret.add("wrong client secret", bad, base64.b64encode(f"{client.client_id}:{bad}".encode()).decode())
    assertion = ".".join(secrets.token_urlsafe(40) for _ in range(3))
    secret.add("assertion", assertion)
    answers = []
    for door in doors:
        answers.append(client.http.post(door, data={"token": "x"}, auth=(client.client_id, bad)))
        answers.append(client.http.post(door, data={"client_id": client.client_id, "client_secret": bad}))
        answers.append(client.http.post(door, data={
            "client_assertion": assertion, "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }))  # fmt: skip
        answers.append(client.http.get(door, params={"client_secret": bad, "code": bad, "token": bad}))
    answers.append(client.http.get(f"{running.issuer}/tidak-ada/{bad}", params={"password": bad}))
    answers.append(client.http.post(f"{running.issuer}/login", data={"identifier": "x", "password": bad}))
    assert all(answer.status_code >= 400 for answer in answers)
    return [answer.text for answer in answers]


def _second_factor(browser: Watched, known: dict[str, str], secret: Secrets) -> None:
    """Setting one up shows its secret once, on the page that is for it."""
    page = browser.get("/security/code-app")
    shown = re.search(r"secret=([A-Z2-7]{32})|((?:[A-Z2-7]{4} ?){8})", page.html)
    if shown is None:
        pytest.fail(f"no secret on the page {page.url}")
    key = (shown[1] or shown[2]).replace(" ", "")
    secret.add("TOTP secret", key)
    form = page.form("code")
    browser.submit(page, form, code="000000")
    done = browser.submit(page, page.form("code"), code=pyotp.TOTP(key).now())
    printed = set(re.findall(r"[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3,}", done.html))
    secret.add("recovery code", *printed, *(code.replace("-", "") for code in printed))


def _keys(gate: Gate) -> list[str]:
    raw = [gate.store.master, gate.store.lookup, gate.store.pepper]
    return [form for key in raw for form in (key.hex(), base64.b64encode(key).decode(), repr(key)[2:-1])]


def test_no_log_has_any(running: Running, lived: tuple[Secrets, Watched, list[str]]) -> None:
    """(row 111)"""
    log = logged(running.instance)
    assert log.count("\n") > 10, "it does log"
    assert lived[0].found_in(log) == set()


def test_no_address_of_ours_has_any(lived: tuple[Secrets, Watched, list[str]]) -> None:
    """(row 111)"""
    secret, browser, _ = lived
    assert len(browser.addresses) > 3
    assert secret.found_in("\n".join(browser.addresses)) == set()


def test_no_error_repeats_any(lived: tuple[Secrets, Watched, list[str]]) -> None:
    """(row 119) But for what a person typed into a field, which stands in it again."""
    secret, _, wrong = lived
    assert len(wrong) > 20
    said = re.sub(r'<input[^>]*name="identifier"[^>]*>', "", "\n".join(wrong))
    assert secret.found_in(said) == set()


def test_no_metric_has_any(running: Running, lived: tuple[Secrets, Watched, list[str]]) -> None:
    """(row 111)"""
    metrics = local_http.get(f"{running.issuer}/metrics")
    assert metrics.status_code == 200
    assert 'gapura_requests_total{door="/token",status="200"}' in metrics.text, "it does count"
    assert lived[0].found_in(metrics.text) == set()


def test_the_database_shows_nobody_and_opens_nothing(
    running: Running, lived: tuple[Secrets, Watched, list[str]]
) -> None:
    """(row 63) All of it, as a stolen copy would be read."""
    assert lived[0].found_in(dump(running)) == set()


def dump(running: Running) -> str:
    """Every row of every table as text; bytes as text where they are any."""
    said = []
    with psycopg.connect(EmbeddedPostgres(running.instance).url("gapura_owner"), autocommit=True) as connection:
        connection.execute("SET ROLE gapura_owner")
        tables = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname), format('%I.%I', n.nspname, c.relname)::text"
            "  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('keys', 'consent', 'idp', 'jobs') AND c.relkind = 'r'"
        ).fetchall()
        for table, _ in tables:
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():
                said += [_as_text(value) for value in row]
    assert len(tables) > 30
    return "\n".join(said)


def _as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1") + bytes(value).hex()
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
