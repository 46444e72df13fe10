"""A session starts for an active citizen, is found by its secret, and ends once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection
from sqlalchemy import exc, text
from sqlalchemy.orm import Session

from idp.accounts import passwords, session_endings, sessions
from idp.accounts.devices import Device
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.accounts.sessions import NewSession, SessionRow, secret_digest
from idp.accounts.states import AccountState, Audience, SessionEnd
from idp.database import Database
from tests.builders import NOW, Citizen, a_citizen

MINUTE = timedelta(minutes=1)
PHONE = Device("Chrome", "Android")


@pytest.fixture
def citizen(db: Session, vault: Vault) -> Citizen:
    return a_citizen(db, vault)


@pytest.fixture
def connection(db: Session) -> Connection[Any]:
    """The test's own transaction, as the hot doors would see it."""
    driver_connection = db.connection().connection.driver_connection
    assert isinstance(driver_connection, Connection)
    return driver_connection


def start(db: Session, vault: Vault, citizen: Citizen, **changes: Any) -> NewSession:
    fitting: dict[str, Any] = {"aal": 1, "amr": ("pwd",), "shared_device": False, "now": NOW} | changes
    session = sessions.start(db, vault, citizen_id=citizen.citizen_id, **fitting)
    assert session is not None
    return session


def find(
    connection: Connection[Any], citizen: Citizen, session: NewSession, now: datetime = NOW, **changes: Any
) -> SessionRow | None:
    digest = secret_digest(session.secret)
    return sessions.find(connection, citizen.citizen_id, session.session_id, digest, now, **changes)


def get(connection: Connection[Any], citizen: Citizen, session: NewSession, now: datetime = NOW) -> SessionRow:
    row = find(connection, citizen, session, now)
    assert row is not None
    return row


def test_a_session_is_found_by_its_secret_alone(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 71)"""
    session = start(db, vault, citizen, aal=2, amr=("pwd", "otp"))
    row = get(connection, citizen, session)
    assert (row.aal, row.amr, row.ial, row.client_nos) == (2, ("pwd", "otp"), 2, ())
    assert row.authenticated_at == row.started_at == row.now == NOW
    assert len(session.secret) == 32
    other = a_citizen(db, vault)
    assert find(connection, other, session) is None
    digest = secret_digest(b"x" * 32)
    assert sessions.find(connection, citizen.citizen_id, session.session_id, digest, NOW) is None


@pytest.mark.parametrize(
    ("changes", "absolute", "idle"),
    [
        pytest.param({"aal": 1}, timedelta(days=30), timedelta(days=30), id="a password: thirty days"),
        pytest.param({"aal": 2}, timedelta(hours=24), timedelta(hours=1), id="two factors: a day, an hour idle"),
        pytest.param({"aal": 3}, timedelta(hours=12), 15 * MINUTE, id="a bound key: half a day, 15 minutes idle"),
        pytest.param(
            {"aal": 2, "shared_device": True}, 15 * MINUTE, 15 * MINUTE, id="a shared device: 15 minutes"
        ),
        pytest.param(
            {"aal": 2, "audience": Audience.AGENCY}, timedelta(hours=12), 15 * MINUTE, id="an agency's staff"
        ),
        pytest.param(
            {"aal": 2, "audience": Audience.OPERATOR}, timedelta(hours=12), 15 * MINUTE, id="an operator"
        ),
    ],
)
def test_a_session_ends_on_the_server_when_idle_and_when_old(
    db: Session,
    vault: Vault,
    connection: Connection[Any],
    citizen: Citizen,
    changes: dict[str, Any],
    absolute: timedelta,
    idle: timedelta,
) -> None:
    """(row 95)"""
    session = start(db, vault, citizen, **changes)
    audience = changes.get("audience", Audience.CITIZEN)
    assert session.expires_at == NOW + absolute
    assert find(connection, citizen, session, NOW + idle - MINUTE, audience=audience) is not None
    assert find(connection, citizen, session, NOW + idle, audience=audience) is None
    db.execute(text("UPDATE idp.sessions SET seen_at = :at"), {"at": NOW + absolute - MINUTE})
    assert find(connection, citizen, session, NOW + absolute - MINUTE, audience=audience) is not None
    assert find(connection, citizen, session, NOW + absolute, audience=audience) is None


def test_touching_moves_the_idle_end_once_a_minute_and_never_the_absolute_one(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 95)"""
    session = start(db, vault, citizen, aal=2)
    for seconds, seen in ((60, 0), (61, 61), (100, 61)):
        now = NOW + timedelta(seconds=seconds)
        sessions.touch(connection, get(connection, citizen, session, now), now)
        row = get(connection, citizen, session, now)
        assert row.seen_at == NOW + timedelta(seconds=seen)
        assert row.expires_at == session.expires_at


