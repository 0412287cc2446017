"""The order in which people read the lines of a page and the words of a line. Pure geometry.

Boxes are x0 y0 x1 y1 in fractions of the page, from the top left.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from server.media.deck_pages import Word

T = TypeVar("T")
Box = tuple[float, float, float, float]

# More lines than this are a listing, whose drawn order is taken.
MAX_SORTED = 400
GUTTER = 0.025
MAX_DEPTH = 60


def in_reading_order(lines: Sequence[T], box_of: Callable[[T], Box]) -> list[T]:
    """Top to bottom, and column by column where a gutter runs through: the page is cut along its gaps, the widest
    first (recursive XY cut, Nagy and Seth 1984)."""
    if len(lines) > MAX_SORTED:
        return list(lines)
    return [line for line, _ in _cut([(line, box_of(line)) for line in lines], MAX_DEPTH)]


def _cut(lines: list[tuple[T, Box]], depth: int) -> list[tuple[T, Box]]:
    if len(lines) < 2 or depth == 0:
        return lines
    gap_x, at_x = _widest_gap(lines, 0)
    gap_y, at_y = _widest_gap(lines, 1)
    left = [line for line in lines if line[1][0] < at_x]
    columns = gap_x >= GUTTER and len(left) >= 2 and len(lines) - len(left) >= 2
    if columns:
        right_to_left = sum(map(_is_right_to_left, lines)) > len(lines) / 2
        parts = [left, [line for line in lines if line[1][0] >= at_x]]
        return [line for part in (reversed(parts) if right_to_left else parts) for line in _cut(part, depth - 1)]
    if gap_y > 0:
        above = [line for line in lines if line[1][1] < at_y]
        below = [line for line in lines if line[1][1] >= at_y]
        return _cut(above, depth - 1) + _cut(below, depth - 1)
    return lines


def _widest_gap(lines: Sequence[tuple[T, Box]], axis: int) -> tuple[float, float]:
    """How wide the widest gap between the lines is along an axis, and where it ends."""
    spans = sorted((box[axis], box[axis + 2]) for _, box in lines)
    widest, at = 0.0, 0.0
    reached = spans[0][1]
    for start, end in spans[1:]:
        if start - reached > widest:
            widest, at = start - reached, start
        reached = max(reached, end)
    return widest, at


def _is_right_to_left(line: tuple[T, Box]) -> bool:
    return direction_of(getattr(line[0], "text", "")) < 0


def direction_of(text: str) -> int:
    """-1 for right to left, 1 for left to right, 0 for digits and signs, by the letters that are more."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    right, left = sum(kind in ("R", "AL") for kind in kinds), kinds.count("L")
    return (left > right) - (right > left) if right or left else 0


def in_logical_order(words: Sequence[Word]) -> list[Word]:
    """The words of one line in the order in which they are read. A line without right-to-left words stays as it is.

    Word by word the reverse of what the bidirectional algorithm (UAX #9, rule L2) does: the line runs in the direction
    of most of its letters, and a run of words of the other direction stands in its own.
    """
    directions = {id(word): direction_of(word[4]) for word in words}
    if not any(direction < 0 for direction in directions.values()) or _is_upright(words):
        return list(words)
    base = -1 if direction_of("".join(word[4] for word in words)) < 0 else 1
    seen = sorted(words, key=lambda word: word[0] + word[2], reverse=base < 0)
    ordered: list[Word] = []
    run: list[Word] = []
    for word in [*seen, None]:
        direction = directions[id(word)] if word is not None else base
        # Numbers stand left to right among themselves, also in a line that runs the other way (rule N1 and W2 apart).
        if word is not None and direction != base and (direction or run or base < 0):
            run.append(word)
            continue
        ordered += reversed(run)
        run = []
        if word is not None:
            ordered.append(word)
    return ordered


def _is_upright(words: Sequence[Word]) -> bool:
    """Whether the line runs from top to bottom, as on the axis of a chart."""
    if len(words) < 2:
        return False
    return max(w[1] for w in words) - min(w[1] for w in words) > max(w[0] for w in words) - min(w[0] for w in words)
