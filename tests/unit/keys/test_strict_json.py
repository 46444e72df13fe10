"""JSON from strangers: what two readers could read differently is refused (row 68)."""

import pytest

from keys import strict_json


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a":1,"a":2}', id="a member twice"),
        pytest.param('{"x":{"a":1,"a":2}}', id="a member twice, further inside"),
        pytest.param("[" * 1000 + "]" * 1000, id="depth 1000"),
        pytest.param("[" * 100_000, id="depth 100,000"),
        pytest.param("9" * 5000, id="an integer of 5000 digits"),
        pytest.param("9" * 21, id="an integer longer than any of ours"),
        pytest.param("1e999", id="an infinite number"),
        pytest.param("NaN", id="NaN"),
        pytest.param("-Infinity", id="minus infinity"),
        pytest.param("{}x", id="something after it"),
        pytest.param("", id="nothing"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(r'{"a":["\ud800"]}', id="half of a surrogate pair"),
        pytest.param(rb'{"\uDFFF":1}', id="the other half, in a name"),
    ],
)
def test_it_is_refused(text: str | bytes) -> None:
    """(row 68)"""
    with pytest.raises(ValueError):
        strict_json.read(text)


def test_ordinary_json_is_read() -> None:
    assert strict_json.read('{"a":[1,2.5,"x",null,true,{"b":{}}]}') == {"a": [1, 2.5, "x", None, True, {"b": {}}]}


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert strict_json.read(r'"\ud83d\ude00"') == "😀"


def test_the_caller_may_allow_less_depth() -> None:
    assert strict_json.read("[[1]]", deepest=2) == [[1]]
    with pytest.raises(ValueError):
        strict_json.read("[[1]]", deepest=1)
