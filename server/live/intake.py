"""One encoder's bytes on their way to a run: read ahead a little while on air, the newest group of pictures in standby.

What the organiser is told of the line (bitrate, gaps, distance of keyframes) is measured here, as the bytes come, and
whether the pictures could be passed through (media.passthrough) is judged.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import structlog

from server.core.errors import SemmaError
from server.live.feed import Chunk, Feed, InputInfo
from server.media.live import KEYFRAME_S
from server.media.passthrough import Judge

log = structlog.get_logger(__name__)

SILENT_S = 1.2  # an encoder that has sent nothing for so long is away
ON_AIR_BYTES = 4 << 20  # read ahead while on air; more is left to the connection, which holds the encoder back
STANDBY_BYTES = 32 << 20  # a longer group of pictures is not kept; the next keyframe begins a new one
MEASURED_S = 10.0
DECIDES_S = KEYFRAME_S + 0.6  # so long the first pictures are kept, until it is known whether they are clean


@dataclass(frozen=True, slots=True)
class Taken:
    """A chunk with what was known of the feed when it came. `at_s` is monotonic; `flaw` says why the pictures up to
    this one cannot be passed through."""

    chunk: Chunk
    at_s: float
    generation: int
    header: bytes
    info: InputInfo | None
    flaw: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Measures of the last ten seconds; `keyframe_s` of the last keyframes."""

    bitrate_kbps: float = 0.0
    gap_s: float = 0.0
    keyframe_s: float = 0.0
    frame_rate: float = 0.0


class Intake:
    """Reads a feed until it ends. Begins in standby. `known` has decoder configurations whose pictures were clean."""

    def __init__(
        self, feed: Feed, *, known: set[bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.feed = feed
        self.known: set[bytes] = set() if known is None else known
        self.role = feed.admission.role
        self.is_standby = True
        self.has_ended = False
        self._begun: Taken | None = None
        self.came_at_s = clock()
        self.steady_since_s: float | None = None
        self._clock = clock
        self._last_s: float | None = None
        self._waiting: deque[Taken] = deque()
        self._waiting_bytes = 0
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._seen: deque[tuple[float, int, bool]] = deque()  # moment, bytes, picture
        self._keyframes: deque[float] = deque(maxlen=4)
        self.judge: Judge | None = None
        self.judged = 0  # the generation that is
        self._judges_since_s = 0.0

    async def read(self) -> None:
        """Read until the encoder has left or is dropped. Raises nothing: how it ended is the listener's to know."""
        try:
            async for chunk in self.feed.chunks():
                await self._take(chunk)
        except (SemmaError, OSError) as error:
            log.info("live.feed_lost", room=self.feed.admission.room_id, role=self.role, error=str(error))
        finally:
            self.has_ended = True
            self._arrived.set()

    def is_sending(self) -> bool:
        """Whether it is there and not silent. What still waits to be taken counts as sent now."""
        if self._waiting and not self.is_standby:
            return True
        return not self.has_ended and not self.is_silent(SILENT_S)

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing came for so long (or ever, since it came)."""
        last = self.came_at_s if self._last_s is None else self._last_s
        return self._clock() - last > seconds

    @property
    def start(self) -> Taken | None:
        """The chunk a run would begin with, once the feed knows what it is; None while there is none."""
        found = next((taken for taken in self._waiting if taken.chunk.can_start), None)
        return found if found is not None and found.info is not None else None

    @property
    def is_deciding(self) -> bool:
        """Whether it will soon be known if the pictures can be passed through."""
        judge = self.judge
        return judge is not None and judge.is_open and self._clock() - self._judges_since_s < DECIDES_S

    def begin(self) -> Taken | None:
        """Go on air: from here on every chunk is handed out, beginning with the one returned (which is next)."""
        found = self.start
        if found is None:
            return None
        while self._waiting[0] is not found:
            self._waiting_bytes -= len(self._waiting.popleft().chunk.data)
        self.is_standby, self._begun = False, found
        return found

    def rest(self, begun: Taken) -> None:
        """What began with this chunk is off air: only the newest group of pictures is kept from here on. Nothing
        happens when something else has begun since."""
        if self._begun is begun:
            self.is_standby, self._begun = True, None
            self._room.set()

    async def next(self, *, timeout_s: float) -> Taken | None:
        """The next chunk, left where it is; None when none came in time, or the encoder has left."""
        if not self._waiting and not self.has_ended:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):  # wait_for of 3.11 can swallow a cancellation
                    await self._arrived.wait()
        return self._waiting[0] if self._waiting else None

    def take(self) -> Taken:
        """The chunk that `next` showed."""
        taken = self._waiting.popleft()
        self._waiting_bytes -= len(taken.chunk.data)
        self._room.set()
        return taken

    def line(self) -> Line:
        """What the line was like lately."""
        now = self._clock()
        while self._seen and self._seen[0][0] < now - MEASURED_S:
            self._seen.popleft()
        moments = [seen[0] for seen in self._seen]
        span = max(now - max(now - MEASURED_S, self.came_at_s), 1.0)
        return Line(
            bitrate_kbps=sum(seen[1] for seen in self._seen) * 8 / 1000 / span,
            gap_s=max((later - before for before, later in pairwise(moments)), default=0.0),
            keyframe_s=_longest(self._keyframes, now, self.came_at_s),
            frame_rate=sum(1 for seen in self._seen if seen[2]) / span,
        )

    async def _take(self, chunk: Chunk) -> None:
        now = self._clock()
        if self._last_s is None or now - self._last_s > SILENT_S:
            self.steady_since_s = now
        self._last_s = now
        self._seen.append((now, len(chunk.data), chunk.has_video))
        if chunk.keyframe:
            self._keyframes.append(now)
        while self._seen[0][0] < now - 2 * MEASURED_S:
            self._seen.popleft()
        if self.is_standby and chunk.can_start and not self.is_deciding:
            self._clear()
        generation, info = int(getattr(self.feed, "generation", 1)), self.feed.info()
        header = self.feed.header() if chunk.can_start else b""
        self._waiting.append(Taken(chunk, now, generation, header, info, self._judge(chunk, generation, info)))
        self._waiting_bytes += len(chunk.data)
        self._arrived.set()
        if self.is_standby and self._waiting_bytes > STANDBY_BYTES:
            self._clear()
        while not self.is_standby and self._waiting_bytes > ON_AIR_BYTES:
            self._room.clear()
            await self._room.wait()

    def _judge(self, chunk: Chunk, generation: int, info: InputInfo | None) -> str:
        """Show the judge a picture; what is wrong with the stream by now."""
        if self.feed.container != "flv" or info is None or not info.has_video:
            return ""
        if self.judge is None or self.judged != generation:
            self.judge = Judge(info.video_config, info.frame_rate, info.video_kbps)
            self.judged, self._judges_since_s = generation, self._clock()
        if chunk.has_video:
            self.judge.see(chunk.data)
        if self.judge.flaw:
            self.known.discard(info.video_config)
        elif self.judge.is_clean:
            self.known.add(info.video_config)
        return self.judge.flaw

    def _clear(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0


def _longest(keys: Sequence[float], now: float, came: float) -> float:
    """The longest distance of late keyframes: between two, or since the last (or since it came, without any)."""
    if not keys:
        return now - came
    between = [later - before for before, later in pairwise(keys)]
    return max([*between, now - keys[-1]])
