"""Through a reverse proxy everybody has the budgets of their own network, not all together the proxy's."""

import ipaddress
import secrets
from dataclasses import replace
from urllib.parse import urlencode

import pyotp
import pytest
from werkzeug.test import TestResponse

from idp.app import create_app
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.web.rate_limits import GUESSES_OF_A_NETWORK
from tests.one_process import OneProcess
from tests.people import a_person
from tests.running import Running
from tests.sample_client import _Forms

PROXY, WRONG = "127.0.0.1", "bukan kata sandi siapa pun"


@pytest.fixture(scope="module")
def door(running: Running, gate: Gate) -> OneProcess:
    """One more web process of the running server, that knows its proxy."""
    settings = replace(gate.settings, proxies=(ipaddress.ip_network(PROXY),))
    made = create_app(settings, EmbeddedPostgres(running.instance).url("gapura_web"))
    return OneProcess(made, running.issuer)


def submit(door: OneProcess, forwarded: str, **typed: str) -> TestResponse:
    at = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": forwarded}
    token = _Forms(door.get("/login", environ_base=at).text).forms[0].fields["csrf_token"][0]
    form = "application/x-www-form-urlencoded"
    body = urlencode({**typed, "csrf_token": token})
    return door.post("/login", data=body, content_type=form, environ_base=at)


def guess(door: OneProcess, forwarded: str) -> str:
    """What the page says to one wrong guess, at an identifier that nobody tried before."""
    return submit(door, forwarded, identifier=f"{secrets.token_hex(8)}@tidak.example", password=WRONG).text


def test_a_stranger_spends_the_own_networks_budget_whatever_is_written_into_the_header(door: OneProcess) -> None:
    """(C088, row 83) Each guess names another address; the proxy adds the one it came from."""
    for number in range(GUESSES_OF_A_NETWORK.at_once):
        assert "dari jaringan ini" not in guess(door, f"10.9.8.{number}, 203.0.113.9")
    assert "dari jaringan ini" in guess(door, "10.9.8.77, 203.0.113.9")
    assert "dari jaringan ini" not in guess(door, "198.51.100.7")


def test_what_is_not_even_looked_at_does_not_fill_the_trail(running: Running, door: OneProcess) -> None:
    """(row 112) The first is written down, the others of the minute are counted."""
    while "dari jaringan ini" not in guess(door, "203.0.113.77"):
        pass
    entries = "SELECT count(*) FROM idp.audit_events WHERE action = 'login.password'"
    ((before,),) = running.rows(entries)
    for _ in range(5):
        guess(door, "203.0.113.77")
    ((after,),) = running.rows(entries)
    assert after == before
    told = "SELECT count(*) FROM idp.audit_events WHERE detail ->> 'why' = 'network_spent' AND detail ? 'times'"
    assert running.rows(told)[0][0] >= 1


def test_a_neighbour_of_that_stranger_signs_in_with_a_code_beside_the_password(
    door: OneProcess, gate: Gate
) -> None:
    """(row 83) DESIGN §3: never a wall by address alone."""
    person = a_person(gate, app=True)
    assert person.totp_secret is not None
    named = {"identifier": person.nik, "password": person.password}
    while "dari jaringan ini" not in (page := submit(door, "203.0.113.9", **named)).text:
        guess(door, "203.0.113.9")
    assert "code" in _Forms(page.text).forms[0].fields
    wrong = submit(door, "203.0.113.9", **named, code="000000")
    assert (wrong.status_code, "code" in _Forms(wrong.text).forms[0].fields) == (400, True)
    entered = submit(door, "203.0.113.9", **named, code=pyotp.TOTP(person.totp_secret).now())
    assert entered.status_code == 303
    assert any(line.startswith("__Host-gapura=") for line in entered.headers.getlist("Set-Cookie"))
