"""Recompute the whole log from its entries and compare it with every tile and every checkpoint ever published.

What is said here an outsider can say too, from the public tiles alone; `verify_acts` adds what only the house
can: that each act has its leaf and still says what it committed to. A log that was cut at its end and signed
again fits itself: only a head that somebody outside kept tells, and without one the report says so plainly.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent import models
from consent.ledger import checkpoint, entries, merkle
from consent.ledger.checkpoint import BadNote, Checkpoint, VerifierKey
from consent.ledger.edge import TILE_WIDTH, Edge, Tile, split_hashes
from keys.keyring import SigningKey
from keys.rotation import State

STEP = 65_536  # entries read at a time
PAGE = 10_000  # checkpoints read at a time
NO_OUTSIDE_HEAD = "no outside head given: truncation cannot be excluded"


@dataclass(slots=True)
class Report:
    """What was looked at, what is wrong, and what could not be excluded. Each line is one sentence for an
    auditor.
    """

    origin: str = ""
    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    checkpoints: int = 0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Keys:
    """All that the log ever had, oldest first, and which of them are compromised: whoever has one of those signs
    what they like.
    """

    known: Sequence[VerifierKey]
    void: Collection[VerifierKey] = ()

    @classmethod
    def of(cls, origin: str, history: Iterable[SigningKey]) -> "Keys":
        """From the keyring's keys of role `ledger`."""
        written = [(checkpoint.verifier_of(origin, key), key.state) for key in history]
        return cls(
            [key for key, _ in written], frozenset(key for key, state in written if state is State.COMPROMISED)
        )

    @property
    def good(self) -> list[VerifierKey]:
        return [key for key in self.known if key not in self.void]

    def prove(self, signers: Iterable[VerifierKey]) -> bool:
        return any(key not in self.void for key in signers)


def verify(db: Session, keys: Keys, outside: Iterable[str] = ()) -> Report:
    """Read everything, change nothing; in one snapshot, or a tick meanwhile looks like a fault. `outside` are
    notes that others kept.
    """
    report = Report()
    head = db.execute(
        select(
            models.LedgerHead.origin,
            models.LedgerHead.size,
            models.LedgerHead.edge,
            models.LedgerHead.published_size,
        )
    ).one_or_none()
    kept = list(_kept(outside, keys, report))
    if not kept and not report.problems:
        report.warnings.append(NO_OUTSIDE_HEAD)
    if head is None:
        report.problems += [f"there is no log here, but {note.origin} had {note.size} entries" for note in kept]
        return report
    report.origin = head.origin
    edge = _recompute(db, kept, keys, report)
    report.size, report.root = edge.size, edge.root()
    if edge.size != head.size:
        report.problems.append(f"the head counts {head.size} entries, there are {edge.size}")
    else:
        report.problems += _against_edge(edge, [bytes(level) for level in head.edge])
    if head.published_size and not _has_checkpoint(db, head.origin, head.published_size):
        report.problems.append(f"the published size {head.published_size} has no checkpoint")
    return report


def _kept(outside: Iterable[str], keys: Keys, report: Report) -> Iterator[Checkpoint]:
    """The heads that others kept, smallest first, as far as one of the log's keys signed them."""
    found = []
    for note in outside:
        try:
            kept, signers = checkpoint.judge(note, keys.known)
            found.append(kept)
            if not keys.prove(signers):
                report.warnings.append(
                    f"only a compromised key signed the outside head of {kept.size} entries: its keeper's word"
                )
        except BadNote as wrong:
            report.problems.append(f"an outside head cannot be used: {wrong}")
    return iter(sorted(found, key=lambda each: each.size))


def _checkpoints(db: Session, keys: Keys, report: Report) -> Iterator[tuple[int, bytes, str]]:
    """Size, root and name of every checkpoint, smallest first, after its note was judged."""
    table, seen, void, newest = models.LedgerCheckpoint, -1, 0, -1
    of_log = table.origin == report.origin
    while rows := db.execute(
        select(table.size, table.root, table.note)
        .where(of_log, table.size > seen)
        .order_by(table.size)
        .limit(PAGE)
    ).all():
        for seen, root, note in rows:
            report.checkpoints += 1
            try:
                noted, signers = checkpoint.judge(note, keys.known)
                if noted != Checkpoint(report.origin, seen, bytes(root)):
                    report.problems.append(f"the note of checkpoint {seen} says something else than its row")
                ages = [keys.known.index(key) for key in signers]
                if not keys.prove(signers):
                    void += 1
                    if max(ages) < newest:
                        report.problems.append(
                            f"checkpoint {seen}: a compromised key signed it after it was replaced"
                        )
                newest = max(newest, *ages)
            except BadNote as wrong:
                report.problems.append(f"checkpoint {seen}: {wrong}")
            yield seen, bytes(root), "checkpoint"
    if void:
        report.warnings.append(
            f"only a compromised key signed {void} of the checkpoints: what they say is proved by later ones alone"
        )


