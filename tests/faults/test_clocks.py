"""A process whose clock is an hour off judges the life of a code and a token by the database's clock, as all
others do.

Seen to fail: with the end of a token, and a code's minute, compared with the process's own clock.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from idp.app import create_flask, hot_doors
from idp.authorization import codes
from idp.authorization.codes import uuid7
from idp.gate import Gate
from idp.tokens import access_token
from idp.web.shells import Front
from tests.faults.standing import Standing, a_standing, an_application
from tests.running import Running

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=[-1, 1], ids=["an hour behind", "an hour ahead"])
def skewed(request: pytest.FixtureRequest, gate: Gate) -> Client:
    """One more web process, whose clock is wrong."""
    off = timedelta(hours=request.param)
    wrong = replace(gate, clock=lambda: datetime.now(UTC) + off)
    return Client(Front(wrong, hot_doors(wrong), create_flask(wrong)))


@pytest.fixture
def standing(running: Running, gate: Gate) -> Standing:
    client = an_application(running)
    since = "UPDATE idp.clients SET state_at = state_at - interval '1 day' WHERE client_id = %(id)s RETURNING 1"
    running.rows(since, id=client.client_id)  # what is older than the client's own state gives nothing
    standing = a_standing(running, gate, client)
    ends = time.monotonic() + 5
    while client.client_id not in gate.registry.get().by_id:  # its two processes know it; ours is a third
        assert time.monotonic() < ends
        time.sleep(0.05)
    return standing


def ask(shell: Client, running: Running, path: str, **more: Any) -> Response:
    return shell.open(EnvironBuilder(path, running.issuer, **more).get_environ())


def userinfo(shell: Client, running: Running, token: str) -> int:
    return ask(shell, running, "/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_lives_as_long_as_the_database_says(
    running: Running, gate: Gate, standing: Standing, skewed: Client
) -> None:
    """(row 114)"""
    assert userinfo(skewed, running, standing.bound.access_token) == 200
    now = gate.now()
    token = access_token.open_sealed(gate.sealer, standing.bound.access_token, now)
    assert token is not None
    for seconds, status in ((-1, 401), (+30, 200)):
        moved = replace(token, expires_at=now + timedelta(seconds=seconds))
        sealed = access_token.seal(gate.sealer, moved, now)
        assert userinfo(skewed, running, sealed) == status
        assert standing.client.userinfo(sealed).status_code == status, "and so do all others"


def aged(gate: Gate, code: str, seconds: float) -> str:
    """The code as it would be, had it been issued so long ago."""
    now = gate.now()
    opened = codes.open_sealed(gate.sealer, code, now)
    assert opened is not None
    code_id: UUID = uuid7(now - timedelta(seconds=seconds))
    return codes.seal(gate.sealer, replace(opened, code_id=code_id), now)


@pytest.mark.parametrize(("seconds", "status"), [(61, 400), (55, 200)])
def test_a_code_lives_a_minute_of_the_database(
    running: Running, gate: Gate, standing: Standing, skewed: Client, seconds: int, status: int
) -> None:
    """(row 18, row 114)"""
    client, (visit, code) = standing.client, standing.code
    form = {
        "grant_type": "authorization_code", "code": aged(gate, code, seconds), "code_verifier": visit.verifier,
        "redirect_uri": client.redirect_uri, "client_id": client.client_id, "client_secret": str(client.secret),
    }  # fmt: skip
    answer = ask(skewed, running, "/token", method="POST", data=form, content_type=FORM)
    assert answer.status_code == status, answer.get_data(as_text=True)
    if status == 200:
        given = answer.get_json()
        assert standing.client.userinfo(given["access_token"]).status_code == 200
        assert given["expires_in"] == access_token.LIFE_SECONDS
        sealed = access_token.open_sealed(gate.sealer, given["access_token"], gate.now())
        assert sealed is not None
        assert abs((sealed.issued_at - gate.now()).total_seconds()) < 10, "issued at the database's time"


@pytest.mark.parametrize(("seconds", "status"), [(61, 400), (50, 200)])
def test_a_code_is_dead_after_a_minute(gate: Gate, standing: Standing, seconds: int, status: int) -> None:
    """(row 18) Over HTTP, at the running server."""
    visit, code = standing.code
    answer = standing.client.redeem(visit, aged(gate, code, seconds))
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["error"] == "invalid_grant"
