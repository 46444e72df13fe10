"""Letter, password and address become one act; the same answers once more are known, others are not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from idp.accounts import activation, letters, passwords, recovery_codes
from idp.accounts.activation import Answers, Repeated
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.letters import AlreadyActive, Letter, Matches, NoMatch
from idp.accounts.profile import Value, Vault
from tests.builders import NOW

NIK = Identifier(Kind.NIK, "5171010101900011")
PHONE = Identifier(Kind.PHONE, "+6285700000011")
VALUES = {"name": Value("Sukarni", "dukcapil", NOW), "birthdate": Value("1990-01-01", "dukcapil", NOW)}


@pytest.fixture
def letter(db: Session, vault: Vault) -> Letter:
    return letters.issue(db, vault, nik=NIK, values=VALUES, now=NOW)


@pytest.fixture
def answers(letter: Letter) -> Answers:
    return Answers(letter.code, NIK, date(1990, 1, 1), PHONE, "$argon2id$one")


def stored(db: Session, letter: Letter) -> str:
    found = passwords.find_stored(db, letter.citizen_id)
    assert found is not None
    return found.hash


def test_the_password_and_the_address_come_with_the_account(
    db: Session, vault: Vault, letter: Letter, answers: Answers
) -> None:
    assert activation.activate(db, vault, answers, NOW) == Matches(letter.citizen_id, None)
    assert stored(db, letter) == "$argon2id$one"
    profile = vault.find_profile(db, letter.citizen_id)
    assert profile is not None
    told, verified = profile.values["phone_number"], profile.values["phone_number_verified"]
    assert (told.value, told.holder, verified.value) == (PHONE.normal, "gapura", False)
    assert vault.find_citizen(db, PHONE) is None, "nobody signs in with what nobody proved"


def test_the_same_answers_again_are_known_and_write_nothing(
    db: Session, vault: Vault, letter: Letter, answers: Answers
) -> None:
    activation.activate(db, vault, answers, NOW)
    later = NOW + timedelta(seconds=1)
    assert activation.activate(db, vault, answers, later) == Repeated(letter.citizen_id)
    assert passwords.find_set_at(db, letter.citizen_id) == NOW


def test_codes_printed_before_the_account_came_back_are_worth_nothing(
    db: Session, vault: Vault, letter: Letter, answers: Answers
) -> None:
    code = recovery_codes.make(db, vault, letter.citizen_id, NOW)[0]
    activation.activate(db, vault, answers, NOW)
    assert not recovery_codes.use(db, vault, letter.citizen_id, code, NOW)
    assert recovery_codes.find_made_at(db, letter.citizen_id) is None


def test_other_answers_with_the_same_letter_match_nothing_and_change_nothing(
    db: Session, vault: Vault, letter: Letter, answers: Answers
) -> None:
    activation.activate(db, vault, answers, NOW)
    other = replace(answers, password_hash="$argon2id$two")
    assert isinstance(activation.activate(db, vault, other, NOW), NoMatch)
    assert stored(db, letter) == "$argon2id$one"


def test_a_second_letter_changes_no_password(db: Session, vault: Vault, letter: Letter, answers: Answers) -> None:
    second = letters.issue(db, vault, nik=NIK, values=VALUES, now=NOW)
    activation.activate(db, vault, answers, NOW)
    other = replace(answers, code=second.code, password_hash="$argon2id$two")
    assert activation.activate(db, vault, other, NOW) == AlreadyActive(letter.citizen_id)
    assert stored(db, letter) == "$argon2id$one"


def test_nobody_with_this_nik_is_one_more_that_does_not_match(db: Session, vault: Vault, answers: Answers) -> None:
    nobody = replace(answers, nik=Identifier(Kind.NIK, "5171010101900099"))
    assert isinstance(activation.activate(db, vault, nobody, NOW), NoMatch)


def test_no_answer_shows_in_a_traceback(answers: Answers) -> None:
    for secret in (answers.code, NIK.normal, PHONE.normal, "1990", "argon2id"):
        assert secret not in repr(answers)
