"""A citizen's own security page: a code app set up, other devices signed out, recovery codes that work once."""

import re
from collections.abc import Iterator

import pyotp
import pytest

from tests.running import Running
from tests.sample_client import Browser, Page, log_in


def enter(running: Running, number: int) -> tuple[Browser, Page]:
    browser = running.browser()
    return browser, log_in(browser, browser.get("/login?onward=/security"), running.citizen(number))


@pytest.fixture
def without_code_apps_again(running: Running) -> Iterator[None]:
    """Other tests sign this citizen in with a password alone."""
    before = {row[0] for row in running.rows("SELECT totp_id FROM idp.totp_secrets")}
    yield
    for (totp_id,) in running.rows("SELECT totp_id FROM idp.totp_secrets"):
        if totp_id not in before:
            running.rows("DELETE FROM idp.totp_secrets WHERE totp_id = %(id)s RETURNING 1", id=totp_id)


@pytest.mark.usefixtures("without_code_apps_again")
def test_a_code_app_is_set_up_and_asked_for_from_then_on(running: Running) -> None:
    """(C062, row 84, row 88, row 92)"""
    other, _ = enter(running, 2)
    browser, page = enter(running, 2)
    assert page.url.endswith("/security")
    page = browser.get("/security/code-app")
    secret = re.sub(r"\s", "", re.findall(r'<strong id="key">([A-Z2-7 ]+)</strong>', page.html)[0])
    image = browser.get(re.findall(r'src="(/security/code-app/[0-9a-f-]+\.svg)"', page.html)[0])
    assert image.headers["content-type"].startswith("image/svg+xml")
    wrong = browser.submit(page, page.form("code"), code="000000")
    assert wrong.status == 400
    assert f"secret={secret}&amp;issuer=Gapura" in page.html, "an app on the same phone cannot scan its screen"
    now = pyotp.TOTP(secret).now()
    done = browser.submit(wrong, wrong.form("code"), code=now)
    codes = re.findall(r'<li class="num">([^<]+)</li>', done.html)
    assert len(codes) == 10
    assert other.get("/security").has_form("identifier", "password"), "every other session ended"

    third = running.browser()
    asked = log_in(third, third.get("/login?onward=/security"), running.citizen(2))
    assert asked.has_form("code")
    assert third.get("/security").has_form("identifier", "password"), "a right password alone opens no page"
    asked = third.get("/login/second?onward=/security")
    again = third.submit(asked, asked.form("code"), code=now)
    assert again.status == 400, "the code that set it up is spent"
    entered = third.submit(again, again.form("code"), code=codes[0].lower())
    assert entered.url.endswith("/security")


def test_another_device_is_signed_out_from_here(running: Running) -> None:
    """(row 96)"""
    other, _ = enter(running, 7)
    browser, page = enter(running, 7)
    forms = [form for form in page.forms if form.action.endswith("/end-others")]
    browser.submit(page, forms[0])
    assert other.get("/security").has_form("identifier", "password")
    assert not browser.get("/security").has_form("identifier", "password")
