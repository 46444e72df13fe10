"""A withdrawal reaches the agency: the e-mail to its data protection officer, the one link in it that needs no
account, its answer, and the citizen who reads it (C047, C048).

Seen to fail: with an answer taken from a GET; with the form not validated; with no job deferred by the end of a
consent; without the limit of links; without X-Robots-Tag.
"""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from idp.gate import Gate
from idp.signals import withdrawal_mail
from tests import local_http
from tests.people import ARRIVES_WITHIN_SECONDS, a_person, messages_to
from tests.running import Running
from tests.sample_client import Browser, Page, sign_in

OFFICERS = {"bantuan-beras": "dpo@dinsos.sukamaju.example", "antrean-puskesmas": "dpo@dinkes.sukamaju.example"}
STATE = """
SELECT w.told_at, w.acknowledged_at, w.deleted_at, w.kept_at, w.kept_under
  FROM idp.withdrawals AS w WHERE w.consent_id = %(id)s"""


class Withdrawn:
    """Somebody who allowed an application, and took it back a moment ago."""

    def __init__(self, running: Running, gate: Gate, client_id: str = "bantuan-beras") -> None:
        self._running, self._gate, self.client_id = running, gate, client_id
        self.person = a_person(gate)
        self.browser = running.browser()
        self.give()
        self.consent_id: UUID = running.rows(
            "SELECT c.consent_id FROM consent.consents AS c WHERE c.citizen_id = %(id)s",
            id=self.person.citizen_id,
        )[0][0]
        page = self.browser.get(f"/consents/{self.consent_id}/withdraw")
        self.browser.submit(page, page.form("csrf_token"), press="withdraw-confirm")

    def give(self) -> None:
        told = self.person.as_told()
        sign_in(self.browser, self._running.client(self.client_id), told, scope="openid profile", prompt="consent")

    def links(self, count: int = 1) -> list[str]:
        """Those that came for this consent, oldest first."""
        deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
        while len(found := self._links()) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} e-mails came"
            time.sleep(0.1)
        return found

    def _links(self) -> list[str]:
        texts = [message["text"] for message in messages_to(self._running, OFFICERS[self.client_id])]
        links = [re.findall(r"\S+/agency/withdrawals/link\?link=\S+", text)[0] for text in texts]
        about = (self.person.citizen_id, self.consent_id)
        return [one for one in links if withdrawal_mail.read_link(self._gate, one.partition("link=")[2]) == about]

    def state(self) -> tuple[object, ...]:
        return self._running.rows(STATE, id=self.consent_id)[0]

    def trail(self) -> list[str]:
        sql = "SELECT e.action FROM idp.audit_events AS e WHERE e.object_id = %(id)s ORDER BY e.event_id"
        return [
            row[0] for row in self._running.rows(sql, id=str(self.consent_id)) if row[0].startswith("withdrawal.")
        ]

    def own_page(self, language: str = "id") -> str:
        return self.browser.get(f"/consents/{self.consent_id}?ui_locales={language}").html


Withdraws = Callable[..., Withdrawn]


@pytest.fixture
def withdrawn(running: Running, gate: Gate) -> Withdraws:
    return lambda *given, **more: Withdrawn(running, gate, *given, **more)


def press(browser: Browser, page: Page, button: str, **values: str) -> Page:
    form = next(form for form in page.forms if any(one[2] == button for one in form.buttons))
    return browser.submit(page, form, press=button, **values)


