"""A letter brings the account of its person to life, once, and tells nobody which part was wrong."""

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import enrolment, letters
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.letters import AlreadyActive, Letter, Matches, NoMatch
from idp.accounts.profile import Value, Vault
from idp.accounts.states import AccountState
from idp.database import Database
from tests.builders import NOW

NIK = Identifier(Kind.NIK, "5171010101900001")
OTHER_NIK = Identifier(Kind.NIK, "5171010101900002")
BORN = date(1990, 1, 1)
VALUES = {"name": Value("Sukarni", "dukcapil", NOW), "birthdate": Value("1990-01-01", "dukcapil", NOW)}
Verdict = Matches | AlreadyActive | NoMatch


def issue(db: Session, vault: Vault, nik: Identifier = NIK, vouched_by_no: int | None = None) -> Letter:
    return letters.issue(db, vault, nik=nik, values=VALUES, vouched_by_no=vouched_by_no, now=NOW)


def activate(
    db: Session, vault: Vault, typed: str, nik: Identifier = NIK, born: date = BORN, now: datetime = NOW
) -> Verdict:
    return letters.activate(db, vault, typed=typed, nik=nik, birth_date=born, now=now)


def state(db: Session, letter: Letter) -> tuple[AccountState, int]:
    account = enrolment.find_account(db, letter.citizen_id)
    assert account is not None
    return account.state, account.ial


@pytest.mark.parametrize(("vouched_by_no", "method"), [(None, "letter"), (7, "counter")])
def test_letter_nik_and_birth_date_bring_the_account_to_life(
    db: Session, vault: Vault, vouched_by_no: int | None, method: str
) -> None:
    letter = issue(db, vault, vouched_by_no=vouched_by_no)
    assert state(db, letter) == (AccountState.PENDING, 0)
    assert activate(db, vault, letter.code.lower().replace("-", " ")) == Matches(letter.citizen_id, vouched_by_no)
    assert state(db, letter) == (AccountState.ACTIVE, 2)
    proof = db.execute(
        text("SELECT ial, method, vouched_by_no FROM idp.assurance_events WHERE citizen_id = :id"),
        {"id": letter.citizen_id},
    ).one()
    assert tuple(proof) == (2, method, vouched_by_no)


def test_what_does_not_match_is_one_answer_and_changes_nothing(db: Session, vault: Vault) -> None:
    letter, other = issue(db, vault), issue(db, vault, OTHER_NIK)
    for typed, nik, born, now in (
        (letter.code, OTHER_NIK, BORN, NOW),
        (other.code, NIK, BORN, NOW),
        ("7K2M-94QD-XH3T", NIK, BORN, NOW),
        ("", NIK, BORN, NOW),
        (letter.code, NIK, date(1991, 1, 1), NOW),
        (letter.code, NIK, BORN, NOW + timedelta(days=60)),
    ):
        assert isinstance(activate(db, vault, typed, nik, born, now), NoMatch)
    assert state(db, letter) == (AccountState.PENDING, 0)
    assert isinstance(activate(db, vault, letter.code), Matches)


def test_five_wrong_birth_dates_make_the_letter_worthless(db: Session, vault: Vault) -> None:
    letter = issue(db, vault)
    for day in range(2, 7):
        assert isinstance(activate(db, vault, letter.code, born=date(1990, 1, day)), NoMatch)
    assert isinstance(activate(db, vault, letter.code), NoMatch)
    assert isinstance(activate(db, vault, issue(db, vault).code), Matches)


def test_judging_spends_nothing(db: Session, vault: Vault) -> None:
    letter = issue(db, vault)
    for _ in range(7):
        verdict = letters.judge(db, vault, typed=letter.code, nik=NIK, birth_date=BORN, now=NOW)
        assert verdict == Matches(letter.citizen_id, None)


def test_a_spent_letter_is_worthless_and_another_says_that_the_account_lives(db: Session, vault: Vault) -> None:
    letter, second = issue(db, vault), issue(db, vault)
    activate(db, vault, letter.code)
    assert isinstance(activate(db, vault, letter.code), NoMatch)
    assert activate(db, vault, second.code) == AlreadyActive(letter.citizen_id)


def test_who_comes_back_after_closing_is_the_same_citizen(db: Session, vault: Vault) -> None:
    letter = issue(db, vault)
    activate(db, vault, letter.code)
    enrolment.change_state(db, letter.citizen_id, AccountState.CLOSED, NOW)
    again = issue(db, vault)
    assert again.citizen_id == letter.citizen_id
    assert activate(db, vault, again.code) == Matches(letter.citizen_id, None)
    assert state(db, letter) == (AccountState.ACTIVE, 2)


@pytest.mark.parametrize("to", [AccountState.SUSPENDED, AccountState.DECEASED, AccountState.ERASED])
def test_no_letter_revives_what_the_house_has_stopped(db: Session, vault: Vault, to: AccountState) -> None:
    letter = issue(db, vault)
    activate(db, vault, letter.code)
    second = issue(db, vault)
    enrolment.change_state(db, letter.citizen_id, to, NOW)
    assert isinstance(activate(db, vault, second.code), NoMatch)


def test_without_a_birth_date_from_the_registry_no_letter_is_made(db: Session, vault: Vault) -> None:
    with pytest.raises(ValueError, match="birth date"):
        letters.issue(db, vault, nik=NIK, values={}, now=NOW)


def test_neither_code_nor_nik_lies_in_the_row_or_shows_in_a_traceback(db: Session, vault: Vault) -> None:
    letter = issue(db, vault)
    row = db.scalar(
        text("SELECT row_to_json(a)::text FROM idp.activations AS a WHERE citizen_id = :id"),
        {"id": letter.citizen_id},
    )
    for secret in (letter.code, letter.code.replace("-", ""), NIK.normal):
        assert secret not in row
        assert secret not in repr(letter)


def test_two_who_spend_one_letter_at_once_are_one_activation(database: Database, vault: Vault) -> None:
    nik = Identifier(Kind.NIK, "5171010101900003")
    with database.writing() as db:
        letter = issue(db, vault, nik)
    barrier, outcomes = threading.Barrier(2), []

    def spend() -> None:
        with database.writing() as db:
            barrier.wait()
            outcomes.append(activate(db, vault, letter.code, nik))

    threads = [threading.Thread(target=spend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in outcomes) == ["Matches", "NoMatch"]
