"""The text of a page: from glyphs and their boxes to words, lines in reading order, and a title. Pure.

A glyph is (character, x0, y0, x1, y1) in fractions of the page as it is shown, from the top left. A space or a line
end has no box of its own. Readers of PDFs give letters in the order in which they were drawn; here they get the order
in which people read them, right-to-left scripts too.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from server.media.deck_order import in_logical_order, in_reading_order
from server.media.deck_pages import Word

Glyph = tuple[str, float, float, float, float]

MAX_WORDS = 4_000
MAX_WORD_LETTERS = 120
TITLE_LETTERS = 150
MAX_TITLE_LINES = 3
# Sizes that are meant to be equal are measured by glyph boxes that differ a little.
SAME_SIZE = 0.93
PROMINENT = 0.6
SOFT_HYPHEN = "\u00ad"
# PDFium writes a hyphen at the end of a line as one of these.
LINE_HYPHENS = frozenset((SOFT_HYPHEN, "\x02", "\ufffe"))
BOX_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside one another. `size` is the height of its letters; `hyphen`: its last word goes on in the
    next line."""

    words: list[Word]
    size: float
    hyphen: bool = False

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(word[4] for word in self.words)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0 y0 x1 y1 around all words."""
        columns = list(zip(*(word[:4] for word in self.words), strict=True))
        return min(columns[0]), min(columns[1]), max(columns[2]), max(columns[3])


def clean(text: str) -> str:
    """Text that any database and page takes: NFC, without control characters, lone surrogates, noncharacters and soft
    hyphens; ligatures and presentation forms of Arabic and Hebrew as plain letters; white space as single spaces, but
    line ends kept."""
    kept = "".join(_plain(char) for char in text)
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", kept).split("\n"))
    return "\n".join(lines).strip("\n")


def _plain(char: str) -> str:
    if char == "\n":
        return char
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return " "
    # Surrogates, noncharacters, the byte order mark; invisible marks of direction and joining that only upset search.
    if 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code < 0xFDF0:
        return ""
    if char in "\u00ad\u200b\u200e\u200f\ufeff" or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return ""
    if 0xFB00 <= code < 0xFE00 or 0xFE70 <= code < 0xFF00:
        return unicodedata.normalize("NFKC", char).strip()
    return char


def lines_of(glyphs: Iterable[Glyph]) -> list[Line]:
    """The lines of a page in reading order."""
    lines: list[Line] = []
    count = 0
    for row in _rows(glyphs):
        line = _line(row)
        if line is None or count >= MAX_WORDS:
            continue
        count += len(line.words)
        if lines and _goes_on(lines[-1], line):
            lines[-1] = _joined(lines[-1], line)
        else:
            lines.append(line)
    return in_reading_order(lines, lambda line: line.box)


def _goes_on(line: Line, piece: Line) -> bool:
    """Whether a piece goes on right behind a line: a reader of PDFs begins a new line at every index and exponent."""
    box, other = line.box, piece.box
    overlap = min(box[3], other[3]) - max(box[1], other[1])
    letter = (box[2] - box[0]) / max(1, len(line.text))
    beside = -letter < other[0] - box[2] < 1.2 * letter
    return beside and not line.hyphen and overlap > 0.5 * min(box[3] - box[1], other[3] - other[1])


def _joined(line: Line, piece: Line) -> Line:
    words, first = list(line.words), piece.words[0]
    letter = (line.box[2] - line.box[0]) / max(1, len(line.text))
    rest = list(piece.words)
    last = words[-1]
    # What is raised may be the mark of a footnote, which is no part of its word.
    is_raised = first[1] + first[3] < last[1] + last[3] - 0.3 * line.size
    if first[0] - last[2] < 0.35 * letter and not is_raised:
        words[-1] = (min(last[0], first[0]), min(last[1], first[1]), max(last[2], first[2]), max(last[3], first[3]),
                     (last[4] + first[4])[:MAX_WORD_LETTERS])  # fmt: skip
        rest = rest[1:]
    return Line(words + rest, piece.size if len(piece.text) > len(line.text) else line.size, piece.hyphen)


def text_of(lines: Sequence[Line]) -> str:
    """The text of a page, a line a line; words divided at a line's end are put together."""
    text = ""
    for index, line in enumerate(lines):
        text += line.text
        goes_on = line.hyphen and index + 1 < len(lines)
        if goes_on and not lines[index + 1].text[:1].islower():
            text += "-"
        text += "" if goes_on else "\n"
    return clean(text)


def words_of(lines: Sequence[Line]) -> list[Word]:
    """All words, in reading order, with coordinates rounded to what a screen can show."""
    return [
        (
            round(x0, BOX_DIGITS),
            round(y0, BOX_DIGITS),
            round(x1, BOX_DIGITS),
            round(y1, BOX_DIGITS),
            word,
        )
        for line in lines
        for x0, y0, x1, y1, word in line.words
    ]


