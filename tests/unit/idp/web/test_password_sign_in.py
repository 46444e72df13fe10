"""A stranger's guesses cost the stranger, not the neighbours, and not the owner at home."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pyotp
import pytest
from sqlalchemy import text

from idp.accounts import recovery_codes, second_factor, totp
from idp.accounts.identifiers import Identifier, Kind
from idp.accounts.login import NeedsSecondFactor, Outcome, Refused, SignedIn, Why
from idp.accounts.password_hashing import PasswordHashing, QueueFull
from idp.accounts.profile import Vault
from idp.accounts.second_factor import Method
from idp.database import Database
from idp.web import password_sign_in, rate_limits
from idp.web.password_sign_in import Spent
from idp.web.rate_limits import CODES_OF_AN_ACCOUNT, GUESSES_FROM_KNOWN_BROWSERS, GUESSES_OF_A_NETWORK
from keys.sealing import RestSealer
from tests.builders import NOW, PASSWORD, Citizen, a_citizen

VAULT = Vault(RestSealer(b"m" * 32), b"l" * 32)
HASHING = PasswordHashing(b"p" * 32)
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
NOBODY = Identifier(Kind.EMAIL, "nobody.at.all@example.id")


@pytest.fixture(autouse=True)
def forgiven(worker_database: Database) -> Iterator[None]:
    """Budgets of other tests are none of ours."""
    yield
    with worker_database.writing() as db:
        db.execute(text("DELETE FROM idp.rate_limits"))


@pytest.fixture
def citizen(database: Database) -> Citizen:
    with database.writing() as db:
        return a_citizen(db, VAULT, hashing=HASHING, now=NOW - timedelta(days=1))


def attempt(
    database: Database,
    identifier: Identifier,
    password: str = PASSWORD,
    *,
    known: Mapping[UUID, datetime] | None = None,
    remote: str = HERE,
    hashing: PasswordHashing = HASHING,
    code: str = "",
) -> Outcome | Spent:
    return password_sign_in.attempt(
        database,
        VAULT,
        hashing,
        identifier=identifier,
        password=password,
        known=known or {},
        remote=remote,
        now=NOW,
        code=code,
    )


def spend_network(database: Database, times: int, remote: str = HERE) -> None:
    with database.writing() as db:
        for _ in range(times):
            assert rate_limits.spend(db, VAULT, GUESSES_OF_A_NETWORK, remote, NOW)


def test_a_network_that_guessed_too_often_is_sent_to_what_costs_more_and_the_next_one_is_not(
    database: Database, citizen: Citizen
) -> None:
    """(row 83)"""
    spend_network(database, GUESSES_OF_A_NETWORK.at_once)
    assert attempt(database, citizen.nik) == Spent()
    assert attempt(database, NOBODY) == Spent()
    assert attempt(database, citizen.nik, remote=ELSEWHERE) == SignedIn(citizen.citizen_id)


def with_app(database: Database, citizen: Citizen) -> str:
    """The secret of a code app that the citizen set up yesterday."""
    yesterday = NOW - timedelta(days=1)
    with database.writing() as db:
        setup = totp.begin(db, VAULT, citizen.citizen_id, "test", yesterday)
        code = pyotp.TOTP(setup.secret).at(yesterday)
        assert totp.confirm(db, VAULT, citizen.citizen_id, setup.totp_id, code, yesterday)
    return setup.secret


def test_where_the_network_is_spent_a_code_beside_the_password_opens_the_door(
    database: Database, citizen: Citizen
) -> None:
    """(row 83) DESIGN §3: a code of the app, or a printed one; each once, and it is the second factor too."""
    with database.writing() as db:
        printed = recovery_codes.make(db, VAULT, citizen.citizen_id, NOW)

    def spent_and_then(code: str) -> Outcome | Spent:
        """A success lets the network's budget grow: so it is spent anew."""
        with database.writing() as db:
            while rate_limits.spend(db, VAULT, GUESSES_OF_A_NETWORK, HERE, NOW):
                pass
        return attempt(database, citizen.nik, code=code)

    assert spent_and_then("123456") == Spent(code_tried=True)
    assert spent_and_then(printed[0]) == SignedIn(citizen.citizen_id)
    assert spent_and_then(printed[0]) == Spent(code_tried=True)
    code = pyotp.TOTP(with_app(database, citizen)).at(NOW)
    assert spent_and_then(code) == SignedIn(citizen.citizen_id, ("pwd", "otp"))
    assert spent_and_then(code) == Spent(code_tried=True)


def test_a_right_code_opens_no_door_to_a_wrong_password(database: Database, citizen: Citizen) -> None:
    """(row 83, row 88)"""
    spend_network(database, GUESSES_OF_A_NETWORK.at_once)
    code = pyotp.TOTP(with_app(database, citizen)).at(NOW)
    refused = attempt(database, citizen.nik, "x", code=code)
    assert isinstance(refused, Refused)
    assert refused.why is Why.NO_MATCH
    assert attempt(database, NOBODY, code=code) == Spent(code_tried=True)


