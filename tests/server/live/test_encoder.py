"""Runs of a real ffmpeg: what comes out is decoded again and compared with what went in."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest

from server.live import encoder
from server.live.encoder import Run, RunEnded, decide_layout
from server.live.feed import Container, InputInfo
from server.live.slate import make_slate, slate_feed
from server.media.ffmpeg import Ffmpeg, look_at
from server.media.live import Layout, Row
from server.media.live_notes import Observed
from server.media.segmenter import Segmenter
from server.media.silence import SILENT_FRAME
from tests.server.media.encoding import named, programs
from tests.server.media.live_inputs import beeps, brightness, encoded, pictures, sound
from tests.server.media.row_check import check, read
from tests.waiting import soon

pytestmark = pytest.mark.ffmpeg

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
HEIGHTS = (180, 90)
EVERY = pytest.mark.parametrize("path", programs(), ids=named)


def info(
    rate: str = "25/1", *, video: bool = True, audio: bool = True, size: tuple[int, int] = (320, 180)
) -> InputInfo:
    width, height = size if video else (0, 0)
    return InputInfo(
        has_video=video, has_audio=audio, width=width, height=height, frame_rate=rate if video else ""
    )  # fmt: skip


@pytest.fixture(scope="module")
def newest() -> Ffmpeg:
    return look_at(programs()[-1])


async def rows_of(
    segmenter: Segmenter, program: Ffmpeg, data: bytes, what: InputInfo, container: Container = "flv"
) -> list[Row]:
    """One run from its first byte to its last."""
    rows: list[Row] = []
    async with Run(program, segmenter.layout, container, what) as run:
        segmenter.begin(BEGAN, slate=False, silent=run.silent)

        async def write() -> None:
            for at in range(0, len(data), 5_000):
                await run.write(data[at : at + 5_000])
            await run.close_input()

        writing = asyncio.create_task(write())
        async for track, init, samples in run.samples():
            rows += segmenter.push(track, init, samples)
        await writing
    return rows + segmenter.end()


def bytes_of(segmenter: Segmenter, rows: Sequence[Row], track: str) -> list[bytes]:
    return [segmenter.inits[track, rows[0].inits[track]], *(row.pieces[track].data for row in rows)]


@pytest.mark.parametrize(
    ("path", "rate"),
    [(path, "25/1") for path in programs()] + [(programs()[-1], rate) for rate in ("30/1", "30000/1001")],
    ids=lambda value: named(value) if value.startswith("/") else value.replace("/", "_"),
)
async def test_run_slate_run_is_one_exact_timeline(path: str, rate: str, tmp_path: Path) -> None:
    program, layout = look_at(path), decide_layout(info(rate), HEIGHTS)
    segmenter = Segmenter(layout)
    first = await rows_of(segmenter, program, encoded(rate=rate), info(rate))
    slate = await make_slate(program, layout, ["We will be right back"], tmp_path)
    segmenter.begin(BEGAN, slate=True)
    shown = [row for part in islice(slate_feed(layout, slate), 3) for s in part for row in segmenter.push(*s)]
    shown += segmenter.end()
    # Back with another picture size: it fits into the rungs that there are.
    again = encoded(rate=rate, size="256x144", start=500, seconds=2.5)
    second = await rows_of(segmenter, program, again, info(rate, size=(256, 144)))
    rows = [*first, *shown, *second]
    check(segmenter, rows)
    assert [row.discontinuity for row in rows] == [row in (shown[0], second[0]) for row in rows]
    begun = 0
    for stretch, numbers in ((first, 0), (shown, None), (second, 500)):
        frames = sum(row.pieces["180p"].duration for row in stretch) * layout.rate / 90_000
        for track in ("180p", "90p"):
            shown_at = list(pictures(bytes_of(segmenter, stretch, track)))
            assert len(shown_at) == frames
            for place, (at, number, is_keyframe) in enumerate(shown_at):
                assert abs(at - (begun + place) / layout.rate) <= Fraction(1, 90_000)
                assert is_keyframe == (place % round(2 * layout.rate) == 0)
                # Times in an FLV are milliseconds: the first picture may stand twice, none is left out.
                assert numbers is None or number is None or number - numbers in (place, place - 1)
            codes = [number for _, number, _ in shown_at if number is not None]
            assert numbers is None or len(codes) == len(shown_at)
        begun += int(frames)


@EVERY
async def test_sound_and_pictures_stay_in_step(path: str) -> None:
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows = await rows_of(segmenter, look_at(path), encoded(), info())
    shown = {number: at for at, number, _ in pictures(bytes_of(segmenter, rows, "180p"))}
    frames, samples, begin = sound(bytes_of(segmenter, rows, "audio"))
    for (at, count), (following, _) in pairwise(frames):
        assert following == at + Fraction(count, 48_000)
    heard = beeps(samples, begin)
    assert len(heard) == 3
    for second, beep in enumerate(heard):
        # Half a picture, and half a frame of the encoder's own start.
        assert abs(beep - float(shown[25 * second])) < 0.035


async def test_an_input_without_sound_is_silent(newest: Ffmpeg) -> None:
    segmenter = Segmenter(decide_layout(info(audio=False), HEIGHTS))
    rows = await rows_of(segmenter, newest, encoded(audio=False), info(audio=False))
    check(segmenter, rows)
    assert len(rows) >= 6
    silent = {bytes(s.data) for fragment in read(segmenter, rows, "audio") for s in fragment.samples}
    assert silent == {SILENT_FRAME}
    _, samples, _ = sound(bytes_of(segmenter, rows, "audio"))
    assert not any(samples)


@EVERY
async def test_another_size_within_a_run(path: str) -> None:
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    flv_header = 13
    data = encoded(seconds=2) + encoded(seconds=2, size="256x144", begins_s=5, start=50)[flv_header:]
    rows = await rows_of(segmenter, look_at(path), data, info())
    check(segmenter, rows)
    numbers = [number for _, number, _ in pictures(bytes_of(segmenter, rows, "180p"))]
    assert (numbers[0], numbers[-1]) == (0, 99)
    assert all(after - before in (0, 1, 2) for before, after in pairwise(numbers))


@EVERY
async def test_pictures_go_on_when_the_sound_stops(path: str) -> None:
    """The input stays open: nobody says that no more sound will come."""
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows: list[Row] = []
    async with Run(look_at(path), segmenter.layout, "flv", info()) as run:
        segmenter.begin(BEGAN, slate=False, silent=run.silent)
        writing = asyncio.create_task(run.write(encoded(seconds=5, sound_s=1)))
        async for track, init, samples in run.samples():
            rows += segmenter.push(track, init, samples)
            if len(rows) >= 8:
                break
        await writing
    rows += segmenter.end()
    check(segmenter, rows)
    _, samples, begin = sound(bytes_of(segmenter, rows, "audio"))
    assert [round(beep, 1) for beep in beeps(samples, begin)] == [0]
    assert len(samples) > 4 * 48_000 - 2_048


@EVERY
async def test_sound_alone_is_drawn_where_there_were_pictures(path: str) -> None:
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows = await rows_of(segmenter, look_at(path), encoded(video=False), info(video=False))
    check(segmenter, rows)
    assert len(list(pictures(bytes_of(segmenter, rows, "90p")))) >= 70
    _, samples, begin = sound(bytes_of(segmenter, rows, "audio"))
    assert [round(beep, 1) for beep in beeps(samples, begin)] == [0, 1, 2]


async def test_a_broadcast_of_sound_alone(newest: Ffmpeg) -> None:
    layout = decide_layout(info(video=False))
    assert [track.name for track in layout.tracks] == ["audio"]
    segmenter = Segmenter(layout)
    rows = await rows_of(segmenter, newest, encoded(video=False), info(video=False))
    check(segmenter, rows)
    # A second encoder has pictures: they are not part of this broadcast.
    more = await rows_of(segmenter, newest, encoded(), info())
    check(segmenter, rows + more)
    assert len(rows) >= 6 and len(more) >= 6


async def test_another_shape_is_shown_whole(newest: Ffmpeg) -> None:
    """4:3 in a broadcast of 16:9: black at both sides, a third of the height each way less than the width is."""
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows = await rows_of(segmenter, newest, encoded(size="256x192", seconds=1), info(size=(256, 192)))
    lights = brightness(bytes_of(segmenter, rows, "180p"))
    assert max(lights[:38]) < 20 and max(lights[-38:]) < 20
    assert min(lights[44], lights[-45]) > 20


@EVERY
async def test_a_transport_stream(path: str) -> None:
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows = await rows_of(segmenter, look_at(path), encoded(container="mpegts"), info(), "mpegts")
    check(segmenter, rows)
    numbers = [number for _, number, _ in pictures(bytes_of(segmenter, rows, "180p"))]
    assert numbers[-1] == 74
    assert all(after - before in (0, 1) for before, after in pairwise(numbers))


async def test_fifty_frames_a_second_become_every_other_one(newest: Ffmpeg) -> None:
    what = info("50/1")
    segmenter = Segmenter(decide_layout(what, (90,)))
    assert segmenter.layout.frame_rate == "25/1"
    rows = await rows_of(segmenter, newest, encoded(rate="50/1", seconds=2), what)
    numbers = [number for _, number, _ in pictures(bytes_of(segmenter, rows, "90p"))]
    steps = [after - before for before, after in pairwise(numbers)]
    assert steps.count(2) >= len(steps) - 2


@EVERY
async def test_a_killed_ffmpeg_leaves_whole_rows(path: str) -> None:
    data = encoded(seconds=6)
    segmenter = Segmenter(decide_layout(info(), HEIGHTS))
    rows: list[Row] = []
    async with Run(look_at(path), segmenter.layout, "flv", info()) as run:
        segmenter.begin(BEGAN, slate=False)
        writing = asyncio.create_task(run.write(data))
        pid = run._running.process.pid
        with pytest.raises(RunEnded, match="killed by signal 9") as ended:
            async for track, init, samples in run.samples():
                rows += segmenter.push(track, init, samples)
                if len(rows) >= 4:
                    run.kill()
        assert ended.value.returncode == -9
        # Writing to the dead is no error of its own.
        await writing
        await run.write(data)
    assert _is_gone(pid)
    rows += segmenter.end()
    check(segmenter, rows)
    for track in ("180p", "90p"):
        assert len(list(pictures(bytes_of(segmenter, rows, track)))) * 3_600 == segmenter.media_end > 0


def _is_gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


@EVERY
async def test_what_cannot_be_read_is_told_in_words(path: str) -> None:
    async with Run(look_at(path), decide_layout(info(), HEIGHTS), "flv", info()) as run:
        await run.write(b"These are the minutes of a meeting.\n" * 1_000)
        await run.close_input()
        with pytest.raises(RunEnded, match="could not find codec parameters") as ended:
            async for _ in run.samples():
                pytest.fail("nothing can come of it")
    assert ended.value.code == "live.run_ended"
    assert ended.value.last_lines


async def test_leaving_the_block_ends_everything(newest: Ffmpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads what comes out, so everything before it waits; then the room gives up."""
    monkeypatch.setattr(encoder, "QUEUE_LENGTH", 4)
    before = set(Path("/proc/self/fd").iterdir())
    async with Run(newest, decide_layout(info(), HEIGHTS), "flv", info()) as run:
        pid = run._running.process.pid
        await run.write(encoded())
        await soon(lambda: _value(run._queue.full()), what="a full queue")
    assert _is_gone(pid)
    assert set(Path("/proc/self/fd").iterdir()) <= before


