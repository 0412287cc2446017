"""Which page of a new deck is which page of the old one, by how alike they are. Pure.

A deck that is replaced has mostly the same pages, some changed, added, taken away or moved. What people said of an old
page holds for the new one that is most alike; for a page without its like it holds no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ALIKE = 0.6  # in its place among the others
MOVED = 0.8  # out of its place: more has to speak for it
_HASH_BITS = 64
_CHANCE_BITS = 24  # hashes of unlike pictures differ in about half of their bits, hardly ever in fewer than this
_TEXT_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLook:
    """A page as it is compared: its text, and a hash of its picture of 64 bits (alike pictures differ in few bits)."""

    number: int
    text: str = ""
    picture: int | None = None


def carried_pages(old: Sequence[PageLook], new: Sequence[PageLook]) -> dict[int, int]:
    """Old page numbers and the new ones they became; those without their like are left out. Several old pages may
    have become one.

    First the order is kept (so that three pages "Questions?" stay three), then what is left may have moved. Pages
    that say nothing, neither text nor picture, keep their numbers if the decks are equally long.
    """
    table = _likeness(old, new)
    pairs = _in_order(table, len(new))
    for row, scores in enumerate(table):
        if row not in pairs and scores:
            best = max(range(len(new)), key=lambda column: (scores[column], column not in pairs.values()))
            if scores[best] >= MOVED:
                pairs[row] = best
    if len(old) == len(new):
        for row, page in enumerate(old):
            if row not in pairs and _says_nothing(page) and _says_nothing(new[row]):
                pairs[row] = row
    return {old[row].number: new[column].number for row, column in sorted(pairs.items())}


def _says_nothing(page: PageLook) -> bool:
    return not page.text.strip() and page.picture is None


def _likeness(old: Sequence[PageLook], new: Sequence[PageLook]) -> list[list[float]]:
    """How alike each old page (row) and each new page (column) are, 0 to 1."""
    words = [_words(page.text) for page in new]
    return [
        [_alike(page, own, other, theirs) for other, theirs in zip(new, words, strict=True)]
        for page in old
        for own in (_words(page.text),)
    ]


def _words(text: str) -> frozenset[tuple[str, int]]:
    """The words, the same word twice as two."""
    counts: dict[str, int] = {}
    found = set()
    for word in text.casefold().split():
        counts[word] = counts.get(word, 0) + 1
        found.add((word, counts[word]))
    return frozenset(found)


def _alike(
    page: PageLook, own: frozenset[tuple[str, int]], other: PageLook, theirs: frozenset[tuple[str, int]]
) -> float:
    picture = _pictures_alike(page.picture, other.picture)
    if not own and not theirs:
        return picture or 0.0
    text = 2 * len(own & theirs) / (len(own) + len(theirs))  # Dice's coefficient
    return text if picture is None else _TEXT_SHARE * text + (1 - _TEXT_SHARE) * picture


def _pictures_alike(first: int | None, second: int | None) -> float | None:
    if first is None or second is None:
        return None
    return max(0.0, 1 - ((first ^ second) & ((1 << _HASH_BITS) - 1)).bit_count() / _CHANCE_BITS)


def _in_order(table: Sequence[Sequence[float]], width: int) -> dict[int, int]:
    """The pairs (row, column) that keep the order and are most alike in sum, each at least ALIKE (an alignment after
    Needleman and Wunsch, with gaps for nothing)."""
    best = [[0.0] * (width + 1) for _row in range(len(table) + 1)]
    for row in range(len(table) - 1, -1, -1):
        for column in range(width - 1, -1, -1):
            score = table[row][column]
            pair = score + best[row + 1][column + 1] if score >= ALIKE else 0.0
            best[row][column] = max(pair, best[row + 1][column], best[row][column + 1])
    pairs: dict[int, int] = {}
    row = column = 0
    while row < len(table) and column < width:
        score = table[row][column]
        if score >= ALIKE and best[row][column] == score + best[row + 1][column + 1]:
            pairs[row] = column
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs
