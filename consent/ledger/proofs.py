"""Where a leaf stands in the log, and the proof that it stands there: what its receipt is completed with.

Both are read from what is published, and cost the logarithm of the log: a leaf is found by bisection in the
checkpoints signed after its act, since within one the entries are in the order of their bytes; the hashes of a
proof are roots over whole tiles.
"""

import base64
from bisect import bisect_left
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import models
from consent.ledger import merkle, tiles
from consent.ledger.edge import TILE_WIDTH, split_hashes
from consent.ledger.tiles import Published

# The sequencer takes the oldest leaves first, 65,536 at a time: after so many checkpoints a leaf is nowhere.
MOST_CHECKPOINTS = 1000
# A tick is timed when it begins, and takes what was committed a moment later: its checkpoint may be older by this.
TICK_MAY_LAST = timedelta(minutes=5)


def find_position(db: Session, entry: bytes, acted_at: datetime, published: Published) -> int | None:
    """The position of the leaf of an act; None while it is not in the published log."""
    checkpoint = models.LedgerCheckpoint
    sizes = [
        *db.scalars(
            select(checkpoint.size)
            .where(checkpoint.origin == published.origin, checkpoint.size <= published.size)
            .where(checkpoint.signed_at >= acted_at - TICK_MAY_LAST)
            .order_by(checkpoint.signed_at, checkpoint.size)
            .limit(MOST_CHECKPOINTS)
        )
    ]
    first = 0 if not sizes else _size_before(db, published.origin, sizes[0])
    for size in sizes:
        at = first + bisect_left(range(first, size), entry, key=lambda position: _entry(db, position))
        if at < size and _entry(db, at) == entry:
            return at
        first = size
    return None


def inclusion(db: Session, position: int, size: int) -> list[bytes]:
    """The inclusion proof of RFC 9162 §2.1.3.1 for a leaf of the tree of `size` leaves."""
    return _Tree(db, size).path(position, 0, size)


def tlog_proof(extra: bytes, position: int, steps: list[bytes], note: str) -> str:
    """The proof as a file (C2SP tlog-proof): `extra` is the salt, `note` the checkpoint as it was signed."""
    written = (base64.b64encode(step).decode("ascii") for step in (extra, *steps))
    salt, *path = written
    return "\n".join(["c2sp.org/tlog-proof@v1", f"extra {salt}", f"index {position}", *path, "", note])


class _Tree:
    """The tree of `size` leaves; the hash of a whole subtree is the root over a part of one tile."""

    def __init__(self, db: Session, size: int) -> None:
        self._db, self._size = db, size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def path(self, position: int, first: int, end: int) -> list[bytes]:
        """PATH of the RFC for the leaves from `first` to before `end`."""
        if end - first == 1:
            return []
        middle = first + merkle.left_size(end - first)
        if position < middle:
            return [*self.path(position, first, middle), self._hash(middle, end)]
        return [*self.path(position, middle, end), self._hash(first, middle)]

    def _hash(self, first: int, end: int) -> bytes:
        width = end - first
        if width & (width - 1):
            middle = first + merkle.left_size(width)
            return merkle.node_hash(self._hash(first, middle), self._hash(middle, end))
        level = (width.bit_length() - 1) // 8
        at, count = first >> 8 * level, width >> 8 * level
        return merkle.root(self._tile(level, at // TILE_WIDTH)[at % TILE_WIDTH :][:count])

    def _tile(self, level: int, tile_no: int) -> list[bytes]:
        known = self._tiles.get((level, tile_no))
        if known is None:
            width = min(TILE_WIDTH, (self._size >> 8 * level) - tile_no * TILE_WIDTH)
            packed = tiles.hash_tile(self._db, level, tile_no, width, self._size)
            if packed is None:
                raise LookupError(f"tile {tile_no} of level {level} is missing")
            known = self._tiles[level, tile_no] = split_hashes(packed)
        return known


def _entry(db: Session, position: int) -> bytes:
    entry = models.LedgerEntry
    return bytes(db.scalars(select(entry.entry).where(entry.position == position)).one())


def _size_before(db: Session, origin: str, size: int) -> int:
    checkpoint = models.LedgerCheckpoint
    earlier = select(checkpoint.size).where(checkpoint.origin == origin, checkpoint.size < size)
    return db.scalars(earlier.order_by(checkpoint.size.desc()).limit(1)).first() or 0
