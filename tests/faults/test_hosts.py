"""A name of ours is the issuer's, or this machine's at our port. By any other nobody is answered, so that a name
that somebody else points here gives him nothing; and no header names us (row 80, C066, C088).

Seen to fail: with the front alone, and with Flask alone, answering to every name.
"""

import pytest
from werkzeug.test import Client, EnvironBuilder

from idp.app import HOT, create_flask, hot_doors
from idp.gate import Gate
from idp.settings import Settings
from idp.web import hosts
from idp.web.shells import Front
from tests import local_http
from tests.faults.test_headers_spelled_twice import spoken
from tests.running import Running

STRANGE = (
    "jahat.example",
    "127.0.0.1",
    "jahat.example:{port}",
    "127.0.0.1:{port}.jahat.example",
    "[::1]:{port}",
    "",
)


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize(
    "path", [*(path for path, _ in HOT), "/login", "/consents", "/health", "/metrics", "/nowhere"]
)
def test_by_a_strange_name_nobody_is_answered(running: Running, path: str, host: str) -> None:
    port = running.issuer.rpartition(":")[2]
    answer = local_http.get(running.issuer + path, headers={"Host": host.format(port=port)})
    assert answer.status_code == 421
    assert "jahat" not in answer.text + str(answer.headers)
    assert running.issuer in answer.text


@pytest.mark.parametrize("path", [*(path for path, _ in HOT), "/login"])
@pytest.mark.parametrize("fronted", [True, False])
def test_neither_shell_answers_alone(gate: Gate, path: str, fronted: bool) -> None:
    flask = create_flask(gate)
    shell = Client(Front(gate, hot_doors(gate), flask) if fronted else flask)
    assert shell.open(EnvironBuilder(path, "http://jahat.example").get_environ()).status_code == 421
    assert shell.open(EnvironBuilder(path, gate.issuer.upper()).get_environ()).status_code != 421, (
        "names know no case"
    )


def test_whoever_strayed_is_led_to_our_address(running: Running) -> None:
    page = local_http.get(f"{running.issuer}/login?onward=x", headers={"Host": "jahat.example"})
    assert 'data-error="wrong_address"' in page.text
    assert f'href="{running.issuer}/services"' in page.text


def test_headers_of_proxies_name_nobody(running: Running) -> None:
    forged = {
        "X-Forwarded-Host": "jahat.example", "X-Forwarded-Proto": "ftp", "X-Forwarded-Port": "1",
        "Forwarded": "host=jahat.example",
    }  # fmt: skip
    answer = local_http.get(f"{running.issuer}/.well-known/openid-configuration", headers=forged)
    assert answer.json()["issuer"] == running.issuer
    assert "jahat" not in answer.text
    assert "jahat" not in local_http.get(f"{running.issuer}/login", headers=forged).text


def test_two_hosts_or_none_are_refused(running: Running) -> None:
    right = f"Host: {running.issuer.partition('//')[2]}".encode()
    assert spoken(running, "GET /health", right)[0] == 200
    assert spoken(running, "GET /health")[0] in (400, 421)
    for two in ((right, b"Host: jahat.example"), (b"Host: jahat.example", right)):
        assert spoken(running, "GET /health", *two)[0] in (400, 421)


def test_an_issuer_without_a_port_is_known_with_the_one_of_its_scheme() -> None:
    told = {"GAPURA_MODE": "demo", "GAPURA_ISSUER": "https://masuk.example.go.id", "PORT": "8000"}
    known = hosts.known(Settings.from_env(told))
    assert known == {"masuk.example.go.id", "masuk.example.go.id:443", "127.0.0.1:8000"}
