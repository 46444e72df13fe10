"""Whose clock a page shows: the zone that the citizen chose, else that of their province."""

from datetime import UTC, datetime

import pytest

from idp.accounts.profile import Value
from idp.web import home_zone


@pytest.mark.parametrize(
    ("held", "zone"),
    [
        pytest.param({"province": "Papua"}, "Asia/Jayapura", id="by the province"),
        pytest.param({"province": " SULAWESI  selatan"}, "Asia/Makassar", id="however the register writes it"),
        pytest.param({"province": "Kalimantan Barat"}, None, id="the west of Kalimantan keeps western time"),
        pytest.param({"province": "Papua", "zoneinfo": "Asia/Tokyo"}, "Asia/Tokyo", id="a choice goes first"),
        pytest.param({"province": "Atlantis"}, None, id="a province that nobody knows"),
        pytest.param({"name": "Suparno"}, None, id="nothing on record"),
    ],
)
def test_a_citizen_reads_the_clock_of_where_they_live(held: dict[str, str], zone: str | None) -> None:
    as_of = datetime(2026, 11, 25, tzinfo=UTC)
    profile = {name: Value(value, "gapura", as_of) for name, value in held.items()}
    assert home_zone.of(profile) == zone
