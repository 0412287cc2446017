"""Take one request's bytes into the storage, and never say of a byte that it is there before it is.

The body fills a part in memory; a full part flies to the storage while the next one fills, two at a time. What has
landed, in order, is recorded with the new offset, about once a second, so that a crash in the middle of a long request
costs seconds. When the body ends, pauses or breaks off, what is left over is kept as a tail.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

import structlog

from server.core.changes import announce
from server.core.errors import SemmaError
from server.core.storage import Part
from server.uploads.changes import change_of_progress
from server.uploads.desk import FLYING_PER_REQUEST, Desk
from server.uploads.errors import BeyondLength, ChecksumMismatch, Interrupted, Stalled
from server.uploads.hold import Hold, Tail, record_progress
from server.uploads.protocol import Checksum
from server.uploads.store import MANY_TAILS, MOST_TAILS, put_part, put_tail

log = structlog.get_logger(__name__)

TICK_S = 1.0  # between two looks at what has landed
RENEW_S = 2.0  # between two renewals of the hold; a third of its length
STALLED_S = 60.0  # without a byte: the connection is dead, even if nobody said so
TAIL_EVERY_S = 15.0  # a slow connection fills no part for minutes; it loses at most this much in a crash
TAIL_MIN_BYTES = 64 * 1024


class Receiver:
    """One request writing to one upload. `run` once; `let_go` from anywhere in the loop."""

    def __init__(self, desk: Desk, hold: Hold, checksum: Checksum | None) -> None:
        self._desk, self._hold, self._checksum = desk, hold, checksum
        self._store, self._database = desk.runtime.store, desk.runtime.database
        self._loop = asyncio.get_running_loop()
        # Where the next byte goes: part `_number` (from 0), position `_at` in it. `_body` holds the part's bytes from
        # `_body_at` on; those before are in tails.
        self._number, self._at = divmod(hold.offset_bytes, hold.part_size_bytes)
        self._body, self._body_at = bytearray(), self._at
        self._hasher = checksum.hasher() if checksum else None
        # What is durable and what flies towards it.
        self._durable_bytes = hold.offset_bytes
        self._tails, self._tails_changed = list(hold.tails), False
        self._flights: deque[asyncio.Task[Part]] = deque()
        self._slots = asyncio.Semaphore(FLYING_PER_REQUEST)
        self._landed: list[Part] = []
        self._dropped: list[Tail] = []
        # Why and how reading ends.
        self._why: SemmaError | None = None
        self._patience: asyncio.Timeout | None = None
        self._body_done = asyncio.Event()
        self._last_byte_at = self._last_record_at = self._last_tail_at = self._loop.time()

    @property
    def offset_bytes(self) -> int:
        """Where the next byte goes; what lies before it is in memory or durable."""
        return self._number * self._hold.part_size_bytes + self._at

    async def run(self, chunks: AsyncIterator[bytes]) -> int:
        """Read to the end of the body and save; returns the new offset, all of it durable.

        Raises what broke the body off (after saving what had come), or what kept it from being saved.
        """
        writers, upload_id = self._desk.writers, self._hold.upload_id
        writers[upload_id] = self
        try:
            cancelled = await self._read_while_keeping(chunks)
            offset = await self._save(whole=self._why is None and not cancelled)
        finally:
            if writers.get(upload_id) is self:
                del writers[upload_id]
        if cancelled:
            raise asyncio.CancelledError
        if self._why is not None:
            raise self._why
        return offset

    def let_go(self, fence: int | None = None) -> None:
        """Stop reading, save and release: another request wants to go on, or this process ends."""
        if fence is None or self._hold.fence <= fence:
            self._stop(Interrupted())

    def _stop(self, why: SemmaError) -> None:
        """End reading as soon as the loop comes round."""
        if self._why is None:
            self._why = why
            if self._patience is not None:
                self._patience.reschedule(self._loop.time())

    # --- reading

    async def _read_while_keeping(self, chunks: AsyncIterator[bytes]) -> bool:
        """Read until the body ends or breaks off; returns whether it was cancelled, which saving comes before."""
        keeping = asyncio.create_task(self._keep())
        try:
            await self._read(chunks)
        except asyncio.CancelledError:
            return True
        finally:
            self._body_done.set()
            await keeping
        return False

    async def _read(self, chunks: AsyncIterator[bytes]) -> None:
        try:
            async with asyncio.timeout(None) as self._patience:
                if self._why is not None:
                    return
                async for chunk in chunks:
                    self._last_byte_at = self._loop.time()
                    await self._pour(chunk)
        except TimeoutError:
            if self._why is None:
                raise
        except SemmaError as error:
            self._why = self._why or error
        finally:
            self._patience = None

    async def _pour(self, chunk: bytes) -> None:
        """Put bytes into the part that is filling; ship it when it is full."""
        length = self._hold.length_bytes
        if length is not None and self.offset_bytes + len(chunk) > length:
            raise BeyondLength
        if self._hasher is not None:
            self._hasher.update(chunk)
        rest = memoryview(chunk)
        while rest:
            taken = rest[: self._part_bytes() - self._at]
            self._body += taken
            self._at += len(taken)
            rest = rest[len(taken) :]
            if self._at == self._part_bytes():
                await self._ship()

    def _part_bytes(self) -> int:
        """The size of the part that is filling; the last one of a known length may be shorter."""
        size = self._hold.part_size_bytes
        if self._hold.length_bytes is None:
            return size
        return min(size, self._hold.length_bytes - self._number * size)

    async def _ship(self) -> None:
        """Send the full part off; waits while two are flying."""
        await self._slots.acquire()
        try:
            await self._desk.flying.acquire()
        except BaseException:
            self._slots.release()
            raise
        start = self._number * self._hold.part_size_bytes
        before = [tail for tail in self._tails if start <= tail.start_bytes < start + self._body_at]
        flight = asyncio.create_task(
            put_part(
                self._store,
                key=self._hold.key,
                multipart_id=self._hold.multipart_id,
                number=self._number + 1,
                tails=before,
                body=self._body,
            )
        )
        flight.add_done_callback(self._on_landing)
        self._flights.append(flight)
        self._number, self._at, self._body, self._body_at = self._number + 1, 0, bytearray(), 0

    def _on_landing(self, flight: asyncio.Task[Part]) -> None:
        self._slots.release()
        self._desk.flying.release()
        error = None if flight.cancelled() else flight.exception()
        if isinstance(error, SemmaError):
            self._stop(error)

    # --- recording

    async def _keep(self) -> None:
        """While the body comes: record what has landed, renew the hold, notice silence."""
        while not self._body_done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._body_done.wait(), TICK_S)
                return
            try:
                await self._tick()
            except SemmaError as error:
                self._stop(error)
                return
            except Exception as error:  # a database that is busy: the next tick tries again
                log.warning("upload.not_recorded", upload_id=self._hold.upload_id, error=str(error))

    async def _tick(self) -> None:
        moment = self._loop.time()
        if moment - self._last_byte_at > STALLED_S:
            self._stop(Stalled())
            return
        if self._checksum is None:
            if moment - self._last_tail_at > TAIL_EVERY_S:
                await self._keep_tail()
            self._collect()
        if self._landed or self._tails_changed or moment - self._last_record_at >= RENEW_S:
            await self._record(release=False)

    async def _keep_tail(self) -> None:
        """Make durable what has come of a part that fills slowly; it stays in memory, too."""
        self._last_tail_at = self._loop.time()
        if not self._flights and self._unsaved_bytes() >= TAIL_MIN_BYTES:
            # Never joined with others: a tail lies either before the bytes in memory or wholly within them.
            await self._put_tail(many=MOST_TAILS)

    def _unsaved_bytes(self) -> int:
        """How many bytes of the part in memory are in no tail."""
        return self.offset_bytes - self._tails_end(self._number)

    async def _put_tail(self, *, many: int) -> None:
        """Keep the part's bytes that follow its tails, if the part does not fly off meanwhile."""
        number, start = self._number, self._tails_end(self._number)
        fresh = bytes(self._body[len(self._body) - self._unsaved_bytes() :])
        tails = await put_tail(
            self._store,
            self._hold.upload_id,
            self._tails,
            fresh,
            start_bytes=start,
            fence=self._hold.fence,
            many=many,
        )
        if self._number == number:
            self._dropped += [tail for tail in self._tails if tail not in tails]
            self._tails, self._tails_changed = tails, True
            self._durable_bytes = start + len(fresh)
        else:
            self._dropped += [tail for tail in tails if tail not in self._tails]

    def _tails_end(self, number: int) -> int:
        """Where the tails of part `number` end: its start when there are none."""
        start = number * self._hold.part_size_bytes
        return max([start, *(tail.end_bytes for tail in self._tails if tail.start_bytes >= start)])

    def _collect(self) -> None:
        """Count the parts that have landed, in order; their tails are needed no more. Raises a flight's error."""
        while self._flights and self._flights[0].done():
            part = self._flights[0].result()
            self._flights.popleft()
            self._landed.append(part)
            end = (part.number - 1) * self._hold.part_size_bytes + part.size_bytes
            self._durable_bytes = max(self._durable_bytes, end)
            gone = [tail for tail in self._tails if tail.start_bytes < end]
            if gone:
                self._dropped += gone
                self._tails = [tail for tail in self._tails if tail.start_bytes >= end]
                self._tails_changed = True

    async def _record(self, *, release: bool) -> None:
        """Write down what is durable; when somebody asks for the upload meanwhile, stop."""
        landed, changed, offset = list(self._landed), self._tails_changed, self._durable_bytes
        async with self._database.write() as db:
            asked = await record_progress(
                db,
                self._hold,
                offset_bytes=offset,
                parts=landed,
                tails=list(self._tails) if changed else None,
                expires_s=self._desk.runtime.limits.upload_expires_s,
                release=release,
            )
            change = change_of_progress(self._hold, offset)
            announce(db, self._desk.runtime.redis, event_id=self._hold.event_id, change=change)
        del self._landed[: len(landed)]
        self._tails_changed = False
        self._last_record_at = self._loop.time()
        if asked and not release:
            self._stop(Interrupted())

    # --- ending

    async def _save(self, *, whole: bool) -> int:
        """Bring down what flies, keep the rest as a tail, record and release; returns the offset.

        With a checksum nothing counts unless the whole body came and fits.
        """
        if self._checksum is not None and not (whole and self._checksum.fits(self._hasher)):
            return await self._discard(mismatch=whole)
        trouble: Exception | None = None
        try:
            await self._bring_down()
        except Exception as error:
            trouble = error
        await self._record(release=True)
        await self._forget_dropped()
        if trouble is not None:
            raise trouble
        return self._durable_bytes

    async def _bring_down(self) -> None:
        """Wait for all flights, then keep what has not filled a part."""
        if self._at and self._at == self._part_bytes():  # full, but broken off before it could fly
            await self._ship()
        await asyncio.gather(*self._flights, return_exceptions=True)
        self._collect()
        if self._unsaved_bytes():
            await self._put_tail(many=MANY_TAILS)

    async def _discard(self, *, mismatch: bool) -> int:
        """Let nothing of this request count: parts in the storage are overwritten by those that come again."""
        await asyncio.gather(*self._flights, return_exceptions=True)
        self._landed.clear()
        await self._record(release=True)
        if mismatch:
            raise ChecksumMismatch
        return self._durable_bytes

    async def _forget_dropped(self) -> None:
        """Remove tails nobody needs; what is missed here goes with the upload's prefix when it ends."""
        if self._dropped:
            with contextlib.suppress(SemmaError):
                await self._store.delete_many([tail.key for tail in self._dropped])