def test_a_session_serves_no_other_audience(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    session = start(db, vault, citizen, aal=2, audience=Audience.AGENCY)
    assert find(connection, citizen, session) is None
    assert find(connection, citizen, session, audience=Audience.OPERATOR) is None
    assert find(connection, citizen, session, audience=Audience.AGENCY) is not None


def test_staff_sign_in_with_two_factors_or_not_at_all(db: Session, vault: Vault, citizen: Citizen) -> None:
    with pytest.raises(exc.IntegrityError), db.begin_nested():
        start(db, vault, citizen, aal=1, audience=Audience.OPERATOR)


@pytest.mark.parametrize("state", [one for one in AccountState if one is not AccountState.ACTIVE])
def test_only_an_active_account_signs_in_or_stays(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen, state: AccountState
) -> None:
    """(row 97)"""
    session = start(db, vault, citizen)
    locked = ", locked_until = now()" if state is AccountState.LOCKED else ""
    db.execute(text(f"UPDATE idp.accounts SET state = :state{locked}"), {"state": state})
    assert find(connection, citizen, session) is None
    attempt = sessions.start(
        db, vault, citizen_id=citizen.citizen_id, aal=1, amr=("pwd",), shared_device=False, now=NOW
    )
    assert attempt is None


def test_a_suspension_under_way_is_waited_for_and_wins(database: Database, vault: Vault) -> None:
    """(row 97)"""
    with database.writing() as db:
        citizen = a_citizen(db, vault)
    started: list[NewSession | None] = []

    def sign_in() -> None:
        with database.writing() as db:
            started.append(
                sessions.start(db, vault, citizen_id=citizen.citizen_id, aal=1, amr=("pwd",), shared_device=False)
            )

    signing_in = threading.Thread(target=sign_in)
    with database.writing() as db:
        suspend = text("UPDATE idp.accounts SET state = 'suspended' WHERE citizen_id = :id")
        db.execute(suspend, {"id": citizen.citizen_id})
        signing_in.start()
        signing_in.join(timeout=0.3)
        assert signing_in.is_alive()
    signing_in.join()
    assert started == [None]


def test_proving_more_makes_the_old_cookie_dead_and_keeps_the_session(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 72) (row 94)"""
    session = start(db, vault, citizen)
    now = NOW + 10 * MINUTE
    row = get(connection, citizen, session, now)
    renewed = sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=False, now=now)
    assert renewed is not None
    assert renewed.session_id == session.session_id
    assert find(connection, citizen, session, now) is None
    after = get(connection, citizen, renewed, now)
    assert (after.aal, after.amr, after.authenticated_at) == (2, ("pwd", "otp"), NOW)
    assert after.expires_at == now + timedelta(hours=24)


def test_proving_all_again_moves_the_time_of_authentication(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    session = start(db, vault, citizen)
    now = NOW + 10 * MINUTE
    row = get(connection, citizen, session, now)
    renewed = sessions.renew(db, row, aal=1, amr=("pwd",), reauthenticated=True, now=now)
    assert renewed is not None
    assert renewed.authenticated_at == now


def test_of_two_tabs_that_step_up_at_once_one_makes_the_cookie(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    row = get(connection, citizen, start(db, vault, citizen))
    assert sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=False, now=NOW) is not None
    assert sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=False, now=NOW) is None


def test_a_shared_device_stays_short_after_every_step_up(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 95) Only who proves the password again begins the quarter of an hour anew."""
    session, now, ends_at = start(db, vault, citizen, shared_device=True), NOW, NOW + 15 * MINUTE
    for reauthenticated in (False, True, False, False):
        now += 4 * MINUTE
        row = get(connection, citizen, session, now)
        assert row.on_shared_device
        renewed = sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=reauthenticated, now=now)
        assert renewed is not None
        ends_at = now + 15 * MINUTE if reauthenticated else ends_at
        assert renewed.expires_at == ends_at
        session = renewed


