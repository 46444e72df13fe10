"""The second factor's budget is the account's; what is offered is what the citizen has."""

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts import passwords, recovery_codes, second_factor, sent_codes, totp
from idp.accounts.assurance import aal_of
from idp.accounts.delays import Failures
from idp.accounts.login import Refused, SignedIn, Why
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.passwords import Guess
from idp.accounts.profile import Vault
from idp.accounts.second_factor import Method, Offer
from idp.accounts.states import AccountState
from tests.builders import NOW, Citizen, a_citizen

STEP = timedelta(seconds=30)


@pytest.fixture
def citizen(db: Session, vault: Vault, hashing: PasswordHashing) -> Citizen:
    return a_citizen(db, vault, hashing=hashing)


@pytest.fixture
def secret(db: Session, vault: Vault, citizen: Citizen) -> str:
    setup = totp.begin(db, vault, citizen.citizen_id, "Sukarni", NOW)
    assert totp.confirm(db, vault, citizen.citizen_id, setup.totp_id, pyotp.TOTP(setup.secret).at(NOW), NOW)
    return setup.secret


def attempt(
    db: Session, vault: Vault, citizen: Citizen, typed: str, method: Method = Method.CODE_APP, now: datetime = NOW
) -> SignedIn | Refused:
    return second_factor.attempt(db, vault, citizen.citizen_id, method, typed, now)


def test_who_has_no_app_is_offered_nothing_not_even_an_sms(db: Session, vault: Vault, citizen: Citizen) -> None:
    """(row 90)"""
    recovery_codes.make(db, vault, citizen.citizen_id, NOW)
    assert second_factor.offer(db, vault, citizen.citizen_id, NOW) == Offer(frozenset(), None)


@pytest.mark.usefixtures("secret")
def test_an_sms_goes_only_to_a_number_proved_in_the_last_60_days(
    db: Session, vault: Vault, citizen: Citizen
) -> None:
    """(row 90)"""
    offered = second_factor.offer(db, vault, citizen.citizen_id, NOW)
    assert offered == Offer(frozenset({Method.CODE_APP, Method.SMS}), citizen.phone)
    later = NOW + timedelta(days=60)
    assert second_factor.offer(db, vault, citizen.citizen_id, later) == Offer(frozenset({Method.CODE_APP}), None)


@pytest.mark.usefixtures("secret")
def test_no_sms_goes_to_a_number_that_leads_to_somebody_else_now(
    db: Session, vault: Vault, citizen: Citizen
) -> None:
    vault.link(db, a_citizen(db, vault).citizen_id, citizen.phone, NOW)
    assert second_factor.offer(db, vault, citizen.citizen_id, NOW).phone is None


def test_each_method_is_named_in_amr_as_what_it_is(
    db: Session, vault: Vault, citizen: Citizen, secret: str
) -> None:
    """(row 90) (row 94)"""
    codes = recovery_codes.make(db, vault, citizen.citizen_id, NOW)
    sms = second_factor.make_sms(db, vault, citizen.citizen_id, citizen.phone, NOW)
    assert isinstance(sms, sent_codes.ToSend)
    later = NOW + STEP
    app = attempt(db, vault, citizen, pyotp.TOTP(secret).at(later), now=later)
    printed = attempt(db, vault, citizen, codes[0], Method.RECOVERY_CODE)
    texted = attempt(db, vault, citizen, sms.code, Method.SMS)
    outcomes = [app, printed, texted]
    assert outcomes == [SignedIn(citizen.citizen_id, ("pwd", amr)) for amr in ("otp", "otp", "sms")]
    assert all(isinstance(one, SignedIn) and aal_of(one.amr) == 2 for one in outcomes)


def test_a_used_code_reads_like_a_wrong_one_and_counts_as_one(
    db: Session, vault: Vault, citizen: Citizen, secret: str
) -> None:
    """(C062) (row 84)"""
    used = attempt(db, vault, citizen, pyotp.TOTP(secret).at(NOW))
    assert used == attempt(db, vault, citizen, "000000") == Refused(Why.NO_MATCH, None, citizen.citizen_id)
    memory = passwords.lock(db, citizen.citizen_id)
    assert memory is not None
    assert memory.of_factors.count == 2
    assert memory.of_passwords == Failures()


def test_five_wrong_ones_of_whichever_kind_wait_and_so_does_the_right_one(
    db: Session, vault: Vault, citizen: Citizen, secret: str
) -> None:
    """(row 84)"""
    kinds = [Method.CODE_APP, Method.SMS, Method.RECOVERY_CODE, Method.CODE_APP]
    for method in kinds:
        assert attempt(db, vault, citizen, "000000", method) == Refused(Why.NO_MATCH, None, citizen.citizen_id)
    until = NOW + timedelta(minutes=1)
    waiting = Refused(Why.TOO_MANY, until, citizen.citizen_id)
    assert attempt(db, vault, citizen, "000000") == waiting
    soon = NOW + STEP
    assert attempt(db, vault, citizen, pyotp.TOTP(secret).at(soon), now=soon) == waiting
    assert attempt(db, vault, citizen, pyotp.TOTP(secret).at(until), now=until) == SignedIn(
        citizen.citizen_id, ("pwd", "otp")
    )
    memory = passwords.lock(db, citizen.citizen_id)
    assert memory is not None
    assert memory.of_factors == Failures()


def test_wrong_passwords_of_strangers_do_not_spend_the_factors_budget(
    db: Session, vault: Vault, citizen: Citizen, secret: str
) -> None:
    """(row 83)"""
    for _ in range(20):
        passwords.count_failure(db, citizen.citizen_id, Guess.PASSWORD, NOW)
    later = NOW + STEP
    outcome = attempt(db, vault, citizen, pyotp.TOTP(secret).at(later), now=later)
    assert outcome == SignedIn(citizen.citizen_id, ("pwd", "otp"))


def test_an_account_suspended_meanwhile_signs_in_no_more(
    db: Session, vault: Vault, citizen: Citizen, secret: str
) -> None:
    """(row 97)"""
    db.execute(
        text("UPDATE idp.accounts SET state = :state WHERE citizen_id = :id"),
        {"state": AccountState.SUSPENDED, "id": citizen.citizen_id},
    )
    later = NOW + STEP
    outcome = attempt(db, vault, citizen, pyotp.TOTP(secret).at(later), now=later)
    assert outcome == Refused(Why.NOT_ACTIVE, None, citizen.citizen_id)


def test_without_a_password_no_code_is_counted_so_none_is_taken(db: Session, vault: Vault) -> None:
    citizen = a_citizen(db, vault)
    assert attempt(db, vault, citizen, "000000") == Refused(Why.NO_MATCH, None, citizen.citizen_id)
