"""The worker's duties: a tick when something waits, a root for each citizen's day once it is over."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import checkpoint, entries, log, tiles
from idp import ledger_upkeep
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.ledger_upkeep import DayClosing, origin_of, tick
from idp.settings import Settings
from keys import keyring
from keys.keyring import Keyring
from keys.rotation import Role
from keys.sealing import RestSealer

SEALER = RestSealer(bytes(32))
DEMO = Settings.from_env({"GAPURA_MODE": "demo", "PORT": "8103"})
PRODUCTION = Settings.from_env(
    {"GAPURA_MODE": "production", "GAPURA_ISSUER": "https://id.gapura.example", "GAPURA_EMBEDDED": "accept"}
    | {"GAPURA_MASTER_KEY_FILE": "/dev/null"}
)
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture(scope="module")
def ring(own_worker_database: Database) -> Keyring:
    with own_worker_database.writing() as db:
        keyring.ensure(db, SEALER, datetime.now(UTC))
        return keyring.load(db, SEALER, everything=True)


def append(own_worker_database: Database) -> None:
    with own_worker_database.writing() as db:
        log.append(db, entries.entry(bytes(32)))


def test_a_tick_publishes_what_waits_under_the_logs_own_key(own_worker_database: Database, ring: Keyring) -> None:
    append(own_worker_database)
    made = tick(own_worker_database, ring, DEMO)
    assert made is not None
    with own_worker_database.reading() as db:
        seen = tiles.published(db)
    assert seen is not None
    key = ring.signer(Role.LEDGER, "EdDSA")
    assert checkpoint.verify(seen.note, [checkpoint.verifier_of(made.origin, key)]) == made
    assert made.origin == origin_of(DEMO.issuer, datetime.now(UTC).year)


def test_a_tick_of_the_demo_with_nothing_waiting_makes_nothing(
    own_worker_database: Database, ring: Keyring
) -> None:
    while tick(own_worker_database, ring, DEMO) is not None:
        pass
    assert tick(own_worker_database, ring, DEMO) is None


def test_in_production_each_tick_has_at_least_32_leaves(own_worker_database: Database, ring: Keyring) -> None:
    append(own_worker_database)
    with own_worker_database.reading() as db:
        before = tiles.published(db)
    made = tick(own_worker_database, ring, PRODUCTION)
    assert made is not None
    assert made.size == (0 if before is None else before.size) + 32


def test_a_log_is_called_by_where_it_is_served_and_when_it_began() -> None:
    assert origin_of("https://id.gapura.example", 2026) == "id.gapura.example/ledger/2026"
    assert origin_of("http://127.0.0.1:8000", 2027) == "127.0.0.1:8000/ledger/2027"


# ---- days ----


def looked_yesterday(db: Session, citizen_id: UUID) -> None:
    """A row whose id was made yesterday at noon."""
    db.execute(
        text("""
        INSERT INTO consent.disclosures (citizen_id, disclosure_id, client_no, purpose_no, channel, reason,
               attribute_nos)
        VALUES (:citizen_id, uuidv7(:noon - clock_timestamp()), 11, 5, 'userinfo', 'consent_given', '{1}')"""),
        {
            "citizen_id": citizen_id,
            "noon": datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC),
        },
    )


def rooted(own_worker_database: Database) -> set[UUID]:
    with own_worker_database.reading() as db:
        return set(db.scalars(text("SELECT citizen_id FROM consent.disclosure_days")))


@pytest.fixture(scope="module", autouse=True)
def yesterdays_month(own_postgres: EmbeddedPostgres) -> None:
    """On the first of a month yesterday lies in one that a new installation never had."""
    database = Database(own_postgres.url("gapura_worker"), "gapura_worker")
    begins = YESTERDAY.replace(day=1)
    with database.writing() as db:
        for table in ("disclosures", "disclosure_days"):
            db.execute(
                text("SELECT consent.make_partition(to_regclass(:name), CAST(:begins AS timestamptz),"
                     " CAST(:begins AS timestamptz) + interval '1 month')"),
                {"name": f"consent.{table}", "begins": datetime(begins.year, begins.month, 1, tzinfo=UTC)},
            )  # fmt: skip
    database.close()


def nothing_else(_db: Session, _citizen_ids: list[UUID], _day_on: date) -> None:
    """Nothing is due beside the closing."""


def test_yesterday_is_closed_once_its_writers_have_ended(own_worker_database: Database) -> None:
    closing, first, late = DayClosing(nothing_else), uuid4(), uuid4()
    with own_worker_database.writing() as db:
        looked_yesterday(db, first)
    with own_worker_database.writing() as slow:
        looked_yesterday(slow, late)
        assert closing.step(own_worker_database) == 0  # marks
        assert closing.step(own_worker_database) == 0  # waits
    assert closing.step(own_worker_database) == 2
    assert {first, late} <= rooted(own_worker_database)


def test_a_closed_day_is_not_looked_at_again_and_a_new_process_changes_nothing(
    own_worker_database: Database,
) -> None:
    closing = DayClosing(nothing_else)
    assert [closing.step(own_worker_database) for _ in range(3)] == [0, 0, 0]
    missed = uuid4()
    with own_worker_database.writing() as db:
        looked_yesterday(db, missed)
    assert closing.step(own_worker_database) == 0
    again = DayClosing(nothing_else)
    assert [again.step(own_worker_database) for _ in range(2)] == [0, 1]


def test_what_else_is_due_is_done_once_for_each_citizens_day(own_worker_database: Database) -> None:
    """A process that starts anew does not go through the days of before again."""
    citizen_id, done = uuid4(), Counter[UUID]()
    with own_worker_database.writing() as db:
        looked_yesterday(db, citizen_id)
    for _ in range(2):
        closing = DayClosing(lambda _db, citizen_ids, _day_on: done.update(citizen_ids))
        for _ in range(3):
            closing.step(own_worker_database)
    assert done[citizen_id] == 1
    assert set(done.values()) == {1}


def test_a_day_is_not_closed_before_it_is_over() -> None:
    closing = DayClosing(nothing_else)
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    early = closing._due(midnight + timedelta(seconds=59))
    late = closing._due(midnight + ledger_upkeep.AFTER_MIDNIGHT)
    assert (early[-1].day, late[-1].day) == (23, 24)
    assert len(late) == ledger_upkeep.DAYS_BACK
