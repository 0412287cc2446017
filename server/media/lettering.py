"""Writing lines of text into pictures. The typeface is the one built into Pillow: no font must be installed."""

import unicodedata
from functools import cache

from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]
DOTS, RING = "\N{COMBINING DIAERESIS}", "\N{COMBINING RING ABOVE}"
MARKS = (DOTS, RING)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: Colour, size_px: float) -> None:
    """Write a line. The built-in face knows the ASCII letters only, so dots and rings are set above them here."""
    font = _font(round(size_px))
    plain = ""
    for letter in unicodedata.normalize("NFD", text):
        if letter in MARKS:
            middle = at[0] + (font.getlength(plain) + font.getlength(plain[:-1])) / 2
            box = font.getbbox(plain[-1])
            _set_mark(draw, letter, (middle, at[1] + box[1] - size_px * 0.1), fill, size_px)
        else:
            plain += letter
    draw.text(at, plain, fill, font)


def width_of(text: str, size_px: float) -> float:
    """How wide `write` makes a line, in pixels."""
    return _font(round(size_px)).getlength("".join(c for c in unicodedata.normalize("NFD", text) if c not in MARKS))


def _set_mark(draw: ImageDraw.ImageDraw, mark: str, at: tuple[float, float], fill: Colour, size_px: float) -> None:
    """Two dots, or a ring, centred on a point."""
    dot = size_px * 0.058
    if mark == RING:
        ring = dot * 1.7
        draw.ellipse((at[0] - ring, at[1] - ring, at[0] + ring, at[1] + ring), None, fill, max(1, round(dot * 0.8)))
        return
    for side in (-1, 1):
        x = at[0] + side * size_px * 0.115
        draw.ellipse((x - dot, at[1] - dot, x + dot, at[1] + dot), fill)
