"""Rooms on air for tests: a writer with rows made by hand, and a web application; a second one for who wants it, which
knows nothing of the first. One stage a test module; every test takes rooms of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from server.app import create_app
from server.core.clock import now
from server.core.ids import new_id
from server.core.live_bus import Bus
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.events.audience import Watched, audience_token
from server.events.models import Event, Room
from server.live.mirror import LiveMirrors
from server.live.models import Broadcast, LiveSegment
from server.live.rows import Meta
from server.live.storage_keys import broadcast_prefix, init_path, segment_path
from server.live.window import Window
from server.media.live import VIDEO_TIMESCALE, Layout, Row
from server.process import make_runtime
from tests.conftest import S3, SECRET, BellRecorder, serving
from tests.server.live.synthetic import BEGAN, Timeline, init_body, layout_of
from tests.waiting import soon

WINDOW_S = 32


@dataclass
class OnAir:
    """A room on air."""

    stage: "Stage"
    event_id: str
    room_id: str
    broadcast_id: str
    visibility: str
    timeline: Timeline
    window: Window
    rows: list[Row] = field(default_factory=list)
    epoch: int = 0

    @property
    def token(self) -> str:
        """What opens the room now."""
        return self.token_of()

    def token_of(self, **changed: Any) -> str:
        """A token for what is watched, some of it changed."""
        values = {
            "event_id": self.event_id,
            "visibility": self.visibility,
            "access_epoch": self.epoch,
            "published": True,
        }
        return audience_token(self.stage.runtime.keyring, Watched(**values | changed), moment=now())

    def url(self, path: str = "index.m3u8", *, token: str | None = None) -> str:
        """An address below the room."""
        return f"/live/{token or self.token}/{self.room_id}/{path}"

    def track(self, path: str = "index.m3u8", *, track: str = "720p", token: str | None = None) -> str:
        """An address below a track of the broadcast."""
        return self.url(f"{self.broadcast_id}/{track}/{path}", token=token)

    async def add(self, count: int = 1) -> Row:
        """Publish the next rows; returns the last of them."""
        for row in self.timeline.rows(count):
            for (track, name), data in self.timeline.inits().items():
                self.window.add_init(track, name, data)
            self.rows.append(row)
            await self.window.append(row)
        return self.rows[-1]

    async def archive(self, *msns: int, stored: bool = True, dropped: bool = False) -> None:
        """What ingest does with closed segments: their rows, and their objects unless they must not be kept."""
        store, prefix = self.stage.runtime.store, broadcast_prefix(self.broadcast_id)
        for msn in msns:
            parts = [row for row in self.rows if row.msn == msn]
            tracks = {}
            for track in self.timeline.layout.tracks:
                body = b"".join(row.pieces[track.name].data for row in parts)
                ticks = sum(row.pieces[track.name].duration for row in parts)
                init = parts[0].inits[track.name]
                tracks[track.name] = [ticks, len(body), init]
                if stored and not dropped:
                    generation = int(init.removeprefix("init-").removesuffix(".mp4"), 16)
                    await store.put(prefix + segment_path(track.name, msn), body)
                    await store.put(prefix + init_path(track.name, init), init_body(track.name, generation))
            async with self.stage.runtime.database.write() as db:
                db.add(_index_row(self.broadcast_id, parts, tracks, stored=stored, dropped=dropped))
            if stored or dropped:
                self.window.release(msn)

    async def close(self) -> None:
        """The broadcast ends, as ingest ends it."""
        async with self.stage.runtime.database.write() as db:
            broadcast = await db.get_one(Broadcast, self.broadcast_id)
            broadcast.ended_at = broadcast.closed_at = now()
            broadcast.state = "ended"
        await self.window.close()

    async def go_again(self) -> "OnAir":
        """Another broadcast of the same room."""
        return await self.stage.broadcast(self.event_id, self.room_id, self.visibility, self.timeline.layout)


def _index_row(
    broadcast_id: str, parts: list[Row], tracks: dict[str, Any], *, stored: bool, dropped: bool
) -> LiveSegment:
    rate = VIDEO_TIMESCALE
    return LiveSegment(
        broadcast_id=broadcast_id,
        msn=parts[0].msn,
        start=parts[0].start,
        duration=next((ticks for ticks, _size, _init in tracks.values()), 0) * rate // VIDEO_TIMESCALE,
        wall=parts[0].wall,
        discontinuity=parts[0].discontinuity,
        slate=parts[0].slate,
        tracks=tracks,
        archived_at=now() if stored and not dropped else None,
        dropped_at=now() if dropped else None,
    )


@dataclass
class Stage:
    """A web application and what it stands on."""

    settings: Settings
    runtime: Runtime
    bus: Bus
    app: Any
    client: httpx.AsyncClient
    windows: list[Window] = field(default_factory=list)

    @property
    def mirrors(self) -> LiveMirrors:
        """The rooms the application holds."""
        return mirrors_of(self.app)

    async def until_waiting(self, air: OnAir, count: int = 1) -> None:
        """Until so many requests wait for the room's media."""

        async def found() -> bool:
            room = self.mirrors.find(air.room_id)
            return room is not None and room.waiters >= count

        await soon(found, every_s=0.005)

    async def room(self, *, visibility: str = "public", layout: Layout | None = None, on_air: bool = True) -> OnAir:
        """A new event with a room, which is on air."""
        event_id, room_id = new_id(), new_id()
        async with self.runtime.database.write() as db:
            db.add(Event(id=event_id, slug=f"e-{event_id[-12:]}", title="An event", visibility=visibility))
            await db.flush()
            db.add(Room(id=room_id, event_id=event_id, slug="hall", name="Hall"))
        return await self.broadcast(event_id, room_id, visibility, layout or layout_of(), on_air=on_air)

    async def broadcast(
        self, event_id: str, room_id: str, visibility: str, layout: Layout, *, on_air: bool = True
    ) -> OnAir:
        """A room goes on air."""
        broadcast_id = new_id()
        if on_air:
            async with self.runtime.database.write() as db:
                started = BEGAN + timedelta(seconds=len(self.windows))
                shape = msgspec.to_builtins(layout)
                db.add(Broadcast(id=broadcast_id, event_id=event_id, room_id=room_id, started_at=started, layout=shape))
        meta = Meta(room_id=room_id, event_id=event_id, broadcast_id=broadcast_id, layout=layout, window_s=WINDOW_S)
        window = Window(self.bus, meta=meta)
        if on_air:
            await window.open()
        self.windows.append(window)
        return OnAir(self, event_id, room_id, broadcast_id, visibility, Timeline(layout), window)


