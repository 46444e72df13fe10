"""The slow hash: one password however typed, the same work for nobody, and a bounded queue."""

import threading
import time

import pytest
from argon2 import PasswordHasher

from idp.accounts.password_hashing import PasswordHashing, QueueFull

PEPPER = b"p" * 32


@pytest.fixture(scope="module")
def hashing() -> PasswordHashing:
    return PasswordHashing(PEPPER)


def test_a_password_verifies_and_another_does_not(hashing: PasswordHashing) -> None:
    stored = hashing.hash("kuda lumping dan hujan")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashing.verify(stored, "kuda lumping dan hujan")
    assert not hashing.verify(stored, "kuda lumping dan hujan ")


def test_an_accent_as_one_or_two_code_points_is_one_password(hashing: PasswordHashing) -> None:
    """(row 86)"""
    assert hashing.verify(hashing.hash("caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301")


def test_nothing_is_cut_off(hashing: PasswordHashing) -> None:
    stored = hashing.hash("x" * 255 + "a")
    assert not hashing.verify(stored, "x" * 255 + "b")
    assert hashing.verify(hashing.hash("a\0b"), "a\0b")
    assert not hashing.verify(hashing.hash("a\0b"), "a\0c")


def test_what_no_keyboard_types_is_wrong_and_not_an_error(hashing: PasswordHashing) -> None:
    assert not hashing.verify(hashing.hash("x"), "\ud800")
    assert not hashing.verify("not a hash", "x")


def test_another_pepper_opens_nothing(hashing: PasswordHashing) -> None:
    assert not PasswordHashing(b"q" * 32).verify(hashing.hash("x"), "x")


def test_nobody_never_matches_and_costs_the_same_work(hashing: PasswordHashing) -> None:
    """(row 82)"""
    stored = hashing.hash("x")
    seconds: dict[str | None, list[float]] = {stored: [], None: []}
    for what in (stored, None) * 7:
        began = time.thread_time()  # the work, whoever else works beside it
        assert not hashing.verify(what, "y")
        seconds[what].append(time.thread_time() - began)
    assert 0.5 < min(seconds[None]) / min(seconds[stored]) < 2


def test_a_hash_of_other_parameters_is_outdated(hashing: PasswordHashing) -> None:
    assert hashing.is_outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x"))
    assert not hashing.is_outdated(hashing.hash("x"))


def test_who_finds_the_queue_full_is_told_at_once() -> None:
    hashing = PasswordHashing(PEPPER, admitted=3)
    verdicts: list[str] = []

    def one() -> None:
        try:
            hashing.verify(None, "x")
            verdicts.append("verified")
        except QueueFull:
            verdicts.append("full")

    threads = [threading.Thread(target=one) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts.count("full") > 0
    assert verdicts.count("verified") >= 3
    assert not hashing.verify(None, "x")  # and the queue is open again
