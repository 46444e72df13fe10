"""A claim leaves only under a consent (or a named law) and with a disclosure on record (DESIGN §6.4).

Whatever is asked, by scope, by the claims parameter, at every door: what came out is what the consent covers,
and each answer has its own entry that names just that. Seen to fail: with the asked attributes answered in place
of the covered ones at userinfo and in the ID token, and with a consent of whichever client taken for this one's.
"""

import json
from typing import Any
from uuid import UUID

import pytest

from idp.claims.catalogue import CLAIMS, UPDATED_AT
from tests import local_http
from tests.clients.programs import AGREEMENT, register
from tests.running import Running
from tests.sample_client import Browser, SampleClient, consent, log_in

OPENLY = {"sub", UPDATED_AT}
EVERY_SCOPE = "openid profile email phone address " + " ".join(
    sorted({claim.scope for claim in CLAIMS.values()} - {"profile", "email", "phone", "address"})
)
EVERY_CLAIM: dict[str, Any] = dict.fromkeys([*CLAIMS, UPDATED_AT, "password", "citizen_id", "ial"])
PROTOCOL = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    """It asks for everything there is; its agreement covers a name, and e-mail and telephone if one likes."""
    more = {
        "scope": EVERY_SCOPE, "id_token_claims": "scope", "grant_types": ["authorization_code", "refresh_token"],
        "sign_in_agreement": AGREEMENT | {"optional": ["email", "phone_number"]},
    }  # fmt: skip
    added = register(running, "https://ingin-semua.example.go.id", "/cb", "standard", more)
    return SampleClient(running.issuer, {
        "client_id": added["CLIENT_ID"], "client_secret": added["CLIENT_SECRET"],
        "redirect_uris": ["https://ingin-semua.example.go.id/cb"],
    })  # fmt: skip


class Log:
    """The disclosures of one client, as they are added."""

    def __init__(self, running: Running, client: SampleClient) -> None:
        self.running, self.client = running, client
        self.seen: set[UUID] = set()
        self.new()

    def new(self) -> list[tuple[str, set[str]]]:
        """How each new one left, and what."""
        rows = self.running.rows(
            "SELECT d.disclosure_id, d.channel::text, ARRAY(SELECT a.name FROM consent.attributes AS a"
            "         WHERE a.attribute_no = ANY (d.attribute_nos)) FROM consent.disclosures AS d"
            "  JOIN idp.clients AS c ON c.client_no = d.client_no WHERE c.client_id = %(client_id)s"
            " ORDER BY d.disclosure_id",
            client_id=self.client.client_id,
        )
        found = [(how, set(names)) for disclosure_id, how, names in rows if disclosure_id not in self.seen]
        self.seen.update(row[0] for row in rows)
        return found


def attributes(claims: dict[str, Any]) -> set[str]:
    """Of which attributes these claims tell. A claim that nobody knows is a failure."""
    return {CLAIMS[name].attribute for name in claims if name not in OPENLY}


@pytest.mark.parametrize("allowed", [[], ["email"], ["email", "phone_number"]], ids=["least", "one", "both"])
def test_what_leaves_is_what_was_allowed_and_is_on_record(
    running: Running, client: SampleClient, allowed: list[str]
) -> None:
    """(C039, C044, row 60)"""
    browser, covered = running.browser(), {"name", *allowed}
    asked = {"userinfo": EVERY_CLAIM, "id_token": EVERY_CLAIM}
    visit = client.visit(EVERY_SCOPE, claims=json.dumps(asked), prompt="consent")
    page = log_in(browser, browser.get(visit.url), running.citizen(1))
    log = Log(running, client)
    tokens = client.exchange(visit, consent(browser, page, allowed))

    told = {name: value for name, value in tokens.claims.items() if name not in PROTOCOL}
    assert attributes(told) == covered
    assert log.new() == [("id_token", covered)]
    assert set(tokens.answer["scope"].split()) <= {"openid", "profile", "email", "phone"}

    for _ in range(2):
        answer = client.userinfo(tokens.access_token)
        assert attributes(answer.json()) == covered
        assert log.new() == [("userinfo", covered)], "each look has its own entry"

    assert introspected(client, tokens.access_token)["active"]
    assert [how for how, _ in log.new()] == ["introspection"]

    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    renewed = client.token(form).json()
    assert attributes(client.userinfo(renewed["access_token"]).json()) == covered
    assert log.new() == [("userinfo", covered)]


def introspected(client: SampleClient, token: str) -> dict[str, Any]:
    answer: dict[str, Any] = local_http.post(
        client.metadata["introspection_endpoint"], data={"token": token},
        auth=(client.client_id, str(client.secret)),
    ).json()  # fmt: skip
    assert set(answer).isdisjoint(CLAIMS), "introspection tells no claim"
    return answer


def test_without_a_consent_nothing_leaves_and_nothing_is_logged(running: Running, client: SampleClient) -> None:
    """(row 52) The consent's row is gone, as by no way of ours: then there is no answer either."""
    browser = running.browser()
    visit = client.visit(EVERY_SCOPE, prompt="consent")
    page = log_in(browser, browser.get(visit.url), running.citizen(1))
    tokens = client.exchange(visit, consent(browser, page))
    pending = client.visit(EVERY_SCOPE)
    code = client.code(pending, browser.get(pending.url))
    hide(running, client)
    log = Log(running, client)
    assert client.userinfo(tokens.access_token).status_code == 401
    assert introspected(client, tokens.access_token) == {"active": False}
    assert client.redeem(pending, code).json()["error"] == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert client.token(form).json()["error"] == "invalid_grant"
    assert silent(browser, client) == "consent_required"
    assert log.new() == []


def hide(running: Running, client: SampleClient) -> None:
    running.rows(
        "DELETE FROM consent.consents USING idp.clients AS c"
        " WHERE c.client_no = consents.client_no AND c.client_id = %(client_id)s RETURNING 1",
        client_id=client.client_id,
    )


def silent(browser: Browser, client: SampleClient) -> str:
    return browser.get(client.visit(EVERY_SCOPE, prompt="none").url).answer["error"]


def test_openid_alone_tells_a_number_and_no_more(running: Running, client: SampleClient) -> None:
    """(row 60)"""
    browser = running.browser()
    visit = client.visit("openid", prompt="consent")
    page = log_in(browser, browser.get(visit.url), running.citizen(8))
    tokens = client.exchange(visit, consent(browser, page, []))
    assert set(tokens.claims) - PROTOCOL == set()
    assert client.userinfo(tokens.access_token).json() == {"sub": tokens.claims["sub"]}
