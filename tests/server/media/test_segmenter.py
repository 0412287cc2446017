"""The segmenter on made-up frames: numbers, times, borders and what happens when something is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.media.fmp4_codec import Codec
from server.media.fmp4_read import Init, Sample
from server.media.lanes import nearest_audio_frame
from server.media.live import AUDIO_FRAME, AUDIO_RATE, PARTS_A_SEGMENT, VIDEO_TIMESCALE, Layout, Row, grid_of
from server.media.live_ladder import layout_of
from server.media.segmenter import PATIENCE_S, BadRun, Segmenter
from server.media.silence import SILENT_CODEC, SILENT_FRAME
from tests.server.media.row_check import check, read

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
RATES = ["24/1", "25/1", "30/1", "30000/1001", "24000/1001"]
AVC = bytes.fromhex("0164000cffe100186764000cacb40a0cfcf808800000030080000019478a155001000468ef0fcbfdf8f800")
SOUND = Init(1, "soun", AUDIO_RATE, AUDIO_RATE, SILENT_CODEC, default_duration=AUDIO_FRAME)


def layout(rate: str = "25/1", sides: tuple[int, ...] = (180, 90)) -> Layout:
    return layout_of(320, 180, rate, short_sides=sides)


def pictures(track: str, config: bytes = AVC) -> Init:
    width, height = (320, 180) if track == "180p" else (160, 90)
    return Init(1, "vide", VIDEO_TIMESCALE, VIDEO_TIMESCALE, Codec("avc1", config, width, height))


@dataclass
class Source:
    """What an encoder gives: numbered frames of every track, with AAC's priming before the sound."""

    layout: Layout
    priming: bool = True
    keyframes: int = 0
    given: dict[str, int] = field(default_factory=dict)

    def frames(self, track: str, count: int) -> tuple[str, Init, list[Sample]]:
        at = self.given.get(track, 0)
        self.given[track] = at + count
        if track == "audio":
            first = at - (1 if self.priming else 0)
            return track, SOUND, [self._sound(number) for number in range(first, first + count)]
        return track, pictures(track), [self._picture(track, number) for number in range(at, at + count)]

    def _picture(self, track: str, number: int) -> Sample:
        pts = round(number * VIDEO_TIMESCALE / self.layout.rate)
        every = self.keyframes or self.layout.segment_frames // 2
        data = f"{track} {number}".encode()
        return Sample(pts, pts, 3000, number % every == 0, memoryview(data))

    def _sound(self, number: int) -> Sample:
        at = number * AUDIO_FRAME
        return Sample(at, at, AUDIO_FRAME, True, memoryview(f"audio {number}".encode()))

    def until(self, seconds: Fraction | int) -> Iterator[tuple[str, Init, list[Sample]]]:
        """All tracks from 0 to so many seconds, in turns of half a second."""
        last = int(seconds * self.layout.rate)
        for frames in [*range(12, last, 12), last]:
            for track in self.layout.tracks:
                ends = frames if track.kind == "video" else nearest_audio_frame(frames, self.layout.rate) + 1
                yield self.frames(track.name, ends - self.given.get(track.name, 0))


def run(segmenter: Segmenter, seconds: Fraction | int, *, wall: datetime = BEGAN, slate: bool = False) -> list[Row]:
    """One whole run from made-up frames."""
    segmenter.begin(wall, slate=slate)
    rows = [row for share in Source(segmenter.layout).until(seconds) for row in segmenter.push(*share)]
    return rows + segmenter.end()


@pytest.mark.parametrize("rate", RATES)
def test_whole_segments_have_eight_parts_of_whole_frames(rate: str) -> None:
    segmenter = Segmenter(layout(rate))
    rows = run(segmenter, 9)
    check(segmenter, rows)
    for row in rows[:PARTS_A_SEGMENT]:
        frames = segmenter.layout.part_frames[row.part]
        ends = round(sum(segmenter.layout.part_frames[: row.part + 1]) * VIDEO_TIMESCALE / segmenter.layout.rate)
        assert row.start + row.pieces["180p"].duration == ends
        assert len(read(segmenter, rows, "90p")[row.part].samples) == frames
        assert row.pieces["180p"].independent == (row.part in (0, 4))
        assert row.last == (row.part == PARTS_A_SEGMENT - 1)
        assert row.wall == BEGAN + timedelta(microseconds=round(row.start * 1_000_000 / VIDEO_TIMESCALE))


