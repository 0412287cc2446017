"""The reader's side of the live window: a web process holds each room somebody watches in its own memory.

A room is loaded when it is first asked for and kept while anybody has asked within the last minutes. One subscription
tells it every row and every note; whenever that was (re)made, and every ten seconds, what it may have missed is looked
up. So any number of web processes serve the same room, and none needs another.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import SemmaError, Unavailable
from server.core.live_bus import Bus, listen_bytes
from server.core.runtime import Runtime
from server.events.audience import Watched
from server.live import mirror_rows, rows
from server.live.mirror_broadcast import BroadcastMirror
from server.live.mirror_fill import State, fill, read_state
from server.live.mirror_rows import BroadcastRow
from server.live.rows import Note, Published

log = structlog.get_logger(__name__)

LOOK_S = 10.0
_SWEEP_S = 0.25
_SEED_S, _SEED_LOOK_S = 1.5, 0.05
_KEEP_S = 300.0
_UNKNOWN_S = 2.0  # a room that is not there is not looked for again so soon
_DOUBT_S = 1.0  # nor are the rows before a refusal
_MOST_UNKNOWN = 2000
_MOST_VERDICTS = 1000
_MOST_BROADCASTS = 4  # of a room: the present one and some of before, for who still watches them


class RoomMirror:
    """One room in this process."""

    def __init__(self, room_id: str, runtime: Runtime, bus: Bus) -> None:
        self.id = room_id
        self.watched: Watched | None = None
        self.current: BroadcastMirror | None = None
        self.asked_at = self.looked_at = time.monotonic()
        self._runtime, self._bus = runtime, bus
        self._broadcasts: dict[str, BroadcastMirror] = {}
        self._loading = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._verdicts: dict[str, tuple[bool, float]] = {}

    # ---- loading

    async def start(self) -> bool:
        """Load the room and follow it; False when there is no such room. Raises Unavailable."""
        if not await self.look():
            return False
        self._following = asyncio.create_task(self._follow(), name=f"live:{self.id}")
        return True

    async def stop(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self.wake_all()

    async def look(self) -> bool:
        """Look up everything that may have been missed; whether the room is (still) there.

        With the database away: what is known of who may watch stays; raises Unavailable when nothing is.
        """
        async with self._loading:
            self.looked_at = time.monotonic()
            try:
                async with self._runtime.database.read() as db:
                    found = await mirror_rows.read_room(db, self.id)
            except (SQLAlchemyError, OSError) as error:
                if self.watched is None:
                    raise Unavailable from error
                log.warning("live.mirror_without_rows", room=self.id, error=str(error))
                if self.current is not None:
                    await fill(self.current, self._bus, self._runtime.database, closed=False)
                return True
            self._see(found.watched if found else None)
            if found is not None and found.broadcast is not None:
                self.current = await self._load(found.broadcast) or self.current
            await self._look_at_older()
            return found is not None

    async def _look_at_older(self) -> None:
        """A talk of a broadcast before the present one may be marked do-not-record while somebody still watches it."""
        for mirror in self._broadcasts.values():
            if mirror is not self.current:
                await self._look_at_dropped(mirror)

    def _see(self, watched: Watched | None) -> None:
        """Who may watch; when that has changed, everybody who waits is asked again."""
        changed, self.watched = self.watched != watched, watched
        if changed:
            self._verdicts.clear()
            self.wake_all()

    async def _load(self, row: BroadcastRow) -> BroadcastMirror | None:
        """The broadcast, as far as it is known now; None while it has nothing to show."""
        mirror = self._broadcasts.get(row.id)
        if mirror is None:
            state = await self._state_of(row)
            layout = state.meta.layout if state else row.layout
            if layout is None:
                return None
            window_s = state.meta.window_s if state else rows.LEAST_WINDOW_S
            mirror = BroadcastMirror(row.id, layout, window_s=window_s)
        if not mirror.timeline.ended:
            await fill(mirror, self._bus, self._runtime.database, closed=row.closed)
        else:
            await self._look_at_dropped(mirror)
        self._broadcasts.pop(row.id, None)
        self._broadcasts[row.id] = mirror
        while len(self._broadcasts) > _MOST_BROADCASTS:
            oldest = next(one for one in self._broadcasts.values() if one is not self.current)
            oldest.wake_all()
            del self._broadcasts[oldest.id]
        return mirror

    async def _state_of(self, row: BroadcastRow) -> State | None:
        """What Redis says of a broadcast that is new to this process. A Redis that was just emptied knows nothing of it
        until the writer's next row, half a second; made of the archive alone, the mirror would begin parts behind."""
        deadline = time.monotonic() + _SEED_S
        while True:
            state = await read_state(self._bus, row.id)
            if state is not None or row.closed or row.layout is None or time.monotonic() > deadline:
                return state
            await asyncio.sleep(_SEED_LOOK_S)

    async def _look_at_dropped(self, mirror: BroadcastMirror) -> None:
        async with self._runtime.database.read() as db:
            mirror.set_dropped(await mirror_rows.dropped_of(db, mirror.id))

    async def broadcast(self, broadcast_id: str) -> BroadcastMirror | None:
        """A broadcast of this room, the present one or one of before."""
        if found := self._broadcasts.get(broadcast_id):
            return found
        async with self._loading:
            async with self._runtime.database.read() as db:
                row = await mirror_rows.read_broadcast(db, broadcast_id)
            return await self._load(row) if row is not None and row.room_id == self.id else None

    # ---- following

    async def _follow(self) -> None:
        async for data in listen_bytes(self._bus.redis_url, rows.room_channel(self.id)):
            try:
                await (self.look() if data is None else self._take(rows.read_message(data)))
            except msgspec.MsgspecError as error:
                log.warning("live.message_unreadable", room=self.id, error=str(error))
            except (SemmaError, SQLAlchemyError, OSError) as error:
                log.warning("live.mirror_behind", room=self.id, error=str(error))
            except Exception:  # a mirror that follows no more would show a stream that stands still
                log.exception("live.mirror_failed", room=self.id)

    async def _take(self, message: Published | Note) -> None:
        if isinstance(message, Note):
            await self._heed(message)
        elif self.current is None or self.current.id != message.broadcast_id:
            await self.look()
        elif not self.current.take(message.row):
            async with self._loading:
                await fill(self.current, self._bus, self._runtime.database, closed=False)

    async def _heed(self, note: Note) -> None:
        """Doors take effect at once, by what the note says; then, as for every note, the rows are looked up."""
        if note.kind == "doors" and self.watched is not None and note.visibility:
            self._see(replace(self.watched, visibility=note.visibility, access_epoch=note.access_epoch))
        if note.kind == "ended" and self.current is not None and self.current.id == note.broadcast:
            async with self._loading:
                await fill(self.current, self._bus, self._runtime.database, closed=True)
        await self.look()

    # ---- for everybody who asks

    def verdict_of(self, token: str) -> bool | None:
        """Whether the token was found to open the room a moment ago; None when it must be judged."""
        found = self._verdicts.get(token)
        return found[0] if found is not None and found[1] > time.monotonic() else None

    def remember(self, token: str, verdict: bool) -> None:
        """Keep a verdict for some seconds: tokens run out by the clock, too."""
        if len(self._verdicts) >= _MOST_VERDICTS:
            self._verdicts.clear()
        self._verdicts[token] = (verdict, time.monotonic() + LOOK_S)

    async def doubt(self) -> None:
        """Before a refusal: look again, unless that was just done."""
        if time.monotonic() - self.looked_at > _DOUBT_S:
            await self.look()
            self._verdicts.clear()

    def sweep(self) -> None:
        """Let go of waiters whose time is over."""
        for mirror in self._broadcasts.values():
            mirror.sweep()

    def wake_all(self) -> None:
        """Everybody who waits looks again."""
        for mirror in self._broadcasts.values():
            mirror.wake_all()

    @property
    def waiters(self) -> int:
        """How many wait."""
        return sum(mirror.waiters for mirror in self._broadcasts.values())


