"""Run a child to its end: limited, watched, told to stop politely, and never left behind.

    finished = await run(argv, limits=Limits(wall_s=600), on_line=Progress("frame", note).feed)

The child is its own process group, so that stopping it stops what it started too; it dies with us (confine.py). Its
stdout is read line by line or as bytes, its stderr kept as a short ring. A bad end is a ProcessFailed that carries the
last lines; secrets that stand in the command line (presigned URLs) are taken out of them.
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.media.refusals import ProcessFailed, ProcessTimedOut

CONFINE = Path(__file__).with_name("confine.py")
STDERR_LINES = 60
STDERR_LINE_BYTES = 2_000
STDOUT_LINE_LIMIT = 1 << 20
READ_BYTES = 1 << 16
SECRET = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. The defaults suit one chunk of a 4K source.

    `memory_bytes` is address space (RLIMIT_AS), which ffmpeg's threads take much more of than real memory.
    """

    memory_bytes: int = 8 << 30
    cpu_s: int = 4 * 3600
    file_bytes: int = 16 << 30
    open_files: int = 256
    wall_s: float = 2 * 3600
    grace_s: float = 5.0
    nice: int = 0

    def as_options(self) -> list[str]:
        """The options of confine.py that set these limits."""
        options = {
            "--parent": os.getpid(),
            "--as-bytes": self.memory_bytes,
            "--cpu-s": self.cpu_s,
            "--fsize": self.file_bytes,
            "--nofile": self.open_files,
            "--core": 0,
        } | ({"--nice": self.nice} if self.nice else {})
        return [word for name, value in options.items() for word in (name, str(value))]


@dataclass(slots=True)
class Finished:
    """A child that ended with return code 0, the end of what it said, and how many lines of that were errors (as ffmpeg
    marks them with `-loglevel level+…`)."""

    last_lines: tuple[str, ...] = ()
    errors: int = 0


def confined(argv: Sequence[str], limits: Limits) -> list[str]:
    """The command line that runs `argv` under limits. -I -S: no site packages, so that it starts in a few ms."""
    return [sys.executable, "-I", "-S", str(CONFINE), *limits.as_options(), "--", *argv]


async def run(
    argv: Sequence[str],
    *,
    limits: Limits,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    on_bytes: Callable[[bytes], Awaitable[None]] | None = None,
    what: str = "ffmpeg",
) -> Finished:
    """Run `argv` to its end, giving each line, or each piece, of its stdout to the callback.

    Raises ProcessFailed when it ends with anything but 0, ProcessTimedOut after `limits.wall_s`. When this coroutine
    is cancelled, or a callback raises, the child is stopped (TERM, then KILL after `grace_s`) before that goes on.
    """
    async with start(argv, limits=limits, cwd=cwd) as child:
        try:
            async with asyncio.timeout(limits.wall_s):
                await child.communicate(on_line, on_bytes)
        except TimeoutError:
            detail = f"{what} was stopped: it took longer than {limits.wall_s:.0f} seconds"
            raise ProcessTimedOut(detail, None, child.last_lines()) from None
        code = child.returncode
        if code != 0:
            raise ProcessFailed(_say(what, code, child.last_lines()), code, child.last_lines())
        return Finished(child.last_lines(), child.errors)


@contextlib.asynccontextmanager
async def start(
    argv: Sequence[str],
    *,
    limits: Limits,
    cwd: Path | None = None,
    has_input: bool = False,
    pass_fds: Sequence[int] = (),
    on_message: Callable[[str], None] | None = None,
) -> AsyncIterator["Child"]:
    """A running child, stopped at the latest when the block ends.

    `has_input`: its stdin is `child.process.stdin`, else it reads nothing. `pass_fds` are open in it under the same
    numbers. `on_message` is given each line of its stderr.
    """
    process = await asyncio.create_subprocess_exec(
        *confined(argv, limits),
        stdin=asyncio.subprocess.PIPE if has_input else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        limit=STDOUT_LINE_LIMIT,
        pass_fds=pass_fds,
        # Its own group: a Ctrl-C at the terminal is ours to pass on, and killpg reaches its children.
        start_new_session=True,
    )
    child = Child(process, limits.grace_s, on_message=on_message)
    try:
        yield child
    finally:
        await asyncio.shield(child.stop())


