"""The writer's side of the live window against a real Redis: order, one writer, and Redis going away or forgetting."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from redis.asyncio import Redis

from server.core.live_bus import Bus, listen_bytes
from server.engine import running
from server.engines import describe_valkey
from server.live import rows
from server.live.window import Window, WriterReplaced
from server.media.live import Piece
from tests.server.live.synthetic import Timeline, body_of, init_body, init_name, layout_of, meta_of
from tests.waiting import soon

LAYOUT = layout_of()


@pytest.fixture
async def bus(valkey_url: str) -> AsyncIterator[Bus]:
    made = Bus(valkey_url)
    yield made
    await made.close()


async def opened(bus: Bus, timeline: Timeline, **meta: object) -> Window:
    """A window of a new broadcast with its inits."""
    window = Window(bus, meta=meta_of(LAYOUT, **meta))  # type: ignore[arg-type]
    await window.open()
    for (track, name), data in timeline.inits().items():
        window.add_init(track, name, data)
    return window


async def stored(bus: Bus, window: Window) -> list[str]:
    """Names of the rows whose head is in Redis and whose bytes are too, in order."""
    broadcast_id = window.meta.broadcast_id
    heads = [rows.read_head(data) for data in (await bus.get_hash(rows.heads_key(broadcast_id))).values()]
    places = sorted((head.msn, head.part) for head in heads)
    found = await bus.get_many([rows.row_key(broadcast_id, msn, part) for msn, part in places])
    assert None not in found
    return [f"{msn}.{part}" for msn, part in places]


async def test_a_row_is_stored_and_published_whole(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    window = await opened(bus, timeline)
    messages = listen_bytes(bus.redis_url, rows.room_channel(window.meta.room_id))
    assert await anext(messages) is None
    row = timeline.row()
    await window.append(row)
    heard = await anext(messages)
    await messages.aclose()
    assert heard is not None
    message = rows.read_message(heard)
    assert isinstance(message, rows.Published)
    assert message.row == row
    assert await bus.get(rows.row_key(window.meta.broadcast_id, 1, 0)) == heard
    init = await bus.get_field(rows.inits_key(window.meta.broadcast_id), f"audio/{init_name('audio', 1)}")
    assert init == init_body("audio", 1)
    await window.stop()


async def test_rows_must_follow_one_another(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    window = await opened(bus, timeline)
    await window.append(timeline.row())
    timeline.row()
    with pytest.raises(ValueError, match=r"1\.2 does not follow"):
        await window.append(timeline.row())
    timeline.cut()
    await window.append(timeline.row())  # 2.0, discontinuous: the segment before ended with the part it had
    assert await stored(bus, window) == ["1.0", "2.0"]
    await window.stop()


async def test_a_second_writer_replaces_the_first(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    first = await opened(bus, timeline)
    for row in timeline.rows(3):
        await first.append(row)
    second = Window(bus, meta=first.meta)
    resumed = await second.open()
    assert [(head.msn, head.part) for head in resumed.heads] == [(1, 0), (1, 1), (1, 2)]
    assert resumed.last is not None
    assert not resumed.last.last
    row = timeline.row()
    await second.append(row)
    with pytest.raises(WriterReplaced):
        await first.append(row)
    assert await stored(bus, first) == ["1.0", "1.1", "1.2", "1.3"]
    await first.stop()
    await second.stop()


async def test_a_restarted_writer_finds_bytes_and_inits(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    first = await opened(bus, timeline)
    for row in timeline.rows(20):
        await first.append(row)
    await first.stop()
    second = Window(bus, meta=first.meta)
    resumed = await second.open()
    assert resumed.segments() == [1, 2, 3]
    segment = await second.read_segment(2)
    assert [row.pieces["360p"].data for row in segment] == [body_of("360p", 2, part) for part in range(8)]
    assert second.init("720p", init_name("720p", 1)) == init_body("720p", 1)
    assert second.epoch > first.epoch
    await second.stop()


async def test_rows_go_once_archived_and_out_of_the_window(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    window = await opened(bus, timeline, window_s=32)
    for row in timeline.rows(8 * 4):
        await window.append(row)
    window.release(1)
    window.release(2)
    assert (await stored(bus, window))[0] == "1.0"  # archived, but still in the window of eight segments
    for row in timeline.rows(8 * 6):
        await window.append(row)

    async def first_left() -> bool:
        return (await stored(bus, window))[0] == "3.0"  # out of the window, but not archived

    await soon(first_left)
    await window.close()
    window.release(3)
    window.release(10)

    async def gone() -> bool:
        names = await stored(bus, window)
        return names[0] == "4.0" and names[-1] == "9.7"

    await soon(gone)
    state = await bus.get_hash(rows.state_key(window.meta.broadcast_id))
    assert state[b"ended"] == b"1"
    await window.stop()


async def test_what_the_archive_does_not_take_stays_bounded(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    window = Window(bus, meta=meta_of(LAYOUT, window_s=32), most_bytes=90 * 1000)
    await window.open()
    for row in timeline.rows(8 * 20):
        await window.append(row)
    await soon(lambda: _settled(window))
    names = await stored(bus, window)
    oldest = int(names[0].split(".")[0])
    assert 1 < oldest <= 12  # segments outside the window went, oldest first; those inside did not
    assert names[-1] == "20.7"
    await window.stop()


async def test_a_full_redis_gives_up_the_oldest(own_valkey: Path) -> None:
    engine = describe_valkey(own_valkey)
    timeline = Timeline(LAYOUT)
    with running(engine):
        async with Redis.from_url(engine.url) as redis:
            used = (await redis.info("memory"))["used_memory"]
            await redis.config_set("maxmemory", used + 1_500_000)
        bus = Bus(engine.url)
        window = Window(bus, meta=meta_of(LAYOUT, window_s=32))
        await window.open()
        for row in timeline.rows(8 * 30):
            big = {track: Piece(piece.duration, piece.independent, bytes(4000)) for track, piece in row.pieces.items()}
            await window.append(structs.replace(row, pieces=big))
        await soon(lambda: _settled(window))
        names = await stored(bus, window)
        assert names[-1] == "30.7"
        assert 1 < int(names[0].split(".")[0]) <= 22
        await window.stop()
        await bus.close()


async def test_an_emptied_redis_is_written_anew(bus: Bus) -> None:
    timeline = Timeline(LAYOUT)
    window = await opened(bus, timeline, window_s=32)
    for row in timeline.rows(8 * 10):
        await window.append(row)
    async with Redis.from_url(bus.redis_url) as redis:
        await redis.flushall()
    await window.append(timeline.row())
    await soon(lambda: _settled(window))
    names = await stored(bus, window)
    assert names[0] == "4.0"  # msn 11 minus the window of eight segments, as far as memory reaches
    assert names[-1] == "11.0"
    assert len(names) == 7 * 8 + 1
    assert len(await bus.get_hash(rows.inits_key(window.meta.broadcast_id))) == 3
    await window.append(timeline.row())
    assert (await stored(bus, window))[-1] == "11.1"
    await window.stop()


async def _settled(window: Window) -> bool:
    return not window.is_behind


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    yield folder


async def test_redis_away_costs_no_row(own_valkey: Path) -> None:
    engine = describe_valkey(own_valkey)
    timeline = Timeline(LAYOUT)
    bus = Bus(engine.url)
    window = Window(bus, meta=meta_of(LAYOUT, window_s=32))
    await window.open()  # Redis is not there yet
    for row in timeline.rows(3):
        await window.append(row)
    assert window.is_behind
    with running(engine):
        await soon(lambda: _settled(window))
        assert await stored(bus, window) == ["1.0", "1.1", "1.2"]
        for row in timeline.rows(3):
            await window.append(row)
    for row in timeline.rows(4):
        await window.append(row)
    assert window.is_behind
    with running(engine):
        await soon(lambda: _settled(window))
        assert await stored(bus, window) == [f"1.{part}" for part in range(8)] + ["2.0", "2.1"]
    await window.stop()
    await bus.close()


async def test_redis_away_for_longer_than_the_window(own_valkey: Path) -> None:
    engine = describe_valkey(own_valkey)
    timeline = Timeline(LAYOUT)
    bus = Bus(engine.url)
    window = Window(bus, meta=meta_of(LAYOUT, window_s=32))
    with running(engine):
        await window.open()
        for row in timeline.rows(8):
            await window.append(row)
    for row in timeline.rows(8 * 12):
        await window.append(row)
    with running(engine):
        await soon(lambda: _settled(window))
        names = await stored(bus, window)
        assert names[-1] == "13.7"
        assert "6.0" in names
        assert "5.7" not in names  # it lies in the archive only
    await window.stop()
    await bus.close()
