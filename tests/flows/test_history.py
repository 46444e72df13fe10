"""What stays in a browser's history is worth nothing: no address in it holds a code that still works (RFC 9700
§4.3).
"""

from urllib.parse import parse_qs, urlsplit

import httpx

from idp.gate import Gate
from tests.faults.standing import SCOPE, an_application
from tests.people import a_person
from tests.running import Running
from tests.sample_client import Browser, consent, log_in


class Remembering(Browser):
    """It keeps every address that a browser's history would have."""

    def __init__(self, home: str) -> None:
        super().__init__(home)
        self.history: list[str] = []

    def _send(self, method: str, url: str, pairs: list[tuple[str, str]] | None, referer: str) -> httpx.Response:
        answer = super()._send(method, url, pairs, referer)
        self.history += [url, answer.headers.get("location", "")]
        return answer


def test_no_address_of_the_history_gives_anything_to_who_finds_it(running: Running, gate: Gate) -> None:
    """(row 13) Neither the code, once the application has used it, nor our own pages, in another browser."""
    browser, client, person = Remembering(running.issuer), an_application(running), a_person(gate)
    visit = client.visit(SCOPE)
    page = log_in(browser, browser.get(visit.url), person.as_told())
    tokens = client.exchange(visit, consent(browser, page))
    page = browser.get("/logout")
    browser.submit(page, page.form("csrf_token"), press="logout-confirm")

    addresses = [address for address in browser.history if address]
    assert len(addresses) > 6
    codes = {code for address in addresses for code in parse_qs(urlsplit(address).query).get("code", [])}
    assert len(codes) == 1
    for code in codes:
        assert client.redeem(visit, code).json()["error"] == "invalid_grant"
    assert tokens.access_token not in "".join(addresses)
    thief = running.browser()
    for address in addresses:
        if address.startswith(("/", running.issuer)):
            found = thief.get(address)
            assert "code" not in found.answer, address
            assert person.nik not in found.html
