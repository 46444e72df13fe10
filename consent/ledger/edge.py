"""The unfinished right edge of the tree, by which it grows without reading anything back. Pure.

For each level it holds the hashes of the tile that is not full yet (C2SP tlog-tiles: 256 hashes a tile; a hash
of level l is the root of 256^l leaves). A full tile leaves the edge, and its root enters the level above.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consent.ledger import merkle

TILE_WIDTH = 256


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile; it never changes again. `hashes` are 256 × 32 bytes."""

    level: int
    tile_no: int
    hashes: bytes


@dataclass(slots=True)
class Edge:
    """`size` leaves so far; `levels[l]` has (size // 256^l) mod 256 hashes, the invariant that `load` checks."""

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)

    @classmethod
    def load(cls, size: int, packed: Iterable[bytes]) -> "Edge":
        """From the head's row: one byte string a level. ValueError when it cannot be the edge of that size."""
        levels = [split_hashes(level) for level in packed]
        widths = [len(level) for level in levels]
        if widths != [width(size, level) for level in range(len(widths))] or size >> 8 * len(widths):
            raise ValueError("the edge does not belong to this size")
        return cls(size, levels)

    def pack(self) -> list[bytes]:
        return [b"".join(level) for level in self.levels]

    def append(self, leaf_hashes: Iterable[bytes]) -> list[Tile]:
        """Grow by these leaves; the tiles that became full, lower levels first."""
        full: list[Tile] = []
        for hashed in leaf_hashes:
            self._push(0, hashed, full)
            self.size += 1
        return full

    def _push(self, level: int, hashed: bytes, full: list[Tile]) -> None:
        if level == len(self.levels):
            self.levels.append([])
        hashes = self.levels[level]
        hashes.append(hashed)
        if len(hashes) == TILE_WIDTH:
            # `size` counts the leaves before this one.
            full.append(Tile(level, self.size >> 8 * (level + 1), b"".join(hashes)))
            self.levels[level] = []
            self._push(level + 1, merkle.root(hashes), full)

    def root(self) -> bytes:
        """The tree hash: the edge's hashes are roots of full subtrees, larger ones first; fold them from the
        right.
        """
        folded: bytes | None = None
        for hashes in self.levels:
            folded = _fold(hashes, folded)
        return merkle.EMPTY_ROOT if folded is None else folded


def _fold(hashes: list[bytes], right: bytes | None) -> bytes | None:
    """The tree over equal full subtrees and what stands to their right, which is smaller than one of them."""
    rest = list(hashes)
    while rest:
        peak = len(rest) & -len(rest)  # the smallest perfect subtree stands rightmost
        subtree = merkle.root(rest[-peak:])
        right = subtree if right is None else merkle.node_hash(subtree, right)
        del rest[-peak:]
    return right


def width(size: int, level: int) -> int:
    """How many hashes the unfinished tile of a level has in a tree of `size` leaves; 0: there is none."""
    return (size >> 8 * level) % TILE_WIDTH


def split_hashes(packed: bytes) -> list[bytes]:
    if len(packed) % merkle.HASH_BYTES:
        raise ValueError("not a row of hashes")
    return [packed[at : at + merkle.HASH_BYTES] for at in range(0, len(packed), merkle.HASH_BYTES)]