def test_codes_alone_keep_no_session_alive_for_ever(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 95) A second factor is no sign-in: the day counts from the password."""
    session = start(db, vault, citizen, aal=2, amr=("pwd", "otp"))
    now = NOW
    for _ in range(23):
        now += timedelta(hours=1) - MINUTE
        row = get(connection, citizen, session, now)
        renewed = sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=False, now=now)
        assert renewed is not None
        assert renewed.expires_at == NOW + timedelta(hours=24)
        session = renewed


def test_a_password_changed_since_it_was_proved_starts_no_session(
    db: Session, vault: Vault, hashing: PasswordHashing
) -> None:
    """(row 51) (row 88) Half signed in with the old one is not signed in."""
    citizen = a_citizen(db, vault, hashing=hashing, now=NOW)
    before, after = NOW - timedelta(microseconds=1), NOW + MINUTE
    attempts = [
        sessions.start(
            db, vault, citizen_id=citizen.citizen_id, aal=1, amr=("pwd",), shared_device=False,
            proved_at=proved_at, now=after,
        )
        for proved_at in (before, NOW, after, None)
    ]  # fmt: skip
    assert [attempt is not None for attempt in attempts] == [False, True, True, True]


def test_a_change_of_the_password_under_way_is_waited_for_and_wins(
    database: Database, vault: Vault, hashing: PasswordHashing
) -> None:
    """(row 51)"""
    with database.writing() as db:
        citizen = a_citizen(db, vault, hashing=hashing)
    started: list[NewSession | None] = []

    def sign_in() -> None:
        with database.writing() as db:
            started.append(
                sessions.start(
                    db, vault, citizen_id=citizen.citizen_id, aal=1, amr=("pwd",), shared_device=False,
                    proved_at=NOW + MINUTE,
                )
            )  # fmt: skip

    signing_in = threading.Thread(target=sign_in)
    with database.writing() as db:
        passwords.store(db, citizen.citizen_id, "another hash", NOW + 2 * MINUTE)
        assert session_endings.end_all_but(db, citizen.citizen_id, None, SessionEnd.CREDENTIAL_CHANGED) == []
        signing_in.start()
        signing_in.join(timeout=0.3)
        assert signing_in.is_alive()
    signing_in.join()
    assert started == [None]


@pytest.mark.parametrize("aal", [1, 2, 3])
def test_no_other_device_is_taken_for_a_shared_one(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen, aal: int
) -> None:
    row = get(connection, citizen, start(db, vault, citizen, aal=aal))
    assert not row.on_shared_device


def recover(db: Session, citizen: Citizen, completed_at: datetime) -> None:
    statement = text(
        "INSERT INTO idp.recoveries (citizen_id, recovery_id, cause, first_proof, second_proof, state, asked_at,"
        " opens_at, cancel_digest, state_at) VALUES (:id, uuidv7(), 'phone_lost', 'recovery_code', 'channel',"
        " 'completed', :at, :at, '', :at)"
    )
    db.execute(statement, {"id": citizen.citizen_id, "at": completed_at})


def test_for_a_day_after_a_recovery_two_factors_are_worth_one(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 91)"""
    recover(db, citizen, NOW - timedelta(hours=20))
    session = start(db, vault, citizen, aal=2, amr=("pwd", "otp"))
    assert session.aal == 1
    assert session.expires_at == NOW + timedelta(hours=4)
    now = NOW + timedelta(minutes=5)
    row = get(connection, citizen, session, now)
    renewed = sessions.renew(db, row, aal=2, amr=("pwd", "otp"), reauthenticated=True, now=now)
    assert renewed is not None
    assert (renewed.aal, renewed.expires_at) == (1, NOW + timedelta(hours=4))
    later = NOW + timedelta(hours=4)
    assert start(db, vault, citizen, aal=2, amr=("pwd", "otp"), now=later).aal == 2


