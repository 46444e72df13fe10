"""What the claims parameter asks is what the page lists, the record keeps, and every later answer gives (C040)."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from idp.gate import Gate
from tests import local_http
from tests.builders import PASSWORD, a_citizen
from tests.clients.programs import AGREEMENT, register
from tests.people import a_person
from tests.running import Running
from tests.sample_client import Browser, Page, SampleClient, Visit, consent, log_in

ASKED = {
    "userinfo": {"nik": None, "email": {"essential": True}},
    "id_token": {"auth_time": {"essential": True}},
}


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    terms = AGREEMENT | {"required": [], "optional": ["nik", "email", "name", "birthdate"]}
    added = register(running, "https://klaim.example.go.id", "/cb", "standard",
                     {"scope": "openid profile email nik", "sign_in_agreement": terms})  # fmt: skip
    return SampleClient(running.issuer, {
        "client_id": added["CLIENT_ID"], "client_secret": added["CLIENT_SECRET"],
        "redirect_uris": ["https://klaim.example.go.id/cb"],
    })  # fmt: skip


def opened(browser: Browser, visit: Visit, method: str) -> Page:
    """The request as a link or as a form of the application's own page."""
    if method == "GET":
        return browser.get(visit.url)
    parts = urlsplit(visit.url)
    answer = local_http.post(f"{parts.scheme}://{parts.netloc}{parts.path}", content=parts.query,
                        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html",
                                 "Cookie": "; ".join(f"{n}={v}" for n, v in browser.cookies.items())})  # fmt: skip
    assert answer.status_code == 303
    for line in answer.headers.get_list("set-cookie"):
        browser._keep(line)
    return browser.get(answer.headers["location"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_page_record_and_answers_agree(running: Running, gate: Gate, client: SampleClient, method: str) -> None:
    """(C040)"""
    with gate.database.writing() as db:
        made = a_citizen(db, gate.vault, hashing=gate.hashing)
    browser, asked = running.browser(), {"claims": json.dumps(ASKED)}
    visit = client.visit("openid", **asked)
    page = log_in(browser, opened(browser, visit, method), {"nik": made.nik.normal, "password": PASSWORD})
    assert set(page.form("decision").choices["attributes"]) == {"nik", "email"}, "the page lists just these"
    tokens = client.exchange(visit, consent(browser, page))
    assert kept(running, client, made.citizen_id) == {"nik", "email"}
    assert "auth_time" in tokens.claims
    expected = {"sub", "nik", "email", "email_verified"}
    answer = client.userinfo(tokens.access_token).json()
    assert {"nik", "email"} <= set(answer) <= expected
    assert disclosed(running, made.citizen_id) == [{"nik", "email"}]

    again = client.visit("openid", prompt="none", **asked)
    second = client.exchange(again, opened(browser, again, method))
    assert client.userinfo(second.access_token).json() == answer, "the second request is silent and gives the same"
    assert disclosed(running, made.citizen_id) == [{"nik", "email"}, {"nik", "email"}]


def kept(running: Running, client: SampleClient, citizen_id: Any) -> set[str]:
    ((names,),) = running.rows(
        "SELECT ARRAY(SELECT a.name FROM consent.attributes AS a WHERE a.attribute_no = ANY (r.attribute_nos))"
        "  FROM consent.records AS r JOIN idp.clients AS c USING (client_no)"
        " WHERE r.citizen_id = %(citizen_id)s AND c.client_id = %(client_id)s",
        citizen_id=citizen_id, client_id=client.client_id,
    )  # fmt: skip
    return set(names)


def disclosed(running: Running, citizen_id: Any) -> list[set[str]]:
    rows = running.rows(
        "SELECT ARRAY(SELECT a.name FROM consent.attributes AS a WHERE a.attribute_no = ANY (d.attribute_nos))"
        "  FROM consent.disclosures AS d WHERE d.citizen_id = %(citizen_id)s ORDER BY d.disclosure_id",
        citizen_id=citizen_id,
    )
    return [set(row[0]) for row in rows]


def test_whom_it_names_must_be_signed_in(running: Running, gate: Gate, client: SampleClient) -> None:
    """(C041) Another citizen's `sub`, and one that is nobody's; of whoever it is nothing is told."""
    browser, other = running.browser(), running.browser()
    subs = []
    for one in (browser, other):
        visit = client.visit("openid")
        page = consent(one, log_in(one, one.get(visit.url), a_person(gate).as_told()))
        subs.append(client.exchange(visit, page).claims["sub"])
    own, others = subs

    def told(sub: str, **more: str) -> Page:
        claims = json.dumps({"id_token": {"sub": {"value": sub}}})
        return browser.get(client.visit("openid", claims=claims, **more).url)

    assert "code" in told(own, prompt="none").answer
    for sub in (others, "ORANG-LAIN", own[:-1]):
        assert told(sub, prompt="none").answer["error"] == "login_required", sub
        assert told(sub).has_form("identifier", "password"), sub


def test_an_essential_acr_that_cannot_be_reached_is_told_and_a_wish_is_answered_honestly(
    running: Running, gate: Gate, client: SampleClient
) -> None:
    """(C041) Never a token of less."""
    browser, person = running.browser(), a_person(gate)
    visit = client.visit("openid")
    consent(browser, log_in(browser, browser.get(visit.url), person.as_told()))

    def asking(acr: str, *, essential: bool) -> Visit:
        wanted = {"id_token": {"acr": {"essential": essential, "value": acr}}}
        return client.visit("openid", claims=json.dumps(wanted))

    for acr in ("urn:gapura:acr:high", "urn:gapura:acr:substantial", "urn:lain"):
        told = browser.get(asking(acr, essential=True).url).answer
        assert told["error"] == "unmet_authentication_requirements", (acr, told)
        wish = asking(acr, essential=False)
        assert client.exchange(wish, browser.get(wish.url)).claims["acr"] == "urn:gapura:acr:basic"
