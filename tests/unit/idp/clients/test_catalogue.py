"""Finding an application in the demo country: by its name, its everyday name, its beginning, and with a slip."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from consent import purposes
from idp.clients import catalogue, registry
from idp.clients.catalogue import Entry
from idp.demo import applications
from idp.settings import Settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"


@pytest.fixture
def entries(db: Session, tmp_path: Path) -> list[Entry]:
    settings = Settings.from_env({"GAPURA_MODE": "demo", "GAPURA_INSTANCE": str(tmp_path), "PORT": "8000"})
    applications.prepare(db, settings, NOW)
    return catalogue.entries(registry.load(db), purposes.load(db), ["live"], ISSUER)


def names(entries: list[Entry] | tuple[Entry, ...]) -> set[str]:
    return {entry.client.name["id"] for entry in entries}


def test_every_application_that_signs_people_in_is_found_and_no_machine(entries: list[Entry]) -> None:
    assert {"Antrean Puskesmas", "Lapor Pajak", "Bantuan Beras", "SIM Saya"} <= names(entries)
    assert "Data Dukcapil" not in names(entries)


def test_a_suspended_application_is_not_offered(entries: list[Entry], db: Session) -> None:
    assert entries
    offered = catalogue.entries(registry.load(db), purposes.load(db), ["sandbox"], ISSUER)
    assert not names(entries) & names(offered)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        pytest.param("antrean", "Antrean Puskesmas", id="its name"),
        pytest.param("PUSKES", "Antrean Puskesmas", id="the beginning of a word, in any case"),
        pytest.param("puskesmsa", "Antrean Puskesmas", id="a slip of the finger"),
        pytest.param("berobat", "Antrean Puskesmas", id="what people say"),
        pytest.param("akta lahir", "Surat Keterangan Penduduk", id="the example beside the box"),
        pytest.param("birth certificate", "Surat Keterangan Penduduk", id="the example in English"),
        pytest.param("akte kapal", None, id="a word that is nowhere"),
        pytest.param("sembako", "Bantuan Beras", id="what it is about"),
        pytest.param("driving licence", "SIM Saya", id="the other language"),
        pytest.param("  pajak   tahunan ", "Lapor Pajak", id="two words, spaced out"),
    ],
)
def test_a_citizen_finds_a_service_by_the_words_they_have(
    entries: list[Entry], query: str, name: str | None
) -> None:
    found = names(catalogue.search(entries, query).entries)
    assert name in found if name else not found


def test_where_nothing_is_found_a_near_word_is_offered(entries: list[Entry]) -> None:
    assert catalogue.search(entries, "pajqqk").instead == "pajak"
    assert catalogue.search(entries, "zzzzzzzz").instead is None


@pytest.mark.parametrize(("query", "instead"), [("aktaqx kapal", "akta"), ("puskesmas kapal", "puskesmas")])
def test_what_is_offered_instead_finds_something(entries: list[Entry], query: str, instead: str) -> None:
    found = catalogue.search(entries, query)
    assert (found.entries, found.instead) == ((), instead)
    assert catalogue.search(entries, instead).entries


def test_an_empty_query_finds_all(entries: list[Entry]) -> None:
    assert len(catalogue.search(entries, " -?! ").entries) == len(entries)


def test_a_query_of_any_length_and_alphabet_is_answered_at_once(entries: list[Entry]) -> None:
    for query in ("x" * 10_000, "a " * 5_000, "\u202e\u0000🙂", "%00%ff", "ﷺ" * 300):
        assert set(names(catalogue.search(entries, query).entries)) <= set(names(entries))


def test_one_tap_begins_the_sign_in_at_the_application(entries: list[Entry]) -> None:
    start = next(entry.start for entry in entries if entry.client.client_id == "antrean-puskesmas")
    assert start == "http://127.0.0.1:8001/login?iss=http%3A%2F%2F127.0.0.1%3A8000"
