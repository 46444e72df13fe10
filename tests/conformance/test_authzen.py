"""May I? as OpenID AuthZEN Authorization API 1.0 wants it: one test for each row of the public suite's plan
`authzen-pdp-evaluation`, named as there, and what our own question adds.

Seen to fail: with the token's liveness left out of the statement, with an attribute of another holder judged like
the others, and with somebody unknown told as a closed account.
"""

import json
import time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from werkzeug.test import Client

from idp.app import create_flask, hot_doors
from idp.gate import Gate
from idp.tokens import access_token
from idp.tokens.access_token import AccessToken
from idp.web.shells import Front
from tests import local_http
from tests.asking import DOOR, Provider, allow_rice_aid, an_asker, looks, provider, who_allows_rice_aid, withdraw
from tests.faults.standing import an_application
from tests.people import Person, a_person
from tests.running import Running
from tests.sample_client import sign_in

__all__ = ["provider"]


@pytest.fixture(scope="module")
def citizen(running: Running, gate: Gate) -> Person:
    return who_allows_rice_aid(running, gate)


@pytest.fixture(scope="module")
def stranger(gate: Gate) -> Person:
    """Was never asked for anything."""
    return a_person(gate)


# ---- the suite's rows ----


def without(member: str, inner: str = "") -> Any:
    def change(question: dict[str, Any]) -> Any:
        if inner:
            del question[member][inner]
        else:
            del question[member]
        return question

    return change


def with_value(member: str, value: Any) -> Any:
    def change(question: dict[str, Any]) -> Any:
        place, _, name = member.rpartition(".")
        (question[place] if place else question)[name] = value
        return question

    return change


NOT_A_QUESTION = {
    "missing-subject": without("subject"),
    "missing-action": without("action"),
    "missing-resource": without("resource"),
    "subject-missing-type": without("subject", "type"),
    "subject-missing-id": without("subject", "id"),
    "resource-missing-type": without("resource", "type"),
    "resource-missing-id": without("resource", "id"),
    "action-missing-name": without("action", "name"),
    "subject-is-string": with_value("subject", "alice"),
    "action-name-is-number": with_value("action.name", 7),
    "context-is-array": with_value("context", []),
    "properties-is-string": with_value("subject.properties", "x"),
    "supported-obligations-is-string": with_value("context", {"supported_obligations": "custom"}),
    "reject-top-level-array": lambda question: [question],
    "purpose-missing": with_value("action.properties", {}),
    "attributes-empty": with_value("resource.properties", {"attributes": []}),
    "attributes-not-texts": with_value("resource.properties", {"attributes": [1]}),
    "attributes-unknown": with_value("resource.properties", {"attributes": ["shoe_size"]}),
}


@pytest.mark.parametrize("row", NOT_A_QUESTION)
def test_what_is_no_question_is_told_so_in_one_sentence(provider: Provider, stranger: Person, row: str) -> None:
    question = NOT_A_QUESTION[row](provider.question(stranger.citizen_id, "village"))
    answer = provider.ask(question)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text.endswith(".\n")
    assert answer.text.count("\n") == 1
    assert answer.headers["cache-control"] == "no-store"


BODIES = {
    "reject-malformed-json": (b'{"subject":', 400),
    "reject-empty-body": (b"", 400),
    "a member twice": (b'{"subject":{"type":"a","type":"b"}}', 400),
    "half of a character": (b'{"subject":{"type":"application","id":"\\ud800"}}', 400),
    "not UTF-8": (b'{"subject":"\xff"}', 400),
    "UTF-16": ('{"subject":"x"}'.encode("utf-16"), 400),
    "depth 1,000": (b"[" * 1000 + b"]" * 1000, 400),
    "1 MB": (b'{"subject":"' + b"x" * 1_000_000 + b'"}', 413),
}