class LiveMirrors:
    """All rooms of this process. Nothing runs before the first room is asked for."""

    def __init__(self, runtime: Runtime) -> None:
        self.closing = False
        self._runtime = runtime
        self._bus: Bus | None = None
        self._rooms: dict[str, RoomMirror] = {}
        self._loading: dict[str, asyncio.Task[RoomMirror | None]] = {}
        self._unknown: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def find(self, room_id: str) -> RoomMirror | None:
        """A room that is in memory."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.asked_at = time.monotonic()
        return room

    async def room(self, room_id: str) -> RoomMirror | None:
        """The room, loaded when this is the first to ask; None when there is no such room. Raises Unavailable."""
        if room := self.find(room_id):
            return room
        if self._unknown.get(room_id, 0.0) > time.monotonic():
            return None
        task = self._loading.get(room_id)
        if task is None:
            task = self._loading[room_id] = asyncio.create_task(self._load(room_id), name=f"load:{room_id}")
            task.add_done_callback(lambda _task: self._loading.pop(room_id, None))
        return await asyncio.shield(task)

    async def _load(self, room_id: str) -> RoomMirror | None:
        room = RoomMirror(room_id, self._runtime, self.bus)
        if not await room.start():
            if len(self._unknown) >= _MOST_UNKNOWN:
                self._unknown.clear()
            self._unknown[room_id] = time.monotonic() + _UNKNOWN_S
            return None
        self._rooms[room_id] = room
        return room

    @property
    def bus(self) -> Bus:
        """The way to Redis, made at its first use."""
        if self._bus is None:
            self._bus = Bus(self._runtime.redis_url)
            self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._look())]
        return self._bus

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            for room in list(self._rooms.values()):
                room.sweep()

    async def _look(self) -> None:
        """Every ten seconds: what notes would have told; rooms nobody asks for are let go."""
        while True:
            await asyncio.sleep(LOOK_S)
            for room in list(self._rooms.values()):
                if time.monotonic() - room.asked_at > _KEEP_S and not room.waiters:
                    await self._let_go(room)
                    continue
                try:
                    if not await room.look():
                        await self._let_go(room)
                except (SemmaError, SQLAlchemyError, OSError) as error:
                    log.warning("live.mirror_behind", room=room.id, error=str(error))

    async def _let_go(self, room: RoomMirror) -> None:
        self._rooms.pop(room.id, None)
        await room.stop()

    def end_all(self) -> None:
        """Answer everybody who waits: the process is asked to stop. Players ask again, and another process answers."""
        self.closing = True
        for room in self._rooms.values():
            room.wake_all()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the application serves; may be entered again after it ended."""
        self.closing = False
        try:
            yield
        finally:
            self.end_all()
            await self.close()

    async def close(self) -> None:
        """Let go of everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in list(self._rooms.values()):
            await self._let_go(room)
        self._tasks, self._rooms, self._unknown = [], {}, {}
        if self._bus is not None:
            await self._bus.close()
            self._bus = None
