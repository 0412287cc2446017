"""The writer's side of the live window: rows into Redis, in order, whatever Redis does meanwhile.

Rows go into this process's memory first and from there into Redis by one task, so the room never waits for Redis. Away:
what came meanwhile is sent in order when it is back, as far as the window reaches. Emptied, or back with older data:
noticed at the next row, and the window is written anew from memory. Replaced by a newer writer: `WriterReplaced`.

    bus = Bus(redis_url)
    window = Window(bus, meta=Meta(room_id=…, event_id=…, broadcast_id=…, layout=…, window_s=…))
    resumed = await window.open()          # what an earlier process left; empty for a new broadcast
    window.add_init(track, name, data)     # before the first row that names it
    await window.append(row)               # in Redis and published, or in memory and on its way
    window.release(msn)                    # the segment is archived, its live_segments row says so; after a restart
                                           # again for those that were archived before
    await window.close()                   # the broadcast has ended; release() still works
    await window.stop()                    # this process ends (the broadcast may go on in another)
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from server.core.errors import Conflict
from server.core.live_bus import Bus, BusAway, Value, channel
from server.live import rows, window_scripts
from server.live.rows import Head, Meta
from server.media.live import Row

log = structlog.get_logger(__name__)

_PATIENCE_S = 0.1  # how long append waits for Redis before it leaves the row to the task
_AGAIN_S = 0.2


class WriterReplaced(Conflict):
    """Another process writes this broadcast now."""

    code = "live.writer_replaced"
    says = "Another ingest process has taken this broadcast over; this one must stop writing it."


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """What an earlier writer left in Redis: heads of the rows still kept, in order."""

    heads: tuple[Head, ...] = ()

    @property
    def last(self) -> Head | None:
        """The last row that was published; its segment is unfinished unless it says `last`."""
        return self.heads[-1] if self.heads else None

    def segments(self) -> list[int]:
        """The numbers of the segments still kept, in order: those not known to be archived."""
        return sorted({head.msn for head in self.heads})


@dataclass(slots=True)
class _Waiting:
    """What Redis must still be told, oldest first."""

    rows: deque[Row] = field(default_factory=deque)
    inits: dict[str, bytes] = field(default_factory=dict)
    removals: dict[int, int] = field(default_factory=dict)  # msn → its parts
    seed: bool = False
    ending: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.inits or self.removals or self.seed or self.ending)


class Window:
    """The live window of one broadcast, for its one writer."""

    def __init__(self, bus: Bus, *, meta: Meta) -> None:
        self.meta = meta
        self.epoch = 0
        self.last: Head | None = None
        self._bus = bus
        self._id = meta.broadcast_id
        self._channel = channel(rows.room_channel(meta.room_id))
        self._most = rows.window_segments(meta.window_s)
        self._kept: deque[Row] = deque()
        self._inits: dict[str, bytes] = {}
        self._parts: dict[int, int] = {}  # parts by segment, of everything Redis may hold
        self._released: set[int] = set()
        self._waiting = _Waiting()
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._is_replaced = self._is_closed = self._is_away = False
        self._sender: asyncio.Task[None] | None = None

    # ---- opening

    async def open(self) -> Resumed:
        """Become the broadcast's writer; returns what an earlier one left. With Redis away: nothing, and what is
        appended is written when it is back."""
        self.epoch = time.time_ns() // 1_000_000
        resumed = Resumed()
        try:
            args: list[Value] = [
                self.epoch,
                rows.pack(self.meta),
                rows.TTL_S,
                self._channel,
                rows.note("opened", self._id),
            ]
            self.epoch = int(await self._bus.run(window_scripts.OPEN, keys=[rows.state_key(self._id)], args=args))
            resumed = await self._resume()
        except BusAway as error:
            log.warning("live.window_away", broadcast=self._id, error=str(error))
            self._waiting.seed = True
        self._sender = asyncio.create_task(self._deliver(), name=f"window:{self._id}")
        self._nudge()
        return resumed

    async def _resume(self) -> Resumed:
        """Read the heads, and into memory what the window holds, so that it could be written anew."""
        fields = await self._bus.get_hash(rows.heads_key(self._id))
        heads = sorted((rows.read_head(data) for data in fields.values()), key=lambda head: (head.msn, head.part))
        if not heads:
            return Resumed()
        for head in heads:
            self._parts[head.msn] = head.part + 1
        inits = await self._bus.get_hash(rows.inits_key(self._id))
        self._inits = {name.decode(): data for name, data in inits.items()}
        for msn in [number for number in self._parts if number > heads[-1].msn - self._most]:
            self._kept += await self.read_segment(msn)
        self.last = heads[-1]
        return Resumed(heads=tuple(heads))

    async def read_segment(self, msn: int) -> list[Row]:
        """The rows of a segment that is still kept, in order; shorter when Redis lost some. Raises BusAway."""
        held = [row for row in self._kept if row.msn == msn]
        if held:
            return held
        keys = [rows.row_key(self._id, msn, part) for part in range(self._parts.get(msn, 0))]
        return [rows.read_published(data).row for data in await self._bus.get_many(keys) if data is not None]

    def init(self, track: str, name: str) -> bytes | None:
        """An init that was added, by this writer or the one before."""
        return self._inits.get(f"{track}/{name}")

    # ---- writing

    def add_init(self, track: str, name: str, data: bytes) -> None:
        """Add an init, before the first row that names it."""
        key = f"{track}/{name}"
        if self._inits.get(key) != data:
            self._inits[key] = self._waiting.inits[key] = data
            self._nudge()

    async def append(self, row: Row) -> None:
        """Publish a row. Normally it is in Redis on return; otherwise it is kept and sent as soon as it can be.

        Raises WriterReplaced, and ValueError for a row that does not follow the one before.
        """
        if self._is_replaced:
            raise WriterReplaced
        if self._is_closed or (self.last is not None and not rows.follows(row, self.last)):
            raise ValueError(f"row {row.msn}.{row.part} does not follow")
        self.last = rows.head_of(row)
        self._parts[row.msn] = row.part + 1
        self._kept.append(row)
        self._waiting.rows.append(row)
        self._forget()
        self._nudge()
        await self._settled(_PATIENCE_S)
        if self._is_replaced:
            raise WriterReplaced

    def release(self, msn: int) -> None:
        """The segment is archived: its rows go from Redis once it has left the window (or the broadcast ended)."""
        self._released.add(msn)
        self._forget()
        self._nudge()

    async def close(self, *, timeout_s: float = 30) -> None:
        """The broadcast has ended: nothing more comes. Tells every reader; goes on trying while Redis is away."""
        self._is_closed = self._waiting.ending = True
        self._forget()
        self._nudge()
        await self._settled(timeout_s)

    async def stop(self) -> None:
        """End the task; what Redis was not told is lost with this process."""
        if self._sender is not None:
            self._sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sender
            self._sender = None

    @property
    def is_behind(self) -> bool:
        """Whether Redis was not yet told everything."""
        return bool(self._waiting)

    # ---- memory

    def _forget(self) -> None:
        """Let go of what has left the window; what was never sent by then is only in the archive."""
        edge = self.last.msn - self._most if self.last else 0
        while self._kept and self._kept[0].msn <= edge:
            gone = self._kept.popleft()
            if self._waiting.rows and self._waiting.rows[0] is gone:
                self._waiting.rows.popleft()
                self._waiting.seed = True
        for msn in [number for number in self._released if number <= edge or self._is_closed]:
            self._released.discard(msn)
            if parts := self._parts.pop(msn, 0):
                self._waiting.removals[msn] = parts

    def _nudge(self) -> None:
        if self._waiting and not self._is_replaced:
            self._idle.clear()
            self._wake.set()

    async def _settled(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout_s)

    # ---- the task

    async def _deliver(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while self._waiting:
                    await self._step()
                    self._is_away = False
                self._idle.set()
            except BusAway as error:
                if not self._is_away:
                    log.warning("live.window_away", broadcast=self._id, error=str(error))
                self._is_away = True
                await asyncio.sleep(_AGAIN_S)
                self._wake.set()
            except WriterReplaced:
                log.warning("live.writer_replaced", broadcast=self._id, epoch=self.epoch)
                self._is_replaced = True
                self._idle.set()
                return

    async def _step(self) -> None:
        """Tell Redis one thing; raises BusAway (the thing still waits) or WriterReplaced."""
        waiting = self._waiting
        if waiting.seed:
            await self._seed()
        elif waiting.inits:
            sent = dict(waiting.inits)
            await self._bus.put_fields(rows.inits_key(self._id), sent, seconds=rows.TTL_S)
            for key, data in sent.items():
                if waiting.inits.get(key) == data:
                    del waiting.inits[key]
        elif waiting.rows:
            await self._send(waiting.rows[0])
        elif waiting.removals:
            await self._remove(dict(waiting.removals))
        else:
            await self._end()

    async def _send(self, row: Row) -> None:
        head = rows.head_of(row)
        answer = await self._run(
            window_scripts.APPEND,
            [rows.heads_key(self._id), rows.row_key(self._id, row.msn, row.part), rows.inits_key(self._id)],
            [
                row.msn,
                row.part,
                int(row.last),
                int(row.discontinuity),
                rows.pack(head),
                rows.pack(rows.Published(self._id, self.epoch, row)),
                rows.TTL_S,
                self._channel,
            ],
        )
        if answer != b"ok":
            log.warning("live.window_lost", broadcast=self._id, found=answer.decode(), row=f"{row.msn}.{row.part}")
            self._waiting.seed = True
        elif self._waiting.rows and self._waiting.rows[0] is row:
            self._waiting.rows.popleft()

    async def _seed(self) -> None:
        """Write everything in memory anew, the state last: readers look at nothing before they find it."""
        everything = list(self._kept)
        if self._inits:
            await self._bus.put_fields(rows.inits_key(self._id), self._inits, seconds=rows.TTL_S)
        for row in everything:
            data = rows.pack(rows.Published(self._id, self.epoch, row))
            await self._bus.put(rows.row_key(self._id, row.msn, row.part), data, seconds=rows.TTL_S)
        if everything:
            heads = {f"{row.msn}.{row.part}": rows.pack(rows.head_of(row)) for row in everything}
            await self._bus.put_fields(rows.heads_key(self._id), heads, seconds=rows.TTL_S)
        at = everything[-1] if everything else self.last
        place = [at.msn, at.part, int(at.last)] if at else [0, -1, 1]
        note = rows.note("reload", self._id)
        args: list[Value] = [rows.pack(self.meta), *place, int(self._is_closed), rows.TTL_S, self._channel, note]
        await self._run(window_scripts.SEED, [], args)
        sent = {id(row) for row in everything}
        while self._waiting.rows and id(self._waiting.rows[0]) in sent:
            self._waiting.rows.popleft()
        self._waiting.inits.clear()
        self._waiting.seed = False

    async def _remove(self, segments: dict[int, int]) -> None:
        places = [(msn, part) for msn, parts in segments.items() for part in range(parts)]
        keys = [rows.heads_key(self._id), *(rows.row_key(self._id, msn, part) for msn, part in places)]
        await self._run(window_scripts.RELEASE, keys, [f"{msn}.{part}" for msn, part in places])
        for msn in segments:
            self._waiting.removals.pop(msn, None)

    async def _end(self) -> None:
        answer = await self._run(window_scripts.CLOSE, [], [rows.TTL_S, self._channel, rows.note("ended", self._id)])
        if answer == b"missing":
            self._waiting.seed = True
        else:
            self._waiting.ending = False

    async def _run(self, script: str, keys: list[str], args: Sequence[Value]) -> bytes:
        """One of the scripts, which all begin with the state and the writer's epoch; raises WriterReplaced."""
        answer = await self._bus.run(script, keys=[rows.state_key(self._id), *keys], args=[self.epoch, *args])
        if answer == b"replaced":
            raise WriterReplaced
        return bytes(answer)
