from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.media.timeline import (
    BadTimeline,
    ClockSpan,
    Place,
    Range,
    SourceClock,
    Span,
    Timeline,
    join,
    ms_to_ticks,
    ticks_to_ms,
    whole,
)

TEN = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
CUT = Timeline((Range("a", 1000, 4000), Range("b", 0, 500), Range("a", 6000, 7000)))


def test_a_recording_time_leads_to_its_source_and_back() -> None:
    assert CUT.duration == 4500
    assert CUT.borders == (3000, 3500)
    assert CUT.to_source(0) == Place("a", 1000)
    assert CUT.to_source(Fraction(8999, 3)) == Place("a", Fraction(11999, 3))
    assert CUT.to_source(3000) == Place("b", 0)
    assert CUT.to_source(3500) == Place("a", 6000)
    assert CUT.to_source(4500) == Place("a", 7000)
    assert CUT.to_recording(Place("a", 6500)) == 4000
    assert CUT.to_recording(Place("a", 4000)) is None
    assert CUT.to_recording(Place("c", 0)) is None
    with pytest.raises(BadTimeline, match="outside the recording"):
        CUT.to_source(4501)


def test_a_stretch_of_a_source_is_cut_at_the_borders() -> None:
    assert CUT.spans("a", 3500, 6500) == (Span(2500, 3000, 3500), Span(3500, 4000, 6000))
    assert CUT.spans("a", 4000, 6000) == ()
    assert CUT.spans("b", 100, 100) == (Span(3100, 3100, 100),)


def test_keeping_and_removing() -> None:
    assert CUT.keep(2000, 3700).ranges == (Range("a", 3000, 4000), Range("b", 0, 500), Range("a", 6000, 6200))
    assert CUT.remove(3000, 3500).ranges == (Range("a", 1000, 4000), Range("a", 6000, 7000))
    assert CUT.remove(0, 3500).ranges == (Range("a", 6000, 7000),)
    assert join([whole("a", 10).keep(0, 4), whole("a", 10).keep(4, 10)]) == whole("a", 10)
    for refused in (lambda: CUT.keep(5, 5), lambda: CUT.keep(0, 5000), lambda: CUT.remove(0, 4500)):
        with pytest.raises(BadTimeline):
            refused()
    with pytest.raises(BadTimeline, match="holds nothing"):
        Range("a", 5, 5)


def test_wall_time_with_the_encoder_away_for_a_minute() -> None:
    clock = SourceClock((ClockSpan(0, 5000, TEN), ClockSpan(5000, 9000, TEN + timedelta(seconds=65))))
    clocks = {"a": clock}
    assert CUT.wall_at(0, clocks) == TEN + timedelta(seconds=1)
    assert CUT.wall_at(3500, clocks) == TEN + timedelta(seconds=66)
    assert CUT.wall_at(3100, clocks) is None
    assert CUT.at_wall(TEN + timedelta(seconds=66, milliseconds=250), clocks) == 3750
    assert CUT.at_wall(TEN + timedelta(seconds=30), clocks) is None, "nothing was recorded then"
    assert CUT.at_wall(TEN + timedelta(seconds=4), clocks) is None, "it was cut away"
    assert clock.media_at(TEN + timedelta(microseconds=500)) == Fraction(1, 2)
    with pytest.raises(BadTimeline, match="overlap"):
        SourceClock((ClockSpan(0, 5000, TEN), ClockSpan(4000, 9000, TEN)))
    with pytest.raises(BadTimeline, match="backwards"):
        SourceClock((ClockSpan(0, 5000, TEN), ClockSpan(5000, 9000, TEN - timedelta(1))))
    with pytest.raises(BadTimeline, match="no clock"):
        SourceClock(()).wall_at(0)


# Machines that are busy with other things are no failure.
EASY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
times = st.fractions(min_value=0, max_value=10_000_000, max_denominator=90)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Ranges of a few sources; of one source they do not overlap, so that the way back is one."""
    ranges = []
    for source in draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1)):
        borders = sorted(draw(st.sets(times, min_size=2, max_size=8)))
        ranges += [Range(source, *pair) for pair in zip(borders[::2], borders[1::2], strict=False)]
    return Timeline(tuple(draw(st.permutations(ranges))))


@EASY
@given(timelines(), st.data())
def test_there_and_back_is_exact(timeline: Timeline, data: st.DataObject) -> None:
    at = data.draw(st.fractions(0, 1)) * timeline.duration
    if at < timeline.duration:
        assert timeline.to_recording(timeline.to_source(at)) == at


@EASY
@given(timelines(), st.data())
def test_what_is_kept_and_what_is_removed_add_up(timeline: Timeline, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.fractions(0, 1)) * timeline.duration for _ in range(2))
    if start == end:
        return
    kept = timeline.keep(start, end)
    assert kept.duration == end - start
    middle = start + (end - start) / 2
    assert kept.to_source(middle - start) == timeline.to_source(middle)
    if end - start < timeline.duration:
        removed = timeline.remove(start, end)
        assert removed.duration + kept.duration == timeline.duration


@EASY
@given(timelines(), st.data())
def test_joining_the_pieces_of_a_cut_gives_the_whole_again(timeline: Timeline, data: st.DataObject) -> None:
    at = data.draw(st.fractions(0, 1)) * timeline.duration
    if 0 < at < timeline.duration:
        assert join([timeline.keep(0, at), timeline.keep(at, timeline.duration)]) == join([timeline])


@EASY
@given(timelines(), times, times)
def test_spans_are_as_long_as_what_is_shown(timeline: Timeline, one: Fraction, other: Fraction) -> None:
    start, end = min(one, other), max(one, other)
    for span in timeline.spans("a", start, end):
        assert timeline.to_source(span.start).at == span.source_start
        assert start <= span.source_start <= span.source_start + span.end - span.start <= end


@EASY
@given(st.integers(0, 10**12), st.sampled_from([90_000, 48_000, 44_100]))
def test_ticks_survive_milliseconds(ticks: int, timescale: int) -> None:
    assert ms_to_ticks(ticks_to_ms(ticks, timescale), timescale) == ticks
