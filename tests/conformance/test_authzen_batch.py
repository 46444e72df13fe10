"""Up to a thousand questions at once, as the public suite's plan `authzen-pdp-evaluations` wants it; its rows by
name.

Seen to fail: with the defaults merged into an item's own object, with a look for every item, and with an answer
for each item whatever the semantic says.
"""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from idp.evaluation.question import MOST_ITEMS
from idp.gate import Gate
from tests.asking import PURPOSE, RICE_AID, Provider, looks, provider, who_allows_rice_aid
from tests.people import Person, a_person
from tests.running import Running

DOOR = "/access/v1/evaluations"

__all__ = ["provider"]


@pytest.fixture
def citizen(running: Running, gate: Gate) -> Person:
    return who_allows_rice_aid(running, gate)


@pytest.fixture
def stranger(gate: Gate) -> Person:
    return a_person(gate)


def about(provider: Provider, citizen_id: UUID | str, *attributes: str) -> dict[str, Any]:
    """An item that has everything but the resource by default."""
    return {"resource": provider.question(citizen_id, *attributes)["resource"]}


def batch(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "application", "id": RICE_AID},
        "action": {"name": "read", "properties": {"purpose": PURPOSE}},
        "evaluations": list(items),
        **more,
    }


def decisions(provider: Provider, question: dict[str, Any], **headers: str) -> list[bool]:
    answer = provider.ask(question, DOOR, **headers)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"evaluations"}, "no decision about all of them"
    return [one["decision"] for one in answer.json()["evaluations"]]


def test_each_is_answered_in_order(provider: Provider, citizen: Person, stranger: Person) -> None:
    yes, no = about(provider, citizen.citizen_id, "village"), about(provider, stranger.citizen_id, "village")
    assert decisions(provider, batch(yes, no, yes, no)) == [True, False, True, False]


def test_a_default_is_replaced_whole(provider: Provider, citizen: Person) -> None:
    """§7.1.1: an item's own action without a purpose asks nothing, whatever the default's purpose is."""
    item = about(provider, citizen.citizen_id, "village")
    everything = batch({}, item | {"action": {"name": "read"}}, **item)
    answer = provider.ask(everything, DOOR).json()["evaluations"]
    assert answer[0]["decision"] is True, "an empty item inherits all"
    assert answer[1] == {"decision": False, "context": {"reason": "malformed_item"}}


def test_missing_subject_returns_decision_false(provider: Provider, citizen: Person) -> None:
    question = batch(about(provider, citizen.citizen_id, "village"), {"subject": {"type": "application"}})
    question["evaluations"][1] |= about(provider, citizen.citizen_id, "village")
    assert decisions(provider, question) == [True, False]
    del question["subject"]
    assert decisions(provider, question) == [False, False]


@pytest.mark.parametrize("name", ["shoe_size", "village"])
def test_an_unknown_attribute_denies_its_own_item(provider: Provider, citizen: Person, name: str) -> None:
    assert decisions(provider, batch(about(provider, citizen.citizen_id, name))) == [name == "village"]


@pytest.mark.parametrize(
    ("semantic", "told"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_the_answers_are_cut_after_the_trigger_and_the_rest_is_no_look(
    provider: Provider, citizen: Person, stranger: Person, gate: Gate, semantic: str, told: list[bool]
) -> None:
    question = batch(
        about(provider, citizen.citizen_id, "village"), about(provider, stranger.citizen_id, "village"),
        about(provider, citizen.citizen_id, "regency"), about(provider, stranger.citizen_id, "regency"),
        options={"evaluations_semantic": semantic},
    )  # fmt: skip
    assert decisions(provider, question, X_Request_ID=str(uuid4())) == told
    seen = {name for _, names in looks(gate, citizen.citizen_id) for name in names}
    assert seen == ({"village", "regency"} if len(told) == 4 else {"village"})
    assert len(looks(gate, stranger.citizen_id)) == (1 if False in told else 0)


def test_cut_answers_repeat_too(provider: Provider, citizen: Person, stranger: Person, gate: Gate) -> None:
    question = batch(
        about(provider, citizen.citizen_id, "village"), about(provider, stranger.citizen_id, "village"),
        options={"evaluations_semantic": "deny_on_first_deny"},
    )  # fmt: skip
    request_id = str(uuid4())
    answers = [provider.ask(question, DOOR, X_Request_ID=request_id).content for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(looks(gate, citizen.citizen_id)) == len(looks(gate, stranger.citizen_id)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"evaluations_semantic": "whatever"}},
        {"options": []},
        {"evaluations": {}},
        {"evaluations": [1]},
        {"subject": "alice"},
        {"context": []},
        {"evaluations": [{}] * (MOST_ITEMS + 1)},
    ],
    ids=["unknown-semantic-value", "options", "no array", "items", "default", "context", "a thousand and one"],
)
def test_a_batch_that_is_none_is_refused_whole(provider: Provider, citizen: Person, wrong: dict[str, Any]) -> None:
    answer = provider.ask(batch(about(provider, citizen.citizen_id, "village")) | wrong, DOOR)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize("empty", [{"evaluations": []}, {}])
