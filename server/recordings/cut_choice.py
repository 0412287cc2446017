"""Which segments of a broadcast a talk consists of: decisions over the archive's index. Pure.

Times are 90 kHz ticks of the broadcast's media time, wall times aware datetimes. Whole segments are listed; where the
talk begins and ends inside its first and last one is said beside them, and players clamp.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from server.media.live import TARGET_DURATION_S, VIDEO_TIMESCALE
from server.media.timeline import ClockSpan, SourceClock, ms_to_ticks, ticks_to_ms

Ticks = tuple[int, int]  # half open
# The archive may store segments out of order; one that is still missing so long after a later one is lost.
LOST_AFTER = timedelta(minutes=2)
# A run may begin so much before the one before it ended, by the clock; more is a clock set back.
JITTER = timedelta(seconds=1)
SEGMENT_TICKS = TARGET_DURATION_S * VIDEO_TIMESCALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A segment as the archive's index has it."""

    msn: int
    start: int
    duration: int
    wall: datetime
    discontinuity: bool = False
    archived_at: datetime | None = None
    dropped: bool = False

    @property
    def end(self) -> int:
        """Where the next one starts."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a talk is made of. `groups` are lists of segments that follow one another without a hole; `start` and `end`
    are the talk's own borders in the first and the last; `complete` says that nothing more will come."""

    groups: tuple[tuple[Filed, ...], ...] = ()
    start: int = 0
    end: int = 0
    complete: bool = True

    @property
    def runs(self) -> list[list[int]]:
        """[first, last] number of each group."""
        return [[group[0].msn, group[-1].msn] for group in self.groups]

    @property
    def clip(self) -> Ticks:
        """The talk's borders in the time of the playlist that lists the segments."""
        listed = sum(segment.duration for group in self.groups for segment in group)
        return self.start - self.groups[0][0].start, listed - (self.groups[-1][-1].end - self.end)

    @property
    def ranges(self) -> list[Ticks]:
        """The groups as ranges of media time, the first and the last at the talk's borders."""
        spans = [(group[0].start, group[-1].end) for group in self.groups]
        spans[0] = (self.start, spans[0][1])
        spans[-1] = (spans[-1][0], self.end)
        return spans


def clock_of(segments: Sequence[Filed]) -> SourceClock:
    """The broadcast's clock: a span an undisturbed run. Where the wall clock was set back, media time says how it went
    on: no moment may be there twice."""
    spans: list[ClockSpan] = []
    begins = [n for n, one in enumerate(segments) if n == 0 or one.discontinuity or one.start != segments[n - 1].end]
    for first, after in pairwise([*begins, len(segments)]):
        wall = segments[first].wall
        if spans and wall < spans[-1].wall_end - JITTER:
            wall = spans[-1].wall_end
        start, end = segments[first].start, segments[after - 1].end
        spans.append(ClockSpan(_ms(start), _ms(end), wall))
    return SourceClock(tuple(spans))


def _ms(ticks: int) -> Fraction:
    return ticks_to_ms(ticks, VIDEO_TIMESCALE)


def media_of(clock: SourceClock, wall: datetime) -> int:
    """The media time of a wall time. Media time has no holes, so where the clock has one its two sides are the same;
    before the clock's start that is 0, and after its end the last run goes on."""
    at = clock.media_at(wall)
    if at is not None:
        return ms_to_ticks(at, VIDEO_TIMESCALE)
    later = next((span for span in clock.spans if span.wall > wall), None)
    if later is not None:
        return ms_to_ticks(later.start, VIDEO_TIMESCALE)
    last = clock.spans[-1]
    beyond = (wall - last.wall_end) // timedelta(microseconds=1)
    return ms_to_ticks(last.end + Fraction(beyond, 1000), VIDEO_TIMESCALE)


def reaches(clock: SourceClock, wall: datetime) -> bool:
    """Whether the index goes on to this wall time."""
    return bool(clock.spans) and clock.spans[-1].wall_end >= wall


def joined(ranges: Iterable[Ticks]) -> list[Ticks]:
    """Ranges in order; those less than a segment apart become one, since whole segments are listed."""
    result: list[Ticks] = []
    for start, end in sorted(one for one in ranges if one[1] > one[0]):
        if result and start <= result[-1][1] + SEGMENT_TICKS:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def overlaps(segment: Filed, ranges: Sequence[Ticks]) -> bool:
    """Whether any of the segment lies in one of the ranges."""
    return any(segment.start < end and start < segment.end for start, end in ranges)


def choose(
    segments: Sequence[Filed], wanted: Sequence[Ticks], forbidden: Sequence[Ticks], *, is_over: bool, moment: datetime
) -> Choice:
    """The segments of the wanted ranges, without those that reach into a forbidden one, up to the first that is still
    to come. `segments` are in order; `is_over` says that none follows the last of them."""
    wanted = joined(wanted)
    listed: list[Filed] = []
    complete = True
    for span in wanted:
        found, complete = _within(segments, span, forbidden, is_over=is_over, moment=moment)
        listed += found
        if not complete:
            break
    if not listed:
        return Choice(complete=complete)
    start = max(listed[0].start, wanted[0][0])
    end = min(listed[-1].end, max(end for begin, end in wanted if begin < listed[-1].end))
    return Choice(groups=_grouped(listed), start=start, end=end, complete=complete)


def _within(
    segments: Sequence[Filed], span: Ticks, forbidden: Sequence[Ticks], *, is_over: bool, moment: datetime
) -> tuple[list[Filed], bool]:
    """The segments to list of one range, and whether that is all of it."""
    before = max((one.msn for one in segments if one.end <= span[0]), default=0)
    listed: list[Filed] = []
    reached = span[0]
    for segment in segments:
        if not overlaps(segment, [span]):
            continue
        is_gap = segment.msn != before + 1
        if is_gap and not _is_lost(segments, segment.msn, moment):
            return listed, False
        before, reached = segment.msn, segment.end
        if segment.dropped or overlaps(segment, forbidden):
            continue
        if segment.archived_at is None:
            return listed, False
        listed.append(segment)
    return listed, is_over or reached >= span[1]


def _is_lost(segments: Sequence[Filed], msn: int, moment: datetime) -> bool:
    """Whether what should stand before this segment is not to be expected any more."""
    return any(one.archived_at and one.archived_at < moment - LOST_AFTER for one in segments if one.msn >= msn)


def _grouped(listed: Sequence[Filed]) -> tuple[tuple[Filed, ...], ...]:
    groups: list[list[Filed]] = []
    for segment in listed:
        if groups and groups[-1][-1].msn + 1 == segment.msn:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return tuple(tuple(group) for group in groups)
