"""The steps of a key's life in the database: in order, in time, by one worker, and each key for one purpose."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TypeVar

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from idp.database import Database
from keys import jwks, jws, keyring, public_keys, rotation
from keys.errors import BadSignature, KeyUnreadable, StepRefused, UnknownKey
from keys.models import PrivateKeyRow
from keys.rotation import LANES, Act, Role, State
from keys.sealing import RestSealer
from tests.unit.keys.conftest import MakeKey

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WAIT, KEPT = 30 * MINUTE, DAY + 10 * MINUTE

T = TypeVar("T")


@pytest.fixture
def db(no_keys: None, worker_db: Session, rest_sealer: RestSealer) -> Session:
    """The worker's session, with an installation's first keys."""
    keyring.ensure(worker_db, rest_sealer, NOW)
    return worker_db


def signer_of(db: Session, role: str = "tokens", algorithm: str = "ES256") -> str:
    return next(
        key.kid
        for key in keyring.list_keys(db)
        if (key.role, key.algorithm, key.state) == (role, algorithm, State.SIGNING)
    )


def state_of(db: Session, kid: str) -> State:
    return next(key.state for key in keyring.list_keys(db) if key.kid == kid)


def private_halves(db: Session, kid: str) -> int:
    return db.scalar(select(func.count()).select_from(PrivateKeyRow).where(PrivateKeyRow.kid == kid)) or 0


# Beginning


def test_a_new_installation_signs_at_once_in_every_lane(db: Session, rest_sealer: RestSealer) -> None:
    """(C056) No verifier has cached anything yet."""
    ring = keyring.load(db, rest_sealer, everything=True)
    for role, algorithm in LANES:
        key = ring.signer(role, algorithm)
        token = jws.sign(key, {"a": 1}, "JWT")
        assert jws.verify(token, ring.verifiers(role), typ="JWT", algorithms=[algorithm]) == {"a": 1}


def test_to_ensure_twice_makes_nothing_more(db: Session, rest_sealer: RestSealer) -> None:
    assert keyring.ensure(db, rest_sealer, NOW + DAY) == []
    assert len(keyring.list_keys(db)) == len(LANES)


def test_a_lane_that_an_upgrade_adds_waits_like_any_other(
    no_keys: None, worker_db: Session, rest_sealer: RestSealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(C056) The other keys of its role are cached by verifiers already."""
    with monkeypatch.context() as before:
        before.setattr(rotation, "LANES", [lane for lane in LANES if lane != (Role.TOKENS, "EdDSA")])
        keyring.ensure(worker_db, rest_sealer, NOW)
    [kid] = keyring.ensure(worker_db, rest_sealer, NOW + DAY)
    assert state_of(worker_db, kid) is State.PUBLISHED
    with pytest.raises(UnknownKey):
        keyring.load(worker_db, rest_sealer).signer("tokens", "EdDSA")


# One key, one purpose


def test_no_key_has_two_roles(db: Session) -> None:
    """(row 70)"""
    keys = keyring.list_keys(db)
    assert len({key.kid for key in keys}) == len(keys)
    assert {key.role for key in keys} == set(Role)


def test_the_web_role_can_sign_tokens_and_nothing_else(db: Session, rest_sealer: RestSealer) -> None:
    """(row 70) A flaw in a door must not sign a checkpoint, a receipt or an event."""
    db.execute(text("SET LOCAL ROLE gapura_web"))
    ring = keyring.load(db, rest_sealer)
    for role, algorithm in LANES:
        if role is Role.TOKENS:
            assert ring.signer(role, algorithm).key is not None
        else:
            assert ring.verifiers(role)
            with pytest.raises(UnknownKey):
                ring.signer(role, algorithm)
    with pytest.raises(ProgrammingError) as refusal, db.begin_nested():
        keyring.load(db, rest_sealer, everything=True)
    assert isinstance(refusal.value.orig, InsufficientPrivilege)


