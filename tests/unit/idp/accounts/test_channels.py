"""An address counts once it is proved, and leads to one account."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import channels
from idp.accounts.channels import Proved
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.profile import Values, Vault
from idp.accounts.sent_codes import Answer, ToSend
from tests.builders import NOW, Citizen, a_citizen

NEW = Identifier(Kind.PHONE, "+6285700000001")


def values(db: Session, vault: Vault, citizen: Citizen) -> Values:
    profile = vault.find_profile(db, citizen.citizen_id)
    assert profile is not None
    return profile.values


def prove(db: Session, vault: Vault, citizen: Citizen, address: Identifier) -> Proved:
    sent = channels.ask(db, vault, citizen.citizen_id, address, NOW)
    assert isinstance(sent, ToSend)
    proved = channels.prove(db, vault, citizen.citizen_id, address, sent.code, NOW)
    assert isinstance(proved, Proved)
    return proved


def test_until_the_code_is_answered_the_old_address_stays(db: Session, vault: Vault) -> None:
    """(C067)"""
    citizen = a_citizen(db, vault)
    sent = channels.ask(db, vault, citizen.citizen_id, NEW, NOW)
    assert isinstance(sent, ToSend)
    wrong = f"{(int(sent.code) + 1) % 1_000_000:06}"
    assert channels.prove(db, vault, citizen.citizen_id, NEW, wrong, NOW) is Answer.WRONG
    late = NOW + timedelta(minutes=10)
    assert channels.prove(db, vault, citizen.citizen_id, NEW, sent.code, late) is Answer.TOO_OLD
    assert values(db, vault, citizen)["phone_number"].value == citizen.phone.normal
    assert vault.find_citizen(db, NEW) is None
    assert vault.find_citizen(db, citizen.phone) == citizen.citizen_id


def test_an_address_that_is_only_told_replaces_none(db: Session, vault: Vault) -> None:
    """(C067)"""
    citizen = a_citizen(db, vault)
    channels.tell(db, vault, citizen.citizen_id, NEW, NOW)
    assert values(db, vault, citizen)["phone_number"].value == citizen.phone.normal


def test_an_address_that_is_told_waits_until_it_is_proved(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    assert channels.find_told(db, vault, citizen.citizen_id) is None
    profile = vault.find_profile(db, citizen.citizen_id)
    assert profile is not None
    without = {name: value for name, value in profile.values.items() if name != "phone_number"}
    vault.save(db, citizen.citizen_id, without, NOW, revision=profile.revision)
    channels.tell(db, vault, citizen.citizen_id, NEW, NOW)
    assert channels.find_told(db, vault, citizen.citizen_id) == NEW
    prove(db, vault, citizen, NEW)
    assert channels.find_told(db, vault, citizen.citizen_id) is None


def test_a_proved_address_takes_the_old_ones_place_and_names_it(db: Session, vault: Vault) -> None:
    """(row 92)"""
    citizen = a_citizen(db, vault)
    assert prove(db, vault, citizen, NEW) == Proved(citizen.phone, None)
    held = values(db, vault, citizen)
    assert (held["phone_number"].value, held["phone_number_verified"].value) == (NEW.normal, True)
    assert held["email"].value == citizen.email.normal
    assert vault.find_citizen(db, NEW) == citizen.citizen_id
    assert vault.find_citizen(db, citizen.phone) is None
    assert channels.current(db, vault, citizen.citizen_id, Kind.PHONE) == NEW


def test_proving_the_same_address_again_makes_it_fresh_and_changes_nothing_else(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    assert prove(db, vault, citizen, citizen.phone) == Proved(None, None)
    assert vault.find_citizen(db, citizen.phone) == citizen.citizen_id


def test_an_address_proved_by_another_is_lost_here_with_its_claim(db: Session, vault: Vault) -> None:
    """(C067)"""
    before, after = a_citizen(db, vault), a_citizen(db, vault)
    prove(db, vault, before, NEW)
    assert prove(db, vault, after, NEW) == Proved(after.phone, before.citizen_id)
    assert not {"phone_number", "phone_number_verified"} & set(values(db, vault, before))
    assert values(db, vault, before)["email"].value == before.email.normal
    assert vault.find_citizen(db, NEW) == after.citizen_id


def test_another_address_that_the_loser_told_since_is_left_alone(db: Session, vault: Vault) -> None:
    before, after = a_citizen(db, vault), a_citizen(db, vault, values={"phone_number": None})
    vault.link(db, before.citizen_id, NEW, NOW)
    prove(db, vault, after, NEW)
    assert values(db, vault, before)["phone_number"].value == before.phone.normal


def test_an_erased_citizen_loses_an_address_without_an_error(db: Session, vault: Vault) -> None:
    before, after = a_citizen(db, vault), a_citizen(db, vault)
    prove(db, vault, before, NEW)
    for table in ("profiles", "citizen_keys"):
        db.execute(text(f"DELETE FROM idp.{table} WHERE citizen_id = :id"), {"id": before.citizen_id})
    assert prove(db, vault, after, NEW).lost_by == before.citizen_id
