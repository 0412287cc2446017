"""The live edge of one broadcast, where it is written: samples in, rows to the viewers, segments to the archive.

The only place that numbers segments and moves media time on. What goes in comes from one run or slate at a time.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from server.live.archive import Archive
from server.live.collect import Collector
from server.live.onlooker import NobodyLooks, Onlooker
from server.live.spool import ClosedSegment
from server.live.window import Window
from server.media.fmp4_read import Init, Sample
from server.media.live import VIDEO_TIMESCALE, Layout, Row
from server.media.segmenter import Segmenter


class Edge:
    """The edge. `next_msn`, `start` (90 kHz ticks) and `wall` are where an earlier process stopped."""

    def __init__(
        self,
        broadcast_id: str,
        layout: Layout,
        window: Window,
        archive: Archive,
        *,
        next_msn: int = 1,
        start: int = 0,
        wall: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.broadcast_id, self.layout, self.window = broadcast_id, layout, window
        self.published_s = clock()  # monotonic: when the last row was
        self.wall_end = wall  # the moment up to which there is media
        self.onlooker: Onlooker = NobodyLooks()
        self._segmenter = Segmenter(layout, next_msn=next_msn, start=start, wall=wall)
        self._collector = Collector(broadcast_id, self._init_of)
        self._archive, self._clock = archive, clock
        self._closed: asyncio.Queue[ClosedSegment] = asyncio.Queue()
        self._spooling = asyncio.create_task(self._spool(), name=f"spool:{broadcast_id}")

    @property
    def media_end(self) -> int:
        """The media time reached, in 90 kHz ticks."""
        return self._segmenter.media_end

    def begin(self, wall: datetime, *, slate: bool, silent: bool) -> None:
        """A run or slate whose media began at this moment."""
        self._segmenter.begin(wall, slate=slate, silent=silent)

    async def push(self, track: str, init: Init, samples: Sequence[Sample]) -> None:
        """More of it. Raises BadRun, and WriterReplaced when another process writes this broadcast."""
        await self._publish(self._segmenter.push(track, init, samples))

    async def end(self) -> None:
        """The run or slate is over; nothing happens when none is on."""
        await self._publish(self._segmenter.end())

    async def close(self) -> None:
        """The broadcast is over: its last segment is closed, and all of them are in the spool on return."""
        await self.end()
        for segment in self._collector.close(self.media_end):
            self._closed.put_nowait(segment)
        await self._closed.join()
        await self.stop()

    async def stop(self) -> None:
        """This process stops; the segment that is open stays in the window for the next one."""
        self._spooling.cancel()
        await asyncio.gather(self._spooling, return_exceptions=True)

    async def _publish(self, rows: list[Row]) -> None:
        if not rows:
            return
        for row in rows:
            for track, name in row.inits.items():
                self.window.add_init(track, name, self._init_of(track, name))
            await self.window.append(row)
            self.onlooker.see(row, self._init_of)
        for segment in self._collector.add(rows, self.media_end):
            self._closed.put_nowait(segment)
        self.published_s = self._clock()
        length = Fraction(self.media_end - rows[-1].start, VIDEO_TIMESCALE)
        self.wall_end = rows[-1].wall + timedelta(microseconds=round(length * 1_000_000))

    def _init_of(self, track: str, name: str) -> bytes:
        return self._segmenter.inits[track, name]

    async def _spool(self) -> None:
        """Bring closed segments to the archive in their order, beside the publishing of rows."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                segment = await self._closed.get()
                await self._archive.add(segment)
                self._closed.task_done()
