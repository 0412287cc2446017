"""What is shown of a hit: the sentence, and where in it the matches are. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from server.search.fold import fold, folded_tokens

MOST_LETTERS = 260
_SIDE = 2  # cues before and behind that may be of the same sentence
_END = re.compile(r"[.!?…][\"'”’)\]]*$")
_STOP = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text, and the matches in it as (start, end) in characters."""

    text: str
    marks: tuple[tuple[int, int], ...]


def mark(text: str, matched: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Where a text has one of these words (folded); neighbours of a hyphen are marked alone."""
    return tuple([(start, end) for start, end, folded in folded_tokens(text) if folded in matched])


def snippet(text: str, matched: Collection[str]) -> Snippet:
    """Of a long text the sentence or line with the most matches, not too long."""
    pieces = [piece.strip() for piece in _STOP.split(text) if piece.strip()] or [text.strip()]
    marks = [mark(piece, matched) for piece in pieces]
    best = max(range(len(pieces)), key=lambda place: (len(marks[place]), -place))
    shown = _cut(pieces[best], matched)
    return Snippet(shown, marks[best] if shown == pieces[best] else mark(shown, matched))


def around(cues: Sequence[str], place: int, matched: Collection[str]) -> Snippet:
    """The sentence a cue is of: with those before and behind it, as far as the sentence goes on."""
    first, last = place, place
    while first > max(0, place - _SIDE) and not _END.search(cues[first - 1]):
        first -= 1
    while last < min(len(cues) - 1, place + _SIDE) and not _END.search(cues[last]):
        last += 1
    whole = " ".join(cues[first : last + 1])
    if len(whole) > MOST_LETTERS:
        whole = cues[place]
    shown = _cut(whole, matched)
    return Snippet(shown, mark(shown, matched))


def _cut(text: str, matched: Collection[str]) -> str:
    """At most so many letters, around the first match, at borders of words."""
    flat = " ".join(text.split())
    if len(flat) <= MOST_LETTERS:
        return flat
    marks = mark(flat, matched)
    start = max(0, (marks[0][0] if marks else 0) - MOST_LETTERS // 3)
    start = flat.rfind(" ", 0, start) + 1 if start else 0
    end = min(len(flat), start + MOST_LETTERS)
    end = flat.rfind(" ", start, end) if end < len(flat) else end
    end = end if end > start else min(len(flat), start + MOST_LETTERS)
    return f"{'…' if start else ''}{flat[start:end]}{'…' if end < len(flat) else ''}"


def sequence(words: Sequence[str]) -> re.Pattern[str]:
    """Finds these words one after the other in a text made flat (fold.flatten)."""
    return re.compile(r"(?<!\S)" + " ".join(re.escape(fold(word)) for word in words) + r"(?!\S)")
