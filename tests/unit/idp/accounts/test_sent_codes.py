"""A code proves the address it was sent to, for one use, once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from idp.accounts import sent_codes
from idp.accounts.profile import Vault
from idp.accounts.sent_codes import Answer, NotYet, ToSend, Use
from idp.database import Database
from tests.builders import NOW, Citizen, a_citizen

MINUTE = timedelta(minutes=1)


@pytest.fixture
def citizen(db: Session, vault: Vault) -> Citizen:
    return a_citizen(db, vault)


def send(
    db: Session, vault: Vault, citizen: Citizen, use: Use = Use.VERIFY_PHONE, after: timedelta = timedelta()
) -> str:
    made = sent_codes.make(db, vault, citizen.citizen_id, use, citizen.phone, NOW + after)
    assert isinstance(made, ToSend)
    return made.code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_right_code_works_once(db: Session, vault: Vault, citizen: Citizen) -> None:
    code = send(db, vault, citizen)
    assert len(code) == 6
    arguments = (db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone)
    assert sent_codes.answer(*arguments, wrong(code), NOW) is Answer.WRONG
    assert sent_codes.answer(*arguments, f" {code[:3]} {code[3:]} ", NOW) is Answer.RIGHT
    assert sent_codes.answer(*arguments, code, NOW) is Answer.WRONG


def test_after_ten_minutes_it_is_too_old(db: Session, vault: Vault, citizen: Citizen) -> None:
    code = send(db, vault, citizen)
    arguments = (db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone, code)
    assert sent_codes.answer(*arguments, NOW + 10 * MINUTE) is Answer.TOO_OLD
    assert sent_codes.answer(*arguments, NOW + 10 * MINUTE - timedelta(seconds=1)) is Answer.RIGHT


def test_five_tries_and_then_not_even_the_right_one(db: Session, vault: Vault, citizen: Citizen) -> None:
    code = send(db, vault, citizen)
    arguments = (db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone)
    for _ in range(5):
        assert sent_codes.answer(*arguments, wrong(code), NOW) is Answer.WRONG
    assert sent_codes.answer(*arguments, code, NOW) is Answer.WRONG


def test_only_the_latest_counts_and_the_next_is_sent_after_a_minute(
    db: Session, vault: Vault, citizen: Citizen
) -> None:
    first = send(db, vault, citizen)
    again = sent_codes.make(db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone, NOW + MINUTE / 2)
    assert again == NotYet(NOW + MINUTE)
    second = send(db, vault, citizen, after=MINUTE)
    arguments = (db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone)
    if first != second:
        assert sent_codes.answer(*arguments, first, NOW + MINUTE) is Answer.WRONG
    assert sent_codes.answer(*arguments, second, NOW + MINUTE) is Answer.RIGHT


def test_a_code_is_bound_to_citizen_use_and_address(db: Session, vault: Vault, citizen: Citizen) -> None:
    code = send(db, vault, citizen)
    other = a_citizen(db, vault)
    for citizen_id, use, address in (
        (other.citizen_id, Use.VERIFY_PHONE, citizen.phone),
        (citizen.citizen_id, Use.SECOND_FACTOR, citizen.phone),
        (citizen.citizen_id, Use.VERIFY_PHONE, other.phone),
        (citizen.citizen_id, Use.VERIFY_PHONE, citizen.email),
    ):
        assert sent_codes.answer(db, vault, citizen_id, use, address, code, NOW) is Answer.WRONG


def test_a_recoverys_code_has_79_bits_and_half_an_hour(db: Session, vault: Vault, citizen: Citizen) -> None:
    """(row 91)"""
    code = send(db, vault, citizen, Use.RECOVERY)
    assert len(code.replace("-", "")) == 16
    later = NOW + 30 * MINUTE - timedelta(seconds=1)
    typed = code.lower()
    arguments = (db, vault, citizen.citizen_id, Use.RECOVERY, citizen.phone, typed)
    assert sent_codes.answer(*arguments, later) is Answer.RIGHT


@pytest.mark.parametrize("typed", ["", "x", "\ud800", "1" * 5000])
def test_what_is_no_code_is_wrong_and_costs_no_try(
    db: Session, vault: Vault, citizen: Citizen, typed: str
) -> None:
    code = send(db, vault, citizen)
    arguments = (db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone)
    for _ in range(6):
        assert sent_codes.answer(*arguments, typed, NOW) is Answer.WRONG
    assert sent_codes.answer(*arguments, code, NOW) is Answer.RIGHT


def test_a_code_used_twice_at_once_works_once(database: Database, vault: Vault) -> None:
    with database.writing() as db:
        citizen = a_citizen(db, vault)
        code = send(db, vault, citizen)
    barrier, outcomes = threading.Barrier(4), []

    def use() -> None:
        with database.writing() as db:
            barrier.wait()
            outcomes.append(
                sent_codes.answer(db, vault, citizen.citizen_id, Use.VERIFY_PHONE, citizen.phone, code, NOW)
            )

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Answer.RIGHT) == 1
