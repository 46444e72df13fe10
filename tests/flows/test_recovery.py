"""Back into an account by two proofs, with the worker that sends the messages; and what strangers try."""

import re
import time
from collections.abc import Callable
from functools import partial

import pytest

from idp.gate import Gate
from tests.faults.races import race
from tests.people import Person, a_person, await_messages, enter, messages_to
from tests.running import Running
from tests.sample_client import Browser, Page, log_in, sign_in

OTHER = "hujan di bulan yang lain"
CODE, DEVICE, EMAIL, PHONE = "recovery_code", "known_device", "email", "phone"
NOBODYS_NIK = "3273010101909999"


@pytest.fixture(autouse=True)
def a_network_with_nothing_spent(running: Running) -> None:
    """All browsers here come from one address; each test has its budgets to itself."""
    running.rows("DELETE FROM idp.rate_limits RETURNING 1")


def begin(browser: Browser, nik: str, *ways: str, cause: str = "forgot_password") -> Page:
    page = browser.get("/recovery")
    page = browser.submit(page, page.form("cause", "identifier"), cause=cause, identifier=nik)
    return browser.submit(page, page.form("proofs"), proofs=list(ways)) if ways else page


def answer(browser: Browser, page: Page, code: str) -> Page:
    return browser.submit(page, page.form("code"), code=code)


def sent_code(running: Running, address: str, count: int = 1) -> str:
    """The latest code that came to this address, of `count`."""
    found: list[str] = re.findall(r"\b(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}\b", said(running, address, count))
    return found[-1]


def said(running: Running, address: str, count: int) -> str:
    return "\n".join(one["text"] for one in await_messages(running, count, address))


def by_device(browser: Browser, page: Page) -> Page:
    return browser.submit(page, page.form("csrf_token"), press="device-submit")


def choose_password(browser: Browser, page: Page, password: str = OTHER) -> Page:
    return browser.submit(page, page.form("new_password"), new_password=password)


def let_pass(running: Running, person: Person, hours: float) -> None:
    """As if everything of this person's recovery had happened earlier."""
    running.rows(
        "UPDATE idp.recoveries SET asked_at = asked_at - %(gone)s * interval '1 hour', opens_at = opens_at -"
        " %(gone)s * interval '1 hour', state_at = state_at - %(gone)s * interval '1 hour'"
        " WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id, gone=hours,
    )  # fmt: skip


def states(running: Running, person: Person) -> list[str]:
    rows = running.rows(
        "SELECT state::text FROM idp.recoveries WHERE citizen_id = %(id)s ORDER BY recovery_id",
        id=person.citizen_id,
    )
    return [row[0] for row in rows]


