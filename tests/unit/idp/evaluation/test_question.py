"""A question read without trust: what is asked, by whom it is meant, and what is told to whoever asks nothing."""

from typing import Any

import pytest

from idp.evaluation.question import LONGEST, Asked, Malformed, NotOurs, Question, read_one

QUESTION: dict[str, Any] = {
    "subject": {"type": "application", "id": "bantuan-beras"},
    "action": {"name": "read", "properties": {"purpose": "rice-aid-eligibility/1"}},
    "resource": {"type": "citizen", "id": "abkx3vq2", "properties": {"attributes": ["village", "regency"]}},
}
READ = Question("bantuan-beras", "rice-aid-eligibility/1", "abkx3vq2", ("village", "regency"))


def changed(entity: str, **members: Any) -> dict[str, Any]:
    return QUESTION | {entity: QUESTION[entity] | members}


def test_what_is_asked_of_whom_for_what() -> None:
    assert read_one(QUESTION) == Asked((READ,), understands_custom=False)


def test_an_attribute_named_twice_is_asked_once() -> None:
    twice = changed("resource", properties={"attributes": ["regency", "village", "regency"]})
    assert read_one(twice).items[0].attributes == ("regency", "village")  # type: ignore[union-attr]


def test_who_understands_obligations_says_so() -> None:
    assert read_one(QUESTION | {"context": {"supported_obligations": ["custom"]}}).understands_custom
    assert not read_one(QUESTION | {"context": {"supported_obligations": ["step-up"]}}).understands_custom


@pytest.mark.parametrize(
    "other",
    [
        changed("subject", type="user"),
        changed("action", name="delete"),
        changed("resource", type="record"),
        changed("action", name="delete", properties={}),
    ],
    ids=["another subject", "another action", "another resource", "with properties of its own"],
)
def test_a_question_for_others_is_well_formed(other: dict[str, Any]) -> None:
    assert read_one(other).items == (NotOurs(),)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([], id="an array"),
        pytest.param(None, id="null"),
        pytest.param(changed("subject", id=""), id="an empty id"),
        pytest.param(changed("subject", id="x" * (LONGEST + 1)), id="an endless id"),
        pytest.param(changed("subject", id=None), id="a null id"),
        pytest.param(changed("subject", type=True), id="a type that is no text"),
        pytest.param(changed("resource", properties=None), id="null properties"),
        pytest.param(changed("action", properties={"purpose": ["x"]}), id="a purpose that is no text"),
        pytest.param(changed("resource", properties={"attributes": "village"}), id="attributes that are a text"),
        pytest.param(changed("resource", properties={"attributes": [None]}), id="an attribute that is no text"),
        pytest.param(QUESTION | {"context": None}, id="a null context"),
        pytest.param(QUESTION | {"context": {"supported_obligations": [1]}}, id="an obligation that is no text"),
    ],
)
def test_what_is_no_question_is_told_what_to_write(wrong: Any) -> None:
    with pytest.raises(Malformed) as told:
        read_one(wrong)
    assert "x" * LONGEST not in str(told.value), "never what was sent"
