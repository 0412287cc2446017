"""The task that tells Redis what the writer holds, in order, and tries again until Redis has it."""

import asyncio
from collections.abc import Sequence

import structlog

from server.core.errors import Conflict
from server.core.live_bus import Bus, BusAway, BusFull, Value, channel
from server.live import rows, window_scripts
from server.live.rows import Meta
from server.live.window_memory import Memory
from server.media.live import Row

log = structlog.get_logger(__name__)

_AGAIN_S = 0.2


class WriterReplaced(Conflict):
    """Another process writes this broadcast now."""

    code = "live.writer_replaced"
    says = "Another ingest process has taken this broadcast over; this one must stop writing it."


class Sender:
    """One broadcast's way into Redis. `is_replaced` ends it; `is_away` while Redis does not take anything."""

    def __init__(self, bus: Bus, meta: Meta, memory: Memory) -> None:
        self.epoch = 0
        self.is_replaced = self.is_away = False
        self.idle = asyncio.Event()
        self.idle.set()
        self._bus, self._meta, self._memory = bus, meta, memory
        self._id = meta.broadcast_id
        self._channel = channel(rows.room_channel(meta.room_id))
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Look again at what waits."""
        if self._memory.waiting and not self.is_replaced:
            self.idle.clear()
            self._wake.set()

    async def open(self, epoch: int) -> None:
        """Become the writer: with this epoch, or one above that of whoever wrote before. Raises BusAway."""
        self.epoch = epoch
        args: list[Value] = [epoch, rows.pack(self._meta), rows.TTL_S, self._channel, rows.note("opened", self._id)]
        self.epoch = int(await self._bus.run(window_scripts.OPEN, keys=[rows.state_key(self._id)], args=args))

    async def deliver(self) -> None:
        """Run until replaced or cancelled."""
        while not self.is_replaced:
            await self._wake.wait()
            self._wake.clear()
            try:
                while self._memory.waiting:
                    await self._step()
                    self.is_away = False
                self.idle.set()
            except WriterReplaced:
                log.warning("live.writer_replaced", broadcast=self._id, epoch=self.epoch)
                self.is_replaced = True
                self.idle.set()
            except BusAway as error:
                await self._pause(error)
            except Exception as error:  # a window that is written no more would stop the room for every viewer
                log.exception("live.window_failed", broadcast=self._id)
                await self._pause(error)

    async def _pause(self, error: Exception) -> None:
        """After a failure: make room at once where that helps, else wait a little; then go on."""
        if isinstance(error, BusFull) and self._memory.evict():
            log.warning("live.window_full", broadcast=self._id, error=str(error))
        else:
            if not self.is_away:
                log.warning("live.window_away", broadcast=self._id, error=str(error))
            self.is_away = True
            await asyncio.sleep(_AGAIN_S)
        self._wake.set()

    async def _step(self) -> None:
        """Tell Redis one thing; raises BusAway (the thing still waits) or WriterReplaced."""
        waiting = self._memory.waiting
        if waiting.removals:
            await self._remove()
        elif waiting.seed:
            await self._seed()
        elif waiting.inits:
            await self._send_inits()
        elif waiting.rows:
            await self._send(waiting.rows[0])
        else:
            await self._end()

    async def _send_inits(self) -> None:
        sent = dict(self._memory.waiting.inits)
        await self._bus.put_fields(rows.inits_key(self._id), sent, seconds=rows.TTL_S)
        for key in sent:
            self._memory.waiting.inits.pop(key, None)

    async def _send(self, row: Row) -> None:
        waiting = self._memory.waiting
        answer = await self._run(
            window_scripts.APPEND,
            [rows.heads_key(self._id), rows.row_key(self._id, row.msn, row.part), rows.inits_key(self._id)],
            [
                row.msn,
                row.part,
                int(row.last),
                int(row.discontinuity),
                rows.pack(rows.head_of(row)),
                rows.pack(rows.Published(self._id, self.epoch, row)),
                rows.TTL_S,
                self._channel,
            ],
        )
        if answer != b"ok":
            log.warning("live.window_lost", broadcast=self._id, found=answer.decode(), row=f"{row.msn}.{row.part}")
            waiting.seed = True
        elif waiting.rows and waiting.rows[0] is row:
            waiting.rows.popleft()

    async def _seed(self) -> None:
        """Write everything in memory anew, the state last: readers look at nothing before they find it."""
        memory = self._memory
        everything = list(memory.kept)
        if memory.inits:
            await self._bus.put_fields(rows.inits_key(self._id), dict(memory.inits), seconds=rows.TTL_S)
        for row in everything:
            data = rows.pack(rows.Published(self._id, self.epoch, row))
            await self._bus.put(rows.row_key(self._id, row.msn, row.part), data, seconds=rows.TTL_S)
        if everything:
            heads = {f"{row.msn}.{row.part}": rows.pack(rows.head_of(row)) for row in everything}
            await self._bus.put_fields(rows.heads_key(self._id), heads, seconds=rows.TTL_S)
        at = everything[-1] if everything else memory.last
        place = [at.msn, at.part, int(at.last)] if at else [0, -1, 1]
        note = rows.note("reload", self._id)
        args: list[Value] = [rows.pack(self._meta), *place, int(memory.closed), rows.TTL_S, self._channel, note]
        await self._run(window_scripts.SEED, [], args)
        sent = {id(row) for row in everything}
        while memory.waiting.rows and id(memory.waiting.rows[0]) in sent:
            memory.waiting.rows.popleft()
        memory.waiting.inits = {key: data for key, data in memory.waiting.inits.items() if key not in memory.inits}
        memory.waiting.seed = False

    async def _remove(self) -> None:
        segments = dict(self._memory.waiting.removals)
        places = [(msn, part) for msn, parts in segments.items() for part in range(parts)]
        keys = [rows.row_key(self._id, msn, part) for msn, part in places]
        fields = [f"{msn}.{part}" for msn, part in places]
        await self._bus.remove(keys, from_hash=rows.heads_key(self._id), fields=fields)
        for msn in segments:
            self._memory.waiting.removals.pop(msn, None)

    async def _end(self) -> None:
        args: list[Value] = [rows.TTL_S, self._channel, rows.note("ended", self._id)]
        if await self._run(window_scripts.CLOSE, [], args) == b"missing":
            self._memory.waiting.seed = True
        else:
            self._memory.waiting.ending = False

    async def _run(self, script: str, keys: Sequence[str], args: Sequence[Value]) -> bytes:
        """One of the scripts, which all begin with the state and the writer's epoch; raises WriterReplaced."""
        answer = await self._bus.run(script, keys=[rows.state_key(self._id), *keys], args=[self.epoch, *args])
        if answer == b"replaced":
            raise WriterReplaced
        return bytes(answer)