def test_a_printed_code_and_an_email_restore_the_account_at_once(running: Running, gate: Gate) -> None:
    """(row 51, row 72, row 91)"""
    person, client = a_person(gate, app=True, codes=True), running.client()
    old = running.browser()
    tokens = sign_in(old, client, person.as_told(), scope="openid profile offline_access")
    browser = running.browser()
    page = begin(browser, person.nik, CODE, EMAIL)
    assert page.url.endswith("/recovery/code")
    page = answer(browser, page, person.codes[0].lower().replace("-", " "))
    assert page.url.endswith("/recovery/message")
    page = answer(browser, page, sent_code(running, person.email, 2))
    assert page.url.endswith("/recovery/password")
    assert "Paling sedikit 12 huruf" in page.html, "the code app stays, so twelve are enough"
    refused = choose_password(browser, page, person.nik)
    assert (refused.status, "Kata sandi tidak boleh NIK" in refused.html) == (400, True)
    done = choose_password(browser, refused)
    assert done.url.endswith("/recovery/done")
    assert "Akun dipulihkan." in done.html
    assert "Izin Anda tetap. Semua HP lama dikeluarkan." in done.html
    assert "Anda masuk dengan tingkat dasar. Data khusus, seperti data kesehatan, belum bisa dikirim." in done.html
    assert old.get("/security").has_form("identifier", "password")
    assert client.userinfo(tokens.access_token).status_code == 401
    refreshed = client.token({"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]})
    assert refreshed.json()["error"] == "invalid_grant"
    told = await_messages(running, 4, person.email, person.phone)
    assert sum("Ada yang meminta pemulihan akun Anda. Bukan Anda? Batalkan" in one["text"] for one in told) == 2
    third = running.browser()
    assert log_in(third, third.get("/login"), person.as_told()).status == 400
    entered = log_in(third, third.get("/login?onward=/notifications"), person.as_told(password=OTHER))
    if entered.has_form("code"):  # the code of this half minute was spent by the first browser
        entered = answer(third, third.get("/login/second?onward=/notifications"), person.codes[1])
    assert entered.url.endswith("/notifications")
    assert "Akun dipulihkan. Semua HP lama dikeluarkan." in entered.html


def test_for_a_day_the_account_is_basic_whatever_is_proved(running: Running, gate: Gate) -> None:
    """(row 91, row 94)"""
    person, client = a_person(gate, app=True, codes=True), running.client()
    restore(running, person)
    browser = running.browser()
    tokens = sign_in(browser, client, person.as_told(password=OTHER), scope="openid profile")
    assert tokens.claims["acr"] == "urn:gapura:acr:basic"
    visit = client.visit("openid", acr_values="urn:gapura:acr:substantial", claims=ESSENTIAL)
    page = browser.get(visit.url)
    assert page.answer["error"] == "unmet_authentication_requirements", "asking again would ask for ever"


ESSENTIAL = '{"id_token":{"acr":{"essential":true,"values":["urn:gapura:acr:substantial"]}}}'


def restore(running: Running, person: Person, cause: str = "forgot_password") -> Browser:
    browser = running.browser()
    page = begin(browser, person.nik, CODE, PHONE, cause=cause)
    page = answer(browser, page, person.codes[0])
    page = answer(browser, page, sent_code(running, person.phone, 2))
    assert choose_password(browser, page).url.endswith("/recovery/done")
    return browser


def test_without_a_printed_code_the_owner_has_three_days_and_a_retry_does_not_reset_them(
    running: Running, gate: Gate
) -> None:
    """(row 91)"""
    person = a_person(gate)
    browser, _ = enter(running, person)

    def prove(count: int) -> Page:
        page = by_device(browser, begin(browser, person.nik, DEVICE, EMAIL))
        return answer(browser, page, sent_code(running, person.email, count))

    page = prove(2)
    assert page.url.endswith("/recovery/wait")
    waits = re.findall(r"Kami memulihkan akun pada .*? Sebelum itu, pemilik akun bisa membatalkan\.", page.html)
    assert len(waits) == 1
    assert browser.get("/recovery/password").url.endswith("/recovery/wait")
    let_pass(running, person, 71.9)
    running.rows(
        "UPDATE idp.sent_codes SET sent_at = sent_at - interval '2 minutes' WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    assert prove(3).url.endswith("/recovery/wait"), "asked again, the end is where it was"
    let_pass(running, person, 0.1)
    page = browser.get("/recovery/wait")
    assert page.url.endswith("/recovery/password")
    assert choose_password(browser, page).url.endswith("/recovery/done")
    assert enter(running, person, password=OTHER)[1].url.endswith("/security")
    assert states(running, person) == ["completed"]


def test_who_comes_back_elsewhere_proves_both_again(running: Running, gate: Gate) -> None:
    """(row 91): the wait of one is of no use to another who has less."""
    person = a_person(gate)
    browser, _ = enter(running, person)
    page = by_device(browser, begin(browser, person.nik, DEVICE, EMAIL))
    answer(browser, page, sent_code(running, person.email, 2))
    let_pass(running, person, 73)
    thief = running.browser()
    page = begin(thief, person.nik, DEVICE, PHONE)
    page = by_device(thief, page)
    assert page.status == 400
    assert "Kami belum mengenal HP atau komputer ini." in page.html
    for path in ("/recovery/password", "/recovery/wait", "/recovery/done"):
        assert thief.get(path).url.endswith("/recovery/device"), path


def test_the_owner_cancels_by_one_tap_without_signing_in(running: Running, gate: Gate) -> None:
    """(row 91)"""
    person = a_person(gate, codes=True)
    thief = running.browser()
    page = answer(thief, begin(thief, person.nik, CODE, EMAIL), person.codes[0])
    link = re.findall(r"http\S+", said(running, person.phone, 1))[0]
    owner = running.browser()
    shown = owner.get(link)
    assert "Ada yang meminta pemulihan akun Anda. Bukan Anda?" in shown.html
    assert states(running, person) == ["waiting"], "looking cancels nothing"
    cancelled = owner.submit(shown, shown.form("link"), press="recovery-cancel")
    assert "Pemulihan dibatalkan" in cancelled.html
    assert states(running, person) == ["cancelled"]
    assert "tidak berlaku lagi" in owner.submit(shown, shown.form("link")).html, "a second tap"
    assert "tidak berlaku lagi" in owner.get(link).html
    refused = answer(thief, page, sent_code(running, person.email, 2))
    assert (refused.status, "dibatalkan atau sudah selesai" in refused.html) == (400, True)
    assert enter(running, person)[1].url.endswith("/security"), "nothing changed"


def test_whoever_is_signed_in_cancels_on_the_security_page(running: Running, gate: Gate) -> None:
    person = a_person(gate, codes=True)
    owner, _ = enter(running, person)
    thief = running.browser()
    answer(thief, begin(thief, person.nik, CODE, EMAIL), person.codes[0])
    page = owner.get("/security")
    assert "Ada yang meminta pemulihan akun Anda." in page.html
    form = next(form for form in page.forms if form.action == "/security/recovery/cancel")
    assert "Ada yang meminta" not in owner.submit(page, form).html
    assert owner.submit(page, form).status == 200, "a second tap"
    assert states(running, person) == ["cancelled"]


@pytest.mark.parametrize("spoil", [lambda link: link[:-1], lambda link: link + "A", lambda link: "x" * 9000])
def test_a_cancelling_link_that_is_not_ours_cancels_nothing(
    running: Running, gate: Gate, spoil: Callable[[str], str]
) -> None:
    person = a_person(gate, codes=True)
    browser = running.browser()
    answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    link = re.findall(r"link=(\S+)", said(running, person.phone, 1))[0]
    page = browser.get(f"/recovery/cancel?link={spoil(link)}")
    assert (page.status, "tidak berlaku lagi" in page.html) == (200, True)
    assert states(running, person) == ["waiting"]


def test_a_cancelling_after_the_end_changes_nothing(running: Running, gate: Gate) -> None:
    person = a_person(gate, codes=True)
    restore(running, person)
    link = next(
        found for one in messages_to(running, person.email) for found in re.findall(r"http\S+", one["text"])
    )
    assert "tidak berlaku lagi" in running.browser().get(link).html
    assert states(running, person) == ["completed"]


def test_whoever_does_not_exist_reads_and_walks_the_same(running: Running, gate: Gate) -> None:
    """(row 82, row 91)"""
    person = a_person(gate, codes=True)

    def walk(nik: str) -> list[tuple[str, int, str]]:
        browser = running.browser()
        seen = [begin(browser, nik, CODE, EMAIL)]
        seen.append(answer(browser, seen[-1], "7K2M-94QD-XH3T-8PQR"))
        page = browser.get("/recovery/proofs")
        seen.append(browser.submit(page, page.form("proofs"), proofs=[EMAIL, DEVICE]))
        seen.append(by_device(browser, seen[-1]))
        page = browser.get("/recovery/proofs")
        seen.append(browser.submit(page, page.form("proofs"), proofs=[PHONE, CODE]))
        page = browser.get("/recovery/proofs")
        seen.append(browser.submit(page, page.form("proofs"), proofs=[PHONE, DEVICE]))
        return [
            (
                page.url.partition("/recovery")[2],
                page.status,
                re.sub(r'value="[^"]{20,}"|\d\d\.\d\d', "", page.html),
            )
            for page in seen
        ]

    assert walk(person.nik) == walk(NOBODYS_NIK)


def test_a_wrong_code_of_nobody_takes_as_long(running: Running, gate: Gate) -> None:
    """(row 82)"""
    person = a_person(gate, codes=True)
    took: dict[str, list[float]] = {person.nik: [], NOBODYS_NIK: []}
    pages = {nik: (browser := running.browser(), begin(browser, nik, CODE, EMAIL)) for nik in took}
    for _ in range(12):
        for nik, (browser, page) in pages.items():
            began = time.perf_counter()
            assert answer(browser, page, "7K2M-94QD-XH3T-8PQR").status == 400
            took[nik].append(time.perf_counter() - began)
    known, unknown = (min(times) for times in took.values())  # whoever else works beside it
    assert abs(known - unknown) < 0.5 * max(known, unknown), (known, unknown)


def test_email_and_phone_are_one_proof(running: Running, gate: Gate) -> None:
    """(row 91)"""
    person, browser = a_person(gate), running.browser()
    for ways, text in (
        ([EMAIL, PHONE], "E-mail dan nomor HP dihitung satu bukti."),
        ([CODE], "Pilih dua bukti."),
        ([CODE, EMAIL, PHONE], "Pilih dua bukti."),
        ([CODE, "counter"], "Pilih dua bukti."),
    ):
        refused = begin(browser, person.nik, *ways)
        assert (refused.status, text in refused.html) == (400, True), ways


def test_a_step_that_is_skipped_leads_to_the_one_that_is_due(running: Running, gate: Gate) -> None:
    person, browser = a_person(gate, codes=True), running.browser()
    pages = ("proofs", "code", "message", "device", "wait", "password", "done")
    for path in pages:
        assert browser.get(f"/recovery/{path}").url.endswith("/recovery"), path
    page = begin(browser, person.nik, CODE, EMAIL)
    for path in ("message", "device", "wait", "password", "done"):
        assert browser.get(f"/recovery/{path}").url.endswith("/recovery/code"), path
    form = page.form("code")
    form.action = "/recovery/password"
    assert browser.submit(page, form, new_password=OTHER).url.endswith("/recovery/code")


def test_the_proofs_of_one_are_not_the_proofs_of_another(running: Running, gate: Gate) -> None:
    """(row 91): code, browser and message of somebody else."""
    victim, thief = a_person(gate, codes=True), a_person(gate, codes=True)
    browser, _ = enter(running, thief)
    refused = answer(browser, begin(browser, victim.nik, CODE, DEVICE), thief.codes[0])
    assert refused.status == 400
    page = browser.get("/recovery/proofs")
    page = browser.submit(page, page.form("proofs"), proofs=[DEVICE, EMAIL])
    assert by_device(browser, page).status == 400
    other = running.browser()
    answer(other, begin(other, thief.nik, CODE, EMAIL), thief.codes[0])
    mine = sent_code(running, thief.email, 2)
    page = browser.get("/recovery/proofs")
    page = browser.submit(page, page.form("proofs"), proofs=[CODE, EMAIL])
    running.rows(  # as if the victim had just asked, too
        "SELECT 1 FROM idp.sent_codes WHERE citizen_id = %(id)s", id=victim.citizen_id
    )
    form = page.form("code")
    form.action = "/recovery/message"
    assert browser.submit(page, form, code=mine).url.endswith("/recovery/code")
    stolen = running.browser()
    stolen.cookies["__Host-gapura-recovery"] = other.cookies["__Host-gapura-recovery"]
    assert stolen.get("/recovery/message").url.endswith("/recovery"), "the steps are bound to their browser"
    assert states(running, victim) == []


def test_a_sent_code_is_tried_five_times_and_then_not_even_the_right_one(running: Running, gate: Gate) -> None:
    """(row 91)"""
    person, browser = a_person(gate, codes=True), running.browser()
    page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    code = sent_code(running, person.email, 2)
    texts = {answer(browser, page, "7K2M-94QD-XH3T-8PQR").status for _ in range(5)}
    assert texts == {400}
    last = answer(browser, page, code)
    assert (last.status, "Kode tidak cocok. Periksa pesan terakhir." in last.html) == (400, True)


def test_a_code_that_ran_out_is_said_to_be_old_to_everybody(running: Running, gate: Gate) -> None:
    """(row 82)"""
    person = a_person(gate, codes=True)
    browser = running.browser()
    page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    code = sent_code(running, person.email, 2)
    running.rows(
        "UPDATE idp.sent_codes SET expires_at = now() - interval '1 second' WHERE citizen_id = %(id)s RETURNING 1",
        id=person.citizen_id,
    )
    assert "Kode tidak cocok." in answer(browser, page, code).html, "what the row says is no stranger's business"


def test_another_message_is_not_sent_before_a_minute(running: Running, gate: Gate) -> None:
    person, browser = a_person(gate, codes=True), running.browser()
    page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    sent_code(running, person.email, 2)
    page = browser.submit(page, page.form("again"), press="again=1")
    assert re.search(r"Kirim ulang \(bisa lagi pukul .*?WIB", page.html, re.S)
    time.sleep(2.5)
    assert len(messages_to(running, person.email)) == 2


def test_two_that_complete_at_once_are_one_and_both_are_told_so(running: Running, gate: Gate) -> None:
    """(row 91)"""
    person = a_person(gate, codes=True)
    browser = running.browser()
    page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    page = answer(browser, page, sent_code(running, person.email, 2))
    twin = running.browser()
    twin.cookies |= browser.cookies
    answers = race(
        [partial(choose_password, one, page, text) for one, text in ((browser, OTHER), (twin, OTHER * 2))]
    )
    assert [one.url.rpartition("/")[2] for one in answers] == ["done", "done"]
    works = [text for text in (OTHER, OTHER * 2) if enter(running, person, password=text)[1].status == 200]
    assert len(works) == 1
    assert states(running, person) == ["completed"]


def test_somebody_else_is_put_out_with_the_first_proof(running: Running, gate: Gate) -> None:
    person = a_person(gate, app=True, codes=True)
    thief, _ = enter(running, person)
    owner = running.browser()
    page = answer(owner, begin(owner, person.nik, CODE, EMAIL, cause="somebody_else"), person.codes[0])
    assert thief.get("/security").has_form("identifier", "password")
    page = answer(owner, page, sent_code(running, person.email, 2))
    assert "Paling sedikit 15 huruf" in page.html, "no factor follows"
    done = choose_password(owner, page)
    assert "Aplikasi kode dan kode pemulihan lama tidak berlaku lagi." in done.html
    ((left,),) = running.rows(
        "SELECT (SELECT count(*) FROM idp.recovery_codes WHERE citizen_id = %(id)s)"
        " + (SELECT count(*) FROM idp.totp_secrets WHERE citizen_id = %(id)s)", id=person.citizen_id,
    )  # fmt: skip
    assert left == 0
    assert enter(running, person, password=OTHER)[1].url.endswith("/security")


def test_somebody_else_is_put_out_also_where_they_began_a_recovery_before(running: Running, gate: Gate) -> None:
    """(row 91): the owner adds to a recovery that is under way, and all that the page promises happens."""
    person, client = a_person(gate, codes=True), running.client()
    thief = running.browser()
    sign_in(thief, client, person.as_told(), scope="openid profile")
    by_device(thief, begin(thief, person.nik, DEVICE, EMAIL))
    owner = running.browser()
    page = answer(owner, begin(owner, person.nik, CODE, EMAIL, cause="somebody_else"), person.codes[0])
    assert page.url.endswith("/recovery/message")
    assert thief.get("/security").has_form("identifier", "password")
    ((running_on,),) = running.rows(
        "SELECT count(*) FROM consent.consents WHERE citizen_id = %(id)s AND paused_at IS NULL",
        id=person.citizen_id,
    )
    assert running_on == 0
    assert states(running, person) == ["waiting"], "one recovery, and the warning of it went out once"
    assert said(running, person.phone, 1).count("Batalkan") == 1


def test_the_link_in_a_warning_leads_here_whatever_a_proxy_is_said_to_be_called(
    running: Running, gate: Gate
) -> None:
    """(C066)"""
    person = a_person(gate, codes=True)
    forged = {"X-Forwarded-Host": "jahat.example", "Forwarded": "host=jahat.example;proto=ftp"}
    browser = Browser(running.issuer, {"Accept-Language": "id"} | forged)
    page = answer(browser, begin(browser, person.nik, CODE, EMAIL), person.codes[0])
    assert "jahat.example" not in page.html
    told = said(running, person.phone, 1) + said(running, person.email, 2)
    assert "jahat.example" not in told
    links = re.findall(r"http\S+", told)
    assert len(links) == 2
    assert all(link.startswith(f"{running.issuer}/recovery/cancel?link=") for link in links)


SPELLINGS: list[Callable[[Person], str]] = [
    lambda person: person.nik, lambda person: person.email, lambda person: f"  {person.email.upper()} ",
    lambda person: "0" + person.phone.removeprefix("+62"),
]  # fmt: skip


def test_guesses_count_together_however_the_name_is_spelled(running: Running, gate: Gate) -> None:
    """(C064)"""
    person, browser = a_person(gate), running.browser()
    for spelling in SPELLINGS:
        wrong = log_in(browser, browser.get("/login"), {"nik": spelling(person), "password": "x"})
        assert "Nama masuk atau kata sandi tidak cocok." in wrong.html
    waits = log_in(browser, browser.get("/login"), {"nik": person.phone, "password": "x"})
    assert "Terlalu banyak percobaan. Coba lagi pukul" in waits.html


def test_consents_are_paused_until_the_owner_resumes_each(running: Running, gate: Gate) -> None:
    """(row 91): a proof of somebody_else lets nothing leave, whatever token is out there."""
    person, client = a_person(gate, codes=True), running.client()
    thief, owner = running.browser(), running.browser()
    sign_in(thief, client, person.as_told(), scope="openid profile")
    page = answer(owner, begin(owner, person.nik, CODE, EMAIL, cause="somebody_else"), person.codes[0])
    done = choose_password(owner, answer(owner, page, sent_code(running, person.email, 2)))
    assert "Semua izin kami jeda. Lanjutkan satu per satu di Izin saya." in done.html
    browser, page = enter(running, person, password=OTHER, onward="/consents")
    visit = client.visit("openid profile")
    assert browser.get(visit.url).answer["error"] == "access_denied"
    page = browser.get(re.findall(r'href="(/consents/[0-9a-f-]{36})"', page.html)[0])
    assert "Izin ini dijeda." in page.html
    form = next(form for form in page.forms if form.action.endswith("/resume"))
    stranger, _ = enter(running, a_person(gate))
    home = stranger.get("/consents")
    assert stranger.submit(home, form).status == 404, "another citizen's"
    assert "Izin ini dijeda." not in browser.submit(page, form).html
    assert browser.submit(page, form).status == 200, "a second tap"
    visit = client.visit("openid profile")
    assert client.exchange(visit, browser.get(visit.url)).claims["acr"] == "urn:gapura:acr:basic"


def test_the_sign_in_that_waited_goes_on(running: Running, gate: Gate) -> None:
    person, client, browser = a_person(gate, codes=True), running.client(), running.browser()
    visit = client.visit("openid profile")
    page = browser.get(visit.url)
    way = re.findall(r'href="(/recovery\?handle=[^"]+)"', page.html)[0]
    page = browser.get(way.replace("&amp;", "&"))
    page = browser.submit(page, page.form("cause"), cause="forgot_password", identifier=person.email)
    page = browser.submit(page, page.form("proofs"), proofs=[CODE, EMAIL])
    page = answer(browser, page, person.codes[0])
    page = choose_password(browser, answer(browser, page, sent_code(running, person.email, 2)))
    onward = re.findall(r'href="(/authorize/continue/[^"]+)"', page.html)[0]
    page = log_in(browser, browser.get(onward), person.as_told(password=OTHER))
    assert page.has_form("decision")


@pytest.mark.parametrize("cause", ["", "counter", "forgot_password\0"])
def test_what_did_not_happen_is_asked_again(running: Running, cause: str) -> None:
    browser = running.browser()
    assert begin(browser, NOBODYS_NIK, cause=cause).status == 400


def test_what_cannot_be_read_is_said_and_nothing_begins(running: Running) -> None:
    browser = running.browser()
    refused = begin(browser, "327301010190999")
    assert (refused.status, "NIK harus 16 angka. Anda menulis 15 angka." in refused.html) == (400, True)
