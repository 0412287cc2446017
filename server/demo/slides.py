"""Draw slides as pictures. The typeface is the one built into Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from server.demo.programme import Slide
from server.media.lettering import Colour
from server.media.lettering import write as write_line


@dataclass(frozen=True)
class Theme:
    """Colours of one talk's slides, and where the camera's picture goes."""

    paper: Colour
    ink: Colour
    faint: Colour
    accent: Colour
    camera: str  # corner | side
    shirt: Colour
    hair: Colour


THEMES = {
    "paper": Theme(
        (250, 248, 242), (32, 38, 44), (126, 132, 128), (38, 112, 82), "corner", (52, 92, 140), (92, 60, 38)
    ),
    "night": Theme((18, 22, 34), (236, 238, 244), (140, 150, 172), (240, 176, 74), "side", (150, 66, 60), (28, 24, 26)),
}


@dataclass(frozen=True)
class Line:
    """A line of text where it was written: its upper left corner and its size, in pixels."""

    x: float
    y: float
    text: str
    size_px: float


class Pen(ImageDraw.ImageDraw):
    """Draws, and remembers what it wrote."""

    def __init__(self, image: Image.Image) -> None:
        super().__init__(image)
        self.lines: list[Line] = []


def write(pen: Pen, at: tuple[float, float], text: str, fill: Colour, size_px: float) -> None:
    """Write a line."""
    write_line(pen, at, text, fill, size_px)
    pen.lines.append(Line(*at, text, size_px))


def draw_slide(slide: Slide, theme: Theme, width: int, height: int, *, number: int = 0) -> Image.Image:
    """One slide at the given size in pixels; `number` is written in its corner when it is not 0."""
    return drawn_slide(slide, theme, width, height, number=number)[0]


def drawn_slide(
    slide: Slide, theme: Theme, width: int, height: int, *, number: int = 0
) -> tuple[Image.Image, list[Line]]:
    """The same, with the lines that are written on it."""
    image = Image.new("RGB", (width, height), theme.paper)
    draw = Pen(image)
    unit = height / 20
    {"cover": _draw_cover, "quote": _draw_quote}.get(slide.kind, _draw_plain)(draw, slide, theme, width, unit)
    if number:
        write(draw, (unit, height - unit * 1.4), str(number), theme.faint, unit * 0.6)
    return image, draw.lines


def _draw_cover(draw: Pen, slide: Slide, theme: Theme, width: int, unit: float) -> None:
    draw.rectangle((0, unit * 5, unit * 0.7, unit * 13), theme.accent)
    write(draw, (unit * 2, unit * 5.2), slide.title, theme.ink, unit * 2.3)
    for row, line in enumerate(slide.lines):
        size = unit * (1.15 if row == 0 else 0.9)
        write(draw, (unit * 2, unit * (9 + 1.9 * row)), line, theme.ink if row == 0 else theme.faint, size)


def _draw_quote(draw: Pen, slide: Slide, theme: Theme, width: int, unit: float) -> None:
    draw.rectangle((unit * 2, unit * 4, unit * 5, unit * 4.25), theme.accent)
    for row, line in enumerate(slide.title.split("\n")):
        write(draw, (unit * 2, unit * (5.2 + 2.3 * row)), line, theme.accent, unit * 1.5)
    for line in slide.lines:
        write(draw, (unit * 2, unit * 11), f"- {line}", theme.faint, unit * 0.9)


def _draw_plain(draw: Pen, slide: Slide, theme: Theme, width: int, unit: float) -> None:
    write(draw, (unit * 2, unit * 1.8), slide.title, theme.accent, unit * 1.7)
    draw.line((unit * 2, unit * 4.4, width - unit * 2, unit * 4.4), theme.faint, max(1, round(unit / 12)))
    for row, line in enumerate(slide.lines):
        top = unit * (5.6 + 2.1 * row)
        draw.ellipse((unit * 2, top + unit * 0.45, unit * 2.35, top + unit * 0.8), theme.accent)
        write(draw, (unit * 3, top), line, theme.ink, unit * 1.1)
    if slide.bars:
        _draw_bars(draw, slide.bars, theme, unit)


def _draw_bars(draw: Pen, bars: Sequence[tuple[str, int]], theme: Theme, unit: float) -> None:
    most = max(value for _, value in bars)
    for row, (label, value) in enumerate(bars):
        top, length = unit * (12.2 + 1.6 * row), unit * 13 * value / most
        write(draw, (unit * 3, top + unit * 0.1), label, theme.faint, unit * 0.8)
        draw.rectangle((unit * 8, top, unit * 8 + length, top + unit * 1.1), theme.accent)
        write(draw, (unit * 8.4 + length, top + unit * 0.1), str(value), theme.ink, unit * 0.8)
