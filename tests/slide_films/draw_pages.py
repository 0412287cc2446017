"""Draw one page of a deck at any size. Sizes are in units of 1/900 of the page's height."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from server.media.lettering import width_of, write
from tests.slide_films.deck_styles import Colour, Style
from tests.slide_films.draw_figures import draw_diagram, draw_plot, photo


@dataclass(frozen=True)
class Spec:
    """What is on a page. `shown` of its `lines` (or parts of its figure) are visible, `marked` is the one set apart.

    `seed` decides the figure, `number` is what is printed at the foot. Equal specs give equal pictures.
    """

    kind: str
    title: str = ""
    lines: tuple[str, ...] = ()
    shown: int = 99
    marked: int = -1
    seed: int = 0
    number: int = 0

    @property
    def text(self) -> str:
        """The page's words, as a PDF would hold them; pages without text have none."""
        if self.kind in ("photo", "drawing"):
            return ""
        return "\n".join([self.title, *self.lines[: self.shown]]).strip()


# A size at which the widths of letters are as the typeface means them.
EXACT_PX = 200
# Where on the page a video plays, as fractions: left, top, right, bottom.
VIDEO_BOX = (0.2, 0.26, 0.8, 0.86)


class Sheet:
    """A page being drawn: lengths in units, text in the deck's size."""

    def __init__(self, style: Style, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), style.paper)
        self.draw = ImageDraw.Draw(self.image)
        self.style = style
        self.unit = height / 900
        self.width, self.height = width / self.unit, 900.0

    def text(self, x: float, y: float, text: str, size: float, fill: Colour, *, bold: bool = False) -> None:
        """One line, from its top left. Every letter is where it is at any size, as in a PDF."""
        for nudge in (0.0, size * 0.035) if bold else (0.0,):
            for letter, offset in zip(text, _offsets(text), strict=True):
                at = ((x + nudge + offset * size) * self.unit, y * self.unit)
                write(self.draw, at, letter, fill, max(4, size * self.unit))

    def wide(self, text: str, size: float) -> float:
        """How wide a line is, in units."""
        return width_of(text, EXACT_PX) / EXACT_PX * size

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour | None, edge: Colour | None = None) -> None:
        """A filled or outlined rectangle."""
        at = (x0 * self.unit, y0 * self.unit, x1 * self.unit, y1 * self.unit)
        self.draw.rectangle(at, fill, edge, max(1, round(3 * self.unit)))

    def paste(self, picture: Image.Image, x0: float, y0: float, x1: float, y1: float) -> None:
        """A picture, stretched to the box."""
        size = (max(1, round((x1 - x0) * self.unit)), max(1, round((y1 - y0) * self.unit)))
        self.image.paste(
            picture.resize(size, Image.Resampling.BILINEAR), (round(x0 * self.unit), round(y0 * self.unit))
        )


@lru_cache(maxsize=4096)
def _offsets(text: str) -> tuple[float, ...]:
    """Where each letter begins, as a share of the size: small letters have widths of whole pixels, large ones exact."""
    return tuple(width_of(text[:count], EXACT_PX) / EXACT_PX for count in range(len(text)))


def draw_page(spec: Spec, style: Style, width: int, height: int) -> Image.Image:
    """The page as RGB of that size in pixels."""
    sheet = Sheet(style, width, height)
    if spec.kind == "photo":
        sheet.paste(photo(spec.seed), 0, 0, sheet.width, 900)
        return sheet.image
    if spec.kind not in ("title", "section", "drawing"):
        _template(sheet, spec)
    _KINDS[spec.kind](sheet, spec)
    return sheet.image


def _template(sheet: Sheet, spec: Spec) -> None:
    """Header, logo and foot: the same on all pages but for the title and the number."""
    style, ink = sheet.style, sheet.style.accent
    if style.header == "bar":
        sheet.box(0, 0, sheet.width, 120, style.accent)
        ink = style.paper
    elif style.header == "line":
        sheet.box(60, 128, sheet.width - 60, 132, style.accent)
    elif style.header == "stripe":
        sheet.box(0, 0, 28, 900, style.accent)
    sheet.text(64, 40, spec.title, 54, ink, bold=True)
    _logo(sheet)
    if style.foot:
        sheet.text(64, 856, style.foot, 24, style.faint)
    if style.numbers:
        sheet.text(sheet.width - 96, 856, str(spec.number), 26, style.faint)


def _logo(sheet: Sheet) -> None:
    """A mark in a corner, as universities and firms have it on every page."""
    style, x, u = sheet.style, sheet.width - 150, sheet.unit
    y = 30 if style.header != "bar" else 800
    if style.logo == 0:
        sheet.draw.ellipse((x * u, y * u, (x + 70) * u, (y + 70) * u), style.accent, style.ink)
        sheet.text(x + 78, y + 20, "LAB", 28, style.ink)
    elif style.logo == 1:
        sheet.draw.polygon([(x * u, (y + 64) * u), ((x + 40) * u, y * u), ((x + 80) * u, (y + 64) * u)], style.accent)
        sheet.box(x + 84, y + 8, x + 120, y + 64, style.ink)
    elif style.logo == 2:
        for step in range(4):
            sheet.box(x + 30 * step, y + 12 * step, x + 30 * step + 20, y + 64, style.accent)


def _title(sheet: Sheet, spec: Spec) -> None:
    style = sheet.style
    sheet.box(0, 560, sheet.width, 572, style.accent)
    size = min(84 * style.size, 84 * (sheet.width - 180) / sheet.wide(spec.title, 84))
    sheet.text(90, 330, spec.title, size, style.ink, bold=True)
    for row, line in enumerate(spec.lines):
        sheet.text(90, 610 + 56 * row, line, 40, style.faint)


