"""Guesses at a letter cost the guesser; the NIK's owner elsewhere, and who has the right letter, lose nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

import pytest
from sqlalchemy import text

from idp.accounts import letters
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.letters import AlreadyActive, Letter, Matches, NoMatch
from idp.accounts.profile import Value, Vault
from idp.database import Database
from idp.web import letter_attempts, rate_limits
from idp.web.letter_attempts import Spent
from idp.web.rate_limits import ACTIVATIONS_OF_A_NETWORK, LETTERS_OF_A_NIK
from keys.sealing import RestSealer
from tests.builders import NOW

VAULT = Vault(RestSealer(b"m" * 32), b"l" * 32)
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
WRONG = "7K2M-94QD-XH3T"
BORN = date(1990, 1, 1)
_serial = count(1)


@pytest.fixture(autouse=True)
def forgiven(worker_database: Database) -> Iterator[None]:
    """Budgets of other tests are none of ours."""
    yield
    with worker_database.writing() as db:
        db.execute(text("DELETE FROM idp.rate_limits"))


@pytest.fixture
def nik() -> Identifier:
    return Identifier(Kind.NIK, f"517102010190{next(_serial):04}")


@pytest.fixture
def letter(database: Database, nik: Identifier) -> Letter:
    with database.writing() as db:
        return letters.issue(
            db, VAULT, nik=nik, values={"birthdate": Value("1990-01-01", "dukcapil", NOW)}, now=NOW
        )


def attempt(
    database: Database, nik: Identifier, typed: str = WRONG, remote: str = HERE, late: timedelta = timedelta()
) -> Matches | AlreadyActive | NoMatch | Spent:
    return letter_attempts.attempt(
        database, VAULT, typed=typed, nik=nik, birth_date=BORN, remote=remote, now=NOW + late
    )


def test_after_five_the_next_is_told_when_and_the_right_letter_waits_too(
    database: Database, nik: Identifier, letter: Letter
) -> None:
    for _ in range(LETTERS_OF_A_NIK.at_once):
        assert isinstance(attempt(database, nik), NoMatch)
    assert attempt(database, nik, letter.code) == Spent(NOW + LETTERS_OF_A_NIK.every)
    assert isinstance(attempt(database, nik, letter.code, late=LETTERS_OF_A_NIK.every), Matches)


def test_a_stranger_elsewhere_does_not_keep_the_citizen_out(
    database: Database, nik: Identifier, letter: Letter
) -> None:
    """(row 83)"""
    for _ in range(9):
        attempt(database, nik, remote=ELSEWHERE)
    assert isinstance(attempt(database, nik, letter.code), Matches)


def test_what_matches_costs_nothing(database: Database, nik: Identifier, letter: Letter) -> None:
    for _ in range(LETTERS_OF_A_NIK.at_once + ACTIVATIONS_OF_A_NETWORK.at_once):
        assert isinstance(attempt(database, nik, letter.code), Matches)


def test_a_network_that_guessed_too_often_waits_whoever_is_meant_and_grows_with_its_successes(
    database: Database, nik: Identifier, letter: Letter
) -> None:
    def guess_all(times: int) -> None:
        with database.writing() as db:
            for _ in range(times):
                assert rate_limits.spend(db, VAULT, ACTIVATIONS_OF_A_NETWORK, HERE, NOW)

    guess_all(ACTIVATIONS_OF_A_NETWORK.at_once - 1)
    assert isinstance(attempt(database, nik, letter.code), Matches)
    guess_all(1 + ACTIVATIONS_OF_A_NETWORK.each_success_adds)
    assert attempt(database, nik, letter.code) == Spent(None)
    assert isinstance(attempt(database, nik, letter.code, ELSEWHERE), Matches)