@settings(max_examples=20, deadline=None)
@given(rate=st.sampled_from(RATES), seed=st.integers(0, 1 << 32))
def test_any_interleaving_gives_the_same_rows(rate: str, seed: int) -> None:
    source = Source(layout(rate))
    whole = [source.frames(name, 3 * every) for name, every in (("180p", 25), ("90p", 25), ("audio", 47))]
    expected = Segmenter(layout(rate))
    expected.begin(BEGAN, slate=False)
    straight = [row for share in reversed(whole) for row in expected.push(*share)] + expected.end()
    segmenter, chance, rows = Segmenter(layout(rate)), Random(seed), []
    segmenter.begin(BEGAN, slate=False)
    given = {track: 0 for track, _, _ in whole}
    # Pictures and sound come within a second of each other, as an encoder's do.
    while left := [share for share in whole if given[share[0]] < len(share[2])]:
        reached = {track: given[track] / len(samples) for track, _, samples in whole}
        track, init, samples = chance.choice([s for s in left if reached[s[0]] <= min(reached.values()) + 0.2])
        count = chance.randint(1, max(1, len(samples) // 8))
        rows += segmenter.push(track, init, samples[given[track] : given[track] + count])
        given[track] += count
    # Said apart: a difference would print all their bytes.
    are_same = rows + segmenter.end() == straight
    assert are_same
    assert segmenter.inits == expected.inits


@settings(max_examples=15, deadline=None)
@given(
    rate=st.sampled_from(RATES),
    lengths=st.lists(st.fractions(Fraction(1, 10), 3, max_denominator=97), min_size=1, max_size=4),
    start=st.integers(0, 10 * 3600 * VIDEO_TIMESCALE),
)
def test_runs_of_any_length_leave_no_hole_and_no_drift(rate: str, lengths: list[Fraction], start: int) -> None:
    segmenter = Segmenter(layout(rate, (180,)), next_msn=7, start=start)
    rows: list[Row] = []
    for number, seconds in enumerate(lengths):
        before = segmenter.media_end
        made = run(segmenter, seconds, slate=number % 2 == 1)
        assert [row.discontinuity for row in made] == [index == 0 for index in range(len(made))]
        assert {row.slate for row in made} <= {number % 2 == 1}
        frames = int(seconds * segmenter.layout.rate)
        exact = frames * VIDEO_TIMESCALE / segmenter.layout.rate
        assert abs(segmenter.media_end - before - exact) <= Fraction(1, 2)
        rows += made
    assert rows[0].msn == 7
    check(segmenter, rows, start)


@pytest.mark.parametrize("rate", [*RATES, *(f"{whole}/1" for whole in range(20, 30))])
def test_parts_obey_the_85_percent_rule_for_hours(rate: str) -> None:
    """Of pictures and of sound, in samples of 48 kHz times frames a second, so that all numbers are whole."""
    grid, per = grid_of(Fraction(rate)), Fraction(rate)
    target = layout(rate).part_target * AUDIO_RATE * per.numerator
    least, at, first = target * 85 / 100, 0, 0
    for number in range(2 * 3 * 3600):
        frames, is_last = grid[number % PARTS_A_SEGMENT], number % PARTS_A_SEGMENT == PARTS_A_SEGMENT - 1
        at += frames
        border = nearest_audio_frame(at, per)
        sound, first = (border - first) * AUDIO_FRAME * per.numerator, border
        picture = frames * AUDIO_RATE * per.denominator
        assert sound <= target and picture <= target
        assert is_last or (sound >= least and picture >= least)
        apart = abs(border * AUDIO_FRAME * per.numerator - at * AUDIO_RATE * per.denominator)
        assert 2 * apart <= AUDIO_FRAME * per.numerator


def test_the_first_segment_of_a_broadcast_is_not_discontinuous() -> None:
    segmenter = Segmenter(layout())
    segmenter.begin(BEGAN, slate=True)
    assert segmenter.end() == []
    first, second = run(segmenter, 1), run(segmenter, 1)
    assert [row.discontinuity for row in first] == [False, False]
    assert [row.discontinuity for row in second] == [True, False]
    assert (first[-1].msn, second[0].msn, second[0].part) == (1, 2, 0)


@pytest.mark.parametrize("back_s", [0, 1, 6])
def test_the_wall_clock_never_goes_back(back_s: int) -> None:
    """The slate went on while an encoder was made ready, whose pictures are of before."""
    segmenter, captured = Segmenter(layout()), BEGAN + timedelta(seconds=9 - back_s)
    before, after = run(segmenter, 9), run(segmenter, 5, wall=captured)
    walls = [row.wall for row in (*before, *after) if row.part == 0]
    assert walls == sorted(set(walls))
    assert after[0].wall == max(captured, before[-1].wall + timedelta(milliseconds=1))
    resumed = Segmenter(layout(), next_msn=8, wall=BEGAN + timedelta(seconds=60))
    assert run(resumed, 1)[0].wall == BEGAN + timedelta(seconds=60)


def test_a_restarted_process_goes_on_in_a_new_segment() -> None:
    before = Segmenter(layout())
    before.begin(BEGAN, slate=False)
    rows = [row for share in Source(before.layout).until(6) for row in before.push(*share)]
    assert (rows[-1].msn, rows[-1].last) == (2, False)
    after = Segmenter(layout(), next_msn=before.next_msn, start=before.media_end)
    more = run(after, 2, wall=BEGAN + timedelta(seconds=60))
    assert (more[0].msn, more[0].part, more[0].discontinuity) == (3, 0, True)
    assert more[0].start == rows[-1].start + rows[-1].pieces["180p"].duration
    check(before, rows)
    check(after, more, before.media_end)


def test_the_last_row_is_what_every_rung_has() -> None:
    segmenter, source = Segmenter(layout()), Source(layout())
    segmenter.begin(BEGAN, slate=False)
    rows = segmenter.push(*source.frames("180p", 20)) + segmenter.push(*source.frames("90p", 17))
    rows += segmenter.push(*source.frames("audio", 41))
    rows += segmenter.end()
    assert [(row.part, row.last) for row in rows] == [(0, False), (1, True)]
    assert len(read(segmenter, rows, "180p")[1].samples) == len(read(segmenter, rows, "90p")[1].samples) == 4
    assert segmenter.media_end == 17 * 3600
    # 17 pictures are 31.9 frames of sound.
    assert sum(len(fragment.samples) for fragment in read(segmenter, rows, "audio")) == 32
    check(segmenter, rows)


def test_a_run_that_ends_on_a_border_has_no_further_row() -> None:
    segmenter, source = Segmenter(layout()), Source(layout())
    segmenter.begin(BEGAN, slate=False)
    rows = [row for track in ("180p", "90p", "audio") for row in segmenter.push(*source.frames(track, 25))]
    assert [row.part for row in rows] == [0]
    rows = segmenter.push(*source.frames("audio", 30))
    assert [(row.part, row.last) for row in rows] == [(1, False)]
    assert segmenter.end() == []
    assert segmenter.media_end == 25 * 3600
    assert run(segmenter, 1)[0].msn == 2


def test_sound_that_stops_is_replaced_by_silence_and_comes_back_in_its_place() -> None:
    segmenter, source = Segmenter(layout(sides=(180,))), Source(layout(sides=(180,)))
    segmenter.begin(BEGAN, slate=False)
    rows = segmenter.push(*source.frames("180p", 25)) + segmenter.push(*source.frames("audio", 51))
    rows += segmenter.push(*source.frames("180p", int(PATIENCE_S * 25)))
    assert [(row.msn, row.part) for row in rows] == [(1, 0), (1, 1)]
    # A little later and it is missing; from then on nothing waits for it.
    rows += segmenter.push(*source.frames("180p", 26))
    assert (rows[-1].msn, rows[-1].part) == (1, 6)
    rows += segmenter.push(*source.frames("180p", 12))
    assert (rows[-1].msn, rows[-1].part) == (1, 7)
    # All of it comes late; what is past is left out, the rest stands where it belongs.
    rows += segmenter.push(*source.frames("audio", 300))
    rows += segmenter.push(*source.frames("180p", 40)) + segmenter.end()
    frames = [bytes(sample.data) for fragment in read(segmenter, rows, "audio") for sample in fragment.samples]
    silent = [number for number, data in enumerate(frames) if data == SILENT_FRAME]
    assert silent == list(range(50, nearest_audio_frame(100, Fraction(25))))
    assert all(data == f"audio {number}".encode() for number, data in enumerate(frames) if number not in silent)
    check(segmenter, rows)


def test_a_run_without_sound_is_silent_at_once() -> None:
    segmenter, source = Segmenter(layout()), Source(layout())
    segmenter.begin(BEGAN, slate=False, silent=True)
    rows = segmenter.push(*source.frames("180p", 13)) + segmenter.push(*source.frames("90p", 13))
    assert [row.part for row in rows] == [0]
    assert {bytes(sample.data) for sample in read(segmenter, rows, "audio")[0].samples} == {SILENT_FRAME}


def test_a_hole_in_the_sound_is_silence() -> None:
    segmenter, source = Segmenter(layout(sides=(180,))), Source(layout(sides=(180,)))
    segmenter.begin(BEGAN, slate=False)
    segmenter.push(*source.frames("audio", 5))
    source.given["audio"] = 10
    segmenter.push(*source.frames("audio", 30))
    rows = segmenter.push(*source.frames("180p", 13))
    frames = [bytes(sample.data) for sample in read(segmenter, rows, "audio")[0].samples]
    assert [number for number, data in enumerate(frames) if data == SILENT_FRAME] == [4, 5, 6, 7, 8]


def test_a_broadcast_of_sound_alone() -> None:
    words = layout_of(0, 0, "", has_video=False)
    segmenter = Segmenter(words)
    first = run(segmenter, Fraction(9, 2))
    end = segmenter.media_end
    assert end == sum(row.pieces["audio"].duration for row in first) * VIDEO_TIMESCALE // AUDIO_RATE
    second = run(segmenter, 1)
    assert (second[0].start, second[0].discontinuity) == (end, True)
    assert [row.part for row in first] == [*range(8), 0]
    check(segmenter, first + second)


def test_a_segment_without_a_keyframe_ends_the_run() -> None:
    segmenter, source = Segmenter(layout(sides=(180,))), Source(layout(sides=(180,)), keyframes=75)
    segmenter.begin(BEGAN, slate=False)
    segmenter.push(*source.frames("audio", 300))
    # The error stands behind eight good parts: they come first.
    rows = segmenter.push(*source.frames("180p", 125))
    assert [row.part for row in rows] == list(range(8))
    assert [row.part for row in rows if row.pieces["180p"].independent] == [0, 6]
    with pytest.raises(BadRun, match="without a keyframe"):
        segmenter.push(*source.frames("180p", 1))
    assert segmenter.end() == []
    assert run(segmenter, 1)[0].msn == 2


def test_a_missing_picture_ends_the_run() -> None:
    segmenter, source = Segmenter(layout(sides=(180,))), Source(layout(sides=(180,)))
    segmenter.begin(BEGAN, slate=False)
    segmenter.push(*source.frames("180p", 15))
    source.given["180p"] += 1
    with pytest.raises(BadRun, match="are missing"):
        segmenter.push(*source.frames("180p", 1))
    rows = segmenter.end()
    assert sum(len(fragment.samples) for fragment in read(segmenter, rows, "180p")) == 15
    assert [(row.part, row.last) for row in rows] == [(0, False), (1, True)]


def test_a_track_that_stays_behind_ends_the_run() -> None:
    segmenter, source = Segmenter(layout()), Source(layout())
    segmenter.begin(BEGAN, slate=False)
    with pytest.raises(BadRun, match="90p stays"):
        segmenter.push(*source.frames("180p", 251))


def test_inits_are_named_by_their_content() -> None:
    segmenter = Segmenter(layout(sides=(180,)))
    first, second = run(segmenter, 1), run(segmenter, 1)
    assert first[0].inits == second[0].inits
    segmenter.begin(BEGAN, slate=False)
    share = Source(segmenter.layout).frames("180p", 25)
    other = AVC[:-8] + b"\x01" + AVC[-7:]
    segmenter.push(share[0], pictures("180p", other), share[2])
    third = segmenter.end()
    assert third[0].inits["180p"] != first[0].inits["180p"]
    assert third[0].inits["audio"] == first[0].inits["audio"]
    assert set(segmenter.inits) == {(track, row.inits[track]) for row in (first[0], third[0]) for track in row.inits}
    assert first[0].inits["180p"].startswith("init-") and len(first[0].inits["180p"]) == len("init-.mp4") + 12


def test_a_codec_that_changes_within_a_run_ends_it() -> None:
    segmenter, source = Segmenter(layout(sides=(180,))), Source(layout(sides=(180,)))
    segmenter.begin(BEGAN, slate=False)
    segmenter.push(*source.frames("180p", 5))
    track, _, samples = source.frames("180p", 5)
    with pytest.raises(BadRun, match="changed within a run"):
        segmenter.push(track, pictures("90p"), samples)
