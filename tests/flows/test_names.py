"""People with one name, with five, with an apostrophe, with one letter and with a hundred and fifty: each is
called what the register calls them, whole, on every page and in every answer, and
no part of a name is made up (C068).

Seen to fail: with runs of spaces made one, and with a name's first word told as the given name.
"""

import html

import pytest

from idp.gate import Gate
from tests.builders import PASSWORD, a_citizen
from tests.clients.programs import AGREEMENT, register
from tests.running import Running
from tests.sample_client import SampleClient, consent, log_in

PARTS = ["given_name", "family_name", "middle_name", "nickname"]
NAMES = ["Sukarni", "A. A. Gde Contoh Putra Wijaya Kusuma", "D'Angelo", "Nur 'Aini", "Nama" * 37 + "Na", "O",
         "Siti  Dua Spasi", "<b>Tebal</b> & Co"]  # fmt: skip


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    more = {"sign_in_agreement": AGREEMENT | {"optional": PARTS}, "id_token_claims": "scope"}
    told = register(running, "https://nama.example.go.id", "/cb", "standard", more)
    return SampleClient(running.issuer, {
        "client_id": told["CLIENT_ID"], "client_secret": told["CLIENT_SECRET"],
        "redirect_uris": ["https://nama.example.go.id/cb"],
    })  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_told_as_it_is_registered(running: Running, gate: Gate, client: SampleClient, name: str) -> None:
    """(C068)"""
    with gate.database.writing() as db:
        made = a_citizen(db, gate.vault, hashing=gate.hashing, values={"name": name})
    browser, visit = running.browser(), client.visit("openid profile")
    page = log_in(browser, browser.get(visit.url), {"nik": made.nik.normal, "password": PASSWORD})
    assert name in html.unescape(page.html), "whole, on the page that asks"
    tokens = client.exchange(visit, consent(browser, page, page.form("decision").choices.get("attributes", [])))
    told = client.userinfo(tokens.access_token).json()
    for answer in (told, tokens.claims):
        assert answer["name"] == name
        assert not set(PARTS) & set(answer), "absent: neither null nor empty nor a dash"
    for path in ("/account", "/login/account"):
        assert name in html.unescape(browser.get(path).html), path