def test_staff_wait_a_day_after_a_recovery(db: Session, vault: Vault, citizen: Citizen) -> None:
    recover(db, citizen, NOW)
    attempt = sessions.start(
        db,
        vault,
        citizen_id=citizen.citizen_id,
        aal=2,
        amr=("pwd", "otp"),
        shared_device=False,
        audience=Audience.OPERATOR,
        now=NOW,
    )
    assert attempt is None


def test_an_ended_session_is_found_no_more_and_ends_once(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    session = start(db, vault, citizen)
    db.execute(text("UPDATE idp.sessions SET client_nos = '{4,2}'"))
    other = a_citizen(db, vault)
    assert session_endings.end(db, other.citizen_id, session.session_id, SessionEnd.LOGGED_OUT, NOW) is None
    ended = session_endings.end(db, citizen.citizen_id, session.session_id, SessionEnd.LOGGED_OUT, NOW)
    assert ended is not None
    assert (ended.session_id, ended.client_nos) == (session.session_id, (4, 2))
    assert session_endings.end(db, citizen.citizen_id, session.session_id, SessionEnd.LOGGED_OUT, NOW) is None
    assert find(connection, citizen, session) is None


def test_all_end_but_the_one_kept(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    """(row 96)"""
    kept, lost, staff = (
        start(db, vault, citizen),
        start(db, vault, citizen),
        start(db, vault, citizen, aal=2, audience=Audience.AGENCY),
    )
    stranger = a_citizen(db, vault)
    others = start(db, vault, stranger)
    ended = session_endings.end_all_but(
        db, citizen.citizen_id, kept.session_id, SessionEnd.CREDENTIAL_CHANGED, NOW
    )
    assert {one.session_id for one in ended} == {lost.session_id, staff.session_id}
    assert find(connection, citizen, kept) is not None
    assert find(connection, stranger, others) is not None
    (last,) = session_endings.end_all_but(db, citizen.citizen_id, None, SessionEnd.RECOVERY, NOW)
    assert last.session_id == kept.session_id


def test_what_has_run_out_is_written_down_with_its_reason(db: Session, vault: Vault, citizen: Citizen) -> None:
    old, idle, live = start(db, vault, citizen), start(db, vault, citizen, aal=2), start(db, vault, citizen)
    db.execute(
        text("UPDATE idp.sessions SET expires_at = :at WHERE session_id = :id"),
        {"at": NOW + MINUTE, "id": old.session_id},
    )
    ended = session_endings.end_run_out(db, limit=10, now=NOW + timedelta(hours=2))
    mine = {one.session_id for one in ended if one.citizen_id == citizen.citizen_id}
    assert mine == {old.session_id, idle.session_id}
    reasons = dict(
        db.execute(
            text("SELECT session_id, ended_because::text FROM idp.sessions WHERE citizen_id = :id"),
            {"id": citizen.citizen_id},
        ).all()
    )
    assert reasons == {old.session_id: "expired", idle.session_id: "idle", live.session_id: None}


def test_a_citizen_sees_each_place_in_words_kept_sealed(db: Session, vault: Vault, citizen: Citizen) -> None:
    """(row 96)"""
    first = start(db, vault, citizen, device=PHONE)
    second = start(db, vault, citizen, now=NOW + MINUTE)
    ended = start(db, vault, citizen, device=PHONE)
    session_endings.end(db, citizen.citizen_id, ended.session_id, SessionEnd.LOGGED_OUT, NOW)
    start(db, vault, citizen, aal=2)
    places = sessions.list_of(db, vault, citizen.citizen_id, NOW + timedelta(hours=2))
    assert [(one.session_id, one.device) for one in places] == [
        (second.session_id, None),
        (first.session_id, PHONE),
    ]
    sealed = db.scalar(
        text("SELECT device_sealed FROM idp.sessions WHERE session_id = :id"), {"id": first.session_id}
    )
    assert b"Chrome" not in bytes(sealed)
    assert sessions.list_of(db, vault, a_citizen(db, vault).citizen_id, NOW) == []


def test_neither_secret_nor_digest_shows_in_a_traceback(
    db: Session, vault: Vault, connection: Connection[Any], citizen: Citizen
) -> None:
    session = start(db, vault, citizen)
    shown = repr(session) + repr(get(connection, citizen, session))
    assert repr(session.secret)[2:-1] not in shown
    assert repr(secret_digest(session.secret))[2:-1] not in shown
