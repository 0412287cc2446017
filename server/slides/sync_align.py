"""Where one recording of a talk begins in another: by the pages both show. Pure; milliseconds.

What people said of the times of a recording that is replaced (a camera's film after the live cut, a file trimmed
elsewhere) still holds, moved by the difference. Page changes that both have vote for it, and it counts when what
both show together then agrees.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from server.slides.correct import Cue, PageRef

TOGETHER_MS = 1_500  # votes this close are for the same difference
ENOUGH_VOTES = 2
AGREEMENT = 0.8
OVERLAP = 0.5
SAME_LENGTH_MS = 2_000
MOST_VOTES = 20_000  # more page changes than this in both together are no talk

Change = tuple[int, PageRef | None, PageRef | None]


def offset_between(old: Sequence[Cue], new: Sequence[Cue]) -> int | None:
    """How much later a moment of the old recording is in the new one; None when they cannot be laid over each other.

    Recordings of one length in which nothing can be compared (no page was ever shown) are taken for the same.
    """
    if not old or not new:
        return None
    for offset in [*_voted(_changes(old), _changes(new)), 0]:
        share = agreement(old, new, offset)
        if share is not None and share >= AGREEMENT:
            return offset
    same_length = abs(old[-1].end_ms - new[-1].end_ms) <= SAME_LENGTH_MS
    nothing_shown = not any(cue.page for cue in old) or not any(cue.page for cue in new)
    return 0 if same_length and nothing_shown else None


def _changes(cues: Sequence[Cue]) -> list[Change]:
    return [(after.start_ms, before.page, after.page) for before, after in pairwise(cues)]


def _voted(old: Sequence[Change], new: Sequence[Change]) -> list[int]:
    """The differences most page changes speak for, best first."""
    places: dict[tuple[PageRef | None, PageRef | None], list[int]] = {}
    for at, before, after in new:
        places.setdefault((before, after), []).append(at)
    votes = sorted(there - at for at, before, after in old for there in places.get((before, after), []))[:MOST_VOTES]
    groups: list[list[int]] = []
    for vote in votes:
        if groups and vote - groups[-1][0] <= TOGETHER_MS:
            groups[-1].append(vote)
        else:
            groups.append([vote])
    strong = [group for group in groups if len(group) >= ENOUGH_VOTES]
    strong.sort(key=len, reverse=True)
    return [group[len(group) // 2] for group in strong[:5]]


def agreement(old: Sequence[Cue], new: Sequence[Cue], offset_ms: int) -> float | None:
    """Of the time in which both show a page, the share in which it is the same; None when that is too short a part of
    what the one that shows less shows."""
    same = both = 0
    starts = [cue.start_ms for cue in new]
    for cue in old:
        if cue.page is None:
            continue
        first, last = cue.start_ms + offset_ms, cue.end_ms + offset_ms
        for other in new[max(0, bisect_right(starts, first) - 1) :]:
            if other.start_ms >= last:
                break
            length = min(last, other.end_ms) - max(first, other.start_ms)
            if length > 0 and other.page is not None:
                both += length
                same += length * (other.page == cue.page)
    shown = min(_shown_ms(old), _shown_ms(new))
    return same / both if both and both >= OVERLAP * shown else None


def _shown_ms(cues: Sequence[Cue]) -> int:
    return sum(cue.end_ms - cue.start_ms for cue in cues if cue.page is not None)
