"""Give the waiting leaves their place, extend the tree, sign the checkpoint. The only writer of the log's own
tables.

Nobody waits for it and any number may be started: two meet at the head's row, and the second leaves. A tick is two
transactions of the caller's (`advance` makes both). The first takes, numbers, hashes and signs, and commits once
the standby has it; the second lets what it made be seen. A tick that dies between them is confirmed by the next.

Killed before its first commit it leaves nothing; killed after it, a checkpoint that nobody has seen. Never two
roots for one size: the primary key promises it, and Ed25519 signs the same size and root to the same bytes.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from consent import models
from consent.ledger import checkpoint, entries, merkle
from consent.ledger.checkpoint import Checkpoint, Signer
from consent.ledger.edge import Edge, Tile

# A partition of entries holds 2^24; the next is made when one is half full.
PARTITION_BITS = 24

# The oldest are taken, so none starves; within a checkpoint they stand in the order of their own bytes, which are
# random. `fillers` beyond what was taken are not used.
_TAKE = """
WITH head AS (
  SELECT h.size FROM consent.ledger_head AS h WHERE h.origin = %(origin)s FOR UPDATE SKIP LOCKED
), oldest AS (
  SELECT i.leaf_id FROM consent.ledger_intake AS i, head ORDER BY i.leaf_id LIMIT 65536 FOR UPDATE OF i SKIP LOCKED
), taken AS (
  DELETE FROM consent.ledger_intake AS i USING oldest WHERE i.leaf_id = oldest.leaf_id RETURNING i.entry
), placed AS (
  SELECT taken.entry FROM taken
  UNION ALL
  SELECT f.entry
    FROM unnest(%(fillers)s::bytea[]) WITH ORDINALITY AS f (entry, n) WHERE f.n > (SELECT count(*) FROM taken)
)
INSERT INTO consent.ledger_entries (position, entry)
SELECT head.size + row_number() OVER (ORDER BY placed.entry) - 1, placed.entry FROM placed, head
RETURNING position, entry
"""
_PUBLISH = """
WITH moved AS (
  UPDATE consent.ledger_head SET size = %(size)s, edge = %(edge)s::bytea[]
   WHERE origin = %(origin)s AND size < %(size)s
  RETURNING size
)
INSERT INTO consent.ledger_checkpoints (origin, size, root, note, signed_at)
SELECT %(origin)s, moved.size, %(root)s, %(note)s, now() FROM moved
RETURNING size
"""
_CONFIRM = """
UPDATE consent.ledger_head AS h SET published_size = %(size)s
 WHERE h.origin = %(origin)s AND h.published_size < %(size)s AND h.size >= %(size)s
"""
_MAKE_ROOM = """
SELECT consent.make_ledger_partition(%(part)s::integer)
 WHERE to_regclass('consent.ledger_entries_' || %(part)s::integer) IS NULL
"""


def begin(db: Session, origin: str) -> str:
    """The origin of this installation's log: the one there is, or this one, empty. After a restore a person
    begins a new one by hand.
    """
    known = find_origin(db)
    if known is not None:
        return known
    # The empty tree is published from the start: size 0 needs no checkpoint.
    db.execute(upsert(models.LedgerHead).values(origin=origin, size=0, edge=[]).on_conflict_do_nothing())
    return origin


def find_origin(db: Session) -> str | None:
    """The log that is being written; None before the worker first ran."""
    return db.scalars(select(models.LedgerHead.origin)).one_or_none()


def advance(
    writing: Callable[[], AbstractContextManager[Session]], signer: Signer, fillers: int
) -> Checkpoint | None:
    """One tick, both transactions. None: nothing waits, or another is at work."""
    with writing() as db:
        made = tick(db, signer, fillers)
    if made is not None:
        with writing() as db:
            confirm(db, made)
    return made


def tick(db: Session, signer: Signer, fillers: int) -> Checkpoint | None:
    """Take, number, hash, sign. `fillers` is the least number of leaves a checkpoint has: in production 32, so
    that neither its size nor its time tells of an act; 0 in the demo. The log is the signer's, by name.
    """
    connection = db.connection()
    connection.exec_driver_sql("SET LOCAL synchronous_commit = remote_apply")
    made = [entries.entry(secrets.token_bytes(merkle.HASH_BYTES)) for _ in range(fillers)]
    placed = connection.exec_driver_sql(_TAKE, {"origin": signer.name, "fillers": made}).all()
    if not placed:
        return None
    edge = _edge(db, signer.name, first=min(position for position, _ in placed))
    tiles = edge.append(merkle.leaf_hash(bytes(entry)) for _, entry in sorted(placed))
    _keep(db, tiles)
    grown = Checkpoint(signer.name, edge.size, edge.root())
    published = {"origin": grown.origin, "size": grown.size, "root": grown.root, "edge": edge.pack()}
    connection.exec_driver_sql(_PUBLISH, {**published, "note": checkpoint.sign(grown, signer)}).one()
    return grown


def confirm(db: Session, made: Checkpoint) -> None:
    """After the commit of its tick came back: doors and witnesses may see it, and whatever was made before it."""
    db.connection().exec_driver_sql(_CONFIRM, {"origin": made.origin, "size": made.size})
    half, part = 1 << PARTITION_BITS - 1, made.size >> PARTITION_BITS
    if made.size & (half * 2 - 1) >= half:
        db.connection().exec_driver_sql(_MAKE_ROOM, {"part": part + 1})


def _edge(db: Session, origin: str, first: int) -> Edge:
    """The unfinished tiles, under the lock that `_TAKE` holds. ValueError when the head is not where the
    entries are.
    """
    head = db.execute(
        select(models.LedgerHead.size, models.LedgerHead.edge).where(models.LedgerHead.origin == origin)
    ).one()
    if head.size != first:
        raise ValueError(f"the log's head says {head.size}, its next entry would be {first}")
    return Edge.load(head.size, head.edge)


def _keep(db: Session, tiles: list[Tile]) -> None:
    if tiles:
        rows = [{"level": tile.level, "tile_no": tile.tile_no, "hashes": tile.hashes} for tile in tiles]
        db.execute(insert(models.LedgerTile), rows)
