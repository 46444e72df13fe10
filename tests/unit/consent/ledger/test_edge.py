"""The edge grows like the whole tree, whatever the steps."""

import pytest

from consent.ledger import merkle
from consent.ledger.edge import Edge, Tile, split_hashes, width


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(index.to_bytes(4)) for index in range(count)]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 513, 70_000])
def test_the_edges_root_is_the_trees(size: int) -> None:
    edge = Edge()
    edge.append(leaves(size))
    assert edge.root() == merkle.root(leaves(size))


def test_growth_in_uneven_steps_and_through_the_database_form_changes_nothing() -> None:
    everything, at, tiles = leaves(1_500), 0, list[Tile]()
    edge = Edge()
    for step in (1, 0, 254, 1, 1, 300, 443, 500):
        edge = Edge.load(edge.size, edge.pack())
        tiles += edge.append(everything[at : at + step])
        at += step
        assert edge.root() == merkle.root(everything[:at])
    assert [(tile.level, tile.tile_no) for tile in tiles] == [(0, number) for number in range(5)]
    assert b"".join(tile.hashes for tile in tiles) == b"".join(everything[:1280])


def test_a_full_tile_of_tiles_rises_a_level() -> None:
    """Size 70,000: 273 full tiles and 112; 1 full and 17; 0 and 1 (standards §4)."""
    edge = Edge()
    tiles = edge.append(leaves(70_000))
    assert sum(tile.level == 0 for tile in tiles) == 273
    assert [(tile.tile_no, len(tile.hashes)) for tile in tiles if tile.level == 1] == [(0, 8192)]
    assert [len(level) for level in edge.levels] == [112, 17, 1]
    assert [width(70_000, level) for level in range(4)] == [112, 17, 1, 0]


@pytest.mark.parametrize(
    ("size", "packed"),
    [
        pytest.param(2, [bytes(32)], id="too few hashes"),
        pytest.param(1, [bytes(64)], id="too many hashes"),
        pytest.param(256, [b""], id="a level is missing"),
        pytest.param(0, [bytes(31)], id="half a hash"),
    ],
)
def test_an_edge_of_another_size_is_refused(size: int, packed: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"edge|hashes"):
        Edge.load(size, packed)


def test_a_row_of_hashes_is_parted() -> None:
    assert split_hashes(bytes(32) + b"\x01" * 32) == [bytes(32), b"\x01" * 32]
