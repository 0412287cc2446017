"""An SRT caller as the feed a room reads: whole packets of its transport stream, cut where a run may begin."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from server.live.feed import Admission, Chunk, Container, InputInfo
from server.media.mpegts import Piece, TransportReader

MAX_QUEUED_BYTES = 4 << 20
DECIDE_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class _Queued:
    chunk: Chunk
    generation: int
    header: bytes
    info: InputInfo | None


class SrtFeed:
    """`Feed` for SRT. The listener calls `take` and `finish`, the room everything else."""

    container: Container = "mpegts"

    def __init__(self, admission: Admission, peer: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.admission, self.peer = admission, peer
        self.dropped = asyncio.Event()
        self.drop_reason = ""
        self._reader = TransportReader()
        self._clock = clock
        self._queue: deque[_Queued] = deque()
        self._shown: _Queued | None = None
        self._queued_bytes = 0
        self._ended = False
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._info: InputInfo | None = None
        self._generation = 1
        self._first_s: float | None = None
        self._last_s = clock()

    @property
    def generation(self) -> int:
        """Rises when what is sent becomes something else: another size or rate, sound that comes or goes.

        As `header` and `info`, of the chunk that was given last.
        """
        return self._shown.generation if self._shown else 1

    def header(self) -> bytes:
        """See Feed."""
        return self._shown.header if self._shown else self._reader.tables

    def info(self) -> InputInfo | None:
        """See Feed."""
        return self._shown.info if self._shown else self._info

    async def chunks(self) -> AsyncIterator[Chunk]:
        """See Feed. For one reader. Nothing is given before it is known what it is."""
        while True:
            while not self._queue or self._info is None:
                if self._ended:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            queued = self._queue.popleft()
            self._shown = queued if queued.info is not None else replace(queued, info=self._info)
            self._queued_bytes -= len(queued.chunk.data)
            self._room.set()
            yield queued.chunk

    def drop(self, reason: str) -> None:
        """See Feed."""
        self.drop_reason = self.drop_reason or reason
        self._queue.clear()
        self._queued_bytes = 0
        self.finish()
        self.dropped.set()

    async def fell_silent(self, seconds: float) -> None:
        """Wait until nothing has come for so long."""
        while (left_s := seconds - (self._clock() - self._last_s)) > 0:  # noqa: ASYNC110 -- time itself is waited for
            await asyncio.sleep(left_s)

    async def take(self, data: bytes) -> None:
        """Bytes came from the caller; returns when there is room for more."""
        self._last_s = self._clock()
        if self._first_s is None:
            self._first_s = self._last_s
        for piece in self._reader.feed(data):
            self._generation += piece.jump  # an ffmpeg that met the jump would fill it with pictures
            self._see(piece)
            can_start = piece.keyframe or (self._is_sound_only and piece.has_audio)
            chunk = Chunk(piece.data, can_start, piece.has_video, piece.has_audio, piece.keyframe)
            self._queue.append(_Queued(chunk, self._generation, self._reader.tables, self._info))
            self._queued_bytes += len(piece.data)
        self._arrived.set()
        while self._queued_bytes > MAX_QUEUED_BYTES and not self._ended:
            if self._info is None:  # so much, and nobody can tell what it is: the oldest goes
                self._queued_bytes -= len(self._queue.popleft().chunk.data)
                continue
            self._room.clear()
            await self._room.wait()

    def finish(self) -> None:
        """The caller has left."""
        self._ended = True
        self._arrived.set()
        self._room.set()

    @property
    def _is_sound_only(self) -> bool:
        return self._info is not None and not self._info.has_video

    def _see(self, piece: Piece) -> None:
        """Decide what this is, or that it has become something else. Only at keyframes, where a run can begin."""
        reader = self._reader
        waited = self._clock() - (self._first_s or 0.0)
        is_known = bool(reader.video_codec) and (reader.width > 0 or reader.video_codec != "h264")
        is_late = waited >= DECIDE_AFTER_S and reader.has_tables
        if self._info is None and not (is_known and piece.keyframe) and not is_late:
            return
        if self._info is not None and self._info.has_video and not piece.keyframe:
            return
        info = InputInfo(
            has_video=bool(reader.video_codec),
            has_audio=bool(reader.audio_codec),
            width=reader.width,
            height=reader.height,
            frame_rate=f"{reader.rate.numerator}/{reader.rate.denominator}" if reader.rate else "",
            video_codec=reader.video_codec,
            audio_codec=reader.audio_codec,
        )
        if self._info is not None and info != self._info:
            self._generation += 1
        self._info = info
