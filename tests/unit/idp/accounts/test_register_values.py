"""What a register says is held only in the form in which it may leave, and a refusal repeats none of it."""

from datetime import date
from typing import Any

import pytest

from idp.accounts import register_values
from idp.demo import country

TODAY = date(2026, 11, 25)


def test_whatever_the_demo_holds_of_its_people_may_be_held() -> None:
    for citizen in country.CITIZENS:
        said = citizen.more | {"nik": citizen.nik, "name": citizen.name}
        assert register_values.fault(said, TODAY) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Suparno"),
        ("name", "Cut Nur Asma'ul Husna"),
        ("birthdate", "1931-02-28"),
        ("phone_number", "+60123456789"),
        ("phone_number", "081234567890"),
        ("email", "siti+a@warga.example"),
        ("bpjs_number", "0001234567890"),
        ("birthplace", "Sukamaju"),
        ("is_donor", False),
        ("guardian", {"name": "Budi"}),
        ("address", {"formatted": "Jalan Melati 4\nSukamaju"}),
    ],
)
def test_it_may_be_held(name: str, value: Any) -> None:
    assert register_values.fault({name: value}, TODAY) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("name", "", id="no name"),
        pytest.param("name", "a\x00b", id="a control character"),
        pytest.param("name", "\ud800", id="half a character"),
        pytest.param("name", "x" * 101, id="a name that no page shows"),
        pytest.param("name", {"first": "Siti"}, id="a name in parts"),
        pytest.param("birthdate", "20010420", id="a day in another form"),
        pytest.param("birthdate", "2001-02-30", id="a day that never was"),
        pytest.param("birthdate", "2026-11-25", id="today"),
        pytest.param("birthdate", 20010420, id="a day as a number"),
        pytest.param("kk_number", 3273000101150001, id="a number that JSON rounds"),
        pytest.param("npwp", "12", id="too few digits"),
        pytest.param("age_over_17", "yes", id="a yes in quotes"),
        pytest.param("email", "nonsense", id="no address"),
        pytest.param("phone_number", "abc", id="no number"),
        pytest.param("address", "Jalan Melati 4", id="an address in one text"),
        pytest.param("address", {"planet": "Bumi"}, id="a part that nobody knows"),
        pytest.param("height", 1.7, id="a number"),
        pytest.param("height", float("nan"), id="not even a number"),
        pytest.param("height", None, id="nothing"),
        pytest.param("parents", ["Budi"], id="a list"),
        pytest.param("guardian", {"name": {"first": "Budi"}}, id="an object of objects"),
        pytest.param("Nama Ibu", "Sri", id="a name of another form"),
    ],
)
def test_it_may_not_and_the_finding_names_only_the_datum(name: str, value: Any) -> None:
    said = register_values.fault({name: value}, TODAY)
    assert said is not None
    assert name in said or "name is not" in said
    assert "\n" not in said
    assert not isinstance(value, str) or len(value) < 4 or value not in said