@pytest.mark.parametrize("row", BODIES)
def test_what_is_no_json_is_refused(provider: Provider, row: str) -> None:
    """(row 68, row 109)"""
    body, status = BODIES[row]
    answer = provider.ask(body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_reject_non_json_content_type(provider: Provider, stranger: Person, kind: str) -> None:
    answer = provider.ask(provider.question(stranger.citizen_id, "village"), Content_Type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", "Application/JSON"])
def test_accept_content_type_with_charset(provider: Provider, citizen: Person, kind: str) -> None:
    answer = provider.ask(provider.question(citizen.citizen_id, "village"), Content_Type=kind)
    assert (answer.status_code, answer.json()["decision"]) == (200, True)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_reject_other_methods(running: Running, method: str) -> None:
    answer = local_http.request(method, f"{running.issuer}{DOOR}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_missing_credentials_returns_401(running: Running, provider: Provider, stranger: Person) -> None:
    body = json.dumps(provider.question(stranger.citizen_id, "village")).encode()
    answer = local_http.post(f"{running.issuer}{DOOR}", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="gapura"')
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("shown", ["Bearer nothing", "Basic YTpi", "Bearer"])
def test_invalid_credentials_returns_401(provider: Provider, stranger: Person, shown: str) -> None:
    answer = provider.ask(provider.question(stranger.citizen_id, "village"), Authorization=shown)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_x_request_id_echoed(provider: Provider, stranger: Person) -> None:
    """With answers and with errors alike."""
    question = provider.question(stranger.citizen_id, "village")
    assert provider.ask(question, X_Request_ID="a b~!").headers["x-request-id"] == "a b~!"
    assert provider.ask([], X_Request_ID="for-an-error").headers["x-request-id"] == "for-an-error"
    assert provider.ask(question, Authorization="Bearer x", X_Request_ID="for-401").status_code == 401


@pytest.mark.parametrize("wrong", ["x" * 129, "a\tb"])
def test_a_request_id_that_would_not_be_safe_to_repeat_is_not(
    provider: Provider, stranger: Person, wrong: str
) -> None:
    """(row 110)"""
    answer = provider.ask(provider.question(stranger.citizen_id, "village"), X_Request_ID=wrong)
    assert answer.status_code == 400
    assert "x-request-id" not in answer.headers


def test_unknown_fields_are_ignored(provider: Provider, citizen: Person) -> None:
    question = provider.question(citizen.citizen_id, "village", more={"a": 1}, context={"other": [1, {}]})
    for entity in ("subject", "action", "resource"):
        question[entity] |= {"unknown": None}
        question[entity].setdefault("properties", {})["unknown"] = {"deep": [1]}
    assert provider.ask(question).json()["decision"] is True


def test_what_nobody_here_can_answer_is_a_decision_and_it_is_no(provider: Provider, stranger: Person) -> None:
    """AuthZEN §6: an unknown type is no error."""
    for change in (
        with_value("subject.type", "user"),
        with_value("action.name", "write"),
        with_value("resource.type", "record"),
    ):
        answer = provider.ask(change(provider.question(stranger.citizen_id, "village")))
        assert (answer.status_code, answer.json()) == (
            200, {"decision": False, "context": {"reason": "malformed_item"}},
        )  # fmt: skip


def test_the_metadata_says_what_works_and_nothing_else(running: Running) -> None:
    """AuthZEN §9: no member null or empty; absence is the honest no."""
    answer = local_http.get(f"{running.issuer}/.well-known/authzen-configuration")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    said = answer.json()
    assert said["policy_decision_point"] == running.issuer
    assert all(value for value in said.values())
    for name, value in said.items():
        if name.endswith("_endpoint"):
            assert value.startswith(f"{running.issuer}/access/v1/")
            assert local_http.post(value).status_code == 401, "it is there, and asks who is asking"
    discovery = local_http.get(f"{running.issuer}/.well-known/openid-configuration").json()
    assert "may_i" in discovery["scopes_supported"]


# ---- our own question ----


def test_a_permit_names_its_basis_and_until_when(provider: Provider, citizen: Person, gate: Gate) -> None:
    before = len(looks(gate, citizen.citizen_id))
    answer = provider.ask(provider.question(citizen.citizen_id, "village", "regency"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    said = answer.json()
    context = said["context"]
    assert said["decision"] is True
    assert (context["reason"], context["legal_basis"]) == ("consent_given", "consent")
    assert context["attributes"] == ["village", "regency"]
    assert "attributes_denied" not in context
    assert time.time() + 170 * 86400 < context["valid_until"] < time.time() + 181 * 86400
    assert "obligations" not in context, "a caller that does not know them would have to deny"
    assert looks(gate, citizen.citizen_id)[before:] == [("consent_given", {"village", "regency"})]
    with gate.database.reading() as db:
        row = db.execute(
            text("SELECT consent_id, source_agency_no FROM consent.disclosures"
                 " WHERE citizen_id = :citizen_id AND disclosure_id = CAST(:decision_id AS uuid)"),
            {"citizen_id": citizen.citizen_id, "decision_id": context["decision_id"]},
        ).one()  # fmt: skip
    assert str(row.consent_id) == context["consent_id"], "the decision's id is the disclosure's"
    assert row.source_agency_no == gate.registry.get().by_id[provider.client_id].agency_no


def test_obligations_are_sent_to_whom_understands_them(provider: Provider, citizen: Person) -> None:
    said = provider.may_i(citizen.citizen_id, "village", context={"supported_obligations": ["step-up", "custom"]})
    assert said["context"]["obligations"] == [
        {"id": "1", "type": "custom", "properties": {"name": "gapura:erase_after", "duration": "P365D"}}
    ]


def test_one_attribute_outside_the_consent_makes_it_a_no_with_the_part_that_may(
    provider: Provider, citizen: Person, gate: Gate
) -> None:
    """(C047) And each part stands in the citizen's list as what it is."""
    before = len(looks(gate, citizen.citizen_id))
    said = provider.may_i(citizen.citizen_id, "birthdate", "village")
    assert said["decision"] is False
    assert said["context"]["reason"] == "not_in_consent"
    assert said["context"]["attributes"] == ["village"]
    assert said["context"]["attributes_denied"] == {"birthdate": "not_in_consent"}
    assert looks(gate, citizen.citizen_id)[before:] == [
        ("not_in_consent", {"birthdate"}), ("consent_given", {"village"}),
    ]  # fmt: skip


def test_what_another_agency_holds_is_refused_unseen(
    provider: Provider, citizen: Person, stranger: Person
) -> None:
    """An e-mail address is not the civil registry's to ask about: whoever it is about, the answer is the same."""
    answers = [provider.may_i(one.citizen_id, "email")["context"] for one in (citizen, stranger)]
    assert [answer.pop("decision_id") != "" for answer in answers] == [True, True]
    assert answers[0] == answers[1] == {
        "reason": "agreement_missing", "attributes": [], "attributes_denied": {"email": "agreement_missing"},
    }  # fmt: skip


def test_somebody_who_is_not_here_and_somebody_never_asked_are_one_answer(
    provider: Provider, stranger: Person, gate: Gate, running: Running
) -> None:
    """Same bytes, the same work: no probing. What found nobody is in the trail."""
    nobody = UUID(int=stranger.citizen_id.int ^ 1)
    known, made_up, no_sub = (
        provider.ask(provider.question(one, "village"))
        for one in (stranger.citizen_id, provider.sub(nobody), "nobody-at-all")
    )
    assert {answer.status_code for answer in (known, made_up, no_sub)} == {200}
    bodies = {
        answer.content.replace(answer.json()["context"]["decision_id"].encode(), b"")
        for answer in (known, made_up, no_sub)
    }
    assert len(bodies) == 1
    assert known.json()["context"]["reason"] == "not_asked_yet"
    assert looks(gate, stranger.citizen_id)[-1] == ("not_asked_yet", {"village"})
    assert looks(gate, nobody) == []
    noted = running.rows(
        "SELECT count(*) FROM idp.audit_events WHERE action = 'evaluation.of_nobody'"
        " AND object_id = %(client_id)s AND outcome = 'refused'", client_id=provider.client_id,
    )  # fmt: skip
    assert noted[0][0] >= 2


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"purpose": "clinic-queue/1"}, "agreement_missing"),
        ({"purpose": "clinic-queue"}, "purpose_unknown"),
        ({"purpose": "rice-aid-eligibility/2"}, "purpose_unknown"),
        ({"application": "nobody-registered-it"}, "application_suspended"),
    ],
)
def test_what_is_agreed_with_nobody_is_denied(
    provider: Provider, citizen: Person, changed: dict[str, str], reason: str
) -> None:
    said = provider.may_i(citizen.citizen_id, "village", **changed)
    assert (said["decision"], said["context"]["reason"]) == (False, reason)


def test_a_law_needs_no_consent_and_is_cited(provider: Provider, stranger: Person, gate: Gate) -> None:
    said = provider.may_i(
        stranger.citizen_id, "nik", application="surat-keterangan", purpose="population-records/1"
    )
    assert said["decision"] is True
    context = said["context"]
    assert (context["reason"], context["legal_basis"]) == ("law_names_it", "law")
    assert context["statute"] == "UU 24/2013 Pasal 58 ayat (4)"
    assert "valid_until" not in context
    assert "consent_id" not in context
    assert looks(gate, stranger.citizen_id)[-1] == ("law_names_it", {"nik"})


def test_withdraw_then_ask_every_worker_withdrawn_and_the_list_shows_both_looks(
    running: Running, gate: Gate, provider: Provider
) -> None:
    """(C039, row 52, row 115) The demo serves with two processes."""
    person = a_person(gate)
    browser = allow_rice_aid(running, person.as_told())
    permitted = provider.may_i(person.citizen_id, "village")
    assert permitted["decision"] is True
    withdraw(browser, permitted["context"]["consent_id"])
    for _ in range(8):  # each on a connection of its own, so by either process
        denied = provider.may_i(person.citizen_id, "village")
        assert (denied["decision"], denied["context"]["reason"]) == (False, "withdrawn")
        assert denied["context"]["attributes"] == []
    assert looks(gate, person.citizen_id) == [
        ("consent_given", {"village"}), *[("withdrawn", {"village"})] * 8,
    ]  # fmt: skip


def test_while_the_database_is_away_nothing_is_permitted(gate: Gate, provider: Provider, citizen: Person) -> None:
    """(C082, row 113)"""
    away = Gate.build(gate.settings, "postgresql://nobody@/none?host=/nonexistent")
    shell = Client(Front(away, hot_doors(away), create_flask(away)))
    answer = shell.post(
        DOOR, base_url=gate.issuer, json=provider.question(citizen.citizen_id, "village"),
        headers={"Authorization": f"Bearer {provider.token}", "X-Request-ID": "while-away"},
    )  # fmt: skip
    assert (answer.status_code, answer.content_type) == (503, "text/plain; charset=utf-8")
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["x-request-id"] == "while-away"


# ---- who may ask ----


def test_a_client_without_the_scope_may_not_use_the_door(
    running: Running, gate: Gate, provider: Provider, stranger: Person
) -> None:
    question = provider.question(stranger.citizen_id, "village")
    citizens = sign_in(
        running.browser(), running.client("bantuan-beras"), stranger.as_told(), scope="openid profile"
    )
    for token in (citizens.access_token, Provider(running, gate).new_token(scope="openid")):
        answer = provider.ask(question, Authorization=f"Bearer {token}")
        assert answer.status_code == 403
        assert 'error="insufficient_scope", scope="may_i"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("end", ["expired", "revoked", "suspended"])
def test_a_token_that_is_over_asks_nothing(
    running: Running, gate: Gate, provider: Provider, stranger: Person, end: str
) -> None:
    """(C024, C027) Judged in the statement that answers, so at once and by the database's clock (row 114)."""
    asker = an_asker(running, gate)
    question = asker.question(stranger.citizen_id, "village")
    assert asker.ask(question).status_code == 200
    if end == "expired":
        asker.token = expired(gate, asker)
    elif end == "revoked":
        done = local_http.post(
            f"{running.issuer}/revoke", data={"token": asker.token}, auth=(asker.client_id, asker.secret)
        )
        assert done.status_code == 200
    else:
        running.command("clients", "suspend", asker.client_id)
    before = looks(gate, stranger.citizen_id)
    answer = asker.ask(question)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert asker.ask(with_value("resource.type", "record")(question)).status_code == 401, "nor a decision of no"
    assert looks(gate, stranger.citizen_id) == before


def expired(gate: Gate, asker: Provider) -> str:
    token = access_token.open_sealed(gate.sealer, asker.token, gate.now())
    assert token is not None
    over = AccessToken(
        token.token_id, token.client_no, token.scope, token.issued_at, gate.now().replace(microsecond=0)
    )
    return access_token.seal(gate.sealer, over, gate.now())


def test_a_suspended_application_receives_nothing(running: Running, gate: Gate, provider: Provider) -> None:
    """(C027, row 115)"""
    person, client = a_person(gate), an_application(running)
    sign_in(running.browser(), client, person.as_told(), scope="openid profile")

    def said() -> dict[str, Any]:
        return provider.may_i(person.citizen_id, "name", application=client.client_id, purpose="clinic-queue/1")

    assert said()["decision"] is True
    running.command("clients", "suspend", client.client_id)
    assert (said()["decision"], said()["context"]["reason"]) == (False, "application_suspended")


def test_a_closed_account_is_told_by_nothing(running: Running, gate: Gate, provider: Provider) -> None:
    """(C027)"""
    person = a_person(gate)
    allow_rice_aid(running, person.as_told())
    running.command("accounts", "suspend", str(person.citizen_id))
    said = provider.may_i(person.citizen_id, "village")
    assert (said["decision"], said["context"]["reason"]) == (False, "account_closed")