def _section(sheet: Sheet, spec: Spec) -> None:
    sheet.box(0, 0, sheet.width, 900, sheet.style.accent)
    size = min(88, 88 * (sheet.width - 160) / sheet.wide(spec.title, 88))
    left = (sheet.width - sheet.wide(spec.title, size)) / 2
    sheet.text(left, 400, spec.title, size, sheet.style.paper, bold=True)


def _bullets(sheet: Sheet, spec: Spec) -> None:
    style, y, size = sheet.style, 190.0, 42 * sheet.style.size
    for row, line in enumerate(spec.lines[: spec.shown]):
        ink = style.accent if row == spec.marked else style.ink
        _bullet(sheet, 80, y + size * 0.42, ink)
        for part in _wrapped(sheet, line, size, sheet.width - 240):
            sheet.text(124, y, part, size, ink, bold=row == spec.marked)
            y += size * 1.25
        y += size * 0.62


def _bullet(sheet: Sheet, x: float, y: float, ink: Colour) -> None:
    u = sheet.unit
    if sheet.style.bullet == "disc":
        sheet.draw.ellipse((x * u, y * u, (x + 16) * u, (y + 16) * u), ink)
    elif sheet.style.bullet == "square":
        sheet.box(x, y, x + 15, y + 15, ink)
    else:
        sheet.box(x, y + 6, x + 26, y + 10, ink)


def _wrapped(sheet: Sheet, line: str, size: float, wide: float) -> list[str]:
    rows, row = [], ""
    for word in line.split():
        longer = f"{row} {word}".strip()
        if row and sheet.wide(longer, size) > wide:
            rows.append(row)
            longer = word
        row = longer
    return [*rows, row]


def _table(sheet: Sheet, spec: Spec) -> None:
    """Rows of cells separated by bars in the lines."""
    style, top, high = sheet.style, 180.0, 76.0
    cells = [line.split("|") for line in spec.lines[: spec.shown]]
    wide = (sheet.width - 160) / max(len(row) for row in cells)
    for number, row in enumerate(cells):
        y = top + high * number
        if number == 0:
            sheet.box(80, y, sheet.width - 80, y + high, style.accent)
        for column, cell in enumerate(row):
            sheet.box(80 + wide * column, y, 80 + wide * (column + 1), y + high, None, style.faint)
            ink = style.paper if number == 0 else style.accent if number == spec.marked else style.ink
            sheet.text(96 + wide * column, y + 18, cell, 34, ink)


def _code(sheet: Sheet, spec: Spec) -> None:
    """Letters in columns of one width, the way terminals and editors set them."""
    sheet.box(60, 160, sheet.width - 60, 840, (40, 42, 54))
    rng = random.Random(spec.seed)
    inks = ((248, 248, 242), (139, 233, 253), (255, 121, 198), (241, 250, 140), (80, 250, 123))
    for row, line in enumerate(spec.lines[: spec.shown]):
        ink = inks[0]
        for column, letter in enumerate(line):
            if letter == " ":
                ink = rng.choice(inks)
            sheet.text(90 + 19 * column, 184 + 44 * row, letter, 32, ink)


def _plot(sheet: Sheet, spec: Spec) -> None:
    picture = draw_plot(spec.seed, spec.shown, sheet.style, spec.lines)
    sheet.paste(picture, 80, 160, sheet.width - 80, 840)


def _diagram(sheet: Sheet, spec: Spec) -> None:
    sheet.paste(draw_diagram(spec.seed, spec.shown, sheet.style, spec.lines), 60, 150, sheet.width - 60, 850)


def _drawing(sheet: Sheet, spec: Spec) -> None:
    sheet.paste(draw_diagram(spec.seed, spec.shown, sheet.style, ()), 20, 20, sheet.width - 20, 880)


def _figure(sheet: Sheet, spec: Spec) -> None:
    """A large figure in the middle and a line under it."""
    style = sheet.style
    left = (sheet.width - sheet.wide(spec.lines[0], 230)) / 2
    sheet.text(left, 280, spec.lines[0], 230, style.accent, bold=True)
    sheet.text(max(40, (sheet.width - sheet.wide(spec.lines[1], 44)) / 2), 600, spec.lines[1], 44, style.ink)


def _picture(sheet: Sheet, spec: Spec) -> None:
    """A photo with a line under it."""
    sheet.paste(photo(spec.seed), 200, 160, sheet.width - 200, 770)
    sheet.text(200, 785, spec.lines[0], 32, sheet.style.ink)


def _video(sheet: Sheet, spec: Spec) -> None:
    """A video that waits: a frame of it with a triangle."""
    x0, y0, x1, y1 = (part * size for part, size in zip(VIDEO_BOX, (sheet.width, 900) * 2, strict=True))
    sheet.paste(photo(spec.seed), x0, y0, x1, y1)
    x, y, u = (x0 + x1) / 2, (y0 + y1) / 2, sheet.unit
    sheet.draw.polygon([((x - 40) * u, (y - 50) * u), ((x - 40) * u, (y + 50) * u), ((x + 50) * u, y * u)], "white")


_KINDS: dict[str, Callable[[Sheet, Spec], None]] = {
    "title": _title, "section": _section, "bullets": _bullets, "table": _table, "code": _code, "plot": _plot,
    "diagram": _diagram, "drawing": _drawing, "figure": _figure, "picture": _picture, "video": _video,
}  # fmt: skip
