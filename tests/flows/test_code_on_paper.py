"""A recovery code as the second factor: on a phone its field must offer letters, so it has a page of its own."""

import re

from idp.gate import Gate
from tests.people import a_person
from tests.running import Running
from tests.sample_client import log_in


def test_whoever_has_only_the_printed_codes_is_asked_for_one_and_signs_in_with_it(
    running: Running, gate: Gate
) -> None:
    person, browser = a_person(gate, app=True, codes=True), running.browser()
    page = log_in(browser, browser.get("/login?onward=/security"), person.as_told(totp_secret=None))
    assert 'inputmode="numeric"' in page.html
    link = re.search(r'href="(/login/second\?[^"]+)">Pakai kode pemulihan', page.html)
    assert link is not None
    page = browser.get(link[1].replace("&amp;", "&"))
    assert "Kode pemulihan yang dicetak" in page.html
    assert "numeric" not in page.html, "keys for figures have no letters"
    page = browser.submit(page, page.form("code"), code="7K2M-94QD-XH3T-8PQR")
    assert page.status == 400
    assert "Kode tidak cocok. Periksa kode di kertas, lalu coba lagi." in page.html
    assert "numeric" not in page.html
    page = browser.submit(page, page.form("code"), code=person.codes[0].lower())
    assert page.url.endswith("/security")
