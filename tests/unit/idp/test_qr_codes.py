"""The picture is the code that the library made, square for square."""

import re

import qrcode

from idp import qr_codes


def test_every_dark_square_is_drawn_and_no_other() -> None:
    text = "0199aaaa-0000-7000-8000-000000000001\nid.gapura.example/ledger/2026"
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    wanted = {(x, y) for y, row in enumerate(code.get_matrix()) for x, dark in enumerate(row) if dark}
    drawn = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", qr_codes.draw(text))
    assert {(int(x) + at, int(y)) for x, y, width in drawn for at in range(int(width))} == wanted
    assert min(x for x, _ in wanted) == 4, "the quiet zone"
