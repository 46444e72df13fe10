"""The consent form as it is really sent: without choices, with choices nobody offered, with a broken handle, twice
at once; and the same request again, spelled otherwise.

Seen to fail: with what was not offered passed over, and with a yes that does not ask whether another came first.
"""

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from idp.gate import Gate
from tests.clients.programs import AGREEMENT, register
from tests.faults.races import race, rounds
from tests.people import Person, a_person
from tests.running import Running
from tests.sample_client import Browser, Form, Page, SampleClient, Visit, consent, log_in

SCOPE = "openid profile email phone"
HOME = "https://formulir.example.go.id"


@pytest.fixture(scope="module")
def client(running: Running) -> SampleClient:
    more = {
        "scope": SCOPE, "redirect_uris": [f"{HOME}/cb", f"{HOME}/lain"],
        "sign_in_agreement": AGREEMENT | {"optional": ["email", "phone_number"]},
    }  # fmt: skip
    told = register(running, HOME, "/cb", "standard", more)
    return SampleClient(running.issuer, {
        "client_id": told["CLIENT_ID"], "client_secret": told["CLIENT_SECRET"], "redirect_uris": [f"{HOME}/cb"],
    })  # fmt: skip


@pytest.fixture
def person(gate: Gate) -> Person:
    return a_person(gate)


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser()


def asked(browser: Browser, client: SampleClient, person: Person, scope: str = SCOPE) -> tuple[Visit, Page]:
    visit = client.visit(scope)
    return visit, log_in(browser, browser.get(visit.url), person.as_told())


def acts(running: Running, citizen_id: UUID) -> list[str]:
    rows = running.rows("SELECT act::text FROM consent.records WHERE citizen_id = %(id)s", id=citizen_id)
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"attributes": ["nik"]}, id="of the agreement of somebody else"),
        pytest.param({"attributes": ["tidak_ada"]}, id="unknown"),
        pytest.param({"attributes": ["name"]}, id="what is required is no choice"),
        pytest.param({"attributes": ["email", "email"]}, id="one twice"),
        pytest.param({"attributes": ["email", "birthdate"]}, id="one of two"),
        pytest.param({"decision": []}, id="no answer"),
        pytest.param({"decision": ["allow", "allow"]}, id="an answer twice"),
        pytest.param({"decision": ["allow", "refuse"]}, id="both answers"),
        pytest.param({"decision": ["AGREE"]}, id="another word"),
    ],
)
def test_what_was_not_offered_is_refused_and_nothing_recorded(
    running: Running, browser: Browser, client: SampleClient, person: Person, sent: dict[str, list[str]]
) -> None:
    """(C044)"""
    _, page = asked(browser, client, person)
    refused = browser.submit(page, page.form("decision"), **{"decision": ["allow"], **sent})
    assert (refused.status, refused.errors) == (400, ["form_refused"])
    assert acts(running, person.citizen_id) == []


def test_no_choice_is_no_yes(running: Running, browser: Browser, client: SampleClient, person: Person) -> None:
    """(C044) Nothing is ticked beforehand, and what was not ticked is not given."""
    visit, page = asked(browser, client, person)
    form = page.form("decision")
    assert set(form.choices["attributes"]) == {"email", "phone_number"}
    assert "attributes" not in form.fields
    tokens = client.exchange(visit, browser.submit(page, form, press="decision=allow"))
    assert set(client.userinfo(tokens.access_token).json()) == {"sub", "name", "updated_at"}


@pytest.mark.parametrize("handle", [[], [""], ["x"], ["A" * 300]])
def test_an_answer_to_nobodys_question_is_a_page_with_a_way_on(
    running: Running, browser: Browser, client: SampleClient, person: Person, handle: list[str]
) -> None:
    """(C008)"""
    _, page = asked(browser, client, person)
    for decision in ("allow", "refuse"):
        broken = browser.submit(page, page.form("decision"), handle=handle, press=f"decision={decision}")
        assert (broken.status, broken.errors) == (400, ["handle_unknown"])
        assert '<a class="button" href=' in broken.html
    assert acts(running, person.citizen_id) == []


