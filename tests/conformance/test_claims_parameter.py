"""What the claims parameter asks is what the page lists, the record keeps, and every later answer gives (C040)."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from idp.gate import Gate
from tests import local_http
from tests.builders import PASSWORD, a_citizen
from tests.clients.programs import AGREEMENT, register
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
