"""Every sealed row comes under another version of the master key, beside a service at work and however often it is
interrupted."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from idp import resealing
from idp.accounts.profile import Value, Vault
from idp.database import Database
from idp.embedded_postgres import EmbeddedPostgres
from idp.resealing import AT_REST, Walked
from idp.signals import deliveries
from idp.signals.deliveries import About, Delivery
from idp.signals.outbox import Signal
from keys import data_keys, keyring
from keys.at_rest import AtRest, count_versions, reseal_some
from keys.derivation import Label
from keys.errors import KeyUnreadable, MasterKeyMissing
from keys.rotation import LANES
from keys.sealing import RestSealer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = b"1" * 32, b"2" * 32
ONLY_FIRST = RestSealer(FIRST)
KNOWS_BOTH = RestSealer(FIRST, 1, {2: SECOND})
SECOND_SEALS = RestSealer(SECOND, 2, {1: FIRST})
CITIZENS = [UUID(int=n) for n in range(1, 8)]
CITIZEN_KEYS = next(kept for kept in AT_REST if kept.label is Label.CITIZEN_KEY)
# Sealed, but not under the master key: each opens with the citizen's key, or with a view of a row that is listed.
UNDER_ANOTHER_KEY = {
    "idp.profiles.profile_sealed",
    "idp.sessions.device_sealed",
    "idp.totp_secrets.secret_sealed",
    "idp.totp_secrets.label_sealed",
    "idp.assurance_events.evidence_sealed",
    "idp.authorization_requests.parameters_sealed",  # the Sealer's, by kind and day
    "idp.unfinished_authorizations.parameters_sealed",
    "keys.token_keys.private_sealed",  # a view of keys.private_keys
}


@pytest.fixture
def filled(own_worker_database: Database, own_postgres: EmbeddedPostgres) -> Iterator[Database]:
    """Rows in all four tables under version 1."""
    vault = Vault(ONLY_FIRST, b"l" * 32)
    with own_worker_database.writing() as db:
        keyring.ensure(db, ONLY_FIRST, NOW)
        data_keys.make_data_key(db, ONLY_FIRST, f"batch/{uuid4()}", NOW)
        for citizen_id in CITIZENS:
            vault.make_key(db, citizen_id)
            vault.save(db, citizen_id, {"name": Value("Sukarni Penanda", "dukcapil", NOW)}, NOW)
        signal = Signal(uuid4(), 1, uuid4(), "backchannel_logout", {"session_id": str(CITIZENS[0])})
        deliveries.keep(db, ONLY_FIRST, signal)
    yield own_worker_database
    owner = Database(own_postgres.url("gapura_owner"), "gapura_owner")
    with owner.writing() as db:
        db.connection().exec_driver_sql(
            "TRUNCATE keys.private_keys, keys.signing_keys, keys.data_keys, idp.citizen_keys, idp.profiles,"
            " idp.deliveries"
        )
    owner.close()


def versions(database: Database, kept: AtRest) -> dict[int, int]:
    with database.reading() as db:
        return count_versions(db, kept)


def walked(database: Database, sealer: RestSealer = SECOND_SEALS, rows: int = 2) -> dict[str, Walked]:
    return {one.table: one for one in resealing.walk(database, sealer, rows)}


def assert_everything_opens(database: Database, sealer: RestSealer) -> None:
    with database.reading() as db:
        assert all(keyring.load(db, sealer, everything=True).signer(*lane) for lane in LANES)
        [key_no] = db.connection().exec_driver_sql("SELECT key_no FROM keys.data_keys").scalars()
        assert len(data_keys.get_data_key(db, sealer, key_no)) == 32
        for citizen_id in CITIZENS:
            profile = Vault(sealer, b"l" * 32).find_profile(db, citizen_id)
            assert profile is not None
            assert profile.values["name"].value == "Sukarni Penanda"
        assert deliveries.opened(sealer, waiting(database)) == About(CITIZENS[0], None)


def waiting(database: Database) -> Delivery:
    with database.reading() as db:
        statement = "SELECT d.delivery_id, d.token_sealed FROM idp.deliveries AS d"
        [(delivery_id, sealed)] = db.connection().exec_driver_sql(statement)
    return Delivery(delivery_id, 1, uuid4(), "backchannel_logout", sealed, 1, NOW)


def test_before_and_after_assert_everything_opens(filled: Database) -> None:
    assert_everything_opens(filled, ONLY_FIRST)
    assert_everything_opens(filled, SECOND_SEALS)
    told = walked(filled)
    assert {one.table: one.resealed for one in told.values()} == {
        "keys.private_keys": len(LANES),
        "keys.data_keys": 1,
        "idp.citizen_keys": len(CITIZENS),
        "idp.deliveries": 1,
    }
    assert {(one.unopened, one.left) for one in told.values()} == {(0, 0)}
    assert all(set(versions(filled, kept)) == {2} for kept in AT_REST)
    assert_everything_opens(filled, RestSealer(SECOND, 2))
    assert_everything_opens(filled, KNOWS_BOTH)


def test_run_again_there_is_nothing_to_do(filled: Database) -> None:
    walked(filled)
    assert {(one.resealed, one.left) for one in walked(filled).values()} == {(0, 0)}


def test_interrupted_half_way_it_goes_on_with_the_rest(filled: Database) -> None:
    with filled.writing() as db:
        batch = reseal_some(db, SECOND_SEALS, CITIZEN_KEYS, CITIZEN_KEYS.first, 2)

    def interrupted() -> None:
        with filled.writing() as db:
            assert reseal_some(db, SECOND_SEALS, CITIZEN_KEYS, batch.last, 2).resealed == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert versions(filled, CITIZEN_KEYS) == {1: 5, 2: 2}
    assert_everything_opens(filled, SECOND_SEALS)
    assert walked(filled)["idp.citizen_keys"].resealed == 5
    assert_everything_opens(filled, RestSealer(SECOND, 2))


def test_a_profile_is_read_while_its_key_is_sealed_anew(filled: Database) -> None:
    with filled.writing() as db:
        reseal_some(db, SECOND_SEALS, CITIZEN_KEYS, CITIZEN_KEYS.first, 100)
        assert_everything_opens(
            filled, ONLY_FIRST
        )  # not committed: others see the row as it was, and wait for nothing


def test_a_row_that_somebody_holds_is_left_and_told(filled: Database) -> None:
    with filled.writing() as db:
        lock = "SELECT FROM idp.citizen_keys WHERE citizen_id = %(id)s FOR UPDATE"
        db.connection().exec_driver_sql(lock, {"id": CITIZENS[3]})
        told = walked(filled)["idp.citizen_keys"]
    assert (told.resealed, told.left) == (len(CITIZENS) - 1, 1)
    assert walked(filled)["idp.citizen_keys"].resealed == 1


@pytest.mark.parametrize("kept", AT_REST, ids=lambda kept: kept.table)
def test_what_was_destroyed_meanwhile_does_not_come_back(filled: Database, kept: AtRest) -> None:
    with filled.writing() as db:
        [(key, sealed)] = db.connection().exec_driver_sql(
            kept.some, {"after": kept.first, "done": b"\x02", "limit": 1}
        )
        if kept.label is Label.DATA_KEY:
            db.connection().exec_driver_sql("UPDATE keys.data_keys SET key_sealed = NULL, destroyed_at = now()")
        else:
            db.connection().exec_driver_sql(f"DELETE FROM {kept.table}")
        db.connection().exec_driver_sql(kept.write, [{"key": key, "sealed": sealed}])
        assert count_versions(db, kept) == {}


def test_a_row_that_does_not_open_keeps_no_other_waiting(filled: Database) -> None:
    with filled.writing() as db:
        spoil = "UPDATE idp.citizen_keys SET key_sealed = %(sealed)s WHERE citizen_id = %(id)s"
        db.connection().exec_driver_sql(spoil, {"sealed": b"\x01" * 61, "id": CITIZENS[2]})
    told = walked(filled)["idp.citizen_keys"]
    assert (told.resealed, told.unopened, told.left) == (len(CITIZENS) - 1, 1, 1)


def test_the_way_back_is_the_same_way(filled: Database) -> None:
    walked(filled)
    walked(filled, KNOWS_BOTH)
    assert_everything_opens(filled, ONLY_FIRST)


def test_who_knows_only_the_first_is_told_at_every_row(filled: Database) -> None:
    walked(filled)
    mend = "version 2 of the master key, .* copy the file master-2"
    with filled.reading() as db:
        with pytest.raises(KeyUnreadable, match=mend):
            keyring.load(db, ONLY_FIRST)
        with pytest.raises(MasterKeyMissing, match=mend):
            Vault(ONLY_FIRST, b"l" * 32).find_profile(db, CITIZENS[0])
    # Not `Unreadable`, which is given up: it is told once the key is here.
    with pytest.raises(MasterKeyMissing, match=mend):
        deliveries.opened(ONLY_FIRST, waiting(filled))


def test_whatever_is_sealed_at_rest_is_listed() -> None:
    """A `Sealer` takes a Kind; only a `RestSealer` takes a Label."""
    used = set()
    for folder in ("keys", "consent", "idp"):
        for path in Path(folder).rglob("*.py"):
            source = path.read_text()
            used |= set(re.findall(r"\.seal\(\s*Label\.(\w+)", source))
            if path.name != "sealing.py":
                assert not re.search(r"rest_sealer\.seal\((?!\s*Label\.)", source), path
    assert used == {kept.label.name for kept in AT_REST}
    assert len(AT_REST) == len({kept.label for kept in AT_REST})


def test_every_sealed_column_is_listed_or_is_under_another_key(own_worker_database: Database) -> None:
    statement = """
        SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
         WHERE column_name LIKE '%%\\_sealed' AND table_schema IN ('keys', 'consent', 'idp')
    """
    with own_worker_database.reading() as db:
        columns = set(db.connection().exec_driver_sql(statement).scalars())
    assert columns == {f"{kept.table}.{kept.column}" for kept in AT_REST} | UNDER_ANOTHER_KEY


def test_only_the_key_store_says_what_a_process_seals_with() -> None:
    made = [
        str(path)
        for folder in ("keys", "consent", "idp")
        for path in Path(folder).rglob("*.py")
        if re.search(r"\bRestSealer\(", path.read_text())
    ]
    assert made == ["keys/key_store.py"]
