"""Whatever we give out is good as what it is and as nothing else: each kind at each door (C059).

Seen to fail: with the type of an ID token not compared, and with `events` in a hint let pass.
"""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from idp.gate import Gate
from keys import jws
from tests import local_http
from tests.faults.standing import OFFLINE, an_application
from tests.people import a_person, enter
from tests.running import Running
from tests.sample_client import Browser, SampleClient, consent

SESSION, BROWSER = "__Host-gapura", "__Host-gapura-browser"


class Everything:
    """One of each kind, all of one citizen at one application, all alive."""

    def __init__(self, running: Running, gate: Gate) -> None:
        self.running, self.client = running, an_application(running)
        self.browser, _ = enter(running, a_person(gate))
        client, browser = self.client, self.browser
        tokens = client.exchange(visit := client.visit(OFFLINE), consent(browser, browser.get(visit.url)))
        self.visit = client.visit(OFFLINE)
        handle = running.browser().get(client.visit(OFFLINE).url).form("handle").fields["handle"][0]
        key = gate.keyring.get().signer("tokens", client.alg)
        now = tokens.claims["iat"]
        logout = {name: tokens.claims[name] for name in ("iss", "sub", "sid", "aud")} | {
            "iat": now, "exp": now + 120, "jti": "x",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }  # fmt: skip
        self.kinds = {
            "access token": tokens.access_token,
            "refresh token": tokens.answer["refresh_token"],
            "ID token": tokens.id_token,
            "logout token": jws.sign(key, logout, typ="logout+jwt"),
            "logout token in the type of an ID token": jws.sign(key, logout, typ="JWT"),
            "handle": handle,
            "session cookie": browser.cookies[SESSION],
            "browser cookie": browser.cookies[BROWSER],
            "code": client.code(self.visit, browser.get(self.visit.url)),
        }


@pytest.fixture(scope="module")
def everything(running: Running, gate: Gate) -> Everything:
    return Everything(running, gate)


def at_userinfo(client: SampleClient, shown: str) -> bool:
    return client.userinfo(shown).status_code == 200


def at_introspection(client: SampleClient, shown: str) -> bool:
    answer = local_http.post(f"{client.issuer}/introspect", data={"token": shown}, auth=pair(client))
    found: dict[str, Any] = answer.json()
    assert found["active"] or found == {"active": False}
    return bool(found["active"])


def at_refresh(client: SampleClient, shown: str) -> bool:
    return client.token({"grant_type": "refresh_token", "refresh_token": shown}).status_code == 200


def as_client(client: SampleClient, shown: str) -> bool:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"client_assertion": shown, "client_assertion_type": kind, "token": "x"}
    return local_http.post(f"{client.issuer}/introspect", data=form).status_code == 200


def at_may_i(client: SampleClient, shown: str) -> bool:
    """A citizen's access token is known there, and is not what asks."""
    sent = {"Authorization": f"Bearer {shown}"}
    answer = local_http.post(f"{client.issuer}/access/v1/evaluation", json={}, headers=sent)
    assert answer.status_code in (401, 403)
    return answer.status_code == 403


def as_hint(client: SampleClient, shown: str) -> bool:
    """Where it is none the request is refused; where it is, nobody is signed in."""
    url = client.visit("openid", prompt="none", id_token_hint=shown).url
    return "error=login_required" in local_http.get(url).headers["location"]


def as_session(client: SampleClient, shown: str) -> bool:
    answer = local_http.get(f"{client.issuer}/security", headers={"Cookie": f"{SESSION}={shown}"})
    return answer.status_code == 200


def as_handle(client: SampleClient, shown: str) -> bool:
    """In a stranger's browser a handle says at least that it is one."""
    page = Browser(client.issuer).get(f"/authorize/continue/{shown}")
    return page.errors == ["handle_of_another_browser"]


def pair(client: SampleClient) -> tuple[str, str]:
    return client.client_id, client.secret or ""


DOORS = {
    at_userinfo: "access token", at_introspection: "access token", at_refresh: "refresh token", as_client: "",
    at_may_i: "access token",
    as_hint: "ID token", as_session: "session cookie", as_handle: "handle",
}  # fmt: skip


@pytest.mark.parametrize("door", list(DOORS), ids=[door.__name__ for door in DOORS])
def test_only_the_right_kind_opens_a_door(everything: Everything, door: Any) -> None:
    """(C036, C059, row 38)"""
    opened = {kind for kind, shown in everything.kinds.items() if door(everything.client, shown)}
    assert opened == ({DOORS[door]} if DOORS[door] else set())


def test_nothing_but_a_code_is_a_code_and_the_code_is_still_good_after_all_this(everything: Everything) -> None:
    """(C059) Shown at doors of others it was neither opened nor burnt."""
    client = everything.client
    for kind, shown in everything.kinds.items():
        if kind != "code":
            answer = client.redeem(everything.visit, shown)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), kind
    assert client.redeem(everything.visit, everything.kinds["code"]).status_code == 200


def test_a_token_of_another_key_or_issuer_is_no_hint(gate: Gate, everything: Everything) -> None:
    """(C058) The right claims under a receipt's key, a stranger's, and under ours with another issuer."""
    payload = everything.kinds["ID token"].split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    ours = gate.keyring.get().signer("tokens", everything.client.alg)
    stranger = RSAKey.generate_key(2048)
    for wrong in (
        jws.sign(ours, claims | {"iss": "https://jahat.example"}, typ="JWT"),
        jws.sign(ours, claims, typ="receipt+jwt"),
        jwt.encode({"alg": "RS256", "kid": ours.kid, "typ": "JWT"}, claims, stranger),
    ):
        assert not as_hint(everything.client, wrong)
    assert as_hint(everything.client, jws.sign(ours, claims, typ="JWT"))
