"""What an answer of an agency comes to, at each point of its clock, and what names a law."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.signals.withdrawal_clock import ANSWER_WITHIN, Answer, Clock, Verdict, judge, read_statute

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
WITHDRAWN = Clock(NOW, NOW + ANSWER_WITHIN)
TOLD = replace(WITHDRAWN, told_at=NOW)
ACKNOWLEDGED = replace(TOLD, acknowledged_at=NOW)
KEPT = replace(ACKNOWLEDGED, kept_at=NOW, kept_under="UU 43/2009")
DELETED = replace(ACKNOWLEDGED, deleted_at=NOW)
LAW = "UU 43/2009"


@pytest.mark.parametrize(
    ("clock", "answer", "statute", "verdict"),
    [
        pytest.param(WITHDRAWN, Answer.ACKNOWLEDGED, None, Verdict.NEW, id="heard of it by another way"),
        pytest.param(TOLD, Answer.ACKNOWLEDGED, None, Verdict.NEW, id="stopped"),
        pytest.param(TOLD, Answer.DELETED, None, Verdict.NEW, id="deleted at once"),
        pytest.param(TOLD, Answer.KEPT, LAW, Verdict.NEW, id="kept at once"),
        pytest.param(ACKNOWLEDGED, Answer.ACKNOWLEDGED, None, Verdict.SAID_BEFORE, id="stopped twice"),
        pytest.param(ACKNOWLEDGED, Answer.DELETED, None, Verdict.NEW, id="deleted in order"),
        pytest.param(KEPT, Answer.KEPT, LAW, Verdict.SAID_BEFORE, id="kept twice"),
        pytest.param(KEPT, Answer.KEPT, "UU 1/1999", Verdict.CONTRADICTS, id="the law that was named stands"),
        pytest.param(KEPT, Answer.ACKNOWLEDGED, None, Verdict.SAID_BEFORE, id="kept is stopped"),
        pytest.param(KEPT, Answer.DELETED, None, Verdict.NEW, id="the law's time is over"),
        pytest.param(DELETED, Answer.DELETED, None, Verdict.SAID_BEFORE, id="deleted twice"),
        pytest.param(DELETED, Answer.ACKNOWLEDGED, None, Verdict.SAID_BEFORE, id="deleted is stopped"),
        pytest.param(DELETED, Answer.KEPT, LAW, Verdict.CONTRADICTS, id="what is deleted is not kept"),
    ],
)
def test_what_was_said_stands(clock: Clock, answer: Answer, statute: str | None, verdict: Verdict) -> None:
    assert judge(clock, answer, statute) is verdict


@pytest.mark.parametrize(
    ("clock", "state", "late"),
    [
        (WITHDRAWN, "withdrawn", True),
        (TOLD, "told", True),
        (ACKNOWLEDGED, "acknowledged", True),
        (KEPT, "kept", False),
        (DELETED, "deleted", False),
        (replace(KEPT, deleted_at=NOW), "deleted", False),
    ],
)
def test_the_furthest_that_was_reached_is_the_state(clock: Clock, state: str, late: bool) -> None:
    assert clock.state == state
    assert clock.overdue(clock.due_at) is late
    assert not clock.overdue(clock.due_at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("typed", "statute"),
    [
        ("UU 43/2009 Pasal 6", "UU 43/2009 Pasal 6"),
        ("  UU\u00a043/2009\n Pasal 6 ", "UU 43/2009 Pasal 6"),
        ("a" * 200, "a" * 200),
        ("a" * 201, None),
        ("a " * 100_000, None),
        ("", None),
        ("ya", None),
        ("-- . --", None),
        ("UU 43/2009 \u202e dibalik", None),
        ("UU 43\u200b/2009", None),
        ("UU 43/2009\x00", None),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_law_is_named_in_words_that_can_be_seen(typed: str, statute: str | None) -> None:
    assert read_statute(typed) == statute
