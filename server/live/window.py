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
from dataclasses import dataclass

import structlog

from server.core.live_bus import Bus, BusAway
from server.live import rows
from server.live.rows import Head, Meta
from server.live.window_memory import MOST_STORED_BYTES, Memory
from server.live.window_sender import Sender, WriterReplaced
from server.media.live import Row

__all__ = ["Resumed", "Window", "WriterReplaced"]

log = structlog.get_logger(__name__)

_PATIENCE_S = 0.1  # how long append waits for Redis before it leaves the row to the task


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """What an earlier writer left in Redis: heads of the rows still kept, in order."""

    heads: tuple[Head, ...] = ()

    @property
    def last(self) -> Head | None:
        """The last row that was published; its segment is unfinished unless it says `last`."""
        return self.heads[-1] if self.heads else None

    def segments(self) -> list[int]:
        """The numbers of the segments still kept, in order: those in the window, and those not archived."""
        return sorted({head.msn for head in self.heads})


class Window:
    """The live window of one broadcast, for its one writer."""

    def __init__(self, bus: Bus, *, meta: Meta, most_bytes: int = MOST_STORED_BYTES) -> None:
        self.meta = meta
        self._bus = bus
        self._memory = Memory(window_s=meta.window_s, most_bytes=most_bytes)
        self._sender = Sender(bus, meta, self._memory)
        self._sending: asyncio.Task[None] | None = None

    @property
    def epoch(self) -> int:
        """The writer's number; higher than that of every writer before."""
        return self._sender.epoch

    @property
    def last(self) -> Head | None:
        """The last row, by this writer or the one before."""
        return self._memory.last

    @property
    def is_behind(self) -> bool:
        """Whether Redis was not yet told everything."""
        return bool(self._memory.waiting)

    async def open(self) -> Resumed:
        """Become the broadcast's writer; returns what an earlier one left. With Redis away: nothing, and what is
        appended is written when it is back."""
        resumed = Resumed()
        try:
            await self._sender.open(time.time_ns() // 1_000_000)
            resumed = await self._resume()
        except BusAway as error:
            log.warning("live.window_away", broadcast=self.meta.broadcast_id, error=str(error))
            self._memory.waiting.seed = True
        self._sending = asyncio.create_task(self._sender.deliver(), name=f"window:{self.meta.broadcast_id}")
        self._sender.nudge()
        return resumed

    async def _resume(self) -> Resumed:
        """Read the heads, and into memory what the window holds, so that it could be written anew."""
        fields = await self._bus.get_hash(rows.heads_key(self.meta.broadcast_id))
        heads = sorted((rows.read_head(data) for data in fields.values()), key=lambda head: (head.msn, head.part))
        if not heads:
            return Resumed()
        self._memory.resume(heads)
        inits = await self._bus.get_hash(rows.inits_key(self.meta.broadcast_id))
        self._memory.inits = {name.decode(): data for name, data in inits.items()}
        resumed = Resumed(heads=tuple(heads))
        for msn in resumed.segments():
            if msn > self._memory.edge:
                self._memory.kept += await self.read_segment(msn)
        return resumed

    async def read_segment(self, msn: int) -> list[Row]:
        """The rows of a segment that is still kept, in order; fewer when Redis lost some. Raises BusAway."""
        held = [row for row in self._memory.kept if row.msn == msn]
        if held:
            return held
        keys = [rows.row_key(self.meta.broadcast_id, msn, part) for part in range(self._memory.parts_of(msn))]
        return [rows.read_published(data).row for data in await self._bus.get_many(keys) if data is not None]

    def init(self, track: str, name: str) -> bytes | None:
        """An init that was added, by this writer or the one before."""
        return self._memory.inits.get(f"{track}/{name}")

    def add_init(self, track: str, name: str, data: bytes) -> None:
        """Add an init, before the first row that names it."""
        self._memory.add_init(f"{track}/{name}", data)
        self._sender.nudge()

    async def append(self, row: Row) -> None:
        """Publish a row. Normally it is in Redis on return; otherwise it is kept and sent as soon as it can be.

        Raises WriterReplaced, and ValueError for a row that does not follow the one before.
        """
        if self._sender.is_replaced:
            raise WriterReplaced
        last = self._memory.last
        if self._memory.closed or (last is not None and not rows.follows(row, last)):
            raise ValueError(f"row {row.msn}.{row.part} does not follow")
        self._memory.add(row)
        self._sender.nudge()
        if not self._sender.is_away:
            await self._settled(_PATIENCE_S)
        if self._sender.is_replaced:
            raise WriterReplaced

    def release(self, msn: int) -> None:
        """The segment is archived: its rows go from Redis once it has left the window (or the broadcast ended)."""
        self._memory.release(msn)
        self._sender.nudge()

    async def close(self, *, timeout_s: float = 30) -> None:
        """The broadcast has ended: nothing more comes. Tells every reader; goes on trying while Redis is away."""
        self._memory.close()
        self._sender.nudge()
        await self._settled(timeout_s)

    async def settle(self, *, timeout_s: float = 30) -> None:
        """Wait until Redis was told everything, or so long."""
        await self._settled(timeout_s)

    async def stop(self) -> None:
        """End the task; what Redis was not told is lost with this process."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
            self._sending = None

    async def _settled(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):  # wait_for of 3.11 can swallow a cancellation
                await self._sender.idle.wait()
