"""Through a reverse proxy everybody has the budgets of their own network, not all together the proxy's."""

import ipaddress
import secrets
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from idp.app import create_app
from idp.embedded_postgres import EmbeddedPostgres
from idp.gate import Gate
from idp.web.rate_limits import GUESSES_OF_A_NETWORK
from tests.running import Running
from tests.sample_client import _Forms

PROXY, WRONG = "127.0.0.1", "bukan kata sandi siapa pun"


@pytest.fixture(scope="module")
def door(running: Running, gate: Gate) -> Client:
    """One more web process of the running server, that knows its proxy."""
    settings = replace(gate.settings, proxies=(ipaddress.ip_network(PROXY),))
    return Client(create_app(settings, EmbeddedPostgres(running.instance).url("gapura_web")))


def guess(door: Client, forwarded: str) -> str:
    """What the page says to one wrong guess, at an identifier that nobody tried before."""
    at = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": forwarded}
    token = _Forms(door.get("/login", environ_base=at).text).forms[0].fields["csrf_token"][0]
    nobody = f"{secrets.token_hex(8)}@tidak.example"
    body = urlencode({"identifier": nobody, "password": WRONG, "csrf_token": token})
    form = "application/x-www-form-urlencoded"
    return door.post("/login", data=body, content_type=form, environ_base=at).text


def test_a_stranger_spends_the_own_networks_budget_whatever_is_written_into_the_header(door: Client) -> None:
    """(C088, row 83) Each guess names another address; the proxy adds the one it came from."""
    for number in range(GUESSES_OF_A_NETWORK.at_once):
        assert "dari jaringan ini" not in guess(door, f"10.9.8.{number}, 203.0.113.9")
    assert "dari jaringan ini" in guess(door, "10.9.8.77, 203.0.113.9")
    assert "dari jaringan ini" not in guess(door, "198.51.100.7")
