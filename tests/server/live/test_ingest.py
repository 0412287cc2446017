"""Ingest as encoders meet it: real ffmpeg over RTMP, real Valkey, S3 and SQLite; the archive is decoded at the end."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.storage import ObjectStore
from server.live import lineup
from server.live.keys import revoke_key
from server.live.models import Broadcast, LiveSegment, StreamKey
from server.live.spool import Spool
from server.live.storage_keys import broadcast_prefix
from server.sessions.models import Session
from tests.live.encoder import Encoder, Sent, sending
from tests.server.live.hall import Hall, make_hall, open_hall, rows_in_redis
from tests.server.live.ingest_process import IngestProcess
from tests.server.live.relay import relayed
from tests.waiting import soon

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """One kind of database: what is asked of it here is tried on both elsewhere."""
    (tmp_path / "semma.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'semma.db'}"


@pytest.fixture
async def hall(settings: Settings, runtime: Runtime, store: ObjectStore) -> Hall:
    return await make_hall(settings, runtime.database, store, runtime)


async def test_a_broadcast_from_the_first_picture_to_its_end(hall: Hall, tmp_path: Path) -> None:
    async with open_hall(hall):
        with sending(hall.main):
            broadcast = await hall.on_air()
            await hall.archived(2)
            await hall.end(broadcast.id)
        # Nothing of it is left in Redis: all of it is in the archive.
        assert await rows_in_redis(hall.settings, broadcast.id) == []
        # An encoder that connects again by itself does not begin a new broadcast.
        code, _said = await asyncio.to_thread(Encoder(hall.main).start().ended, 20)
        assert code != 0
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    assert [row.start for row in rows] == [sum(row.duration for row in rows[:n]) for n in range(len(rows))]
    assert not any(row.discontinuity or row.slate for row in rows)
    assert all(row.archived_at for row in rows)
    numbers = [number for segment in await hall.numbers(broadcast.id, tmp_path) for number in segment]
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))
    assert len(await hall.broadcasts()) == 1


async def test_a_lost_encoder_is_replaced_by_the_slate_until_it_is_back(hall: Hall, tmp_path: Path) -> None:
    async with open_hall(hall):
        with sending(hall.main) as encoder:
            broadcast = await hall.on_air()
            await hall.archived(1)
            encoder.kill()
        await hall.on_air("away")
        await hall.archived(1, slate=True)
        with sending(hall.main, Sent(start=1000)):
            await hall.on_air("main")
            before = len(await hall.segments())
            await hall.archived(before + 1)
            await hall.end(broadcast.id)
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    kinds = [(row.slate, row.discontinuity) for row in rows]
    assert [number for number, (_slate, border) in enumerate(kinds) if border] == [
        number for number in range(1, len(kinds)) if kinds[number][0] != kinds[number - 1][0]
    ]
    assert [kinds[0][0], True in [slate for slate, _border in kinds], kinds[-1][0]] == [False, True, False]
    assert all(before.start + before.duration == after.start for before, after in pairwise(rows))
    assert all(before.wall <= after.wall for before, after in pairwise(rows))
    numbers = await hall.numbers(broadcast.id, tmp_path)
    first = [n for n, row in zip(numbers, rows, strict=True) if not row.slate]
    shown = [number for segment in first for number in segment]
    back = next(place for place, number in enumerate(shown) if (number or 0) >= 1000)
    assert shown[:back] == list(range(shown[0] or 0, (shown[0] or 0) + back))
    assert shown[back:] == list(range(1000, 1000 + len(shown) - back))
    assert len(await hall.broadcasts()) == 1


async def test_nothing_of_a_talk_that_must_not_be_recorded_is_kept(hall: Hall) -> None:
    talk = Session(
        id=new_id(), event_id=hall.event_id, room_id=hall.room_id, guid="g", slug="t", title="Off the record",
        starts_at=now() - timedelta(minutes=1), duration_ms=3_600_000, do_not_record=True,
    )  # fmt: skip
    async with hall.database.write() as db:
        db.add(talk)
    async with open_hall(hall):
        with sending(hall.main):
            broadcast = await hall.on_air()

            async def dropped() -> bool:
                return len([row for row in await hall.segments() if row.dropped_at]) >= 2

            await soon(dropped, timeout_s=60, what="segments to be dropped")
            await hall.end(broadcast.id)
    assert not any(row.archived_at for row in await hall.segments())
    assert [stored.key async for stored in hall.store.objects(broadcast_prefix(broadcast.id))] == []
    assert Spool(hall.settings.spool_path).open() == []


async def test_with_the_storage_away_the_stream_goes_on_and_the_archive_catches_up(hall: Hall, tmp_path: Path) -> None:
    async with relayed(hall.settings.s3_endpoint_url) as line, open_hall(hall, s3_endpoint_url=line.url):
        with sending(hall.main):
            broadcast = await hall.on_air()
            await hall.archived(1)
            await line.cut()

            async def beyond_the_window() -> bool:
                return len(await hall.segments()) >= 4

            await soon(beyond_the_window, timeout_s=60, what="segments without a storage")
            assert len([row for row in await hall.segments() if row.archived_at]) < 4
            await line.mend()
            await hall.archived(5)
            await hall.end(broadcast.id)
    rows = await hall.segments()
    assert all(row.archived_at for row in rows)
    assert not any(row.discontinuity for row in rows)
    numbers = [number for segment in await hall.numbers(broadcast.id, tmp_path) for number in segment]
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))


async def test_a_second_encoder_is_refused_while_the_first_one_sends(hall: Hall) -> None:
    async with open_hall(hall):
        with sending(hall.main):
            broadcast = await hall.on_air()
            second = Encoder(hall.main).start()
            code, said = await asyncio.to_thread(second.ended, 30)
            assert code != 0, said
            assert (await hall.on_air()).encoder == "main"
            await hall.end(broadcast.id)
    assert not any(row.slate or row.discontinuity for row in await hall.segments())


async def test_the_backup_takes_over_and_the_main_encoder_takes_over_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineup, "STEADY_S", 3.0)
    async with open_hall(hall):
        with sending(hall.main) as main, sending(hall.backup, Sent(start=3000)):
            broadcast = await hall.on_air("main")
            await hall.archived(1)
            main.kill()
            await hall.on_air("backup")
            with sending(hall.main, Sent(start=6000)):
                await hall.on_air("main")
                await hall.archived(3)
                await hall.end(broadcast.id)
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    assert len([row for row in rows if row.discontinuity]) >= 2
    assert len(await hall.broadcasts()) == 1


async def test_a_revoked_key_drops_its_publisher_at_once(hall: Hall) -> None:
    async with open_hall(hall) as opened:
        with sending(hall.main) as encoder:
            broadcast = await hall.on_air()
            assert opened.ingest is not None
            async with hall.database.write() as db:
                key = await db.scalar(select(StreamKey).where(StreamKey.role == "main"))
                assert key is not None
                await revoke_key(db, opened.ingest.runtime, key)
            code, _said = await asyncio.to_thread(encoder.ended, 20)
            assert code != 0
        await hall.on_air("away")
        again = Encoder(hall.main).start()
        code, _said = await asyncio.to_thread(again.ended, 20)
        assert code != 0
        await hall.end(broadcast.id)


async def test_ingest_killed_and_started_again_goes_on_where_it_was(hall: Hall, tmp_path: Path) -> None:
    """The encoder loses its connection and comes back: one broadcast, no number twice, none missing."""
    process = IngestProcess(hall.settings, tmp_path / "ingest.log")
    process.start()
    try:
        with sending(process.target(hall.key)):
            broadcast = await hall.on_air()
            await hall.archived(1)
            process.kill()
        shown = await rows_in_redis(hall.settings, broadcast.id)
        process.start()
        await hall.archived(1, slate=True)
        with sending(process.target(hall.key), Sent(start=2000)):
            await hall.on_air()
            before = len(await hall.segments())
            await hall.archived(before + 1)
        async with hall.database.write() as db:
            row = await db.get(Broadcast, broadcast.id)
            assert row is not None
            row.ended_at, row.state = now(), "ended"  # no command tells it: ingest looks
        await hall.closed(broadcast.id)
    finally:
        process.stop()
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.archived_at for row in rows)
    assert all(before.start + before.duration == after.start for before, after in pairwise(rows))
    # What viewers had been given of the segment that was open when it was killed is in the archive.
    last = [head for head in shown if not head.slate][-1]
    assert last.msn == rows_before_slate(rows)
    reached = last.start + next(share.duration for track, share in last.pieces.items() if track != "audio")
    assert rows[last.msn - 1].start + rows[last.msn - 1].duration == reached
    numbers = await hall.numbers(broadcast.id, tmp_path)
    pictures = [n for segment, row in zip(numbers, rows, strict=True) for n in segment if not row.slate]
    back = next(place for place, number in enumerate(pictures) if (number or 0) >= 2000)
    assert pictures[:back] == list(range(pictures[0] or 0, (pictures[0] or 0) + back))
    assert pictures[back:] == list(range(2000, 2000 + len(pictures) - back))
    assert len(await hall.broadcasts()) == 1
    assert Spool(hall.settings.spool_path).open() == []


def rows_before_slate(rows: list[LiveSegment]) -> int:
    """The number of the last segment before the slate."""
    return next(row.msn for row in rows if row.slate) - 1