def test_a_verifier_of_tokens_refuses_every_other_signature(
    db: Session, rest_sealer: RestSealer, make_key: MakeKey
) -> None:
    """(C058) The keys of other purposes, of the sandbox and of a client sign nothing that passes for a token."""
    ring = keyring.load(db, rest_sealer, everything=True)
    ours = ring.verifiers("tokens")
    strangers = [
        ring.signer("receipts", "ES256"),
        ring.signer("events", "ES256"),
        ring.signer("ledger", "EdDSA"),
        make_key("ES256"),  # the sandbox's, or a client's
    ]
    for key in strangers:
        with pytest.raises(BadSignature):
            jws.verify(jws.sign(key, {}, "JWT"), ours, typ="JWT", algorithms=["RS256", "ES256", "EdDSA"])
    token = jws.sign(ring.signer("tokens", "ES256"), {}, "JWT")
    with pytest.raises(BadSignature):  # the right key, where another algorithm was agreed
        jws.verify(token, ours, typ="JWT", algorithms=["RS256"])
    for role in (Role.RECEIPTS, Role.EVENTS, Role.LEDGER):
        with pytest.raises(BadSignature):
            jws.verify(token, ring.verifiers(role), typ="JWT", algorithms=["ES256"])


# Publish, sign, retire, destroy


def test_no_step_can_be_skipped_or_taken_early(db: Session, rest_sealer: RestSealer) -> None:
    """(C056) (C057) Each refusal shows the date."""
    old = signer_of(db)
    new = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    with pytest.raises(StepRefused, match="2030-01-01 00:30:00 UTC") as early:
        keyring.start_signing(db, new, NOW + WAIT - timedelta(microseconds=1))
    assert early.value.not_before == NOW + WAIT
    for destructive in (old, new):
        with pytest.raises(StepRefused, match="not retired"):
            keyring.destroy(db, destructive, NOW + 365 * DAY)
    keyring.start_signing(db, new, NOW + WAIT)
    assert (state_of(db, old), state_of(db, new)) == (State.RETIRED, State.SIGNING)
    with pytest.raises(StepRefused, match="2030-01-02 00:40:00 UTC") as early:
        keyring.destroy(db, old, NOW + WAIT + timedelta(hours=1))
    assert early.value.not_before == NOW + WAIT + KEPT
    keyring.destroy(db, old, NOW + WAIT + KEPT)
    assert state_of(db, old) is State.DESTROYED


def test_a_retired_key_verifies_until_it_is_destroyed(db: Session, rest_sealer: RestSealer) -> None:
    """(C056)"""
    old = keyring.load(db, rest_sealer).signer("tokens", "ES256")
    token = jws.sign(old, {}, "JWT")
    new = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    keyring.start_signing(db, new, NOW + WAIT)
    ring = keyring.load(db, rest_sealer)
    assert ring.signer("tokens", "ES256").kid == new
    assert jws.verify(token, ring.verifiers("tokens"), typ="JWT", algorithms=["ES256"]) == {}
    keyring.destroy(db, old.kid, NOW + WAIT + KEPT)
    ring = keyring.load(db, rest_sealer)
    with pytest.raises(BadSignature):
        jws.verify(token, ring.verifiers("tokens"), typ="JWT", algorithms=["ES256"])
    assert old.kid.encode() not in jwks.document(ring)[0]


def test_a_destroyed_key_loses_its_private_half_and_keeps_its_public_one(
    db: Session, rest_sealer: RestSealer
) -> None:
    """(C057) What a receipt or a ledger head was signed with can be judged for good."""
    old = signer_of(db, "receipts", "ES256")
    receipt = jws.sign(keyring.load(db, rest_sealer, everything=True).signer("receipts", "ES256"), {}, "JWT")
    new = keyring.publish(db, rest_sealer, "receipts", "ES256", NOW + MINUTE)
    keyring.start_signing(db, new, NOW + MINUTE + WAIT)
    keyring.destroy(db, old, NOW + 2 * DAY)
    assert private_halves(db, old) == 0
    ever = keyring.load(db, rest_sealer).history("receipts")
    assert [key.kid for key in ever] == [old, new]
    assert jws.verify(receipt, ever, typ="JWT", algorithms=["ES256"]) == {}


@pytest.mark.parametrize("role", list(Role))
def test_no_row_of_a_key_can_be_deleted(db: Session, role: Role) -> None:
    """(C057) Not even by the worker: the public half is never forgotten."""
    with pytest.raises(ProgrammingError) as refusal, db.begin_nested():
        db.execute(text("DELETE FROM keys.signing_keys WHERE role = :role"), {"role": role})
    assert isinstance(refusal.value.orig, InsufficientPrivilege)


def test_one_successor_waits_at_a_time(db: Session, rest_sealer: RestSealer) -> None:
    keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    with pytest.raises(StepRefused, match="already waits") as refusal:
        keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    assert refusal.value.not_before == NOW + WAIT
    keyring.publish(db, rest_sealer, "tokens", "RS256", NOW)