def test_an_answer_to_the_question_of_another_browser_is_none(
    running: Running, gate: Gate, browser: Browser, client: SampleClient, person: Person
) -> None:
    """(C008, C017, row 27) And of two of this one's each is answered for itself."""
    other, stranger = running.browser(), a_person(gate)
    _, page = asked(browser, client, person)
    _, theirs = asked(other, client, stranger)
    handle = theirs.form("decision").fields["handle"]
    refused = browser.submit(page, page.form("decision"), handle=handle, press="decision=allow")
    assert (refused.status, refused.errors) == (400, ["handle_of_another_browser"])
    assert acts(running, person.citizen_id) == acts(running, stranger.citizen_id) == []
    visit = client.visit("openid")
    browser.get(visit.url)
    arrived = browser.submit(page, page.form("decision"), press="decision=allow")
    assert arrived.answer["state"] != visit.state


def test_a_no_to_a_request_without_a_state_is_told_without_one(
    browser: Browser, client: SampleClient, person: Person
) -> None:
    """(C008, C043)"""
    visit = client.visit(SCOPE)
    page = log_in(browser, browser.get(visit.url.replace(f"state={visit.state}&", "")), person.as_told())
    told = browser.submit(page, page.form("decision"), press="decision=refuse")
    assert told.url.startswith(f"{client.redirect_uri}?")
    assert told.answer == {
        "error": "access_denied", "error_description": "the citizen refused", "iss": client.issuer,
    }  # fmt: skip


@rounds(4, 50)
def test_a_yes_pressed_twice_at_once_is_one(
    running: Running, gate: Gate, client: SampleClient, rounds: int
) -> None:
    """(C012) One act, one leaf, one message, one entry of the trail, and two answers that can be used."""
    for _ in range(rounds):
        person, browser = a_person(gate), running.browser()
        visit, page = asked(browser, client, person)
        tabs = [running.browser() for _ in range(2)]
        for tab in tabs:
            tab.cookies |= browser.cookies
        press = [partial(tab.submit, page, page.form("decision"), press="decision=allow") for tab in tabs]
        for arrived in race(press):
            assert client.redeem(visit, client.code(visit, arrived)).status_code == 200
        assert acts(running, person.citizen_id) == ["given"]
        for what in (
            "FROM idp.notifications WHERE kind = 'consent_given' AND citizen_id = %(id)s",
            "FROM idp.audit_events WHERE action = 'consent.given' AND actor_id = %(id)s",
            LEAVES,
        ):
            assert counted(running, what, person) == 1, what


LEAVES = """FROM consent.records AS r
  CROSS JOIN LATERAL (SELECT convert_to('{"c":"' || translate(rtrim(encode(r.commitment, 'base64'), '='),
                                        '+/', '-_') || '","v":1}', 'UTF8') AS entry) AS l
  JOIN (SELECT entry FROM consent.ledger_entries UNION ALL SELECT entry FROM consent.ledger_intake) AS e
       USING (entry) WHERE r.citizen_id = %(id)s"""


def counted(running: Running, what: str, person: Person) -> int:
    ((count,),) = running.rows(f"SELECT count(*) {what}", id=person.citizen_id)
    return int(count)


def test_who_has_not_shown_the_second_factor_answers_nothing(
    running: Running, gate: Gate, browser: Browser, client: SampleClient
) -> None:
    """(row 77, row 88) The next form, posted with all that this page gave; nor is a page of ours open."""
    person, visit = a_person(gate, app=True), client.visit(SCOPE)
    page = log_in(browser, browser.get(visit.url), person.as_told(totp_secret=None))
    given = {name: page.form("code").fields[name] for name in ("handle", "csrf_token")}
    for decision in ("allow", "refuse"):
        skipped = browser.submit(page, Form("/consent", "post", given | {"decision": [decision]}))
        assert skipped.url.startswith(f"{running.issuer}/login"), skipped.url
    assert acts(running, person.citizen_id) == []
    onward = browser.get(f"/authorize/continue/{given['handle'][0]}")
    assert onward.url.startswith(f"{running.issuer}/login"), onward.url
    assert browser.get(client.visit(SCOPE, prompt="none").url).answer["error"] == "login_required"
    for path in ("/security", "/consents", "/account"):
        assert browser.get(path).has_form("identifier", "password"), path
    assert log_in(browser, browser.get(visit.url), person.as_told()).has_form("decision")


