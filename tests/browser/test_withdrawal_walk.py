"""A real Chromium without script, and two people in it: the citizen takes a permission back, the officer opens the
e-mail in the demo's inbox, follows its link, answers; the citizen reads the answer.
"""

from typing import Any

from idp.gate import Gate
from tests.browser.visiting import PHONE
from tests.people import a_person
from tests.running import Running
from tests.sample_client import sign_in


def test_a_withdrawal_is_answered_from_the_inbox_of_the_demo(
    page: Any, chromium: Any, running: Running, gate: Gate
) -> None:
    person = a_person(gate)
    sign_in(running.browser(), running.client("bantuan-beras"), person.as_told(), scope="openid profile")
    page.goto(f"{running.issuer}/consents")
    page.fill("#identifier", person.nik)
    page.fill("#password", person.password)
    page.click("#login-submit")
    page.locator(".permit", has_text="Bantuan Beras").get_by_role("link", name="Cabut izin").click()
    page.click("#withdraw-confirm")
    page.goto(f"{running.issuer}/consents?s=off")
    page.get_by_role("link", name="Rincian Bantuan Beras").first.click()
    expect_words(page, "Instansi diberi tahu pada")

    context = chromium.new_context(**PHONE | {"viewport": {"width": 1280, "height": 800}})
    officer = context.new_page()
    officer.goto(f"{running.issuer}/demo/inbox")
    mail = officer.locator("article", has_text="dpo@dinsos.sukamaju.example").first
    assert "Izin berakhir: Bantuan Beras" in mail.inner_text()
    mail.get_by_role("link").first.click()
    assert officer.inner_text("h1") == "Jawab pencabutan"
    assert "Sukarni" not in officer.content()
    officer.click("#withdrawal-acknowledge")
    assert "Jawaban Anda tercatat." in officer.inner_text(".note")
    page.reload()
    assert "Instansi berhenti memakai data pada" in page.inner_text("main")

    officer.get_by_role("link", name="English").click()
    officer.click("#withdrawal-kept", force=True)  # an empty field stops the form in the browser, as anywhere
    assert "Answer a withdrawal" in officer.inner_text("h1")
    officer.fill("#statute", "ya")
    officer.click("#withdrawal-kept")
    assert officer.title() == "Error: Answer a withdrawal – Gapura"
    officer.fill("#statute", "UU 43/2009 Pasal 6")
    officer.click("#withdrawal-kept")
    assert "Must be kept under" in officer.inner_text("main")
    page.reload()
    assert "Data wajib disimpan menurut UU 43/2009 Pasal 6." in page.inner_text("main")
    assert "Instansi wajib menyimpan data menurut UU 43/2009 Pasal 6" in page.inner_text("table")
    officer.click("#withdrawal-deleted")
    page.reload()
    assert "Data dihapus pada" in page.inner_text("main")
    context.close()


def expect_words(page: Any, words: str) -> None:
    """Once the worker has done its part."""
    for _ in range(50):
        if words in page.inner_text("main"):
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(f"{page.url} never said: {words}")