@pytest.mark.parametrize(("role", "algorithm"), [("tokens", "HS256"), ("ledger", "ES256"), ("anything", "ES256")])
def test_a_lane_that_does_not_exist_gets_no_key(
    db: Session, rest_sealer: RestSealer, role: str, algorithm: str
) -> None:
    """(row 70)"""
    with pytest.raises(StepRefused):
        keyring.publish(db, rest_sealer, role, algorithm, NOW)


def test_early_retirement_needs_a_successor_that_is_ready(db: Session, rest_sealer: RestSealer) -> None:
    """(C056)"""
    old = signer_of(db)
    with pytest.raises(StepRefused, match="no successor"):
        keyring.retire(db, old, NOW)
    new = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    with pytest.raises(StepRefused) as refusal:
        keyring.retire(db, old, NOW)
    assert refusal.value.not_before == NOW + WAIT
    with pytest.raises(StepRefused, match="not signing"):
        keyring.retire(db, new, NOW + WAIT)
    assert keyring.retire(db, old, NOW + WAIT) == new
    assert (state_of(db, old), state_of(db, new)) == (State.RETIRED, State.SIGNING)


def test_a_key_that_does_not_exist_is_unknown(db: Session, rest_sealer: RestSealer) -> None:
    for step in (keyring.start_signing, keyring.retire, keyring.destroy):
        with pytest.raises(UnknownKey):
            step(db, "no-such-key", NOW)
    with pytest.raises(UnknownKey):
        keyring.compromise(db, rest_sealer, "no-such-key", NOW)


def test_after_every_step_the_set_shows_no_private_member(db: Session, rest_sealer: RestSealer) -> None:
    """(row 69) Rotate every lane of tokens through all states."""
    now = NOW
    for _ in range(4):
        for role, algorithm in LANES[:3]:
            if not rotation.successor(keyring.list_keys(db), role, algorithm):
                keyring.publish(db, rest_sealer, role, algorithm, now)
        for step in rotation.due(keyring.list_keys(db), now):
            if step.act is Act.START_SIGNING:
                keyring.start_signing(db, str(step.kid), now)
            elif step.act is Act.DESTROY:
                keyring.destroy(db, str(step.kid), now)
            for key in json.loads(jwks.document(keyring.load(db, rest_sealer))[0])["keys"]:
                assert set(key).isdisjoint(public_keys.PRIVATE_MEMBERS)
        now += DAY + WAIT
    assert {key.state for key in keyring.list_keys(db)} >= {State.SIGNING, State.RETIRED, State.DESTROYED}


# Broken glass


def test_a_compromised_signer_is_replaced_at_once(db: Session, rest_sealer: RestSealer) -> None:
    stolen = keyring.load(db, rest_sealer).signer("tokens", "ES256")
    token = jws.sign(stolen, {}, "JWT")
    instead = keyring.compromise(db, rest_sealer, stolen.kid, NOW + DAY)
    ring = keyring.load(db, rest_sealer)
    assert ring.signer("tokens", "ES256").kid == instead
    assert stolen.kid.encode() not in jwks.document(ring)[0]
    assert private_halves(db, stolen.kid) == 0
    with pytest.raises(BadSignature):
        jws.verify(token, ring.verifiers("tokens"), typ="JWT", algorithms=["ES256"])
    with pytest.raises(StepRefused, match="already"):
        keyring.compromise(db, rest_sealer, stolen.kid, NOW + DAY)


def test_a_successor_that_waits_takes_over_however_young(db: Session, rest_sealer: RestSealer) -> None:
    waiting = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    assert keyring.compromise(db, rest_sealer, signer_of(db), NOW + MINUTE) == waiting
    assert signer_of(db) == waiting


def test_a_compromised_key_that_does_not_sign_needs_no_other(db: Session, rest_sealer: RestSealer) -> None:
    waiting = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    assert keyring.compromise(db, rest_sealer, waiting, NOW) is None
    assert state_of(db, waiting) is State.COMPROMISED
    with pytest.raises(StepRefused):
        keyring.start_signing(db, waiting, NOW + DAY)


# At rest


def test_another_master_key_is_told_in_one_sentence(db: Session) -> None:
    with pytest.raises(KeyUnreadable, match="not the master key"):
        keyring.load(db, RestSealer(bytes(32)))


