"""A refusal says from when the step is possible, in UTC whatever zone the database speaks."""

from datetime import datetime, timedelta, timezone

from keys.errors import StepRefused


def test_the_date_of_a_refusal_is_shown_in_utc() -> None:
    """(C057)"""
    in_jakarta = datetime(2030, 1, 1, 7, 30, tzinfo=timezone(timedelta(hours=7)))
    assert str(StepRefused("too early", in_jakarta)) == "too early; possible from 2030-01-01 00:30:00 UTC"
    assert str(StepRefused("never")) == "never"