def test_what_is_added_to_the_form_is_not_read(
    running: Running, browser: Browser, client: SampleClient, person: Person
) -> None:
    """(row 77) It carries the handle and the choices; who asks, for what and how long is not its to say."""
    visit, page = asked(browser, client, person)
    added = {
        "client_id": "antrean-puskesmas", "scope": "openid profile nik", "acr": "urn:gapura:acr:high",
        "redirect_uri": "https://jahat.example/cb", "purpose": "tax", "expires_at": "2999-01-01",
        "required": "nik", "sub": "x", "citizen_id": str(person.citizen_id), "onward": "https://jahat.example/",
    }  # fmt: skip
    tokens = client.exchange(visit, browser.submit(page, page.form("decision"), press="decision=allow", **added))
    assert set(client.userinfo(tokens.access_token).json()) == {"sub", "name", "updated_at"}
    assert tokens.claims["acr"] == "urn:gapura:acr:basic"
    kept = "SELECT c.expires_at < now() + interval '6 years' FROM consent.consents AS c WHERE citizen_id = %(id)s"
    assert running.rows(kept, id=person.citizen_id) == [(True,)]


CLAIMS = {"userinfo": {"email": None, "name": None}, "id_token": {"auth_time": {"essential": True}}}
SAME: list[dict[str, Any]] = [
    {"scope": "phone email profile openid"},
    {"scope": "openid openid profile email email phone"},
    {"scope": "openid  profile   email phone "},
    {"scope": "openid profile"},
    {"scope": "openid", "claims": json.dumps(CLAIMS)},
    {"scope": "openid", "claims": json.dumps(dict(reversed(CLAIMS.items())), separators=(" ,", ": "))},
    {"scope": "openid", "claims": json.dumps({"userinfo": {"name#id": None, "name": {"essential": True}}})},
    {"redirect_uri": f"{HOME}/lain"},
    {"ui_locales": "en", "claims_locales": "en id", "display": "popup"},
]


def test_the_same_request_spelled_otherwise_is_not_asked_again(
    browser: Browser, client: SampleClient, person: Person
) -> None:
    """(C042)"""
    consent(browser, asked(browser, client, person)[1])
    for spelled in SAME:
        answer = browser.get(client.visit(**{"scope": SCOPE, "prompt": "none", **spelled}).url).answer
        assert "code" in answer, (spelled, answer)


def test_what_reaches_further_is_asked_again(
    running: Running, browser: Browser, client: SampleClient, person: Person
) -> None:
    """(C042) A claim not given yet, a wish to be asked, another application, and a consent that is over."""
    consent(browser, asked(browser, client, person, "openid profile email")[1])
    assert "code" in browser.get(client.visit("openid profile email", prompt="none").url).answer
    for more in (
        client.visit("openid phone"),
        client.visit("openid", claims=json.dumps({"id_token": {"phone_number": None}})),
        client.visit("openid", prompt="consent"),
        running.client("bantuan-beras").visit("openid"),
    ):
        assert browser.get(more.url).has_form("decision"), more.url
    over = "UPDATE consent.consents SET expires_at = now() WHERE citizen_id = %(id)s RETURNING 1"
    running.rows(over, id=person.citizen_id)
    assert browser.get(client.visit("openid profile email").url).has_form("decision")


def test_two_tabs_are_one_session_that_each_application_knows_by_a_number_of_its_own(
    running: Running, browser: Browser, client: SampleClient, person: Person
) -> None:
    """(C009)"""
    other = running.client("bantuan-beras")
    visits = [client.visit("openid"), other.visit("openid")]
    tabs = [browser.get(visit.url) for visit in visits]
    claims = []
    for one, visit, tab in zip((client, other), visits, tabs, strict=True):
        claims.append(one.exchange(visit, consent(browser, log_in(browser, tab, person.as_told()))).claims)
    assert claims[0]["sid"] != claims[1]["sid"]
    assert counted(running, "FROM idp.sessions WHERE citizen_id = %(id)s", person) == 1


def test_a_page_of_the_sign_in_is_kept_by_nobody(browser: Browser, client: SampleClient, person: Person) -> None:
    """(C011, row 78)"""
    visit, page = asked(browser, client, person)
    handle = urlencode({"handle": page.form("decision").fields["handle"][0]})
    pages = [browser.get(path) for path in (f"/login?{handle}", f"/login/account?{handle}", f"/consent?{handle}")]
    assert [one.headers["cache-control"] for one in (page, *pages)] == ["no-store"] * 4
    assert consent(browser, page).answer["state"] == visit.state
