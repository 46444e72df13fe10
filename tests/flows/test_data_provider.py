"""A data provider of the demo, asked by an agency's application with the citizen's token: it asks Gapura first."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from idp.gate import Gate
from tests import local_http
from tests.people import a_person
from tests.running import Running
from tests.sample_client import Browser, sign_in

SCOPE = "openid profile village regency"


def ask(running: Running, token: str | None) -> httpx.Response:
    port = (urlsplit(running.issuer).port or 0) + 4
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return local_http.get(f"http://127.0.0.1:{port}/residence", headers=headers)


def challenge(answer: httpx.Response) -> tuple[int, Any]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.headers["www-authenticate"]


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


def test_it_tells_what_is_allowed_and_after_a_withdrawal_nothing(running: Running, browser: Browser) -> None:
    """(row 52)"""
    client = running.client("bantuan-beras")
    tokens = sign_in(browser, client, running.citizen(1), scope=SCOPE)
    told = ask(running, tokens.access_token)
    assert (told.status_code, told.json()) == (200, {"village": "Melati", "regency": "Kota Sukamaju"})
    consent_id, asked_by = running.rows(
        "SELECT d.consent_id, a.agency_code FROM consent.disclosures AS d JOIN idp.agencies AS a"
        " ON a.agency_no = d.source_agency_no ORDER BY d.disclosure_id DESC LIMIT 1"
    )[0]
    assert asked_by == "dukcapil-nusantara", "who asked stands in the disclosures"
    looked = browser.get("/disclosures").html
    row = next(one for one in looked.split("<tr>") if "Kantor Catatan Sipil Nusantara" in one)
    assert "Ikut melihat, sebagai pemegang data:" in row, "and on the citizen's page"
    assert "Bantuan Beras" in row
    assert looked.count("Ikut melihat") == 1, "where the application looked by itself nobody else is named"
    page = browser.get(f"/consents/{consent_id}/withdraw")
    browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")
    assert challenge(ask(running, tokens.access_token)) == (401, 'Bearer error="invalid_token"')


def test_a_token_that_was_not_asked_for_it_opens_nothing(running: Running, browser: Browser) -> None:
    client = running.client("bantuan-beras")
    tokens = sign_in(browser, client, running.citizen(7), scope="openid profile")
    status, said = challenge(ask(running, tokens.access_token))
    assert status == 403
    assert 'error="insufficient_scope"' in said


def test_a_token_of_an_application_that_it_does_not_serve_opens_nothing(
    running: Running, gate: Gate, browser: Browser
) -> None:
    """(row 61) Of somebody new: what the demo's citizens allow this application, other tests begin with."""
    client, person = running.client("kepegawaian-sukamaju"), a_person(gate).as_told()
    tokens = sign_in(browser, client, person, scope="openid profile")
    assert challenge(ask(running, tokens.access_token)) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize("token", ["x", "a.b.c", "\x7f", "x" * 3000])
def test_what_is_no_token_opens_nothing(running: Running, token: str) -> None:
    assert ask(running, token).status_code == 401


def test_without_a_token_it_says_how_to_come(running: Running) -> None:
    assert challenge(ask(running, None)) == (401, "Bearer")
