"""A citizen's day in canonical form."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from consent.ledger import day_form, entries, merkle
from consent.ledger.day_form import Row

ROW = Row(
    citizen_id=UUID(int=1),
    disclosure_id=UUID(int=2),
    consent_id=UUID(int=3),
    client_no=11,
    purpose_no=5,
    channel="userinfo",
    reason="consent_given",
    source_agency_no=None,
    acting_citizen_id=None,
    shown_after=None,
    statute_no=None,
    attribute_nos=(1, 2),
)


def test_the_root_is_that_of_the_tree_over_the_rows_in_canonical_form() -> None:
    canonical = entries.canonical(
        {
            "attribute_nos": [1, 2],
            "channel": "userinfo",
            "client_no": 11,
            "consent_id": str(UUID(int=3)),
            "disclosure_id": str(UUID(int=2)),
            "purpose_no": 5,
            "reason": "consent_given",
        }
    )
    assert day_form.root([ROW]) == merkle.leaf_hash(canonical)
    assert day_form.root([ROW, ROW]) == merkle.root([merkle.leaf_hash(canonical)] * 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"disclosure_id": UUID(int=9)},
        {"consent_id": None},
        {"client_no": 12},
        {"purpose_no": 6},
        {"channel": "evaluation"},
        {"reason": "withdrawn"},
        {"source_agency_no": 9},
        {"acting_citizen_id": UUID(int=9)},
        {"shown_after": date(2027, 1, 1)},
        {"statute_no": 4},
        {"attribute_nos": (1,)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_column_counts(changed: dict[str, Any]) -> None:
    assert day_form.root([replace(ROW, **changed)]) != day_form.root([ROW])


def test_the_citizen_is_not_in_the_bytes() -> None:
    """The citizen's copy is checked without the number by which this house knows them."""
    assert day_form.root([replace(ROW, citizen_id=UUID(int=9))]) == day_form.root([ROW])


def test_the_day_states_its_date_its_rows_and_its_root() -> None:
    assert day_form.day(date(2026, 11, 24), 2, bytes(32)) == {
        "g:schema": "gapura-disclosure-day/1",
        "day_on": "2026-11-24",
        "rows_seen": 2,
        "root": "A" * 43,
    }