def test_no_key_is_added_under_another_master_key(db: Session) -> None:
    with pytest.raises(KeyUnreadable):
        keyring.publish(db, RestSealer(bytes(32)), "tokens", "ES256", NOW)
    with pytest.raises(KeyUnreadable):
        keyring.compromise(db, RestSealer(bytes(32)), signer_of(db), NOW)


def test_private_halves_lie_sealed_and_open_in_their_own_row_only(db: Session, rest_sealer: RestSealer) -> None:
    kid, other = signer_of(db, "tokens", "ES256"), signer_of(db, "tokens", "EdDSA")
    moved = db.get_one(PrivateKeyRow, other).private_sealed
    db.delete(db.get_one(PrivateKeyRow, kid))
    db.flush()
    db.add(PrivateKeyRow(kid=kid, private_sealed=moved))
    db.flush()
    with pytest.raises(KeyUnreadable, match=kid):
        keyring.load(db, rest_sealer)


def test_no_private_member_shows_when_a_key_is_printed(db: Session, rest_sealer: RestSealer) -> None:
    key = keyring.load(db, rest_sealer).signer("tokens", "ES256")
    assert key.key is not None
    assert str(key.key.as_dict(private=True)["d"]) not in repr(key)


# Two at once


def at_once(database: Database, act: Callable[[Session], T]) -> list[T | Exception]:
    """Two workers take a step in the same moment, each in a transaction of its own."""
    barrier = Barrier(2)

    def take(_: int) -> T | Exception:
        try:
            with database.writing() as db:
                db.execute(text("SELECT 1"))  # connected: what follows is as close together as it gets
                barrier.wait()
                return act(db)
        except StepRefused as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(take, range(2)))


@pytest.fixture
def committed(no_keys: None, worker_database: Database, rest_sealer: RestSealer) -> Database:
    with worker_database.writing() as db:
        keyring.ensure(db, rest_sealer, NOW)
    return worker_database


def test_two_that_begin_at_once_agree_on_the_first_keys(
    no_keys: None, worker_database: Database, rest_sealer: RestSealer
) -> None:
    made = at_once(worker_database, lambda db: keyring.ensure(db, rest_sealer, NOW))
    with worker_database.reading() as db:
        keys = keyring.list_keys(db)
        assert sorted((key.role, key.algorithm) for key in keys) == sorted(LANES)
        assert {key.state for key in keys} == {State.SIGNING}
        assert sum(len(kids) for kids in made if not isinstance(kids, Exception)) == len(LANES)
        keyring.load(db, rest_sealer, everything=True)  # and each has its own private half


def test_two_that_publish_at_once_publish_one_key(committed: Database, rest_sealer: RestSealer) -> None:
    outcomes = at_once(committed, lambda db: keyring.publish(db, rest_sealer, "tokens", "ES256", NOW))
    assert [isinstance(outcome, StepRefused) for outcome in outcomes].count(True) == 1


def test_two_that_start_the_same_key_at_once_retire_one(committed: Database, rest_sealer: RestSealer) -> None:
    with committed.writing() as db:
        kid = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    outcomes = at_once(committed, lambda db: keyring.start_signing(db, kid, NOW + WAIT))
    assert [isinstance(outcome, StepRefused) for outcome in outcomes].count(True) == 1
    with committed.reading() as db:
        assert signer_of(db) == kid


def test_two_clean_ups_at_once_destroy_once(committed: Database, rest_sealer: RestSealer) -> None:
    """(C057)"""
    with committed.writing() as db:
        old = signer_of(db)
        new = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
        keyring.start_signing(db, new, NOW + WAIT)
    outcomes = at_once(committed, lambda db: keyring.destroy(db, old, NOW + 2 * DAY))
    assert [isinstance(outcome, StepRefused) for outcome in outcomes].count(True) == 1
    with committed.reading() as db:
        assert state_of(db, old) is State.DESTROYED


def test_a_compromise_and_a_rotation_at_once_leave_one_signer(
    committed: Database, rest_sealer: RestSealer
) -> None:
    with committed.writing() as db:
        old = signer_of(db)
        new = keyring.publish(db, rest_sealer, "tokens", "ES256", NOW)
    acts = iter(
        [
            lambda db: keyring.start_signing(db, new, NOW + WAIT),
            lambda db: keyring.compromise(db, rest_sealer, old, NOW + WAIT),
        ]
    )
    at_once(committed, lambda db: next(acts)(db))
    with committed.reading() as db:
        assert signer_of(db) == new
        assert state_of(db, old) is State.COMPROMISED
