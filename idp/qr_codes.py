"""A QR code as an SVG picture, on white of its own: black on a page's dark ground no camera reads."""

import qrcode
from qrcode.image.svg import SvgPathFillImage


def draw(text: str) -> str:
    """The picture of a text, with the quiet zone that scanners need."""
    picture: str = qrcode.make(text, image_factory=SvgPathFillImage, border=4).to_string(encoding="unicode")
    return picture