def _has_checkpoint(db: Session, origin: str, size: int) -> bool:
    return db.get(models.LedgerCheckpoint, (origin, size)) is not None


def _recompute(db: Session, kept: list[Checkpoint], keys: Keys, report: Report) -> Edge:
    """Grow the tree from the entries, stopping at every size that somebody promised."""
    outside = [(note.size, note.root if note.origin == report.origin else b"", "outside head") for note in kept]
    # A log can always agree with itself: how far an outsider agreed is counted apart.
    edge, agreed, largest = Edge(), {"checkpoint": 0, "outside head": 0}, 0
    for size, root, who in heapq.merge(_checkpoints(db, keys, report), outside, key=lambda promise: promise[0]):
        largest = size
        _grow(db, edge, size, report)
        if edge.size < size:
            continue
        if edge.root() == root:
            agreed[who] = size
        else:
            report.problems.append(
                f"the {who} of {size} entries has another root: "
                f"the first difference is in {agreed[who]} to {size - 1}"
            )
    _grow(db, edge, None, report)
    if largest > edge.size:
        report.problems.append(f"entries from {edge.size} on are missing: a head of {largest} entries was signed")
    stored = db.execute(select(func.count()).select_from(models.LedgerTile)).scalar_one()
    if stored != sum(edge.size >> 8 * (level + 1) for level in range(8)):
        report.problems.append(f"there are {stored} full tiles, not as many as {edge.size} entries make")
    return edge


def _grow(db: Session, edge: Edge, size: int | None, report: Report) -> None:
    """Append the entries up to `size` (None: all there are), judging each, and compare the tiles that became
    full.
    """
    while size is None or edge.size < size:
        end = edge.size + STEP if size is None else min(size, edge.size + STEP)
        hashes = _leaf_hashes(db, edge.size, end, report)
        for tile in edge.append(hashes):
            report.problems += _against_tile(db, tile)
        if not hashes:
            return


def _leaf_hashes(db: Session, first: int, end: int, report: Report) -> list[bytes]:
    """Of the entries from `first` on, up to a gap."""
    table, hashes = models.LedgerEntry, list[bytes]()
    rows = db.execute(
        select(table.position, table.entry)
        .where(table.position >= first, table.position < end)
        .order_by(table.position)
    )
    for position, entry in rows:
        if position != first + len(hashes):
            report.problems.append(f"entry {first + len(hashes)} is missing")
            break
        try:
            entries.committed_by(bytes(entry))
        except ValueError:
            report.problems.append(f"entry {position} is not a leaf")
        hashes.append(merkle.leaf_hash(bytes(entry)))
    return hashes


def _against_tile(db: Session, tile: Tile) -> list[str]:
    stored = db.get(models.LedgerTile, (tile.level, tile.tile_no))
    if stored is None:
        return [f"tile {tile.level}/{tile.tile_no} is missing"]
    return _differing(tile.level, tile.tile_no, split_hashes(tile.hashes), split_hashes(bytes(stored.hashes)))


def _against_edge(edge: Edge, packed: list[bytes]) -> list[str]:
    """The head's own copy of the unfinished tiles names the entry where a checkpoint only names a range."""
    found = []
    for level, hashes in enumerate(edge.levels):
        stored = split_hashes(packed[level]) if level < len(packed) else []
        if len(stored) != len(hashes):
            found.append(
                f"the head's unfinished tile of level {level} has {len(stored)} hashes, not {len(hashes)}"
            )
        else:
            found += _differing(level, edge.size >> 8 * (level + 1), hashes, stored)
    return found


def _differing(level: int, tile_no: int, computed: list[bytes], stored: list[bytes]) -> list[str]:
    at = next((n for n, pair in enumerate(zip(computed, stored, strict=True)) if pair[0] != pair[1]), None)
    if at is None:
        return []
    first = (tile_no * TILE_WIDTH + at) << 8 * level
    if level == 0:
        return [f"entry {first} is not the one that its tile has"]
    return [f"tile {level}/{tile_no} does not fit entries {first} to {first + (1 << 8 * level) - 1}"]