def test_codes_of_a_stranger_without_the_password_keep_nobody_out(database: Database, citizen: Citizen) -> None:
    """(row 83) They spend a budget of their own, and the owner's second factor does not wait for it."""
    secret = with_app(database, citizen)
    spend_network(database, GUESSES_OF_A_NETWORK.at_once)
    for _ in range(CODES_OF_AN_ACCOUNT.at_once):
        assert attempt(database, citizen.nik, code="000000") == Spent(code_tried=True)
    now = NOW + timedelta(seconds=30)
    idle = PasswordHashing(b"p" * 32)
    while idle._admitted.acquire(blocking=False):
        pass
    spent = attempt(database, citizen.nik, code=pyotp.TOTP(secret).at(NOW), hashing=idle)
    assert spent == Spent(), "not looked at, and nothing is hashed for it"
    assert attempt(database, citizen.nik, remote=ELSEWHERE) == NeedsSecondFactor(citizen.citizen_id)
    with database.writing() as db:
        code = pyotp.TOTP(secret).at(now)
        outcome = second_factor.attempt(db, VAULT, citizen.citizen_id, Method.CODE_APP, code, now)
    assert isinstance(outcome, SignedIn)


def test_within_the_budget_a_code_is_neither_needed_nor_spent(database: Database, citizen: Citizen) -> None:
    secret = with_app(database, citizen)
    code = pyotp.TOTP(secret).at(NOW)
    assert attempt(database, citizen.nik, code=code) == NeedsSecondFactor(citizen.citizen_id)
    with database.writing() as db:
        assert totp.use(db, VAULT, citizen.citizen_id, code, NOW)


def test_a_known_browser_is_bound_neither_by_its_network_nor_by_strangers_guesses(
    database: Database, citizen: Citizen
) -> None:
    """(row 83)"""
    for _ in range(6):
        attempt(database, citizen.nik, "x", remote=ELSEWHERE)
    spend_network(database, GUESSES_OF_A_NETWORK.at_once)
    assert isinstance(attempt(database, citizen.nik, remote=ELSEWHERE), Refused)
    assert attempt(database, citizen.nik, known={citizen.citizen_id: NOW}) == SignedIn(citizen.citizen_id)


def test_a_browser_that_knows_another_citizen_is_not_known_to_this_one(
    database: Database, citizen: Citizen
) -> None:
    with database.writing() as db:
        other = a_citizen(db, VAULT, hashing=HASHING, now=NOW - timedelta(days=1))
    spend_network(database, GUESSES_OF_A_NETWORK.at_once)
    assert attempt(database, citizen.nik, known={other.citizen_id: NOW}) == Spent()


def test_a_stolen_known_browser_has_a_small_budget_of_its_own(database: Database, citizen: Citizen) -> None:
    known = {citizen.citizen_id: NOW}
    for _ in range(GUESSES_FROM_KNOWN_BROWSERS.at_once):
        assert isinstance(attempt(database, citizen.nik, "x", known=known), Refused)
    waiting = attempt(database, citizen.nik, known=known)
    assert isinstance(waiting, Refused)
    assert waiting.why is Why.TOO_MANY


def test_successes_cost_a_network_nothing_and_let_its_budget_grow(database: Database, citizen: Citizen) -> None:
    """(row 83)"""
    spend_network(database, GUESSES_OF_A_NETWORK.at_once - 1)
    assert attempt(database, citizen.nik) == SignedIn(citizen.citizen_id)
    spend_network(database, 1 + GUESSES_OF_A_NETWORK.each_success_adds)
    assert attempt(database, citizen.nik) == Spent()


def test_guesses_at_nobody_and_at_somebody_read_the_same_to_the_last_refusal(
    database: Database, citizen: Citizen
) -> None:
    """(row 82) (C064)"""
    for _ in range(7):
        of_somebody, of_nobody = attempt(database, citizen.email, "x"), attempt(database, NOBODY, "x")
        assert isinstance(of_somebody, Refused)
        assert isinstance(of_nobody, Refused)
        assert (of_somebody.why, of_somebody.until) == (of_nobody.why, of_nobody.until)
    assert of_nobody.until == NOW + timedelta(minutes=1)


def test_who_found_the_queue_full_has_spent_nothing(database: Database, citizen: Citizen) -> None:
    full = PasswordHashing(b"p" * 32)
    while full._admitted.acquire(blocking=False):
        pass
    spend_network(database, GUESSES_OF_A_NETWORK.at_once - 1)
    for _ in range(3):
        with pytest.raises(QueueFull):
            attempt(database, citizen.nik, hashing=full)
    assert attempt(database, citizen.nik) == SignedIn(citizen.citizen_id)


def test_an_unknown_citizen_in_the_cookie_changes_nothing(database: Database, citizen: Citizen) -> None:
    assert attempt(database, citizen.nik, known={uuid4(): NOW}) == SignedIn(citizen.citizen_id)