@dataclass(slots=True)
class Child:
    """One running child process."""

    process: asyncio.subprocess.Process
    grace_s: float
    errors: int = 0
    on_message: Callable[[str], None] | None = None
    _ring: deque[str] = field(default_factory=lambda: deque(maxlen=STDERR_LINES))

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self.process.returncode

    def last_lines(self) -> tuple[str, ...]:
        """The end of its stderr, without the secrets of presigned URLs."""
        return tuple(SECRET.sub(r"\1?…", line) for line in self._ring)

    async def communicate(
        self,
        on_line: Callable[[str], None] | None = None,
        on_bytes: Callable[[bytes], Awaitable[None]] | None = None,
    ) -> None:
        """Read both outputs until they end, then wait for the child. While `on_bytes` is awaited nothing is read, so
        that a child that writes faster than its output is taken has to wait."""
        errors = asyncio.create_task(self._read_stderr())
        try:
            await self._read_stdout(on_line, on_bytes)
            await errors
        finally:
            errors.cancel()
        await self.process.wait()

    async def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        rest = b""
        while piece := await self.process.stderr.read(READ_BYTES):
            # ffmpeg may end lines with CR; a line without any end must not grow for ever.
            *lines, rest = re.split(rb"[\r\n]+", rest + piece)
            rest = rest[-STDERR_LINE_BYTES:]
            for line in lines:
                self._take_message(line)
        if rest.strip():
            self._ring.append(rest.decode(errors="replace"))

    def _take_message(self, line: bytes) -> None:
        if not line.strip():
            return
        text = line[:STDERR_LINE_BYTES].decode(errors="replace")
        self._ring.append(text)
        self.errors += "[error]" in text
        if self.on_message is not None:
            self.on_message(text)

    async def _read_stdout(
        self, on_line: Callable[[str], None] | None, on_bytes: Callable[[bytes], Awaitable[None]] | None
    ) -> None:
        assert self.process.stdout is not None
        if on_bytes is not None:
            while piece := await self.process.stdout.read(READ_BYTES):
                await on_bytes(piece)
            return
        async for line in self.process.stdout:
            if on_line is not None:
                on_line(line.decode(errors="replace").rstrip("\r\n"))

    def kill(self) -> None:
        """KILL to the whole group, at once."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """TERM to the whole group, KILL after the grace time; returns when the child is gone."""
        if self.process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(self.grace_s):
                    await self.process.wait()
            except TimeoutError:
                pass
        # Also after an orderly end: what it may have started must go too.
        self._signal(signal.SIGKILL)
        await self.process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def _say(what: str, code: int | None, lines: tuple[str, ...]) -> str:
    ended = f"was killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with {code}"
    last = "; ".join(lines[-3:])
    return f"{what} {ended}" + (f": {last}" if last else " and said nothing")


class Progress:
    """Reads one number of what `-progress pipe:1` writes and gives it on when it grows, never when it goes back.

    Take "frame" (of the first video output) or "out_time_us": `out_time_ms` holds microseconds too, and with several
    outputs the time jumps to and fro. N/A, which ffmpeg 9 writes at the start, is passed over.
    """

    def __init__(self, name: str, on_value: Callable[[int], None]) -> None:
        self._name = name
        self._on_value = on_value
        self._reached = -1

    def feed(self, line: str) -> None:
        """Take one line of the progress output."""
        name, _, text = line.partition("=")
        if name.strip() != self._name:
            return
        with contextlib.suppress(ValueError):
            value = int(text)
            if value > self._reached:
                self._reached = value
                self._on_value(value)
