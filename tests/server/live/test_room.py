"""A room's rules without an encoder: who is on air, what standby keeps, what the slate gives when, what is skipped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, cast

import pytest

from server.live import slate_show
from server.live.collect import Collector
from server.live.feed import Admission, Chunk, Container, InputInfo, RoomTaken
from server.live.intake import STANDBY_BYTES, Intake
from server.live.lineup import HESITATES_S, PATIENCE_S, STEADY_S, Lineup
from server.live.slate_show import SlateShow
from server.live.stint import behind
from server.media.fmp4_read import Sample
from server.media.live import Layout, Piece, Row, Track, grid_of
from tests.waiting import soon

WALL = datetime(2031, 5, 6, 9, tzinfo=UTC)
INFO = InputInfo(has_video=True, has_audio=True, width=320, height=180, frame_rate="25/1")
LAYOUT = Layout(
    tracks=(Track(name="180p", kind="video", codecs="avc1", timescale=90_000, peak_kbps=400, frame_rate="25/1"),),
    frame_rate="25/1",
    part_frames=grid_of(Fraction(25)),
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class HandFeed:
    """A feed whose chunks are given by hand."""

    container: Container = "flv"

    def __init__(self, role: str = "main", key_id: str = "k1") -> None:
        self.admission = Admission(event_id="e", room_id="r", role=role, key_id=key_id)
        self.peer, self.dropped, self.generation = "192.0.2.1", "", 1
        self.known: InputInfo | None = INFO
        self._queue: asyncio.Queue[Chunk | None] = asyncio.Queue()

    def header(self) -> bytes:
        return b"header"

    def info(self) -> InputInfo | None:
        return self.known

    async def chunks(self) -> AsyncIterator[Chunk]:
        while (chunk := await self._queue.get()) is not None:
            yield chunk

    def drop(self, reason: str) -> None:
        self.dropped = reason
        self._queue.put_nowait(None)

    def give(self, *chunks: Chunk) -> None:
        for chunk in chunks:
            self._queue.put_nowait(chunk)

    async def read(self) -> None:
        """Wait until all that was given is read."""

        async def empty() -> bool:
            return self._queue.empty()

        await soon(empty, every_s=0.001)
        await asyncio.sleep(0)


def key(data: bytes = b"key") -> Chunk:
    return Chunk(data, can_start=True, keyframe=True)


def more(data: bytes = b"more") -> Chunk:
    return Chunk(data, can_start=False)


class Stage:
    """A lineup with a clock, and feeds that send."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lineup = Lineup(clock=self.clock)
        self.tasks: list[asyncio.Task[None]] = []

    async def join(self, feed: HandFeed) -> Intake:
        intake = await self.lineup.join(feed)
        self.tasks.append(asyncio.create_task(intake.read()))
        return intake

    async def send(self, *feeds: HandFeed) -> None:
        for feed in feeds:
            feed.give(key())
            await feed.read()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_a_second_encoder_takes_over_only_from_a_silent_one(stage: Stage) -> None:
    first, second, third = HandFeed(), HandFeed(), HandFeed()
    await stage.join(first)
    await stage.send(first)
    trying = asyncio.create_task(stage.lineup.join(second))

    async def refused() -> bool:
        stage.clock.now += PATIENCE_S / 5
        await stage.send(first)
        return trying.done()

    await soon(refused)
    with pytest.raises(RoomTaken):
        trying.result()
    assert first.dropped == ""
    stage.clock.now += 1.1
    taken = await stage.join(third)
    assert "taken over" in first.dropped
    assert list(stage.lineup) == [taken]


async def test_the_backup_is_on_while_the_main_encoder_is_silent_and_until_it_is_steady(stage: Stage) -> None:
    main, backup = HandFeed(), HandFeed("backup", "k2")
    first, standby = await stage.join(main), await stage.join(backup)
    await stage.send(main, backup)
    assert stage.lineup.best(None) is first
    assert stage.lineup.best(first) is first
    begun = first.begin()
    assert begun is not None
    first.take()
    stage.clock.now += HESITATES_S + 0.1
    await stage.send(backup)
    assert stage.lineup.best(first) is standby  # made ready before the main encoder counts as lost
    stage.clock.now += 1
    await stage.send(backup)
    assert stage.lineup.best(None) is standby
    standby.begin()
    first.rest(begun)
    await stage.send(main, backup)
    assert stage.lineup.best(standby) is standby
    for _ in range(int(STEADY_S) + 1):
        stage.clock.now += 1
        await stage.send(main, backup)
    assert stage.lineup.best(standby) is first


async def test_who_came_by_a_key_is_dropped_with_it(stage: Stage) -> None:
    main, backup = HandFeed(), HandFeed("backup", "k2")
    await stage.join(main)
    await stage.join(backup)
    assert stage.lineup.key_ids() == {"k1", "k2"}
    stage.lineup.drop("revoked", key_id="k2")
    assert (main.dropped, backup.dropped) == ("", "revoked")


