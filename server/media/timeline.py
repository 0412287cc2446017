"""The one timeline: wall time, a source's media time and recording time, mapped both ways and exactly.

A recording is a list of ranges over immutable sources. Every time here is in milliseconds from the start of what it
belongs to, an int or a Fraction (a tick of 90 kHz is 1/90 ms), never a float; ranges are half open. Wall time is an
aware datetime.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

Milliseconds = int | Fraction


class BadTimeline(ValueError):
    """Ranges or clocks that contradict themselves, or a time that lies outside."""

    code = "media.bad_timeline"


@dataclass(frozen=True, slots=True)
class Range:
    """What is shown of one source: from `start` up to, but not including, `end` of its media time."""

    source: str
    start: Milliseconds
    end: Milliseconds

    def __post_init__(self) -> None:
        if self.start < 0 or self.end <= self.start:
            raise BadTimeline(f"a range of '{self.source}' from {self.start} to {self.end} ms holds nothing")

    @property
    def duration(self) -> Milliseconds:
        """Its length in milliseconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of a source's media time."""

    source: str
    at: Milliseconds


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of recording time, with the piece of the source that is shown in it."""

    start: Milliseconds
    end: Milliseconds
    source_start: Milliseconds


@dataclass(frozen=True, slots=True)
class ClockSpan:
    """A stretch of a source without interruption: media time `start` to `end` began at wall time `wall`."""

    start: Milliseconds
    end: Milliseconds
    wall: datetime

    @property
    def wall_end(self) -> datetime:
        """The wall time at which it ends."""
        return self.wall + _delta(self.end - self.start)


@dataclass(frozen=True, slots=True)
class SourceClock:
    """When a source was recorded: spans in order of media time. Between spans, the encoder was away."""

    spans: tuple[ClockSpan, ...]

    def __post_init__(self) -> None:
        for before, after in zip(self.spans, self.spans[1:], strict=False):
            if after.start < before.end:
                raise BadTimeline(f"the clock spans at {before.start} and {after.start} ms overlap")
            if after.wall < before.wall:
                raise BadTimeline(f"the clock goes backwards at {after.start} ms")

    def wall_at(self, media: Milliseconds) -> datetime:
        """The wall time of a media time; outside all spans that of the nearest one, continued."""
        span = _last_started(self.spans, media)
        return span.wall + _delta(media - span.start)

    def media_at(self, wall: datetime) -> Milliseconds | None:
        """The media time of a wall time; None while nothing was recorded. Where clocks overlap, the later span."""
        for span in reversed(self.spans):
            if span.wall <= wall < span.wall_end:
                return span.start + _milliseconds(wall - span.wall)
        return None


def _last_started(spans: tuple[ClockSpan, ...], media: Milliseconds) -> ClockSpan:
    if not spans:
        raise BadTimeline("the source has no clock")
    started = [span for span in spans if span.start <= media]
    return started[-1] if started else spans[0]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What viewers watch: ranges one after the other. A source may be there more than once."""

    ranges: tuple[Range, ...]

    @property
    def duration(self) -> Milliseconds:
        """Its length in milliseconds."""
        return sum((part.duration for part in self.ranges), 0)

    @property
    def borders(self) -> tuple[Milliseconds, ...]:
        """Recording times at which one range ends and the next begins: where players meet a discontinuity."""
        return tuple(start for start, _part in self._placed())[1:]

    def _placed(self) -> Iterable[tuple[Milliseconds, Range]]:
        start: Milliseconds = 0
        for part in self.ranges:
            yield start, part
            start += part.duration

    def to_source(self, at: Milliseconds) -> Place:
        """Where in which source a recording time is. A border belongs to the later range, the end to the last.

        Raises BadTimeline outside the recording.
        """
        for start, part in self._placed():
            if 0 <= at - start < part.duration:
                return Place(part.source, part.start + at - start)
        if self.ranges and at == self.duration:
            return Place(self.ranges[-1].source, self.ranges[-1].end)
        raise BadTimeline(f"{at} ms is outside the recording, which is {self.duration} ms long")

    def to_recording(self, place: Place) -> Milliseconds | None:
        """The first recording time at which a moment of a source is shown; None when it is cut away."""
        for start, part in self._placed():
            if part.source == place.source and part.start <= place.at < part.end:
                return start + place.at - part.start
        return None

    def spans(self, source: str, start: Milliseconds, end: Milliseconds) -> tuple[Span, ...]:
        """Where a stretch of a source is shown, cut at the borders: none, one or several spans in recording order.

        A stretch without length (a single moment) gives spans without length.
        """
        found = []
        for at, part in self._placed():
            first, last = max(start, part.start), min(end, part.end)
            inside = first < last or (start == end and part.start <= start < part.end)
            if part.source == source and inside:
                found.append(Span(at + first - part.start, at + last - part.start, first))
        return tuple(found)

    def wall_at(self, at: Milliseconds, clocks: Mapping[str, SourceClock]) -> datetime | None:
        """When the moment shown at a recording time happened; None when its source has no clock."""
        place = self.to_source(at)
        clock = clocks.get(place.source)
        return clock.wall_at(place.at) if clock and clock.spans else None

    def at_wall(self, wall: datetime, clocks: Mapping[str, SourceClock]) -> Milliseconds | None:
        """The first recording time that shows what happened at a wall time; None when nothing does."""
        found = []
        for source, clock in clocks.items():
            media = clock.media_at(wall)
            at = self.to_recording(Place(source, media)) if media is not None else None
            if at is not None:
                found.append(at)
        return min(found, default=None)

    def keep(self, start: Milliseconds, end: Milliseconds) -> "Timeline":
        """The recording from `start` to `end` of its own time. Raises BadTimeline when nothing would be left."""
        if not 0 <= start < end <= self.duration:
            raise BadTimeline(f"a cut from {start} to {end} ms of a recording of {self.duration} ms")
        kept = []
        for at, part in self._placed():
            first, last = max(start, at), min(end, at + part.duration)
            if first < last:
                kept.append(Range(part.source, part.start + first - at, part.start + last - at))
        return Timeline(tuple(kept))

    def remove(self, start: Milliseconds, end: Milliseconds) -> "Timeline":
        """The recording without `start` to `end` of its own time. Raises BadTimeline when nothing would be left."""
        if not 0 <= start < end <= self.duration or end - start == self.duration:
            raise BadTimeline(f"removing {start} to {end} ms from a recording of {self.duration} ms")
        parts = [self.keep(0, start)] if start else []
        parts += [self.keep(end, self.duration)] if end < self.duration else []
        return join(parts)


