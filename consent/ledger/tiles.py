"""The log as strangers read it (C2SP tlog-tiles): the newest checkpoint, tiles of hashes, tiles of entries.

Full tiles are stored; the partial ones of every size are computed from what is below them, and none is stored.
Reads only what is published: nothing beyond `published_size` is ever answered.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import models
from consent.ledger import merkle
from consent.ledger.edge import TILE_WIDTH, split_hashes


@dataclass(frozen=True, slots=True)
class Published:
    """What the log promises to everybody now. `note` is ready to be served."""

    origin: str
    size: int
    note: str


def published(db: Session) -> Published | None:
    """The newest confirmed checkpoint; None while the log is empty."""
    row = db.execute(
        select(models.LedgerCheckpoint.origin, models.LedgerCheckpoint.size, models.LedgerCheckpoint.note).join(
            models.LedgerHead,
            (models.LedgerHead.origin == models.LedgerCheckpoint.origin)
            & (models.LedgerHead.published_size == models.LedgerCheckpoint.size),
        )
    ).one_or_none()
    return None if row is None else Published(row.origin, row.size, row.note)


def hash_tile(db: Session, level: int, tile_no: int, width: int, size: int) -> bytes | None:
    """The first `width` hashes (1 to 256) of a tile in the tree of `size` leaves; None when it has not so many."""
    if not _there(level, tile_no, width, size):
        return None
    if width == TILE_WIDTH:
        return _stored(db, level, tile_no, tile_no + 1)[0]
    if level == 0:
        return b"".join(merkle.leaf_hash(entry) for entry in _entries(db, tile_no, width))
    below = _stored(db, level - 1, tile_no * TILE_WIDTH, tile_no * TILE_WIDTH + width)
    return b"".join(merkle.root(split_hashes(hashes)) for hashes in below)


def entry_tile(db: Session, tile_no: int, width: int, size: int) -> bytes | None:
    """The entries under a tile of level 0, each after its length in two bytes."""
    if not _there(0, tile_no, width, size):
        return None
    return b"".join(len(entry).to_bytes(2) + entry for entry in _entries(db, tile_no, width))


def _there(level: int, tile_no: int, width: int, size: int) -> bool:
    """Whether a tree of `size` leaves has these hashes: a hash of level l is the root of 256^l leaves."""
    return 0 <= level < 8 and tile_no >= 0 and 0 < width <= TILE_WIDTH and (
        (tile_no * TILE_WIDTH + width) << 8 * level
    ) <= size  # fmt: skip


def _stored(db: Session, level: int, first: int, end: int) -> list[bytes]:
    tile = models.LedgerTile
    rows = db.scalars(
        select(tile.hashes)
        .where(tile.level == level, tile.tile_no >= first, tile.tile_no < end)
        .order_by(tile.tile_no)
    ).all()
    if len(rows) != end - first:
        raise LookupError(f"a full tile of level {level} from {first} is missing")
    return [bytes(hashes) for hashes in rows]


def _entries(db: Session, tile_no: int, width: int) -> list[bytes]:
    first, entry = tile_no * TILE_WIDTH, models.LedgerEntry
    rows = db.scalars(
        select(entry.entry).where(entry.position >= first, entry.position < first + width).order_by(entry.position)
    ).all()
    if len(rows) != width:
        raise LookupError(f"an entry from {first} on is missing")
    return [bytes(row) for row in rows]
