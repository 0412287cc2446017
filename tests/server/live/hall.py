"""A room with a stream key, ingest in this process on the run's engines, and its archive read back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.core.db import Database
from server.core.ids import new_id
from server.core.live_bus import Bus
from server.core.settings import Settings
from server.core.storage import ObjectStore
from server.events.models import Event, Room
from server.ingest import Ingest, ingesting
from server.live.keys import make_key
from server.live.models import Broadcast, LiveSegment
from server.live.rows import Head, heads_key, read_head
from server.live.storage_keys import broadcast_prefix, init_path, segment_path
from tests.frame_code import read_codes
from tests.waiting import soon


@dataclass
class Hall:
    """One room of one event."""

    settings: Settings
    database: Database
    store: ObjectStore
    event_id: str
    room_id: str
    key: str = ""
    backup_key: str = ""
    ingest: Ingest | None = None

    @property
    def rtmp(self) -> str:
        assert self.ingest is not None
        return f"rtmp://127.0.0.1:{self.ingest.rtmp_port}/live"

    @property
    def main(self) -> str:
        return f"{self.rtmp}/{self.key}"

    @property
    def backup(self) -> str:
        return f"{self.rtmp}/{self.backup_key}"

    async def broadcasts(self) -> list[Broadcast]:
        async with self.database.read() as db:
            return list(await db.scalars(select(Broadcast).order_by(Broadcast.started_at)))

    async def segments(self, broadcast_id: str | None = None) -> list[LiveSegment]:
        async with self.database.read() as db:
            statement = select(LiveSegment).order_by(LiveSegment.broadcast_id, LiveSegment.msn)
            if broadcast_id:
                statement = statement.where(LiveSegment.broadcast_id == broadcast_id)
            return list(await db.scalars(statement))

    async def on_air(self, encoder: str = "main", *, timeout_s: float = 40) -> Broadcast:
        """The broadcast, once this encoder is on."""

        async def look() -> Broadcast | None:
            found = await self.broadcasts()
            return found[-1] if found and found[-1].encoder == encoder else None

        broadcast = await soon(look, timeout_s=timeout_s, what=f"{encoder} on air")
        assert broadcast is not None
        return broadcast

    async def archived(self, count: int, *, slate: bool | None = None, timeout_s: float = 60) -> list[LiveSegment]:
        """The archived segments, once there are so many (of this kind)."""

        async def look() -> list[LiveSegment]:
            found = [one for one in await self.segments() if one.archived_at]
            return found if len([one for one in found if slate in (None, one.slate)]) >= count else []

        return await soon(look, timeout_s=timeout_s, what=f"{count} archived segments")

    async def end(self, broadcast_id: str) -> Broadcast:
        """Ask for the end as an organiser does; the row once all is archived."""
        assert self.ingest is not None
        from server.core.clock import now
        from server.live.broadcasts import end_broadcast

        async with self.database.write() as db:
            broadcast = await db.get(Broadcast, broadcast_id)
            assert broadcast is not None
            await end_broadcast(db, self.ingest.runtime, broadcast, moment=now())
        return await self.closed(broadcast_id)

    async def closed(self, broadcast_id: str) -> Broadcast:
        async def look() -> Broadcast | None:
            async with self.database.read() as db:
                found = await db.get(Broadcast, broadcast_id)
            return found if found and found.closed_at else None

        closed = await soon(look, what="the broadcast to be closed")
        assert closed is not None
        return closed

    async def film(self, broadcast_id: str, folder: Path, track: str) -> Path:
        """The archived segments of a track as a playlist on disk, with a discontinuity wherever a row says so."""
        prefix, lines, shown = broadcast_prefix(broadcast_id), ["#EXTM3U", "#EXT-X-VERSION:7"], ""
        lines.append("#EXT-X-TARGETDURATION:4")
        for row in await self.segments(broadcast_id):
            _duration, _size, init = row.tracks[track]
            if row.discontinuity:
                lines.append("#EXT-X-DISCONTINUITY")
            if init != shown or row.discontinuity:
                (folder / init).write_bytes(await self.store.get(prefix + init_path(track, init)))
                lines.append(f'#EXT-X-MAP:URI="{init}"')
                shown = init
            name = f"{row.msn}.m4s"
            (folder / name).write_bytes(await self.store.get(prefix + segment_path(track, row.msn)))
            lines += [f"#EXTINF:{row.duration / 90_000:.5f},", name]
        path = folder / "index.m3u8"
        path.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
        return path

    async def numbers(self, broadcast_id: str, folder: Path, track: str = "180p") -> list[list[int | None]]:
        """The pictures' numbers, a list for each segment, read from the archive."""
        prefix, found = broadcast_prefix(broadcast_id), []
        for row in await self.segments(broadcast_id):
            data = await self.store.get(prefix + init_path(track, row.tracks[track][2]))
            data += await self.store.get(prefix + segment_path(track, row.msn))
            path = folder / f"{row.msn}.mp4"
            path.write_bytes(data)
            found.append([number for _at, number in await asyncio.to_thread(read_codes, path)])
        return found


async def make_hall(settings: Settings, database: Database, store: ObjectStore, runtime: Any) -> Hall:
    """An event with a room and its two keys."""
    event = Event(id=new_id(), slug=f"e{new_id()[-8:]}", title="Seminar", languages=["en", "fi"])
    room = Room(id=new_id(), event_id=event.id, slug="a", name="Room A")
    async with database.write() as db:
        db.add(event)
        await db.flush()
        db.add(room)
        await db.flush()
        _key, main = await make_key(db, runtime, room)
        _key, backup = await make_key(db, runtime, room, role="backup")
    return Hall(settings, database, store, event.id, room.id, main, backup)


@asynccontextmanager
async def open_hall(hall: Hall, **changed: Any) -> AsyncIterator[Hall]:
    """Ingest runs in this process while the block lasts."""
    usual: dict[str, Any] = {"rtmp_port": 0, "live_ladder": "180", "live_window_s": 24}
    settings = replace(hall.settings, **usual | changed)
    async with ingesting(settings) as ingest:
        hall.ingest = ingest
        yield hall


async def rows_in_redis(settings: Settings, broadcast_id: str) -> list[Head]:
    """Heads of the rows of a broadcast that Redis holds, in order."""
    bus = Bus(settings.redis_url)
    fields = await bus.get_hash(heads_key(broadcast_id))
    await bus.close()
    return sorted((read_head(data) for data in fields.values()), key=lambda head: (head.msn, head.part))
