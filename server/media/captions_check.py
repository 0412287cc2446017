"""What may surprise in captions that are valid: overlaps, too fast to read, long lines, words after the end. Pure.

The limits are those subtitlers keep to: 20 characters a second at most (EBU and broadcasters say 12 to 20 for adults),
42 characters a line. The studio's editor says the same while somebody types (js/studio/captions/remarks.js).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from server.media.captions import Cue, plain_lines
from server.media.captions_read import Remark

MOST_CHARACTERS_A_SECOND = 20
MOST_CHARACTERS_A_LINE = 42
HOUR_MS = 3_600_000
# Words that end so little after the recording are those of its last moment.
SLACK_MS = 2000

Hint = Literal["overlap", "too_fast", "long_line", "beyond_end"]


@dataclass(frozen=True, slots=True)
class CueRemark:
    """A remark on the cue at this place of the list."""

    cue: int
    code: Hint


def remarks_on(cues: Sequence[Cue], duration_ms: int | None = None) -> Iterator[CueRemark]:
    """Remarks on cues in order of time, in their order."""
    shown_until = -1
    for at, cue in enumerate(cues):
        if cue.start_ms < shown_until:
            yield CueRemark(at, "overlap")
        shown_until = max(shown_until, cue.end_ms)
        lines = plain_lines(cue.text)
        letters = sum(len(line) for line in lines)
        if letters * 1000 > MOST_CHARACTERS_A_SECOND * (cue.end_ms - cue.start_ms):
            yield CueRemark(at, "too_fast")
        if any(len(line) > MOST_CHARACTERS_A_LINE for line in lines):
            yield CueRemark(at, "long_line")
        if duration_ms is not None and cue.end_ms > duration_ms + SLACK_MS:
            yield CueRemark(at, "beyond_end")


def without_offset(cues: Sequence[Cue], duration_ms: int | None) -> tuple[list[Cue], int]:
    """The cues from the recording's own start, and what was taken off, in whole hours (ms).

    Files cut for television begin at 01:00:00:00 or 10:00:00:00. Hours are taken off when all cues begin after them and
    only then fit into the recording; where its length is not known, whenever nothing is said in the first hour.
    """
    if not cues:
        return [], 0
    first, last = min(cue.start_ms for cue in cues), max(cue.end_ms for cue in cues)
    offset = first // HOUR_MS * HOUR_MS
    fits_as_it_is = duration_ms is not None and last <= duration_ms + SLACK_MS
    fits_without = duration_ms is None or first >= duration_ms or last - offset <= duration_ms + SLACK_MS
    if not offset or fits_as_it_is or not fits_without:
        return list(cues), 0
    moved = [Cue(c.start_ms - offset, c.end_ms - offset, c.text, c.identifier, c.settings) for c in cues]
    return moved, offset


def offset_remark(offset_ms: int) -> Remark:
    """Says what `without_offset` took off."""
    hours = offset_ms // HOUR_MS
    return Remark("repaired", 1, 1, f"the times began at {hours:02d}:00:00, which was taken off all of them")


def beyond_remark(cues: Sequence[Cue], duration_ms: int | None) -> str:
    """A sentence on captions that run beyond the recording's end; empty when none does."""
    if duration_ms is None:
        return ""
    over = [cue for cue in cues if cue.end_ms > duration_ms + SLACK_MS]
    if not over:
        return ""
    last = max(cue.end_ms for cue in over)
    count = "1 caption runs" if len(over) == 1 else f"{len(over)} captions run"
    return f"{count} beyond the end of the recording ({_clock(duration_ms)}); the last one ends at {_clock(last)}"


def _clock(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
