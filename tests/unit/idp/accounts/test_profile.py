"""A citizen's document opens for its citizen alone, and each identifier leads to one account."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts.citizen_key import CitizenKey, Use
from idp.accounts.errors import NoCitizen, NoCitizenKey, StaleProfile
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Linked, Taken, Value, Vault
from idp.database import Database
from keys.errors import CannotOpen
from keys.sealing import RestSealer
from tests.builders import NOW, a_citizen

LATER = NOW + timedelta(days=1)


def test_values_come_back_as_they_went_in_each_with_its_holder_and_time(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    values = {
        "name": Value("A. A. Gde Contoh Putra Wijaya Kusuma", "dukcapil", NOW),
        "nickname": Value("", "citizen", LATER),
        "address": Value({"formatted": "Jl. Contoh\n1"}, "dukcapil", NOW),
        "age_over_17": Value(True, "dukcapil", NOW),
    }
    assert vault.save(db, citizen.citizen_id, values, LATER, revision=1) == 2
    profile = vault.find_profile(db, citizen.citizen_id)
    assert profile is not None
    assert profile.values == values
    assert (profile.revision, profile.updated_at) == (2, LATER)


@pytest.mark.parametrize("name", ["Sukarni", "D'Angelo", "Nur 'Aini", "O", "N" * 150, "Cut Nyak Dhien"])
def test_a_name_is_kept_exactly_as_registered(db: Session, vault: Vault, name: str) -> None:
    """(C068)"""
    citizen = a_citizen(db, vault, values={"name": name})
    profile = vault.find_profile(db, citizen.citizen_id)
    assert profile is not None
    assert profile.values["name"].value == name
    assert not {"given_name", "family_name"} & profile.values.keys()


def test_somebody_elses_change_is_never_overwritten(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    seen = vault.find_profile(db, citizen.citizen_id)
    assert seen is not None
    vault.save(db, citizen.citizen_id, seen.values, LATER, revision=seen.revision)
    with pytest.raises(StaleProfile):
        vault.save(db, citizen.citizen_id, seen.values, LATER, revision=seen.revision)


def test_nothing_personal_lies_in_the_rows(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault, values={"name": "Sukarni Penanda"})
    for table in ("profiles", "citizen_keys", "identifiers"):
        rows = db.execute(
            text(f"SELECT row_to_json(t)::text FROM idp.{table} AS t WHERE citizen_id = :citizen_id"),
            {"citizen_id": citizen.citizen_id},
        ).scalars()
        stored = "".join(rows)
        assert stored
        for secret in ("Sukarni Penanda", citizen.nik.normal, citizen.email.normal):
            assert secret not in stored
            assert secret.encode().hex() not in stored


def test_a_document_moved_to_another_citizen_does_not_open(db: Session, vault: Vault) -> None:
    one, other = a_citizen(db, vault), a_citizen(db, vault)
    move = text(
        "UPDATE idp.profiles SET profile_sealed = one.profile_sealed"
        " FROM idp.profiles AS one WHERE one.citizen_id = :one AND profiles.citizen_id = :other"
    )
    db.execute(move, {"one": one.citizen_id, "other": other.citizen_id})
    with pytest.raises(CannotOpen):
        vault.find_profile(db, other.citizen_id)


def test_what_is_sealed_for_one_use_or_row_does_not_open_for_another(db: Session, vault: Vault) -> None:
    one, other = a_citizen(db, vault).citizen_id, a_citizen(db, vault).citizen_id
    key = vault.get_key(db, one)
    sealed = key.seal(Use.DEVICE, b"x", one)
    assert key.open(Use.DEVICE, sealed, one) == b"x"
    for opening in (
        lambda: key.open(Use.LABEL, sealed, one),
        lambda: key.open(Use.DEVICE, sealed, other),
        lambda: key.open(Use.DEVICE, sealed),
        lambda: CitizenKey(other, key.key).open(Use.DEVICE, sealed, one),
        lambda: vault.get_key(db, other).open(Use.DEVICE, sealed, one),
        lambda: key.open(Use.DEVICE, sealed[:-1], one),
    ):
        with pytest.raises(CannotOpen):
            opening()


def test_another_installations_key_store_opens_nothing(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    with pytest.raises(CannotOpen):
        Vault(RestSealer(b"n" * 32), b"l" * 32).find_profile(db, citizen.citizen_id)


def test_without_the_key_the_citizen_is_erased(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    db.execute(text("DELETE FROM idp.citizen_keys WHERE citizen_id = :id"), {"id": citizen.citizen_id})
    assert vault.find_profile(db, citizen.citizen_id) is None
    with pytest.raises(NoCitizenKey):
        vault.get_key(db, citizen.citizen_id)


def test_each_identifier_finds_its_citizen(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    for identifier in (citizen.nik, citizen.email, citizen.phone):
        assert vault.find_citizen(db, identifier) == citizen.citizen_id
    assert set(vault.list_proved(db, citizen.citizen_id)) == {Kind.NIK, Kind.EMAIL, Kind.PHONE}
    with pytest.raises(NoCitizen):
        vault.get_citizen(db, Identifier(Kind.NIK, "9999999999999999"))


def test_a_number_follows_whoever_proves_it_and_the_one_before_is_named(db: Session, vault: Vault) -> None:
    before, after = a_citizen(db, vault), a_citizen(db, vault)
    assert vault.link(db, after.citizen_id, before.phone, LATER) == Linked(before.citizen_id)
    assert vault.find_citizen(db, before.phone) == after.citizen_id
    assert vault.link(db, after.citizen_id, before.phone, LATER) == Linked(None)


def test_a_nik_never_changes_hands(db: Session, vault: Vault) -> None:
    one, other = a_citizen(db, vault), a_citizen(db, vault)
    assert isinstance(vault.link(db, other.citizen_id, one.nik, LATER), Taken)
    assert vault.find_citizen(db, one.nik) == one.citizen_id
    assert vault.link(db, one.citizen_id, one.nik, LATER) == Linked(None)


def test_a_new_number_takes_the_place_of_the_old_one(db: Session, vault: Vault) -> None:
    citizen, new = a_citizen(db, vault), Identifier(Kind.PHONE, "+6285550000000")
    vault.link(db, citizen.citizen_id, new, LATER)
    vault.unlink(db, citizen.citizen_id, Kind.PHONE, but=new)
    assert vault.find_citizen(db, citizen.phone) is None
    assert vault.find_citizen(db, new) == citizen.citizen_id
    assert vault.find_citizen(db, citizen.email) == citizen.citizen_id


def test_two_who_prove_one_nik_at_once_are_one_account(database: Database, vault: Vault) -> None:
    nik = Identifier(Kind.NIK, "1111110101900001")
    with database.writing() as db:
        ids = [a_citizen(db, vault).citizen_id for _ in range(2)]
    barrier, outcomes = threading.Barrier(2), []

    def prove(citizen_id: object) -> None:
        with database.writing() as db:
            barrier.wait()
            outcomes.append(vault.link(db, citizen_id, nik, NOW))  # type: ignore[arg-type]

    threads = [threading.Thread(target=prove, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in outcomes) == ["Linked", "Taken"]
