"""The archive: each closed segment gets its row and objects, whatever is away; what must not be kept never does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from server.core.clock import now
from server.core.db import Database, Db
from server.core.ids import new_id
from server.core.storage import ObjectStore
from server.events.models import Event, Room
from server.live.archive import Archive
from server.live.models import Broadcast, LiveSegment
from server.live.spool import ClosedSegment, Spool
from server.live.storage_keys import broadcast_prefix
from tests.server.live.relay import relayed
from tests.server.live.test_spool import WALL, segment
from tests.waiting import soon

pytestmark = pytest.mark.db


@dataclass
class Books:
    """A broadcast, an archive for it, and what may be kept."""

    database: Database
    store: ObjectStore
    spool: Spool
    broadcast_id: str
    forbidden: list[tuple[datetime, datetime]] = field(default_factory=list)
    settled: list[tuple[int, bool]] = field(default_factory=list)

    def segment(self, msn: int) -> ClosedSegment:
        at = WALL + timedelta(seconds=4 * (msn - 1))
        made: ClosedSegment = segment(msn, self.broadcast_id)
        return ClosedSegment(**{name: getattr(made, name) for name in made.__struct_fields__} | {"wall": at})

    async def keeps(self, _db: Db, _broadcast: str, start: datetime, end: datetime) -> bool:
        return not any(start < until and end > since for since, until in self.forbidden)

    @asynccontextmanager
    async def open(self, store: ObjectStore | None = None) -> AsyncIterator[Archive]:
        async def decided(_moment: datetime) -> None:
            pass

        archive = Archive(self.database, store or self.store, self.spool, keeps=self.keeps)
        archive.watch(self.broadcast_id, settled=lambda msn, kept: self.settled.append((msn, kept)), decided=decided)
        await archive.open()
        try:
            yield archive
        finally:
            await archive.close()

    async def rows(self) -> list[LiveSegment]:
        async with self.database.read() as db:
            return list(await db.scalars(select(LiveSegment).order_by(LiveSegment.msn)))

    async def objects(self) -> list[str]:
        prefix = broadcast_prefix(self.broadcast_id)
        return sorted([stored.key.removeprefix(prefix) async for stored in self.store.objects(prefix)])


@pytest.fixture
async def books(database: Database, store: ObjectStore, tmp_path: Path) -> Books:
    event = Event(id=new_id(), slug="e", title="E")
    room = Room(id=new_id(), event_id=event.id, slug="a", name="A")
    broadcast = Broadcast(id=new_id(), event_id=event.id, room_id=room.id, started_at=now())
    async with database.write() as db:
        for row in (event, room, broadcast):
            db.add(row)
            await db.flush()
    return Books(database, store, Spool(tmp_path / "spool"), broadcast.id)


async def test_a_segment_becomes_a_row_and_objects(books: Books) -> None:
    async with books.open() as archive:
        for msn in (1, 2):
            await archive.add(books.segment(msn))
        await archive.settle(books.broadcast_id)
    rows = await books.rows()
    assert [(row.msn, row.start, row.duration, bool(row.archived_at)) for row in rows] == [
        (1, 0, 360_000, True),
        (2, 360_000, 360_000, True),
    ]
    assert rows[0].tracks["v360"] == [360_000, len(b"picture" * 999), "init-0123456789ab.mp4"]
    assert await books.objects() == [
        "audio/1.m4s", "audio/2.m4s", "audio/init-ba9876543210.mp4",
        "v360/1.m4s", "v360/2.m4s", "v360/init-0123456789ab.mp4",
    ]  # fmt: skip
    assert await books.store.get(broadcast_prefix(books.broadcast_id) + "v360/2.m4s") == b"picture" * 999
    assert sorted(books.settled) == [(1, True), (2, True)]
    assert books.spool.open() == []


async def test_with_the_storage_away_rows_are_there_and_nothing_is_lost(books: Books) -> None:
    async with relayed(books.store.settings.endpoint_url) as line:
        far = ObjectStore(replace(books.store.settings, endpoint_url=line.url))
        await line.cut()
        async with books.open(far) as archive:
            for msn in range(1, 4):
                await archive.add(books.segment(msn))

            async def noted() -> bool:
                return len(await books.rows()) == 3

            await soon(noted, what="the rows")
            assert sorted(archive.waiting(books.broadcast_id)) == [1, 2, 3]
        assert [row.archived_at for row in await books.rows()] == [None, None, None]
        assert len(books.spool.open()) == 3
        # The process ends meanwhile; the next one goes on with what it finds.
        async with books.open(far) as archive:
            assert sorted(archive.waiting(books.broadcast_id)) == [1, 2, 3]
            await line.mend()
            await archive.settle(books.broadcast_id)
        far.close()
    assert all(row.archived_at for row in await books.rows())
    assert [key for key in await books.objects() if key.startswith("v360/") and "init" not in key] == [
        "v360/1.m4s", "v360/2.m4s", "v360/3.m4s",
    ]  # fmt: skip
    assert books.spool.open() == []


async def test_what_touches_a_talk_that_must_not_be_recorded_is_never_stored(books: Books) -> None:
    books.forbidden.append((WALL + timedelta(seconds=5), WALL + timedelta(seconds=9)))
    async with books.open() as archive:
        for msn in range(1, 5):
            await archive.add(books.segment(msn))
        await archive.settle(books.broadcast_id)
    rows = await books.rows()
    assert [bool(row.archived_at) for row in rows] == [True, False, False, True]
    assert [bool(row.dropped_at) for row in rows] == [False, True, True, False]
    assert [key for key in await books.objects() if key.startswith("audio/") and "init" not in key] == [
        "audio/1.m4s",
        "audio/4.m4s",
    ]
    assert sorted(books.settled) == [(1, True), (2, False), (3, False), (4, True)]
    assert books.spool.open() == []


async def test_a_border_that_moves_while_a_segment_is_stored_removes_it_again(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = books.store.put

    async def put_and_forbid(key: str, *arguments: object, **options: object) -> str:
        books.forbidden.append((WALL, WALL + timedelta(seconds=1)))
        return await put(key, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(books.store, "put", put_and_forbid)
    async with books.open() as archive:
        await archive.add(books.segment(1))
        await archive.settle(books.broadcast_id)
    row = (await books.rows())[0]
    assert (row.archived_at, bool(row.dropped_at)) == (None, True)
    assert [key for key in await books.objects() if "init" not in key] == []


async def test_a_disk_that_takes_nothing_costs_nothing_while_the_storage_does(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_segment: ClosedSegment) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(books.spool, "write", full)
    async with books.open() as archive:
        await archive.add(books.segment(1))
        await archive.settle(books.broadcast_id)
    assert [bool(row.archived_at) for row in await books.rows()] == [True]
    assert await books.store.get(broadcast_prefix(books.broadcast_id) + "v360/1.m4s") == b"picture" * 999


async def test_segments_of_a_deleted_broadcast_are_let_go(books: Books) -> None:
    async with books.database.write() as db:
        await db.execute(delete(Broadcast))
    async with books.open() as archive:
        await archive.add(books.segment(1))
        await archive.settle(books.broadcast_id)
    assert await books.rows() == []
    assert await books.objects() == []
    assert books.spool.open() == []
