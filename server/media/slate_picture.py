"""The picture of the slate: one calm sentence in each of the event's languages, drawn at the size of the top rung."""

import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw

from server.media.lettering import MARKS, width_of, write

SENTENCES = {
    "en": "We will be right back",
    "fi": "Palaamme pian",
    "sv": "Vi är strax tillbaka",
}
PAPER = (22, 27, 37)
INK = (233, 236, 242)
FAINT = (150, 160, 178)
ACCENT = (96, 132, 176)
# Of the picture's width that a line may fill, and of its shorter side that the first line is high.
WIDEST = 0.84
LETTER = 0.085


def sentences_for(languages: Sequence[str]) -> list[str]:
    """The sentence in each of these languages that it is known in, English if in none: "en", "sv-FI"."""
    known = [language.split("-")[0].lower() for language in languages]
    return [SENTENCES[language] for language in dict.fromkeys(known) if language in SENTENCES] or [SENTENCES["en"]]


def draw_slate(texts: Sequence[str], width: int, height: int) -> Image.Image:
    """The lines below one another in the middle, the first one larger. Letters that the face lacks are left out."""
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    unit = min(width, height) * LETTER
    sizes = [unit, *[unit * 0.66] * len(texts)]
    written = [line for line in map(_writable, texts) if line]
    lines = [(line, _fitting(line, size, width * WIDEST)) for line, size in zip(written, sizes, strict=False)]
    top = (height - sum(size * 1.7 for _, size in lines)) / 2
    draw.rectangle((width / 2 - unit, top - unit * 0.7, width / 2 + unit, top - unit * 0.7 + unit * 0.08), ACCENT)
    for number, (line, size) in enumerate(lines):
        write(draw, ((width - width_of(line, size)) / 2, top), line, FAINT if number else INK, size)
        top += size * 1.7
    return image


def _fitting(line: str, size_px: float, widest_px: float) -> int:
    """The size at which the line is no wider than it may be; that of a font is a whole number."""
    size = max(1, int(size_px * min(1.0, widest_px / max(1.0, width_of(line, size_px)))))
    while size > 1 and width_of(line, size) > widest_px:
        size -= 1
    return size


def _writable(text: str) -> str:
    """The text without what the built-in face has no letters for, and without the marks that stood on those."""
    kept = ""
    has_letter = False
    for letter in unicodedata.normalize("NFD", " ".join(text.split())):
        if letter not in MARKS:
            has_letter = " " <= letter <= "~"
        kept += letter if has_letter else ""
    return " ".join(kept.split())
