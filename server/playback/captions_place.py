"""Cues that stay with the words when a recording is cut otherwise. Pure.

Times of cues are recording time for one cut: a list of ranges over sources. For another cut of the same sources they go
by way of the sources' media time; what the new cut does not show is kept aside, and is back when a later one shows it.
A recording of other sources says nothing about where the words are: then cues stay where they were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from server.media.captions import Cue
from server.media.timeline import Range, Timeline

# Where a range goes on to its source's end, and where words go on after the end of what is shown.
_FAR_MS = 48 * 3_600_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A cue of a source, in its media time."""

    source: str
    cue: Cue


def place_again(
    cues: Sequence[Cue], left_out: Sequence[Piece], before: Sequence[Any], after: Sequence[Any]
) -> tuple[list[Cue], list[Piece]]:
    """Cues for the cut `before` (as Recording.cut) as they are for the cut `after`, and those that it leaves out."""
    if before == after or not before or not after:
        return list(cues), list(left_out)
    old, new = _timeline(before, open_end=True), _timeline(after, open_end=False)
    if not {one.source for one in old.ranges} & {one.source for one in new.ranges}:
        return list(cues), list(left_out)
    pieces = _whole([*(piece for cue in cues for piece in _pieces(old, cue)), *left_out])
    shown = [
        replace(piece.cue, start_ms=round(span.start), end_ms=round(span.end))
        for piece in pieces
        for span in new.spans(piece.source, piece.cue.start_ms, piece.cue.end_ms)
    ]
    rest = [piece for one in pieces for piece in _unshown(new, one)]
    return _joined(shown), rest


def _timeline(cut: Sequence[Any], *, open_end: bool) -> Timeline:
    """`open_end`: what is said after the last range belongs to its source, too."""
    ends = [part["end_ms"] if part["end_ms"] is not None else part["start_ms"] + _FAR_MS for part in cut]
    if open_end:
        ends[-1] = max(ends[-1], cut[-1]["start_ms"] + _FAR_MS)
    return Timeline(tuple(Range(one["source_id"], one["start_ms"], end) for one, end in zip(cut, ends, strict=True)))


def _pieces(timeline: Timeline, cue: Cue) -> Iterable[Piece]:
    """The cue in its sources' time: several where it runs across a border of the cut."""
    at = 0
    for part in timeline.ranges:
        first, last = max(cue.start_ms, at), min(cue.end_ms, at + round(part.duration))
        if first < last:
            offset = round(part.start) - at
            yield Piece(part.source, replace(cue, start_ms=first + offset, end_ms=last + offset))
        at += round(part.duration)


def _whole(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces of one cue that meet, joined again."""
    ordered = sorted(pieces, key=lambda one: (one.source, one.cue.start_ms, one.cue.end_ms))
    return [
        Piece(source, cue)
        for source, group in groupby(ordered, key=lambda one: one.source)
        for cue in _joined([one.cue for one in group])
    ]


def _joined(cues: Iterable[Cue]) -> list[Cue]:
    """In order of time; what is the same and meets becomes one."""
    made: list[Cue] = []
    for cue in sorted(cues, key=lambda one: (one.start_ms, one.end_ms)):
        last = made[-1] if made else None
        if last is not None and last.end_ms == cue.start_ms and (last.text, last.settings) == (cue.text, cue.settings):
            made[-1] = replace(last, end_ms=cue.end_ms)
        else:
            made.append(cue)
    return made


def _unshown(timeline: Timeline, piece: Piece) -> Iterable[Piece]:
    """The stretches of a piece that the cut does not show."""
    at = piece.cue.start_ms
    for part in sorted((one for one in timeline.ranges if one.source == piece.source), key=lambda one: one.start):
        first, last = round(part.start), round(part.end)
        if at < min(first, piece.cue.end_ms):
            yield Piece(piece.source, replace(piece.cue, start_ms=at, end_ms=min(first, piece.cue.end_ms)))
        at = max(at, last)
    if at < piece.cue.end_ms:
        yield Piece(piece.source, replace(piece.cue, start_ms=at))
