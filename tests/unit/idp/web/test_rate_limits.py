"""A budget refills, is shared by requests at once, and a network's grows with its successes."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.accounts.delays import Failures, after_one_more
from idp.accounts.profile import Vault
from idp.database import Database
from idp.web import rate_limits
from idp.web.rate_limits import Limit, network_of
from keys.sealing import RestSealer
from tests.builders import NOW

TWO = Limit("two", at_once=2, every=timedelta(minutes=1))
GROWING = Limit("growing", at_once=2, every=timedelta(minutes=1), each_success_adds=3)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault(RestSealer(b"m" * 32), b"l" * 32)


def test_so_many_at_once_and_then_one_at_a_time(db: Session, vault: Vault) -> None:
    verdicts = [rate_limits.spend(db, vault, TWO, "a", NOW) for _ in range(3)]
    assert verdicts == [True, True, False]
    assert not rate_limits.spend(db, vault, TWO, "a", NOW + MINUTE - timedelta(seconds=1))
    assert rate_limits.spend(db, vault, TWO, "a", NOW + MINUTE)
    assert not rate_limits.spend(db, vault, TWO, "a", NOW + MINUTE)
    assert [rate_limits.spend(db, vault, TWO, "a", NOW + 60 * MINUTE) for _ in range(3)] == [True, True, False]


def test_the_time_that_is_named_is_the_time_from_which_it_yields(db: Session, vault: Vault) -> None:
    assert rate_limits.opens_at(db, vault, TWO, "a", NOW) == NOW
    for _ in range(2):
        rate_limits.spend(db, vault, TWO, "a", NOW)
    opens = rate_limits.opens_at(db, vault, TWO, "a", NOW)
    assert opens == NOW + MINUTE
    assert not rate_limits.spend(db, vault, TWO, "a", opens - timedelta(seconds=1))
    assert rate_limits.spend(db, vault, TWO, "a", opens)


def test_each_key_and_each_limit_has_its_own_budget(db: Session, vault: Vault) -> None:
    other = Limit("other", at_once=2, every=MINUTE)
    for _ in range(3):
        rate_limits.spend(db, vault, TWO, "a", NOW)
    assert rate_limits.spend(db, vault, TWO, "b", NOW)
    assert rate_limits.spend(db, vault, other, "a", NOW)


def test_a_success_gives_back_what_it_took(db: Session, vault: Vault) -> None:
    for _ in range(10):
        assert rate_limits.spend(db, vault, TWO, "a", NOW)
        rate_limits.give_back(db, vault, TWO, "a", NOW)


def test_a_networks_budget_grows_with_its_own_successes_and_shrinks_again(db: Session, vault: Vault) -> None:
    """(row 83)"""
    for _ in range(4):
        rate_limits.add_success(db, vault, GROWING, "a", uuid4(), NOW)
    assert [rate_limits.spend(db, vault, GROWING, "a", NOW) for _ in range(15)] == [True] * 14 + [False]
    assert [rate_limits.spend(db, vault, GROWING, "b", NOW) for _ in range(3)] == [True, True, False]
    later = NOW + 60 * MINUTE
    assert [rate_limits.spend(db, vault, GROWING, "a", later) for _ in range(3)] == [True, True, False]


def test_nobody_feeds_a_budget_by_signing_in_again_and_again(db: Session, vault: Vault) -> None:
    citizen_id = uuid4()
    for _ in range(4):
        rate_limits.add_success(db, vault, GROWING, "a", citizen_id, NOW)
    assert [rate_limits.spend(db, vault, GROWING, "a", NOW) for _ in range(6)] == [True] * 5 + [False]


def test_requests_at_once_share_one_budget(database: Database, vault: Vault) -> None:
    barrier, verdicts = threading.Barrier(8), []

    def spend() -> None:
        with database.writing() as db:
            barrier.wait()
            verdicts.append(rate_limits.spend(db, vault, TWO, "at once", NOW))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts.count(True) == 2


def test_guesses_at_nobody_are_remembered_as_an_accounts_are(db: Session, vault: Vault) -> None:
    """(row 82)"""
    digest, now, expected = b"d" * 32, NOW, Failures()
    assert rate_limits.recall_of_nobody(db, vault, digest, now) == Failures()
    for _ in range(13):
        expected = after_one_more(expected, now)
        assert rate_limits.count_of_nobody(db, vault, digest, now) == expected
        assert rate_limits.recall_of_nobody(db, vault, digest, now) == expected
        now += MINUTE
    after_a_day = now + timedelta(hours=24)
    assert rate_limits.recall_of_nobody(db, vault, digest, after_a_day) == Failures()
    assert rate_limits.count_of_nobody(db, vault, digest, after_a_day).count == 1


@pytest.mark.parametrize(
    ("remote", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unreadable"),
        ("203.0.113.9, 10.0.0.1", "unreadable"),
    ],
)
def test_an_address_spends_its_networks_budget(remote: str, network: str) -> None:
    assert network_of(remote) == network


def test_no_address_lies_in_the_rows(db: Session, vault: Vault) -> None:
    rate_limits.spend(db, vault, TWO, "203.0.113.9", NOW)
    rows = "".join(db.scalars(text("SELECT row_to_json(r)::text FROM idp.rate_limits AS r")))
    assert "203.0.113.9" not in rows
    assert b"203.0.113.9".hex() not in rows


def test_what_counts_no_more_is_deleted_in_batches(worker_database: Database, vault: Vault) -> None:
    with worker_database.writing() as db:
        db.execute(text("DELETE FROM idp.rate_limits"))
        for key in "abc":
            rate_limits.spend(db, vault, TWO, key, NOW)
        rate_limits.spend(db, vault, TWO, "d", NOW + 5 * MINUTE)
        later = NOW + 2 * MINUTE
        assert [rate_limits.forget(db, 2, later) for _ in range(3)] == [2, 1, 0]
