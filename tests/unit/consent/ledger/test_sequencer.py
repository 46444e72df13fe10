"""One order for all leaves, given once: the sequencer, the tiles that it leaves, the checkpoints that it signs."""

import random
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import checkpoint, entries, log, merkle, sequencer, tiles
from consent.ledger.checkpoint import Checkpoint, Signer
from consent.ledger.verify import Keys, verify
from idp.database import Database


def append(db: Session, count: int) -> list[bytes]:
    leaves = [entries.entry(secrets.token_bytes(32)) for _ in range(count)]
    for leaf in leaves:
        log.append(db, leaf)
    return leaves


def grow(db: Session, signer: Signer, count: int, fillers: int = 0) -> Checkpoint:
    append(db, count)
    made = sequencer.tick(db, signer, fillers)
    assert made is not None
    sequencer.confirm(db, made)
    return made


def stored(db: Session) -> list[bytes]:
    return [bytes(row) for row in db.scalars(text("SELECT entry FROM consent.ledger_entries ORDER BY position"))]


def test_what_waits_gets_its_place_in_the_order_of_its_bytes(log_db: Session, signer: Signer) -> None:
    first, second = append(log_db, 5), list[bytes]()
    made = sequencer.tick(log_db, signer, 0)
    assert made is not None
    second = append(log_db, 4)
    assert sequencer.tick(log_db, signer, 0) is not None
    assert stored(log_db) == sorted(first) + sorted(second)
    assert log.backlog(log_db)[0] == 0
    assert made.root == merkle.root([merkle.leaf_hash(leaf) for leaf in sorted(first)])


def test_nothing_waiting_makes_no_checkpoint(log_db: Session, signer: Signer) -> None:
    assert sequencer.tick(log_db, signer, 0) is None
    assert tiles.published(log_db) is None


def test_fillers_hide_how_many_leaves_there_were(log_db: Session, signer: Signer) -> None:
    """In production a checkpoint has at least 32 leaves, and none can be told from another."""
    real = append(log_db, 3)
    made = sequencer.tick(log_db, signer, 32)
    assert made is not None
    assert made.size == 32
    found = stored(log_db)
    assert set(real) < set(found)
    assert {len(entry) for entry in found} == {entries.ENTRY_BYTES}
    assert grow(log_db, signer, 40, fillers=32).size == 72


def test_a_quiet_ten_seconds_in_production_has_its_checkpoint_too(log_db: Session, signer: Signer) -> None:
    made = sequencer.tick(log_db, signer, 32)
    assert made is not None
    assert made.size == 32


def test_a_checkpoint_is_seen_only_after_it_was_confirmed(log_db: Session, signer: Signer) -> None:
    append(log_db, 3)
    made = sequencer.tick(log_db, signer, 0)
    assert made is not None
    assert tiles.published(log_db) is None
    sequencer.confirm(log_db, made)
    seen = tiles.published(log_db)
    assert seen is not None
    assert checkpoint.verify(seen.note, [signer.verifier]) == made


def test_a_later_confirmation_covers_a_tick_that_died_before_its_own(log_db: Session, signer: Signer) -> None:
    append(log_db, 1)
    died = sequencer.tick(log_db, signer, 0)
    later = grow(log_db, signer, 1)
    assert died is not None
    sequencer.confirm(log_db, died)
    seen = tiles.published(log_db)
    assert seen is not None
    assert seen.size == later.size == 2


def test_a_head_that_was_moved_by_hand_stops_the_sequencer(log_db: Session, signer: Signer) -> None:
    grow(log_db, signer, 300)
    log_db.execute(text("UPDATE consent.ledger_head SET size = size + 1"))
    append(log_db, 1)
    with pytest.raises(ValueError, match="edge"):
        sequencer.tick(log_db, signer, 0)


def test_there_is_one_log_and_beginning_again_keeps_it(log_db: Session) -> None:
    assert sequencer.begin(log_db, "another.example/2027") == "ledger.gapura.example/2026"
    assert sequencer.find_origin(log_db) == "ledger.gapura.example/2026"


@pytest.fixture
def grown(log_db: Session, signer: Signer) -> tuple[Session, int]:
    """600 entries in three steps: two full tiles and 88."""
    for count in (100, 400, 100):
        grow(log_db, signer, count)
    return log_db, 600


def test_every_width_of_every_tile_is_served(grown: tuple[Session, int]) -> None:
    """Stored when full, computed when partial; both are the hashes of the entries."""
    db, size = grown
    hashes = [merkle.leaf_hash(entry) for entry in stored(db)]
    for tile_no, width in ((0, 256), (0, 100), (0, 1), (1, 256), (1, 255), (2, 88), (2, 1)):
        first = tile_no * 256
        assert tiles.hash_tile(db, 0, tile_no, width, size) == b"".join(hashes[first : first + width])
    above = merkle.root(hashes[:256]) + merkle.root(hashes[256:512])
    assert tiles.hash_tile(db, 1, 0, 2, size) == above
    assert tiles.hash_tile(db, 1, 0, 1, size) == above[:32]