def test_the_officer_acknowledges_and_deletes_and_the_citizen_reads_it(
    running: Running, gate: Gate, withdrawn: Withdraws
) -> None:
    over = withdrawn()
    (link,) = over.links()
    assert "Instansi diberi tahu pada" in over.own_page()
    officer = running.browser()
    page = officer.get(link)
    told = ("Bantuan Beras", "Dinas Sosial Kota Sukamaju", "Memeriksa apakah keluarga Anda berhak", "Nama")
    client = gate.registry.get().by_id["bantuan-beras"]
    for shown in (*told, gate.sub(over.person.citizen_id, client), "Seorang warga mencabut izinnya."):
        assert shown in page.html
    for never in ("Sukarni", over.person.nik, over.person.email, over.person.phone, str(over.person.citizen_id)):
        assert never not in page.html
    page = press(officer, page, "withdrawal-acknowledge")
    assert "Jawaban Anda tercatat." in page.html
    assert "Instansi berhenti memakai data pada" in over.own_page()
    page = press(officer, page, "withdrawal-deleted")
    assert not page.has_form("decision")
    assert "Data dihapus pada" in over.own_page()
    assert "The agency deleted the data" in over.own_page("en"), "in the history"
    assert over.trail() == ["withdrawal.told", "withdrawal.acknowledged", "withdrawal.deleted"]


def test_what_must_be_kept_is_kept_under_a_law_that_is_named(running: Running, withdrawn: Withdraws) -> None:
    over, officer = withdrawn(), running.browser()
    page = officer.get(over.links()[0])
    for nothing in ("", "ya", "x" * 201, "UU 1/2000 \u202e"):
        refused = press(officer, page, "withdrawal-kept", statute=nothing)
        assert refused.status == 400
        assert "Tulis hukum yang mewajibkan penyimpanan" in refused.html
    page = press(officer, page, "withdrawal-kept", statute="UU 43/2009 <b>Pasal 6</b>")
    assert "UU 43/2009 &lt;b&gt;Pasal 6&lt;/b&gt;" in over.own_page()
    assert "The data must be kept under" in over.own_page("en")
    assert over.trail() == ["withdrawal.told", "withdrawal.kept"]
    press(officer, page, "withdrawal-deleted")
    assert "Data dihapus pada" in over.own_page()


def test_looking_is_no_answer(running: Running, withdrawn: Withdraws) -> None:
    """(C090) Mail programs follow links before people do."""
    over = withdrawn()
    (link,) = over.links()
    before = over.state()
    for method in ("GET", "HEAD", "GET"):
        seen = local_http.request(method, f"{link}&decision=deleted", headers={"Accept": "text/html"})
        assert seen.status_code == 200
        assert over.state() == before
    assert seen.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in seen.headers["Cache-Control"]


def test_a_form_that_another_site_sends_is_no_answer(running: Running, withdrawn: Withdraws) -> None:
    """(row 74)"""
    over, officer = withdrawn(), running.browser()
    page = officer.get(over.links()[0])
    before = over.state()
    token = page.form("csrf_token").fields["csrf_token"][0]
    other_site = {"Origin": "https://jahat.example", "Sec-Fetch-Site": "cross-site"}

    def post(fields: dict[str, str], **headers: str) -> int:
        cookies = "; ".join(f"{name}={value}" for name, value in officer.cookies.items())
        sent = {"Cookie": cookies, "Accept": "text/html"} | headers
        return local_http.post(page.url, data=fields, headers=sent).status_code

    assert post({"decision": "deleted"}) == 400
    assert post({"decision": "deleted", "csrf_token": "0" * 64}) == 400
    assert post({"decision": "deleted", "csrf_token": token}, **other_site) == 400
    for decision in ("", "withdrawn", "ACKNOWLEDGED", "kept\x00"):
        assert post({"decision": decision, "csrf_token": token}) == 400
    assert over.state() == before
    assert post({"decision": "deleted", "csrf_token": token}) == 303


def test_answers_at_once_are_one_answer(running: Running, withdrawn: Withdraws) -> None:
    """(C012)"""
    over, officer = withdrawn(), running.browser()
    page = officer.get(over.links()[0])
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: press(officer, page, "withdrawal-acknowledge"), range(8)))
    assert {one.status for one in pages} == {200}
    acknowledged = over.state()
    assert over.trail() == ["withdrawal.told", "withdrawal.acknowledged"]
    press(officer, page, "withdrawal-acknowledge")
    assert over.state() == acknowledged, "used again it shows the same"