def join(parts: Iterable[Timeline]) -> Timeline:
    """Timelines one after the other; ranges of one source that meet without a gap become one."""
    ranges: list[Range] = []
    for part in (one for timeline in parts for one in timeline.ranges):
        if ranges and ranges[-1].source == part.source and ranges[-1].end == part.start:
            ranges[-1] = Range(part.source, ranges[-1].start, part.end)
        else:
            ranges.append(part)
    return Timeline(tuple(ranges))


def whole(source: str, duration: Milliseconds) -> Timeline:
    """All of one source."""
    return Timeline((Range(source, 0, duration),))


def ticks_to_ms(ticks: int, timescale: int) -> Fraction:
    """Media ticks as exact milliseconds."""
    return Fraction(ticks * 1000, timescale)


def ms_to_ticks(at: Milliseconds, timescale: int) -> int:
    """Milliseconds as media ticks, rounded to the nearest."""
    return round(Fraction(at) * timescale / 1000)


def _delta(length: Milliseconds) -> timedelta:
    """A length as a timedelta, to the microsecond, without passing through a float."""
    return timedelta(microseconds=round(Fraction(length) * 1000))


def _milliseconds(length: timedelta) -> Milliseconds:
    microseconds = (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds
    exact = Fraction(microseconds, 1000)
    return exact.numerator if exact.denominator == 1 else exact