async def test_in_standby_the_newest_group_of_pictures_is_kept(stage: Stage) -> None:
    feed = HandFeed()
    intake = await stage.join(feed)
    feed.give(more(b"0"), key(b"1"), more(b"2"), key(b"3"), more(b"4"))
    await feed.read()
    first = intake.begin()
    assert first is not None and (first.chunk.data, first.header, first.info) == (b"3", b"header", INFO)
    feed.give(key(b"5"))
    await feed.read()
    assert [intake.take().chunk.data for _ in range(3)] == [b"3", b"4", b"5"]
    assert await intake.next(timeout_s=0) is None


async def test_a_group_too_long_to_keep_is_let_go(stage: Stage) -> None:
    feed = HandFeed()
    intake = await stage.join(feed)
    feed.give(key(), more(bytes(STANDBY_BYTES)), more())
    await feed.read()
    assert intake.begin() is None
    feed.give(key(b"again"))
    await feed.read()
    start = intake.begin()
    assert start is not None and start.chunk.data == b"again"


async def test_an_encoder_is_silent_after_a_while_and_gone_at_its_end(stage: Stage) -> None:
    feed = HandFeed()
    intake = await stage.join(feed)
    await stage.send(feed)
    stage.clock.now += 1.1
    assert intake.is_sending()
    stage.clock.now += 0.2
    assert not intake.is_sending()
    await stage.send(feed)
    assert intake.is_sending()
    feed.drop("")
    await stage.tasks[0]
    assert not intake.is_sending()


async def test_the_line_is_measured(stage: Stage) -> None:
    feed = HandFeed()
    intake = await stage.join(feed)
    for second in range(12):
        feed.give(key(bytes(12_500)) if second % 6 == 0 else more(bytes(12_500)))
        await feed.read()
        stage.clock.now += 1
    line = intake.line()
    assert line.bitrate_kbps == pytest.approx(100, rel=0.11)
    assert (line.gap_s, line.keyframe_s) == (1.0, 6.0)


def test_the_slate_gives_each_part_when_its_media_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slate_show, "slate_feed", lambda _layout, _slate: iter(range(100)))
    show = SlateShow(LAYOUT, cast(Any, None), WALL)
    at = lambda seconds: list(show.due(WALL + timedelta(seconds=seconds)))
    assert at(0.5) == []
    assert at(0.52) == [0]
    assert at(0.9) == []
    assert at(2.0) == [1, 2, 3]
    assert at(4.0) == [4, 5, 6, 7]
    assert at(4.51) == []
    assert at(4.52) == [8]


def row(msn: int, part: int, start: int, *, last: bool = False, discontinuity: bool = False) -> Row:
    return Row(
        msn=msn, part=part, last=last, start=start, wall=WALL + timedelta(seconds=start / 90_000),
        discontinuity=discontinuity, slate=False, inits={"180p": f"init-{msn}"},
        pieces={"180p": Piece(45_000, True, f"[{msn}.{part}]".encode())},
    )  # fmt: skip


def test_rows_become_segments_when_closed_by_themselves_by_the_next_or_at_the_end() -> None:
    collector = Collector("b", lambda track, name: f"{track}/{name}".encode())
    assert collector.add([row(1, 0, 0)], 45_000) == []
    closed = collector.add([row(1, 1, 45_000, last=True), row(2, 0, 90_000, discontinuity=True)], 135_000)
    assert [(one.msn, one.start, one.duration, one.discontinuity) for one in closed] == [(1, 0, 90_000, False)]
    track = closed[0].tracks["180p"]
    assert (track.data, track.duration, track.init) == (b"[1.0][1.1]", 90_000, b"180p/init-1")
    [second] = collector.add([row(3, 0, 135_000)], 180_000)
    assert (second.msn, second.duration, second.wall) == (2, 45_000, WALL + timedelta(seconds=1))
    [third] = collector.close(180_000)
    assert (third.msn, third.duration) == (3, 45_000)
    assert collector.close(180_000) == []


def test_what_was_seen_already_is_left_out_and_the_rest_begins_at_zero() -> None:
    class Video:
        timescale, shift = 12_800, Fraction(0)

    frames = [Sample(n * 512, n * 512, 512, n % 50 == 0, memoryview(bytes([n]))) for n in range(60)]
    _track, _init, kept = behind(("180p", cast(Any, Video()), frames), Fraction(2), LAYOUT)
    assert [bytes(sample.data)[0] for sample in kept] == list(range(50, 60))
    assert [(sample.dts, sample.pts, sample.is_sync) for sample in kept[:2]] == [(0, 0, True), (512, 512, False)]