def test_a_link_answers_for_its_own_withdrawal_alone(running: Running, withdrawn: Withdraws) -> None:
    mine, theirs = withdrawn(), withdrawn("antrean-puskesmas")
    before, officer = theirs.state(), running.browser()
    press(officer, officer.get(mine.links()[0]), "withdrawal-deleted")
    assert theirs.trail() in (["withdrawal.told"], [])
    assert theirs.state()[1:] == before[1:] == (None, None, None, None)


def test_what_is_no_link_and_what_was_one_are_answered_alike(
    running: Running, gate: Gate, withdrawn: Withdraws
) -> None:
    over = withdrawn()
    about, link = (over.person.citizen_id, over.consent_id), over.links()[0]
    old = withdrawal_mail.link_to(gate, *about, gate.clock() - timedelta(days=40))
    strange = withdrawal_mail.link_to(gate, over.person.citizen_id, over.person.citizen_id, gate.clock())
    others = [
        old,
        strange,
        link[:-2],
        f"{link}x",
        link.partition("?")[0],
        f"{running.issuer}/agency/withdrawals/link?link=",
    ]
    pages = [running.browser().get(one) for one in others]
    assert {(page.status, *page.errors) for page in pages} == {(404, "link_over")}
    without_number = {re.sub(r"GPR-\w+-\w+|href=\"[^\"]*ui_locales[^\"]*\"", "", page.html) for page in pages}
    assert len(without_number) == 1


def test_links_are_not_tried_without_end(running: Running) -> None:
    link = f"{running.issuer}/agency/withdrawals/link?link=x"
    try:
        statuses = [local_http.get(link, headers={"Accept": "text/html"}).status_code for _ in range(115)]
    finally:
        running.rows("DELETE FROM idp.rate_limits RETURNING 1")
    assert statuses[:90] == [404] * 90
    assert statuses[-5:] == [429] * 5


def test_a_suspended_agency_answers_all_the_same(running: Running, withdrawn: Withdraws) -> None:
    """(C048)"""
    over, officer = withdrawn("antrean-puskesmas"), running.browser()
    (link,) = over.links()
    running.command("agencies", "suspend", "dinkes-sukamaju")
    try:
        press(officer, officer.get(link), "withdrawal-deleted")
        assert over.trail()[-1] == "withdrawal.deleted"
    finally:
        running.command("agencies", "resume", "dinkes-sukamaju")
        running.command("agencies", "verify", "dinkes-sukamaju")


def test_given_again_the_earlier_withdrawal_is_still_owed_an_answer(
    running: Running, withdrawn: Withdraws
) -> None:
    over, officer = withdrawn(), running.browser()
    (link,) = over.links()
    over.give()
    page = press(officer, officer.get(link), "withdrawal-deleted")
    assert "Seorang warga mencabut izinnya." in page.html
    assert over.trail()[-1] == "withdrawal.deleted"


def test_who_does_not_answer_is_reminded_and_seen_to_be_late(
    running: Running, gate: Gate, withdrawn: Withdraws
) -> None:
    over, officer = withdrawn(), running.browser()
    over.links()
    for day in (1, 2, 3):
        running.rows(
            "UPDATE idp.withdrawals SET withdrawn_at = withdrawn_at - interval '24 hours',"
            " due_at = due_at - interval '24 hours', remind_at = now() WHERE consent_id = %(id)s RETURNING 1",
            id=over.consent_id,
        )
        withdrawal_mail.remind(gate)
        withdrawal_mail.remind(gate)
        link = over.links(1 + day)[-1]
    assert len(over.links()) == 4, "one at once, then each reminder once"
    assert "<strong>Terlambat.</strong>" in over.own_page()
    assert "The agency's time to answer ran out" in over.own_page("en").replace("&#39;", "'")
    assert "instansinya terlambat menjawab" in over.browser.get("/notifications?ui_locales=id").html
    assert "Terlambat." in officer.get(link).html
    press(officer, officer.get(link), "withdrawal-deleted")
    assert "Terlambat." not in over.own_page()
