"""An admitted RTMP encoder as the feed a room reads: FLV tags on a regular clock, behind a bounded queue."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from server.live.feed import Admission, Chunk, Container, InputInfo
from server.live.flv_setup import Announced, Setup
from server.live.input_times import InputTimes
from server.media import flv
from server.media.rtmp import Media, Metadata

# Five seconds of 6 Mbit/s. When the room does not read, the socket is not read any more, and TCP holds the encoder.
MAX_QUEUED_BYTES = 4 << 20
_CHUNK_COST_BYTES = 256  # what a chunk takes beside its data
DECIDE_AFTER_MS = 1000  # of media, or of wall time


@dataclass(frozen=True, slots=True)
class _Queued:
    chunk: Chunk
    setup: Setup


class RtmpFeed:
    """`Feed` for RTMP. The listener calls `take` and `finish`, the room everything else.

    `header`, `info` and `generation` speak of the place the reader has reached: of the chunk that `chunks` gave last,
    or of the first one it will give. The counters speak of what came in.
    """

    container: Container = "flv"

    def __init__(
        self,
        admission: Admission,
        peer: str,
        *,
        takes_enhanced: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.admission = admission
        self.peer = peer
        self.bytes_received = 0
        self.video_frames = 0
        self.audio_frames = 0
        self.keyframe_distance_ms = 0  # of media, between the last two keyframes; 0 before there were two
        self.last_media_at: float | None = None  # monotonic
        self.dropped = asyncio.Event()
        self.drop_reason = ""
        self._clock = clock
        self._announced = Announced(takes_enhanced=takes_enhanced)
        self._times = InputTimes()
        self._setup: Setup | None = None
        self._shown: Setup | None = None
        self._held: list[Chunk] = []  # until the setup is decided
        self._queue: deque[_Queued] = deque()
        self._queued_bytes = 0
        self._ended = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._first_ms: int | None = None
        self._last_ms = 0
        self._first_at_s = 0.0
        self._keyframe_ms: int | None = None

    @property
    def clock_jumps(self) -> int:
        """How often the encoder's clock stepped."""
        return self._times.jumps

    @property
    def queued_bytes(self) -> int:
        """What waits for the reader."""
        return self._queued_bytes

    @property
    def generation(self) -> int:
        """Rises when a new run must begin: other decoder configurations, or sound that came late. From 1."""
        setup = self._present()
        return setup.generation if setup else 1

    def header(self) -> bytes:
        """See Feed."""
        setup = self._present()
        return setup.header if setup else b""

    def info(self) -> InputInfo | None:
        """See Feed."""
        setup = self._present()
        return setup.info if setup else None

    def drop(self, reason: str) -> None:
        """See Feed. What waits in the queue is thrown away."""
        self.drop_reason = self.drop_reason or reason
        self._queue.clear()
        self._held.clear()
        self._queued_bytes = 0
        self._end()
        self.dropped.set()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """See Feed. For one reader."""
        while True:
            while not self._queue:
                if self._ended:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            queued = self._queue.popleft()
            self._shown = queued.setup
            self._queued_bytes -= _cost(queued.chunk)
            self._room.set()
            yield queued.chunk

    async def take(self, event: Media | Metadata) -> None:
        """Something came from the encoder; returns when there is room for more. Raises CodecRefused."""
        if self._ended:
            return
        with suppress(flv.BadTag):  # an empty or cut message says nothing; a stream goes on without it
            self._read(event)
        self._decide()
        while self._queued_bytes > MAX_QUEUED_BYTES and not self._ended:
            self._room.clear()
            await self._room.wait()

    def _read(self, event: Media | Metadata) -> None:
        if isinstance(event, Metadata):
            self._announced.take_metadata(event.values)
            self._renew(is_change=False)
        elif event.kind == "video":
            self._take_video(event)
        else:
            self._take_audio(event)

    def finish(self) -> None:
        """The encoder has left; the reader gets what is queued, then the end."""
        if not self._ended and self._setup is None and self._held:
            self._release()
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._arrived.set()
        self._room.set()

    def _present(self) -> Setup | None:
        if self._shown is not None:
            return self._shown
        return self._queue[0].setup if self._queue else self._setup

    def _take_video(self, event: Media) -> None:
        body = flv.classic_video(event.payload)
        read = flv.read_video(body)
        self._renew(is_change=self._announced.take_video(body, read))
        if read.role != "frames" or read.codec != self._announced.video:
            return
        at_ms = self._place(event)
        self.video_frames += 1
        if read.is_keyframe:
            if self._keyframe_ms is not None:
                self.keyframe_distance_ms = at_ms - self._keyframe_ms
            self._keyframe_ms = at_ms
        data = flv.tag(flv.VIDEO_TAG, at_ms, body)
        self._hand_on(Chunk(data, can_start=read.is_keyframe, keyframe=read.is_keyframe))

    def _take_audio(self, event: Media) -> None:
        body = flv.classic_audio(event.payload)
        read = flv.read_audio(body)
        self._renew(is_change=self._announced.take_audio(body, read))
        if read.role != "frames" or read.codec != self._announced.audio:
            return
        at_ms = self._place(event)
        self.audio_frames += 1
        data = flv.tag(flv.AUDIO_TAG, at_ms, body)
        self._hand_on(Chunk(data, can_start=not self._announced.video, has_video=False, has_audio=True))

    def _place(self, event: Media) -> int:
        now = self._clock()
        at_ms = self._times.place(event.kind, event.timestamp, now)
        self.bytes_received += len(event.payload)
        self.last_media_at = now
        if self._first_ms is None:
            self._first_ms, self._first_at_s = at_ms, now
        self._last_ms = at_ms
        return at_ms

    def _renew(self, *, is_change: bool) -> None:
        """After the decision, what is announced anew counts for the chunks that come now."""
        if self._setup is None:
            return
        if is_change:
            self._announced.generation += 1
        self._setup = self._announced.setup()

    def _hand_on(self, chunk: Chunk) -> None:
        self._queued_bytes += _cost(chunk)
        if self._setup is None:
            self._held.append(chunk)
        else:
            self._queue.append(_Queued(chunk, self._setup))
            self._arrived.set()

    def _decide(self) -> None:
        """Decide when all is known, or when it has taken long enough, or when no more can be held."""
        if self._setup is not None:
            return
        if self._announced.is_complete or self._is_late() or self._queued_bytes > MAX_QUEUED_BYTES:
            self._release()

    def _is_late(self) -> bool:
        if self._first_ms is None:
            return False
        waited_ms = (self._clock() - self._first_at_s) * 1000
        return max(waited_ms, self._last_ms - self._first_ms) >= DECIDE_AFTER_MS

    def _release(self) -> None:
        """Decide, and let go what waited for it. Sound starts nothing when there are pictures."""
        self._setup = self._announced.setup()
        for chunk in self._held:
            can_start = chunk.can_start and (chunk.has_video or not self._setup.info.has_video)
            fit = Chunk(chunk.data, can_start, chunk.has_video, chunk.has_audio, chunk.keyframe)
            self._queue.append(_Queued(fit, self._setup))
        self._held.clear()
        self._arrived.set()


def _cost(chunk: Chunk) -> int:
    return len(chunk.data) + _CHUNK_COST_BYTES