def test_empty_or_missing_evaluations_array_backward_compat(
    provider: Provider, citizen: Person, empty: dict[str, Any]
) -> None:
    answer = provider.ask(provider.question(citizen.citizen_id, "village") | empty, DOOR).json()
    assert answer["decision"] is True
    assert "evaluations" not in answer


def test_items_about_one_citizen_are_one_look(provider: Provider, citizen: Person, gate: Gate) -> None:
    items = [about(provider, citizen.citizen_id, name) for name in ("village", "regency", "village", "birthdate")]
    answer = provider.ask(batch(*items), DOOR).json()["evaluations"]
    assert [one["context"]["attributes"] for one in answer] == [["village"], ["regency"], ["village"], []]
    assert len({one["context"]["decision_id"] for one in answer}) == 1
    assert looks(gate, citizen.citizen_id) == [
        ("consent_given", {"village", "regency"}), ("not_in_consent", {"birthdate"}),
    ]  # fmt: skip


def test_idempotency_the_whole_body_repeats(
    provider: Provider, citizen: Person, stranger: Person, gate: Gate
) -> None:
    question = batch(
        about(provider, citizen.citizen_id, "village", "birthdate"),
        about(provider, stranger.citizen_id, "nik"),
        {},
    )
    request_id = str(uuid4())
    answers = [provider.ask(question, DOOR, X_Request_ID=request_id) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(looks(gate, citizen.citizen_id)) == 2, "a line for what may, one for what may not"
    assert len(looks(gate, stranger.citizen_id)) == 1


def test_a_thousand_are_answered_in_order_in_one_statement(
    provider: Provider, citizen: Person, gate: Gate
) -> None:
    """Of people who are not here, but for two: each of them has one line, the trail has one for the others."""
    other = a_person(gate)
    items = [about(provider, provider.sub(uuid4()), "village", "regency") for _ in range(MOST_ITEMS - 2)]
    items.insert(500, about(provider, citizen.citizen_id, "village", "regency"))
    items.append(about(provider, other.citizen_id, "village", "regency"))
    question = batch(*items)
    assert 64 * 1024 < len(json.dumps(question)) < 512 * 1024
    answers = decisions(provider, question)
    assert [number for number, allowed in enumerate(answers) if allowed] == [500]
    assert len(answers) == MOST_ITEMS
    assert looks(gate, citizen.citizen_id) == [("consent_given", {"village", "regency"})]
    assert looks(gate, other.citizen_id) == [("not_asked_yet", {"village", "regency"})]
    with gate.database.reading() as db:
        noted = db.connection().exec_driver_sql(
            "SELECT detail->>'looks' FROM idp.audit_events WHERE action = 'evaluation.of_nobody'"
            " ORDER BY event_id DESC LIMIT 1"
        )
        assert noted.scalar_one() == str(MOST_ITEMS - 2)


def test_a_dead_token_is_told_so_whatever_it_asks(provider: Provider) -> None:
    for items in ([{}], [{"subject": {"type": "user", "id": "x"}}]):
        assert provider.ask(batch(*items), DOOR, Authorization="Bearer dead").status_code == 401