@pytest.mark.parametrize(
    ("level", "tile_no", "width"),
    [
        pytest.param(0, 2, 89, id="wider than the tree"),
        pytest.param(0, 2, 256, id="not full yet"),
        pytest.param(0, 3, 1, id="beyond the tree"),
        pytest.param(0, 0, 0, id="no width"),
        pytest.param(0, 0, 257, id="too wide"),
        pytest.param(0, -1, 1, id="before the tree"),
        pytest.param(1, 0, 3, id="a hash of a tile that is not full"),
        pytest.param(2, 0, 1, id="a level that is not there"),
        pytest.param(9, 0, 1, id="no such level"),
        pytest.param(-1, 0, 1, id="below the leaves"),
    ],
)
def test_what_the_tree_does_not_have_is_not_served(
    grown: tuple[Session, int], level: int, tile_no: int, width: int
) -> None:
    db, size = grown
    assert tiles.hash_tile(db, level, tile_no, width, size) is None


def test_entries_are_served_with_their_lengths(grown: tuple[Session, int]) -> None:
    db, size = grown
    served = tiles.entry_tile(db, 2, 88, size)
    assert served == b"".join(b"\x00\x39" + entry for entry in stored(db)[512:])
    assert tiles.entry_tile(db, 2, 89, size) is None


def test_nothing_beyond_what_is_published_is_served(grown: tuple[Session, int]) -> None:
    db, _ = grown
    assert tiles.hash_tile(db, 0, 1, 1, size=256) is None
    assert tiles.entry_tile(db, 1, 1, size=256) is None


def test_the_next_partition_is_made_when_one_is_half_full(log_db: Session) -> None:
    half = 1 << 23
    log_db.execute(text("UPDATE consent.ledger_head SET size = :size"), {"size": half + 5})
    for size, there in ((half - 1, False), (half, True), (half + 1, True)):
        sequencer.confirm(log_db, Checkpoint("ledger.gapura.example/2026", size, bytes(32)))
        found = log_db.execute(text("SELECT to_regclass('consent.ledger_entries_1') IS NOT NULL")).scalar_one()
        assert found is there


# ---- committed: several at once ----


def test_an_entry_that_becomes_visible_late_gets_its_place_once(log_database: Database, signer: Signer) -> None:
    """Writer 1 inserts and waits, writer 2 commits, the sequencer runs, writer 1 commits (C078)."""
    with log_database.engine.connect() as connection, Session(connection) as slow:
        (late,) = append(slow, 1)
        with log_database.writing() as db:
            (early,) = append(db, 1)
        first = sequencer.advance(log_database.writing, signer, 0)
        slow.commit()
    second = sequencer.advance(log_database.writing, signer, 0)
    assert first is not None
    assert second is not None
    assert second.size == first.size + 1
    with log_database.reading() as db:
        found = stored(db)
        assert (found.count(early), found.count(late)) == (1, 1)
        assert found[-1] == late


def test_a_tick_that_is_rolled_back_leaves_everything_waiting(log_database: Database, signer: Signer) -> None:
    with log_database.writing() as db:
        append(db, 3)
    with log_database.engine.connect() as connection, Session(connection) as db:
        before = len(stored(db))
        assert sequencer.tick(db, signer, 0) is not None
        db.rollback()
        assert (len(stored(db)), log.backlog(db)[0]) == (before, 3)
    made = sequencer.advance(log_database.writing, signer, 0)
    assert made is not None
    assert made.size == before + 3


def test_a_second_sequencer_leaves_while_the_first_is_at_work(log_database: Database, signer: Signer) -> None:
    with log_database.writing() as db:
        append(db, 2)
    with log_database.writing() as first:
        made = sequencer.tick(first, signer, 0)
        with log_database.writing() as second:
            append(second, 1)
        assert sequencer.advance(log_database.writing, signer, 0) is None
    assert made is not None
    after = sequencer.advance(log_database.writing, signer, 0)
    assert after is not None
    assert after.size == made.size + 1


def test_many_writers_and_three_sequencers_make_one_log(log_database: Database, signer: Signer) -> None:
    """Every committed leaf once, no rolled-back one ever, every root recomputed (C078)."""
    kept, chance, stop = set[bytes](), random.Random(7), threading.Event()
    with log_database.reading() as db:
        before = set(stored(db))

    @contextmanager
    def maybe() -> Iterator[Session]:
        with log_database.engine.connect() as connection, Session(connection) as db:
            yield db
            if chance.random() < 0.05:
                db.rollback()
            else:
                db.commit()
                kept.update(db.info["leaves"])

    def write() -> None:
        for _ in range(60):
            with maybe() as db:
                db.info["leaves"] = append(db, chance.randint(1, 4))

    def sequence() -> None:
        while not stop.is_set():
            sequencer.advance(log_database.writing, signer, 0)
            stop.wait(0.01)

    writers = [threading.Thread(target=write) for _ in range(4)]
    sequencers = [threading.Thread(target=sequence) for _ in range(3)]
    for thread in writers + sequencers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sequencers:
        thread.join()
    while sequencer.advance(log_database.writing, signer, 0) is not None:
        pass
    with log_database.reading() as db:
        found = stored(db)
        assert len(found) == len(set(found))
        assert set(found) - before == kept
        report = verify(db, Keys([signer.verifier]))
        assert report.problems == []
        assert report.size == len(found)
