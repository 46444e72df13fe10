"""Each tile has one address, and whatever is written otherwise has none."""

import pytest

from idp.endpoints.protocol.ledger import Tile, read_place


@pytest.mark.parametrize(
    ("place", "tile"),
    [
        ("0/000", Tile(0, 0, 256)),
        ("0/067", Tile(0, 67, 256)),
        ("3/x001/x234/067", Tile(3, 1234067, 256)),
        ("0/x001/000.p/1", Tile(0, 1000, 1)),
        ("1/000.p/255", Tile(1, 0, 255)),
        ("entries/x001/234", Tile(None, 1234, 256)),
        ("entries/000.p/17", Tile(None, 0, 17)),
        ("63/000", Tile(63, 0, 256)),
    ],
)
def test_an_address_of_the_standard_is_read(place: str, tile: Tile) -> None:
    assert read_place(place) == tile


@pytest.mark.parametrize(
    "place",
    [
        "0/000.p/0", "0/000.p/256", "0/000.p/00", "0/000.p/01", "0/000.p/999", "0/000.p/", "0/000.p/-1", "0/0",
        "0/00", "0/0000", "00/000", "-1/000", "x/000", "0/x000/000", "0/x000/x000/067", "0/001/234", "0/x001",
        "0/x001/x234", "0/٠٠٠", "0/000/", "/0/000", "0/000.p/1.p/1", "entries", "entries/", "leaves/000", "", "0",
        "0/" + "x999/" * 7 + "999", "0/" + "x999/" * 4000 + "999", "100/000", "0/000\n",
    ],
)  # fmt: skip
def test_whatever_is_written_otherwise_is_no_tile(place: str) -> None:
    """Widths 0 and 256 among it: a full tile has no width in its address."""
    assert read_place(place) is None
