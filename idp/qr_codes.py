"""A QR code as an SVG picture, on white of its own: black on a page's dark ground no camera reads."""

from itertools import groupby

import qrcode


def draw(text: str) -> str:
    """The picture of a text, with the quiet zone that scanners need; drawn by runs, which is half as long as by
    squares.
    """
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    drawn = "".join(_runs(y, row) for y, row in enumerate(rows))
    size = len(rows)
    ground = f'<rect fill="white" width="{size}" height="{size}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="220" height="220" viewBox="0 0 {size} {size}"'
        f' shape-rendering="crispEdges">{ground}<path fill="#000" d="{drawn}"/></svg>'
    )


def _runs(y: int, row: list[bool]) -> str:
    """The dark runs of one line."""
    drawn, x = [], 0
    for dark, run in groupby(row):
        width = len(list(run))
        if dark:
            drawn.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(drawn)
