"""The worker takes each step when it is due, tells the trail and all processes, and distrusts a lone clock."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from idp.key_rotation import take_due_steps
from keys import keyring
from keys.rotation import LANES, Role, State
from keys.sealing import RestSealer

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SEALER = RestSealer(bytes(range(32)))


@pytest.fixture
def db(no_keys: None, worker_db: Session) -> Session:
    """The worker's session, after its first round."""
    assert take_due_steps(worker_db, SEALER, NOW, NOW) == len(LANES)
    return worker_db


def generation(db: Session) -> int:
    return int(db.scalar(text("SELECT generation FROM idp.generation")) or 0)


def states(db: Session, role: str = "tokens", algorithm: str = "ES256") -> list[State]:
    return [key.state for key in keyring.list_keys(db) if (key.role, key.algorithm) == (role, algorithm)]


def test_the_first_round_makes_the_first_keys(db: Session) -> None:
    assert {key.state for key in keyring.list_keys(db)} == {State.SIGNING}
    assert take_due_steps(db, SEALER, NOW + MINUTE, NOW + MINUTE) == 0


def test_a_key_is_led_through_its_whole_life(db: Session) -> None:
    """(C056)"""
    now = NOW + 90 * DAY - 30 * MINUTE
    take_due_steps(db, SEALER, now, now)
    assert states(db) == [State.SIGNING, State.PUBLISHED]
    take_due_steps(db, SEALER, now + 29 * MINUTE, now + 29 * MINUTE)
    assert states(db) == [State.SIGNING, State.PUBLISHED]
    take_due_steps(db, SEALER, now + 30 * MINUTE, now + 30 * MINUTE)
    assert states(db) == [State.RETIRED, State.SIGNING]
    now += 30 * MINUTE + DAY + 10 * MINUTE
    take_due_steps(db, SEALER, now, now)
    assert states(db) == [State.DESTROYED, State.SIGNING]


def test_other_processes_are_told_only_when_something_changed(db: Session) -> None:
    before = generation(db)
    take_due_steps(db, SEALER, NOW + DAY, NOW + DAY)
    assert generation(db) == before
    take_due_steps(db, SEALER, NOW + 90 * DAY, NOW + 90 * DAY)
    assert generation(db) > before


def test_every_step_is_in_the_trail(db: Session) -> None:
    take_due_steps(db, SEALER, NOW + 90 * DAY, NOW + 90 * DAY)
    kid = keyring.list_keys(db)[-1].kid
    action, outcome, detail = db.execute(
        text("SELECT action, outcome, detail FROM idp.audit_events WHERE object_id = :kid"), {"kid": kid}
    ).one()
    assert (action, outcome) == ("key.published", "done")
    assert set(detail) == {"role", "alg"}


@pytest.mark.parametrize("apart", [365 * DAY, -365 * DAY, 61 * timedelta(seconds=1)])
def test_nothing_is_destroyed_while_the_clocks_disagree(db: Session, apart: timedelta) -> None:
    """(C057) The database's clock, or this machine's, a year ahead."""
    kid = keyring.publish(db, SEALER, "tokens", "ES256", NOW + MINUTE)
    keyring.start_signing(db, kid, NOW + 31 * MINUTE)
    later = NOW + 3 * DAY
    assert take_due_steps(db, SEALER, later, later + apart) == 0
    assert states(db) == [State.RETIRED, State.SIGNING]
    assert take_due_steps(db, SEALER, later, later) == 1
    assert states(db) == [State.DESTROYED, State.SIGNING]


def test_the_ledgers_key_is_left_alone(db: Session) -> None:
    later = NOW + 3650 * DAY
    take_due_steps(db, SEALER, later, later)
    assert states(db, Role.LEDGER, "EdDSA") == [State.SIGNING]