async def _value(value: bool) -> bool:
    return value


@EVERY
async def test_black_still_and_silent_input_is_noticed(path: str) -> None:
    """While it runs: at its end the detectors call all of it over."""
    # ffmpeg 5 tells how far it is only while something comes in.
    data = encoded(base="color", seconds=12)
    pieces = (data[at : at + 250] for at in range(0, len(data), 250))
    async with Run(look_at(path), decide_layout(info(), (90,)), "flv", info()) as run:
        drain = asyncio.create_task(_read(run))

        async def is_noticed() -> bool:
            await run.write(next(pieces, b""))
            return _is_dull(run.notes())

        await soon(is_noticed, every_s=0.04, what="black, still and silent")
        assert run.notes().errors == 0
        # It ends in the middle of a tag, of which the demuxer may complain.
        await run.close_input()
        await drain


async def _read(run: Run) -> None:
    async for _ in run.samples():
        pass


def _is_dull(seen: Observed) -> bool:
    return min(seen.black_s, seen.silence_s, seen.frozen_s) > 4


async def test_a_lively_input_gives_nothing_to_notice(newest: Ffmpeg) -> None:
    async with Run(newest, decide_layout(info(), (90,)), "flv", info()) as run:
        await run.write(encoded(seconds=6))
        await run.close_input()
        await _read(run)
        seen = run.notes()
    assert (seen.black_s, seen.silence_s, seen.frozen_s, seen.dropped_frames, seen.errors) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("size", [(1920, 1080), (320, 180)])
async def test_the_codecs_promised_are_those_that_come(size: tuple[int, int], newest: Ffmpeg, tmp_path: Path) -> None:
    layout: Layout = decide_layout(info("30/1", size=size))
    slate = await make_slate(newest, layout, ["We will be right back"], tmp_path)
    for track in layout.tracks:
        codec = slate.init(track.name).codec
        assert codec.name == track.codecs
        assert (codec.width, codec.height) == (track.width, track.height)
