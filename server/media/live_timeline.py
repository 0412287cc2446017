"""The segments of a broadcast in order, from its first to the one that is growing: what playlists are rendered from.

Segments whose media is in the archive only have no parts here. Nothing is ever forgotten but by `drop`, which moves the
beginning of what may be seen; the numbers and discontinuities before it still count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from server.media.live import Layout


@dataclass(frozen=True, slots=True)
class PartMark:
    """A part of one track: its duration in the track's ticks; independent when it begins with a keyframe."""

    duration: int
    independent: bool


@dataclass(slots=True, kw_only=True)
class Segment:
    """One segment of all tracks. `durations` are ticks by track, of the parts so far while it is not `closed`.

    `part_count` stays when the parts themselves are forgotten; 0 when they were never known.
    """

    msn: int
    wall: datetime
    discontinuity: bool
    inits: Mapping[str, str]
    durations: dict[str, int]
    parts: list[Mapping[str, PartMark]] = field(default_factory=list)
    part_count: int = 0
    closed: bool = False


class LiveTimeline:
    """All segments known, without a hole. `first` is the oldest that may be listed; `changes` counts every change."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.part_target = layout.part_target
        # Parts a request may be ahead of the last one: the Advance Part Limit (RFC 8216bis 6.2.5.2)
        self.advance_limit = ceil(3 / self.part_target) if self.part_target < 1 else 3
        self.segments: list[Segment] = []
        self.first = 1
        self.ended = False
        self.changes = 0
        self._lost_discontinuities = 0

    @property
    def last(self) -> Segment | None:
        """The newest segment, growing or closed."""
        return self.segments[-1] if self.segments else None

    @property
    def end(self) -> tuple[int, int]:
        """The newest segment's number and that of its last part; (0, -1) before the first row."""
        last = self.last
        return (last.msn, len(last.parts) - 1) if last else (0, -1)

    def find(self, msn: int) -> Segment | None:
        """A segment that may be listed."""
        index = msn - self.segments[0].msn if self.segments else -1
        return self.segments[index] if msn >= self.first and 0 <= index < len(self.segments) else None

    def listed(self) -> list[Segment]:
        """The segments a playlist lists."""
        skipped = self.first - self.segments[0].msn if self.segments else 0
        return self.segments[skipped:] if skipped > 0 else self.segments

    def discontinuities_before(self) -> int:
        """EXT-X-DISCONTINUITY-SEQUENCE: the discontinuities of the segments that are not listed any more."""
        skipped = self.first - self.segments[0].msn if self.segments else 0
        return self._lost_discontinuities + sum(segment.discontinuity for segment in self.segments[: max(skipped, 0)])

    def add_closed(self, segment: Segment) -> bool:
        """One more whole segment, in order; False when it does not follow (known already, or a hole before it).

        A closed segment takes the place of the same one that was still growing.
        """
        last = self.last
        if last is not None and last.msn == segment.msn and not last.closed:
            segment.parts, segment.part_count = last.parts, last.part_count
            self.segments[-1] = segment
        elif last is not None and segment.msn != last.msn + 1:
            return False
        else:
            if last is not None:
                last.closed = True
            self.segments.append(segment)
        segment.closed = True
        self.changes += 1
        return True

    def add_part(
        self,
        *,
        msn: int,
        part: int,
        last: bool,
        wall: datetime,
        discontinuity: bool,
        inits: Mapping[str, str],
        marks: Mapping[str, PartMark],
    ) -> bool:
        """One more part of all tracks; False when it does not follow. The first of a segment closes the one before."""
        newest = self.last
        if part == 0 and (newest is None or msn == newest.msn + 1):
            if newest is not None:
                newest.closed = True
            self.segments.append(
                Segment(msn=msn, wall=wall, discontinuity=discontinuity, inits=inits, durations=dict.fromkeys(marks, 0))
            )
        elif newest is None or msn != newest.msn or newest.closed or part != len(newest.parts):
            return False
        segment = self.segments[-1]
        segment.parts.append(marks)
        segment.part_count += 1
        for track, mark in marks.items():
            segment.durations[track] = segment.durations.get(track, 0) + mark.duration
        segment.closed = last
        self.changes += 1
        return True

    def drop(self, through: int) -> None:
        """Segments up to this one may not be seen any more. Never takes back what was dropped before."""
        if through >= self.first:
            self.first = through + 1
            self.changes += 1

    def restart(self, msn: int) -> None:
        """Nothing can be known any more of the segments between the last one and this: a playlist must begin here."""
        self._lost_discontinuities += sum(segment.discontinuity for segment in self.segments)
        self.segments = []
        self.first = max(self.first, msn)
        self.changes += 1

    def rest(self, through: int) -> None:
        """The parts of segments up to this one cannot be had any more. Changes no playlist: none lists them."""
        index = through - self.segments[0].msn if self.segments else -1
        for segment in reversed(self.segments[: max(index + 1, 0)]):
            if not segment.parts:
                break
            segment.parts = []

    def close(self) -> None:
        """Nothing more comes."""
        if not self.ended:
            if self.last is not None:
                self.last.closed = True
            self.ended = True
            self.changes += 1
