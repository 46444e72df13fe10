"""Who gave a consent is told before it runs out: 30 and 7 days before, once each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from consent import endings
from idp.gate import Gate
from idp.signals import notifications
from idp.signals.endings_ahead import EndingsAhead
from tests.consent_builders import a_consent, parties

GIVEN = datetime(2033, 1, 1, tzinfo=UTC)
END = GIVEN + timedelta(days=365)
DAY = timedelta(days=1)


def given(gate: Gate, until: datetime = END) -> tuple[UUID, UUID]:
    """The citizen, and the consent that lasts until then."""
    with gate.database.writing() as db:
        giving, consent_id = a_consent(db, now=GIVEN, expires_at=until)
        return giving.citizen_id, consent_id


@pytest.fixture(autouse=True)
def nothing_else_ends_then(gate: Gate) -> None:
    with gate.database.writing() as db:
        # The worker may change no head's end: these are the rows of the test before.
        db.execute(text("UPDATE consent.consents SET withdrawn_at = now() WHERE given_at >= '2033-01-01'"))


def told(gate: Gate, citizen_id: UUID) -> list[Any]:
    with gate.database.reading() as db:
        rows = notifications.list_of(db, citizen_id)
    return sorted(row.detail["days"] for row in rows if row.kind == "consent_ending")


@pytest.mark.parametrize(
    ("left", "days"),
    [
        pytest.param(31 * DAY, [], id="31 days before it is early"),
        pytest.param(30 * DAY, [30], id="30 days before it is told"),
        pytest.param(29 * DAY, [30], id="and a day late, where no worker ran"),
        pytest.param(20 * DAY, [], id="but not in between"),
        pytest.param(7 * DAY, [7], id="7 days before it is told"),
        pytest.param(DAY, [], id="and on the last day no more"),
    ],
)
def test_an_end_is_told_in_its_time(gate: Gate, left: timedelta, days: list[int]) -> None:
    citizen_id, _ = given(gate)
    EndingsAhead().step(gate.database, END - left)
    assert told(gate, citizen_id) == days


def test_as_time_goes_on_each_is_told_once_whoever_walks(gate: Gate) -> None:
    citizen_id, _ = given(gate)
    one = EndingsAhead()
    for hours in range(0, 40 * 24, 12):
        one.step(gate.database, END - 35 * DAY + timedelta(hours=hours))
        EndingsAhead().step(gate.database, END - 35 * DAY + timedelta(hours=hours))
    assert told(gate, citizen_id) == [7, 30]


def test_of_ends_at_one_moment_none_is_left_out(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.signals.endings_ahead.BATCH", 2)
    citizens = [given(gate)[0] for _ in range(5)]
    walk = EndingsAhead()
    while walk.step(gate.database, END - 30 * DAY):
        pass
    assert [told(gate, citizen_id) for citizen_id in citizens] == [[30]] * 5


def test_what_is_withdrawn_no_longer_ends(gate: Gate) -> None:
    citizen_id, consent_id = given(gate)
    with gate.database.writing() as db:
        endings.withdraw(
            db, citizen_id, consent_id, parties=parties(), acr="urn:gapura:acr:basic", now=GIVEN + DAY
        )
    EndingsAhead().step(gate.database, END - 30 * DAY)
    assert told(gate, citizen_id) == []
