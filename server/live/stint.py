"""One encoder's time on air: a run that is fed from its intake, and what comes out until the room takes it.

A stint begins while something else is still on air; it is `ready` once a first whole part can be made of it. It is over
when the encoder is silent or gone, when what it sends changes (its next stint goes on from there), or when ffmpeg ends.
A stint that passes pictures through (media.passthrough) is over before the first one that cannot be.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction

import structlog

from server.live.encoder import Run
from server.live.feed import Chunk
from server.live.intake import SILENT_S, Intake, Taken
from server.media import flv
from server.media.ffmpeg import Ffmpeg
from server.media.fmp4 import presented_at
from server.media.fmp4_read import Init, Sample
from server.media.live import KEYFRAME_S, Layout
from server.media.live_notes import Observed
from server.media.passthrough import why_not
from server.media.refusals import MediaError

log = structlog.get_logger(__name__)

MOST_AHEAD_S = 2.0  # of real time: a file that is sent faster is read as fast as it plays
# When the input has ended, ffmpeg has so long for what it still holds, and pauses no longer between two pieces of it.
FLUSH_S, PAUSE_S = 0.7, 1.6
STUCK_S = 5.0  # no picture for so long while input comes: ffmpeg hangs
STARTING_S = 15.0  # so long it may take until the first one
HELD_BYTES = 64 << 20  # of output that nobody takes
_LOOK_S = 0.2
_PATIENCE = Fraction(3, 2)  # sound so far behind is not waited for (media.segmenter)

# Such a run could not be made of pictures that looked clean.
_FAILED = "passing its pictures through failed; the server's log says why."

Output = tuple[str, Init, Sequence[Sample]]


class Stint:
    """See the module. `first` is the chunk it begins with."""

    def __init__(
        self, run: Run, intake: Intake, first: Taken, layout: Layout, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        assert first.info is not None
        self.intake, self.first, self.info = intake, first, first.info
        self.reason = ""
        self.is_reading = True
        self.is_over = False
        self._run, self._layout, self._clock = run, layout, clock
        self._output: deque[Output] = deque()
        self._held_bytes = 0
        self._skipped = Fraction(0)
        self._taken = asyncio.Event()
        self._seconds = {track.name: Fraction(0) for track in layout.tracks}
        self._input_ended_s: float | None = None
        self._came_s = self._began_s = self._picture_s = clock()
        self._task = asyncio.create_task(self._work(), name=f"stint:{intake.feed.admission.room_id}")

    @property
    def is_silent(self) -> bool:
        """Whether no sound comes of it."""
        return self._run.silent

    @property
    def passes(self) -> bool:
        """Whether the top rung is what the encoder sends."""
        return self._run.passes

    @property
    def why_encoded(self) -> str:
        """Why the pictures are not passed through; "" when they are, or when nothing speaks against it but time."""
        judge = self.intake.judge
        if self.passes or judge is None or judge.is_open:
            return ""
        return why_not(judge, self._layout)

    @property
    def is_ready(self) -> bool:
        """Whether the first part can be made."""
        part = Fraction(self._layout.part_frames[0]) / self._layout.rate
        video = [self._seconds[track.name] for track in self._layout.tracks if track.kind == "video"]
        audio = [self._seconds[track.name] for track in self._layout.tracks if track.kind == "audio"]
        if video and min(video) < part:
            return False
        has_sound = not audio or min(audio) >= part or (bool(video) and self._run.silent)
        return has_sound or (bool(video) and min(video) >= part + _PATIENCE)

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is to be expected: over, or too late with what it still holds, or stuck."""
        now = self._clock()
        if self.is_over and not self._output:
            return True
        if self._input_ended_s is not None:
            return now > max(self._input_ended_s + FLUSH_S, self._came_s + PAUSE_S)
        since = max(self._came_s, self._began_s + STARTING_S - STUCK_S)
        if not self._output and now - since > STUCK_S:
            self.reason = "stuck"
            return True
        return False

    def skip(self, seconds: float) -> float:
        """Leave out what was already seen from another encoder: whole distances of keyframes, as far as there is enough
        to begin behind them; returns the seconds left out. To be called before anything is taken."""
        half = Fraction(round(self._layout.rate * KEYFRAME_S)) / self._layout.rate
        part = Fraction(self._layout.part_frames[0]) / self._layout.rate
        most = min(Fraction(seconds), min(self._seconds.values()) - part)
        self._skipped = max(0, most // half) * half
        return float(self._skipped)

    def notes(self) -> Observed:
        """What ffmpeg observes."""
        return self._run.notes()

    def take(self) -> list[Output]:
        """What has come out since."""
        output = [behind(piece, self._skipped, self._layout) for piece in self._output]
        self._output.clear()
        self._held_bytes = 0
        self._taken.set()
        return [piece for piece in output if piece[2]]

    def end_input(self, reason: str) -> None:
        """Take no more from the encoder."""
        self.reason = self.reason or reason

    def distrust(self) -> None:
        """What came out was bad; the next stint is to encode everything."""
        if self.passes and self.intake.judge is not None:
            self.intake.judge.refuse(_FAILED)
            self.intake.known.discard(self.info.video_config)

    async def stop(self) -> None:
        """End it at once; its intake goes back to standby."""
        self.reason = self.reason or "replaced"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    # ---- the two ends of the run

    async def _work(self) -> None:
        try:
            async with self._run:
                writing = asyncio.create_task(self._write())
                try:
                    async for track, init, samples in self._run.samples():
                        await self._give(track, init, samples)
                finally:
                    writing.cancel()
                    await asyncio.gather(writing, return_exceptions=True)
        except MediaError as error:
            self.reason = self.reason or "ffmpeg"
            self.distrust()
            log.warning("live.run_ended", room=self.intake.feed.admission.room_id, error=str(error))
        finally:
            self.is_over = True
            self._stop_reading()

    async def _give(self, track: str, init: Init, samples: Sequence[Sample]) -> None:
        self._came_s = self._clock()
        self._output.append((track, init, samples))
        self._held_bytes += sum(len(sample.data) for sample in samples)
        self._seconds[track] += Fraction(sum(sample.duration for sample in samples), init.timescale)
        while self._held_bytes > HELD_BYTES:
            self._taken.clear()
            await self._taken.wait()

    async def _write(self) -> None:
        await self._run.write(self.first.header)
        while not self.reason:
            taken = await self.intake.next(timeout_s=_LOOK_S)
            self.reason = self.reason or self._why_not(taken)
            if self.reason or taken is None:
                continue
            await self._hold_back()
            chunk = self.intake.take().chunk
            if not self._is_before(chunk):
                await self._run.write(chunk.data)
        self._stop_reading()
        self._input_ended_s = self._clock()
        await self._run.close_input()

    def _why_not(self, taken: Taken | None) -> str:
        """Why the run must end before this chunk; "" when it goes on."""
        if taken is None:
            if self.intake.has_ended:
                return "left"
            return "silent" if self.intake.is_silent(SILENT_S) else ""
        if taken.generation != self.first.generation:
            return "changed"
        if self.passes and taken.flaw:
            log.info("live.not_passed", room=self.intake.feed.admission.room_id, why=taken.flaw)
            return "not clean"
        if taken.chunk.has_video:
            self._picture_s = taken.at_s
        elif self.info.has_video and taken.at_s - self._picture_s > SILENT_S:
            return "no picture"
        return ""

    def _is_before(self, chunk: Chunk) -> bool:
        """Whether it is sound from before the first picture: with it, passed pictures would not begin at 0."""
        if not self.passes or chunk.has_video:
            return False
        return flv.tag_ms(chunk.data) < flv.tag_ms(self.first.chunk.data)

    async def _hold_back(self) -> None:
        """Wait while what came out is too far ahead of real time."""
        while not self.reason:
            passed_s = self._clock() - self.first.at_s
            ahead_s = float(max(self._seconds.values())) - passed_s - MOST_AHEAD_S
            if ahead_s <= 0:
                return
            await asyncio.sleep(min(ahead_s, _LOOK_S))

    def _stop_reading(self) -> None:
        if self.is_reading:
            self.is_reading = False
            self.intake.rest(self.first)


def behind(piece: Output, skipped: Fraction, layout: Layout) -> Output:
    """The frames that are shown from `skipped` seconds on, that being their new zero."""
    track, init, samples = piece
    if not skipped:
        return piece
    ticks, close = round(skipped * init.timescale), skipped - 1 / (4 * layout.rate)
    kept = [
        Sample(sample.dts - ticks, sample.pts - ticks, sample.duration, sample.is_sync, sample.data)
        for sample in samples
        if presented_at(init, sample) >= close
    ]
    return track, init, kept


def is_clean(intake: Intake, first: Taken, layout: Layout) -> bool:
    """Whether pictures from this one on can be passed through, as far as is known; an encoder that comes back is taken
    for what it was."""
    judge = intake.judge
    if judge is None or intake.judged != first.generation or first.info is None:
        return False
    is_known = judge.is_clean or first.info.video_config in intake.known
    return is_known and not why_not(judge, layout)


def begin_stint(
    ffmpeg: Ffmpeg,
    intake: Intake,
    layout: Layout,
    *,
    passthrough: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Stint | None:
    """Begin a stint with what the intake holds; None while that is nothing to begin with. `passthrough`: pictures that
    are known to be clean are passed through."""
    first = intake.begin()
    if first is None or first.info is None:
        return None
    passes = passthrough and first.chunk.keyframe and is_clean(intake, first, layout)
    run = Run(ffmpeg, layout, intake.feed.container, first.info, passes=passes)
    return Stint(run, intake, first, layout, clock=clock)
