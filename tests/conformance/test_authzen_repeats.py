"""The same question asked again (AuthZEN `idempotency`): one answer, one look; and never a permit that begins
after a withdrawal was acknowledged.

Seen to fail: with the disclosure written whatever was kept, with the body not compared, with the permit of before
repeated whatever was taken back, and with the asker left out of the key.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from idp.evaluation import repeats
from idp.gate import Gate
from tests.asking import Provider, allow_rice_aid, an_asker, looks, provider, who_allows_rice_aid, withdraw
from tests.faults.races import race, rounds
from tests.people import Person, a_person
from tests.running import Running

MANY = 50

__all__ = ["provider"]


@pytest.fixture
def citizen(running: Running, gate: Gate) -> Person:
    return who_allows_rice_aid(running, gate)


def answered_ago(gate: Gate, ago: timedelta) -> None:
    """Let time pass for all that was answered."""
    with gate.database.writing() as db:
        db.execute(
            text("UPDATE idp.answered_questions SET answered_at = now() - CAST(:ago AS interval)"), {"ago": ago}
        )


def test_idempotency_three_calls_are_one_look(provider: Provider, citizen: Person, gate: Gate) -> None:
    question, request_id = provider.question(citizen.citizen_id, "village"), str(uuid4())
    answers = [provider.ask(question, X_Request_ID=request_id) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert answers[0].json()["decision"] is True
    assert looks(gate, citizen.citizen_id) == [("consent_given", {"village"})]


def test_without_an_id_each_call_is_a_look(provider: Provider, citizen: Person, gate: Gate) -> None:
    said = [provider.may_i(citizen.citizen_id, "village")["context"]["decision_id"] for _ in range(3)]
    assert len(set(said)) == 3
    assert looks(gate, citizen.citizen_id) == [("consent_given", {"village"})] * 3


@rounds(2, 20)
def test_fifty_at_once_are_one_look(provider: Provider, citizen: Person, gate: Gate, rounds: int) -> None:
    """(C021) In both of the demo's processes; the primary key decides who is first."""
    question = provider.question(citizen.citizen_id, "birthdate", "village")
    for number in range(1, rounds + 1):
        request_id = str(uuid4())
        answers = race([lambda: provider.ask(question, X_Request_ID=request_id)] * MANY)  # noqa: B023
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        seen = looks(gate, citizen.citizen_id)
        assert seen == [("not_in_consent", {"birthdate"}), ("consent_given", {"village"})] * number


def test_another_question_under_the_same_id_is_refused_and_is_no_look(
    provider: Provider, citizen: Person, gate: Gate
) -> None:
    request_id = str(uuid4())
    assert (
        provider.ask(provider.question(citizen.citizen_id, "village"), X_Request_ID=request_id).status_code == 200
    )
    other = provider.ask(provider.question(citizen.citizen_id, "regency"), X_Request_ID=request_id)
    assert (other.status_code, other.headers["x-request-id"]) == (400, request_id)
    assert "X-Request-ID was used for another question" in other.text
    assert looks(gate, citizen.citizen_id) == [("consent_given", {"village"})]


def test_what_was_withdrawn_since_is_not_permitted_again(running: Running, gate: Gate, provider: Provider) -> None:
    """(C039, row 52) A retry that comes late meets the citizen's word, not our memory."""
    person, request_id = a_person(gate), str(uuid4())
    browser = allow_rice_aid(running, person.as_told())
    question = provider.question(person.citizen_id, "village")
    before = provider.ask(question, X_Request_ID=request_id).json()
    assert before["decision"] is True
    withdraw(browser, before["context"]["consent_id"])
    after = [provider.ask(question, X_Request_ID=request_id).json() for _ in range(8)]
    assert [(one["decision"], one["context"]["reason"]) for one in after] == [(False, "withdrawn")] * 8
    assert looks(gate, person.citizen_id) == [("consent_given", {"village"}), ("withdrawn", {"village"})]


def test_what_was_denied_stays_the_answer_although_it_would_be_allowed_now(
    running: Running, gate: Gate, provider: Provider
) -> None:
    """The stored answer is the safe one; who wants another asks anew."""
    person, request_id = a_person(gate), str(uuid4())
    question = provider.question(person.citizen_id, "village")
    assert provider.ask(question, X_Request_ID=request_id).json()["context"]["reason"] == "not_asked_yet"
    allow_rice_aid(running, person.as_told())
    assert provider.ask(question, X_Request_ID=request_id).json()["context"]["reason"] == "not_asked_yet"
    assert provider.ask(question, X_Request_ID=str(uuid4())).json()["decision"] is True


def test_after_ten_minutes_it_is_a_new_look(provider: Provider, citizen: Person, gate: Gate) -> None:
    question, request_id = provider.question(citizen.citizen_id, "village"), str(uuid4())
    provider.ask(question, X_Request_ID=request_id)
    answered_ago(gate, repeats.COUNTS_FOR - timedelta(seconds=5))
    provider.ask(question, X_Request_ID=request_id)
    assert len(looks(gate, citizen.citizen_id)) == 1
    answered_ago(gate, repeats.COUNTS_FOR)
    other = provider.question(citizen.citizen_id, "regency")
    assert provider.ask(other, X_Request_ID=request_id).json()["decision"] is True, "another question, too"
    assert len(looks(gate, citizen.citizen_id)) == 2


def test_nobody_is_answered_with_what_another_was(
    running: Running, gate: Gate, provider: Provider, citizen: Person
) -> None:
    question, request_id = provider.question(citizen.citizen_id, "village"), str(uuid4())
    mine = provider.ask(question, X_Request_ID=request_id).json()
    others = an_asker(running, gate).ask(question, X_Request_ID=request_id).json()
    assert others["decision"] is True, "of the same agency, so by the same number"
    assert others["context"]["decision_id"] != mine["context"]["decision_id"]
    assert len(looks(gate, citizen.citizen_id)) == 2