def largest_line(lines: Sequence[Line]) -> str:
    """The title of a page: its largest line with a word in it, the upper one of equals; with the lines right below it
    that are as large, where the title stands out from the rest."""
    candidates = [line for line in lines if _could_be_title(line)]
    if not candidates:
        return ""
    largest = max(line.size for line in candidates)
    start = next(index for index, line in enumerate(lines) if line.size >= SAME_SIZE * largest and line in candidates)
    last = lines[start]
    title = last.text
    stands_out = sum(line.size >= SAME_SIZE * largest for line in candidates) <= MAX_TITLE_LINES
    for line in lines[start + 1 : start + MAX_TITLE_LINES] if stands_out else ():
        near = line.box[1] - last.box[3] < 0.9 * last.size
        if not near or line.size < SAME_SIZE * largest or not _could_be_title(line):
            break
        title += f" {line.text}"
        last = line
    return shorten(title, TITLE_LETTERS)


def _could_be_title(line: Line) -> bool:
    upright = line.box[3] - line.box[1] < 3 * line.size
    # Sums, roots and products are larger than any title, and have hardly a word in them. Scripts without an alphabet
    # say in two letters what others say in eight.
    return upright and re.search(r"[^\W\d_]{3}|[\u3040-\ud7ff]{2}", line.text) is not None


def shorten(text: str, letters: int) -> str:
    """One line of at most so many letters, cut at a word."""
    text = " ".join(clean(text).split())
    if len(text) <= letters:
        return text
    cut = text[: letters - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[letters // 2 :] else cut}…"


def title_from(outline_title: str, lines: Sequence[Line], text: str) -> str:
    """The outline's name of a page where that stands on the page; else the largest line.

    An outline may name sections, which stand small in a corner, or ("Slide 7") nothing: what cannot be read in the
    larger lines of the page is no title of it, unless the page has no text at all.
    """
    title = shorten(outline_title, TITLE_LETTERS)
    largest = max((line.size for line in lines if _could_be_title(line)), default=0.0)
    prominent = " ".join(line.text for line in lines if line.size >= PROMINENT * largest)
    if title and text and _bare(title) in _bare(prominent):
        return title
    if title and not text and not re.fullmatch(r"\w+\s*\d+", title):
        return title
    return largest_line(lines)


def _bare(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _rows(glyphs: Iterable[Glyph]) -> Iterable[list[Glyph]]:
    row: list[Glyph] = []
    for glyph in glyphs:
        if glyph[0] == "\n":
            if row:
                yield row
            row = []
        else:
            row.append(glyph)
    if row:
        yield row


def _line(row: list[Glyph]) -> Line | None:
    while row and row[-1][0].isspace():
        row = row[:-1]
    hyphen = bool(row) and row[-1][0] in LINE_HYPHENS
    groups: list[list[Glyph]] = [[]]
    for glyph in row:
        last = groups[-1][-1] if groups[-1] else None
        if glyph[0].isspace() or (last is not None and (_is_mark(glyph, last) or _is_mark(last, glyph))):
            groups.append([])
        if not glyph[0].isspace():
            groups[-1].append(glyph)
    words = [word for group in groups if group and (word := _word(group)) is not None]
    if not words:
        return None
    heights = [glyph[4] - glyph[2] for glyph in row if glyph[0].isalnum()] or [word[3] - word[1] for word in words]
    return Line(in_logical_order(words), median(heights), hyphen)


def _is_mark(glyph: Glyph, beside: Glyph) -> bool:
    """Whether a glyph is the mark of a footnote beside a letter of a word: smaller and raised. It is no part of it."""
    height, other = glyph[4] - glyph[2], beside[4] - beside[2]
    is_raised = height < 0.9 * other and glyph[4] < beside[4] - 0.2 * other
    return is_raised and (glyph[0].isdigit() or glyph[0] in "*†‡§") and not beside[0].isdigit()


def _word(glyphs: list[Glyph]) -> Word | None:
    visible = [glyph for glyph in glyphs if glyph[0] not in LINE_HYPHENS]
    text = clean("".join(in_logical_order_of_letters(visible)))[:MAX_WORD_LETTERS].replace("\n", "")
    if not text.strip():
        return None
    boxes = list(zip(*(glyph[1:] for glyph in visible), strict=True))
    x0, y0, x1, y1 = min(boxes[0]), min(boxes[1]), max(boxes[2]), max(boxes[3])
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    if not (0 <= middle[0] <= 1 and 0 <= middle[1] <= 1):
        return None  # beyond the crop box: nobody sees it
    return max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1), text


def in_logical_order_of_letters(glyphs: Sequence[Glyph]) -> list[str]:
    """The letters of one word. Right-to-left letters that came from left to right are turned round; marks stay after
    the letter that they belong to, digits keep their order."""
    letters = [glyph[0] for glyph in glyphs]
    strong = [glyph for glyph in glyphs if unicodedata.bidirectional(glyph[0][:1] or " ") in ("R", "AL")]
    if len(strong) < 2:
        return letters
    steps = [(b[1] + b[3]) - (a[1] + a[3]) for a, b in pairwise(strong)]
    if sum(step > 0 for step in steps) <= sum(step < 0 for step in steps):
        return letters
    return [char for cluster in reversed(_clusters(letters)) for char in cluster]


def _clusters(letters: Sequence[str]) -> list[list[str]]:
    clusters: list[list[str]] = []
    for char in letters:
        kind = unicodedata.bidirectional(char[:1] or " ")
        before = unicodedata.bidirectional(clusters[-1][-1][:1] or " ") if clusters else ""
        joined = kind == "NSM" or (kind in ("EN", "AN") and before in ("EN", "AN"))
        if joined and clusters:
            clusters[-1].append(char)
        else:
            clusters.append([char])
    return clusters
