"""A drawn speaker who sways, waves and moves the mouth to a voice; raw RGB pictures, 25 a second."""

import math
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

from server.demo.slides import Theme

WALL, SKIN, LECTERN = (196, 190, 178), (222, 178, 146), (110, 78, 54)


def pictures(theme: Theme, mouth: Sequence[float], width: int, height: int) -> Iterator[bytes]:
    """One RGB picture for every opening of the mouth; the swaying ends where it began, so the film can be looped."""
    room = _room(width, height)
    for number, opening in enumerate(mouth):
        yield _speaker(room.copy(), theme, number / len(mouth), opening).tobytes()


def _room(width: int, height: int) -> Image.Image:
    """The wall behind the speaker, a little darker towards the floor, with a window."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for row in range(height):
        shade = 1 - 0.3 * row / height
        draw.line((0, row, width, row), tuple(round(part * shade) for part in WALL))
    draw.rectangle((width * 0.06, height * 0.1, width * 0.24, height * 0.45), (214, 226, 234), (150, 142, 130), 3)
    draw.line((width * 0.15, height * 0.1, width * 0.15, height * 0.45), (150, 142, 130), 3)
    return image


def _speaker(image: Image.Image, theme: Theme, turn: float, opening: float) -> Image.Image:
    """Draw the figure at a moment of its loop (0…1)."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    circle = 2 * math.pi * turn
    x = width / 2 + width * 0.04 * math.sin(2 * circle)
    y = height * 0.4 + height * 0.012 * math.sin(7 * circle)
    size = height * 0.17
    _body(draw, theme, (x, y), size, circle)
    draw.ellipse((x - size, y - size * 1.2, x + size, y + size * 1.2), SKIN)
    draw.pieslice((x - size * 1.05, y - size * 1.3, x + size * 1.05, y + size * 0.9), 180, 360, theme.hair)
    draw.ellipse((x - size * 0.9, y - size * 0.62, x + size * 0.9, y + size * 0.7), SKIN)
    _face(draw, (x, y), size, turn, opening)
    draw.rectangle((width * 0.3, height * 0.86, width * 0.7, height), LECTERN)
    return image


def _body(draw: ImageDraw.ImageDraw, theme: Theme, at: tuple[float, float], size: float, circle: float) -> None:
    """Shoulders and two arms, one of which explains."""
    x, y = at
    draw.rounded_rectangle((x - size * 1.7, y + size * 1.3, x + size * 1.7, y + size * 6), size * 0.8, theme.shirt)
    for side, pace in ((-1, 5), (1, 3)):
        lift = size * (1.1 + 0.9 * math.sin(pace * circle + side))
        elbow = (x + side * size * 2.3, y + size * 3.2)
        hand = (x + side * size * (2.0 + 0.4 * math.sin(2 * pace * circle)), y + size * 3.6 - lift)
        draw.line(((x + side * size * 1.4, y + size * 1.9), elbow, hand), theme.shirt, round(size * 0.7), "curve")
        draw.ellipse((hand[0] - size * 0.4, hand[1] - size * 0.4, hand[0] + size * 0.4, hand[1] + size * 0.4), SKIN)


def _face(draw: ImageDraw.ImageDraw, at: tuple[float, float], size: float, turn: float, opening: float) -> None:
    """Eyes that blink now and then, and the mouth."""
    x, y = at
    blink = (turn * 4) % 1 < 0.03
    for side in (-1, 1):
        tall = size * (0.03 if blink else 0.13)
        eye = (x + side * size * 0.42, y - size * 0.1)
        draw.ellipse((eye[0] - size * 0.1, eye[1] - tall, eye[0] + size * 0.1, eye[1] + tall), (40, 34, 34))
    gap = size * (0.05 + 0.28 * opening)
    draw.ellipse((x - size * 0.34, y + size * 0.62 - gap, x + size * 0.34, y + size * 0.62 + gap), (120, 44, 48))
