from datetime import UTC, datetime, timedelta

import pytest

from idp.authorization import refusals
from idp.authorization.refusals import Refusal

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ASKED = frozenset({"name", "email"})


def no(minutes_ago: float, *asked: str) -> Refusal:
    return Refusal(NOW - timedelta(minutes=minutes_ago), frozenset(asked) or ASKED)


@pytest.mark.parametrize(
    ("refused", "answered"),
    [
        pytest.param([], False, id="nobody refused anything"),
        pytest.param([no(1)], False, id="once may be a slip"),
        pytest.param([no(1), no(9)], True, id="twice in ten minutes is an answer"),
        pytest.param([no(1), no(10)], False, id="ten minutes later it may be asked again"),
        pytest.param([no(1), no(2, "name")], False, id="another request is another question"),
        pytest.param([no(-1), no(-2)], False, id="a page that was open already is answered by its own buttons"),
    ],
)
def test_who_said_no_twice_is_not_asked_a_third_time(refused: list[Refusal], answered: bool) -> None:
    assert refusals.is_answered(refused, ASKED, NOW) is answered


@pytest.mark.parametrize(
    ("refused", "over"),
    [
        pytest.param([], False, id="no answer yet"),
        pytest.param([no(0)], True, id="the no was given to this page"),
        pytest.param([no(1)], False, id="the no of the request before is not of this one"),
        pytest.param([no(-1, "name")], False, id="a no to something else is not of this one"),
    ],
)
def test_a_page_that_was_refused_knows_it(refused: list[Refusal], over: bool) -> None:
    assert refusals.is_refused(refused, ASKED, NOW) is over
