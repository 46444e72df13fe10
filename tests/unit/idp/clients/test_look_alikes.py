from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from idp.clients import look_alikes, registry
from idp.clients.registry import Client
from idp.demo import applications
from idp.settings import Settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        pytest.param("antreanpuskesmas", "antrianpuskesmas", True, id="one letter changed"),
        pytest.param("antreanpuskesmas", "antreanpuskesmass", True, id="one put in"),
        pytest.param("antreanpuskesmas", "antrenpuskesma", True, id="two left out"),
        pytest.param("antreanpuskesmas", "antrenpuskema", False, id="three left out"),
        pytest.param("antreanpuskesmas", "antreanrumahsakit", False, id="another name"),
        pytest.param("bantuanberas", "sarebnautnab", False, id="the same letters in another order"),
    ],
)
def test_names_are_alike_within_two_letters(first: str, second: str, alike: bool) -> None:
    assert look_alikes.are_alike(first, second) is alike
    assert look_alikes.are_alike(second, first) is alike


@pytest.fixture
def clinic(db: Session, tmp_path: Path) -> Client:
    settings = Settings.from_env({"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(tmp_path), "PORT": "8000"})
    applications.prepare(db, settings, NOW)
    return registry.load(db).by_id["antrean-puskesmas"]


def later(client: Client, name: str, *, by_the_same: bool = False) -> Client:
    agency_no = client.agency_no if by_the_same else client.agency_no + 1000
    created_at = client.created_at + timedelta(days=1)
    return replace(client, client_no=9000, agency_no=agency_no, created_at=created_at, name={"id": name})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Antrian Puskesmas", True),
        ("ANTREAN  PUSKESMAS", True),
        ("Аntreаn Рuskesmаs", True),  # four letters of it are Cyrillic
        ("Antrean Pu5kesma5", True),
        ("Antrean Rumah Sakit", False),
    ],
)
def test_a_newcomer_with_nearly_the_same_name_is_found_out(clinic: Client, name: str, found: bool) -> None:
    newcomer = later(clinic, name)
    older = look_alikes.find(newcomer, [clinic, newcomer], "id")
    assert older == (clinic if found else None)


def test_the_older_one_and_its_own_agency_are_nobodys_look_alike(clinic: Client) -> None:
    newcomer = later(clinic, "Antrian Puskesmas")
    assert look_alikes.find(clinic, [clinic, newcomer], "id") is None
    assert look_alikes.find(later(clinic, "Antrean Puskesmas 2", by_the_same=True), [clinic], "id") is None


def test_short_names_are_near_each_other_by_chance(clinic: Client) -> None:
    sim, newcomer = replace(clinic, name={"id": "SIM"}), later(clinic, "SPT")
    assert look_alikes.find(newcomer, [sim], "id") is None


def test_a_name_is_searched_for_once_while_the_registry_stands(clinic: Client, db: Session) -> None:
    """With 27,000 applications a search on each consent page would cost as much as three passwords."""
    known = registry.load(db)
    false_friend = later(clinic, "Antrian Puskesmas")
    assert look_alikes.of(false_friend, known, "id") == clinic
    known.by_no.clear()
    assert look_alikes.of(false_friend, known, "id") == clinic
