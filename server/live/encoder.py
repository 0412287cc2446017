"""A run: one ffmpeg that takes one encoder's bytes and gives every track of the broadcast.

    async with Run(ffmpeg, layout, "flv", info) as run:
        # one task writes …
        await run.write(data)
        await run.close_input()
        # … another reads, until the run is over
        async for track, init, samples in run.samples():
            rows += segmenter.push(track, init, samples)

However it ends, nothing of it is left after the block: the child is killed with its group, and it dies with us.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from typing import BinaryIO, Self

from server.live.feed import Container, InputInfo
from server.media.boxes import BadBox
from server.media.ffmpeg import Ffmpeg
from server.media.fmp4_read import FragmentReader, Init, Sample
from server.media.live import Layout
from server.media.live_command import RunOrder, run_argv
from server.media.live_ladder import HEIGHTS, layout_of
from server.media.live_notes import ERROR, Notes, Observed
from server.media.process import Child, Limits, start
from server.media.refusals import ProcessFailed

Output = tuple[str, Init, Sequence[Sample]]

# A conference day and more; it is killed at once when it is no longer wanted, its output being of no more use.
RUN_LIMITS = Limits(cpu_s=30 * 24 * 3600, file_bytes=1 << 20, grace_s=0)
READ_BYTES = 1 << 18
# Frames that wait to be taken: about two seconds of three rungs and sound. Beyond it ffmpeg, then the encoder, waits.
QUEUE_LENGTH = 256
ERRORS_KEPT = 3


class RunEnded(ProcessFailed):
    """ffmpeg ended badly, or was killed; `detail` says how."""

    code = "live.run_ended"


def decide_layout(info: InputInfo, heights: Sequence[int] = HEIGHTS) -> Layout:
    """The layout of a broadcast whose first input is this one."""
    return layout_of(info.width, info.height, info.frame_rate, has_video=info.has_video, short_sides=heights)


class Run:
    """One ffmpeg, made for one input; `passes`: the top rung is what comes in (RunOrder). Use it as a context manager,
    write to it from one task and read it in another."""

    def __init__(
        self,
        ffmpeg: Ffmpeg,
        layout: Layout,
        container: Container,
        info: InputInfo,
        *,
        threads: int = 2,
        passes: bool = False,
    ) -> None:
        self._ffmpeg, self._layout, self._container, self._info = ffmpeg, layout, container, info
        self.passes = passes
        self._threads = threads
        self._notes = Notes(_expected_fps(info, layout))
        self._errors: deque[str] = deque(maxlen=ERRORS_KEPT)
        self._queue: asyncio.Queue[Output | None] = asyncio.Queue(QUEUE_LENGTH)
        self._failure: Exception | None = None
        self._child: Child | None = None
        self._stack = contextlib.AsyncExitStack()

    @property
    def silent(self) -> bool:
        """No sound comes of it (tell Segmenter.begin)."""
        return not self._info.has_audio

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            with contextlib.ExitStack() as writing:
                pipes = {track.name: _pipe(stack, writing) for track in self._layout.tracks}
                outputs = {name: write for name, (_, write) in pipes.items()}
                child = start(
                    run_argv(self._order(outputs)),
                    limits=RUN_LIMITS,
                    has_input=True,
                    pass_fds=tuple(outputs.values()),
                    on_message=self._take_message,
                )
                self._child = await stack.enter_async_context(child)
            reading = {name: read for name, (read, _) in pipes.items()}
            stack.push_async_callback(_cancelled, asyncio.create_task(self._read_all(reading)))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def write(self, data: bytes) -> None:
        """The next bytes of the container; waits while ffmpeg has enough. Once it has ended they are dropped."""
        stdin = self._running.process.stdin
        assert stdin is not None
        if not stdin.is_closing():
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                stdin.write(data)
                await stdin.drain()

    async def close_input(self) -> None:
        """No more input: `samples` ends when all of it is encoded."""
        stdin = self._running.process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.close()
            await stdin.wait_closed()

    async def samples(self) -> AsyncIterator[Output]:
        """Track name, its init and its next frames, of all tracks as they come. Raises RunEnded at a bad end."""
        while (item := await self._queue.get()) is not None:
            yield item
        if self._failure is not None:
            raise RunEnded(f"what ffmpeg wrote cannot be read: {self._failure}") from self._failure
        code = self._running.returncode
        if code != 0:
            lines = tuple(self._errors) or self._running.last_lines()[-ERRORS_KEPT:]
            how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
            raise RunEnded(f"ffmpeg {how}: {'; '.join(lines) or 'it said nothing'}", code, lines)

    def notes(self) -> Observed:
        """What is observed of the input by now."""
        return self._notes.observed()

    def kill(self) -> None:
        """End it at once; `samples` gives what was read already, then raises RunEnded."""
        self._running.kill()

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the run was not entered")
        return self._child

    def _order(self, outputs: dict[str, int]) -> RunOrder:
        return RunOrder(
            container=self._container,
            layout=self._layout,
            has_video=self._info.has_video,
            has_audio=self._info.has_audio,
            outputs=outputs,
            program=self._ffmpeg,
            threads=self._threads,
            passes=self.passes,
        )

    def _take_message(self, line: str) -> None:
        self._notes.feed_message(line)
        if ERROR.search(line):
            self._errors.append(line)

    async def _read_all(self, pipes: dict[str, BinaryIO]) -> None:
        """Every pipe to its end, then the child's."""
        progress = lambda line: self._notes.feed_progress(line, time.monotonic())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._running.communicate(progress))
                for name, pipe in pipes.items():
                    group.create_task(self._read_track(name, pipe))
        except* (BadBox, OSError) as failures:
            self._failure = failures.exceptions[0]
            self.kill()
        await self._queue.put(None)

    async def _read_track(self, name: str, pipe: BinaryIO) -> None:
        data = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(data), pipe
        )
        fragments = FragmentReader()
        try:
            while piece := await data.read(READ_BYTES):
                samples = [sample for fragment in fragments.feed(piece) for sample in fragment.samples]
                if samples and fragments.init is not None:
                    await self._queue.put((name, fragments.init, samples))
        finally:
            transport.close()


def _pipe(reading: contextlib.AsyncExitStack, writing: contextlib.ExitStack) -> tuple[BinaryIO, int]:
    """A pipe whose ends are closed with the stacks, at the latest."""
    read, write = os.pipe()
    writing.callback(os.close, write)
    return reading.enter_context(os.fdopen(read, "rb", buffering=0)), write


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _expected_fps(info: InputInfo, layout: Layout) -> float:
    """The input's own frame rate when it says one that can be."""
    with contextlib.suppress(ValueError, ZeroDivisionError):
        said = Fraction(info.frame_rate)
        return float(said) if layout.rate / 2 <= said <= 4 * layout.rate else 0.0
    return 0.0
