"""Signing out with an ID token that is no longer young: expired, signed by a key that is retired or forgotten,
given to another application, or nothing of ours (C050).

Seen to fail: with a hint refused once it has expired.
"""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from idp.gate import Gate
from idp.invalidation import bump
from keys import jws
from keys.keyring import SigningKey
from tests.faults.standing import SCOPE
from tests.running import Running
from tests.sample_client import sign_in

Sign = Callable[[dict[str, Any]], str]


class Here:
    """A citizen who is signed in through the application, and wants out by it."""

    def __init__(self, running: Running) -> None:
        self.running, self.browser, self.client = running, running.browser(), running.client()
        self.tokens = sign_in(self.browser, self.client, running.citizen(6), scope=SCOPE)
        self.home = running.home_of(self.client.client_id)

    def out(self, hint: str, **more: str) -> Any:
        sent = {"id_token_hint": hint, "post_logout_redirect_uri": self.home, "state": "a b"} | more
        asked = self.client.http.build_request("GET", self.client.metadata["end_session_endpoint"], params=sent)
        return self.browser.get(str(asked.url))

    def is_in(self) -> bool:
        return not self.browser.get(self.client.visit(SCOPE).url).has_form("identifier", "password")


@pytest.fixture
def here(running: Running) -> Here:
    return Here(running)


@pytest.fixture
def ours(gate: Gate) -> Sign:
    """As the house signs now."""
    return lambda claims: jws.sign(gate.keyring.get().signer("tokens", "ES256"), claims, typ="JWT")


def a_key() -> tuple[ECKey, dict[str, Any]]:
    key = ECKey.generate_key("P-256")
    while key.thumbprint().startswith("-"):
        key = ECKey.generate_key("P-256")
    return key, {**key.as_dict(private=False), "use": "sig", "alg": "ES256", "kid": key.thumbprint()}


def by(key: ECKey) -> Sign:
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": "JWT"}
    return lambda claims: jwt.encode(header, claims, key, algorithms=["ES256"])


@pytest.fixture
def retired(running: Running, gate: Gate) -> Sign:
    """As a key signed that the house has retired and not yet destroyed."""
    key, public = a_key()
    running.rows(
        "INSERT INTO keys.signing_keys (kid, algorithm, role, state, public_jwk, published_at, signing_at,"
        "                               retired_at)"
        " VALUES (%(kid)s, 'ES256', 'tokens', 'retired', %(jwk)s::jsonb, now() - interval '3 d',"
        "         now() - interval '2 d', now() - interval '1 h') RETURNING 1",
        kid=public["kid"], jwk=json.dumps(public),
    )  # fmt: skip
    with gate.database.writing() as db:
        bump(db)
    return by(key)


def old(here: Here, by: timedelta) -> dict[str, Any]:
    seconds = int(by.total_seconds())
    return here.tokens.claims | {
        "iat": here.tokens.claims["iat"] - seconds,
        "exp": here.tokens.claims["exp"] - seconds,
    }


@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(days=365)], ids=["an hour", "a year"])
def test_an_expired_hint_signs_out_and_leads_back(here: Here, ours: Sign, age: timedelta) -> None:
    """(C050)"""
    page = here.out(ours(old(here, age)))
    assert page.url == f"{here.home}?state=a%20b"
    assert not here.is_in()


def test_an_expired_hint_without_an_address_signs_out_and_says_so(here: Here, ours: Sign) -> None:
    """(C050) With a state or without: there is nowhere to bring it."""
    page = here.out(ours(old(here, timedelta(hours=1))), post_logout_redirect_uri="")
    assert (page.status, page.url.startswith(here.running.issuer)) == (200, True)
    assert "Anda sudah keluar" in page.html
    assert not here.is_in()


def test_a_hint_by_a_retired_key_signs_out_and_leads_back(here: Here, retired: Sign) -> None:
    """(C050)"""
    time.sleep(1.1)  # within a second every process knows the key
    page = here.out(retired(old(here, timedelta(hours=2))))
    assert page.url == f"{here.home}?state=a%20b"
    assert not here.is_in()


def test_a_hint_by_a_forgotten_key_is_asked_about(here: Here) -> None:
    """(C050) A page that still can end the session, and no redirect."""
    assert_asked_and_ended(here, by(a_key()[0])(old(here, timedelta(hours=1))))


@pytest.mark.parametrize("of", ["typ", "iss", "events", "unsigned"])
def test_a_hint_that_is_no_id_token_of_ours_is_asked_about(here: Here, gate: Gate, ours: Sign, of: str) -> None:
    """(C050, row 38)"""
    claims, signer = dict(here.tokens.claims), gate.keyring.get().signer("tokens", "ES256")
    hints = {
        "typ": jws.sign(signer, claims, typ="logout+jwt"),
        "iss": ours(claims | {"iss": "https://sandbox.gapura.example"}),
        "events": ours(claims | {"events": {}}),
        "unsigned": "eyJhbGciOiJub25lIn0." + here.tokens.id_token.split(".")[1] + ".",
    }
    assert_asked_and_ended(here, hints[of])


def assert_asked_and_ended(here: Here, hint: str) -> None:
    page = here.out(hint)
    assert page.url.startswith(here.running.issuer)
    assert page.headers["content-type"].startswith("text/html"), "never JSON to a person"
    assert here.is_in()
    page = here.out(hint)
    done = here.browser.submit(page, page.form("csrf_token"), press="logout-confirm")
    assert done.url.startswith(here.running.issuer)
    assert not here.is_in()


def test_a_hint_of_another_client_leads_nobody_to_this_ones_address(running: Running, here: Here) -> None:
    """(C050, C051)"""
    other = running.client("bantuan-beras")
    theirs = sign_in(here.browser, other, running.citizen(6), scope=SCOPE)
    page = here.out(theirs.id_token, client_id=here.client.client_id)
    assert page.url.startswith(running.issuer), "the hint is not of the client that is named"
    assert here.is_in()
    page = here.out(theirs.id_token)
    assert page.url.startswith(running.issuer), "an address of the one, a hint of the other"


def test_the_key_of_the_fixture_signs_as_the_house_does(gate: Gate, here: Here, ours: Sign) -> None:
    """What the others are measured by: a hint that is only young and right."""
    assert isinstance(gate.keyring.get().signer("tokens", "ES256"), SigningKey)
    assert here.out(ours(here.tokens.claims)).url == f"{here.home}?state=a%20b"