@pytest.fixture(scope="module")
def stage_settings(
    sqlite_template: Path, valkey_url: str, s3: S3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a stage."""
    folder = tmp_path_factory.mktemp("stage")
    shutil.copy(sqlite_template, folder / "semma.db")
    yield Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'semma.db'}",
        redis_url=valkey_url,
        s3_endpoint_url=s3.endpoint_url,
        s3_bucket=f"stage{new_id()[-8:]}",
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
        secret_key=SECRET,
        public_url="http://testserver",
        log_format="text",
    )


@pytest.fixture(scope="module")
async def stage(stage_settings: Settings) -> AsyncIterator[Stage]:
    """The stage of a module."""
    runtime = make_runtime(stage_settings, BellRecorder(), threads=4)
    await runtime.store.ensure_bucket()
    async with AsyncExitStack() as stack:
        app, client = await _start(stage_settings, stack)
        bus = Bus(stage_settings.redis_url)
        made = Stage(stage_settings, runtime, bus, app, client)
        yield made
        await asyncio.gather(*(window.stop() for window in made.windows))
        await bus.close()
    await runtime.database.close()
    await runtime.redis.aclose()
    runtime.store.close()


@dataclass
class Second:
    """Another web process."""

    app: Any
    client: httpx.AsyncClient


@pytest.fixture(scope="module")
async def second(stage_settings: Settings) -> AsyncIterator[Second]:
    """A second application on the same database, Redis and storage."""
    async with AsyncExitStack() as stack:
        yield Second(*await _start(stage_settings, stack))


def mirrors_of(app: Any) -> LiveMirrors:
    """The rooms an application holds."""
    found: LiveMirrors = app._origin._mirrors
    return found


async def _start(settings: Settings, stack: AsyncExitStack) -> tuple[Any, httpx.AsyncClient]:
    app = create_app(settings)
    await stack.enter_async_context(serving(app))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=30)
    return app, await stack.enter_async_context(client)
