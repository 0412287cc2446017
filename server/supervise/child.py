"""One process under supervision: what it is, how it is started, how it says that it is ready, how it is stopped."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server.supervise.logfile import LogFile
from server.supervise.sweep import mark, sweep
from server.tether import tethered


@dataclass(frozen=True, kw_only=True)
class Child:
    """What to run. `stage` orders starts (upwards) and stops (downwards); one stage goes together.

    Ready is: `probe` succeeds; or, with `notifies`, the process says so (sd_notify); or, with `once`, it ended well.
    `leaves` are files elsewhere to remove after its end.
    """

    name: str
    argv: tuple[str, ...]
    stage: int
    probe: Callable[[], None] | None = None
    notifies: bool = False
    once: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    grace_s: float = 5.0
    leaves: tuple[Path, ...] = ()


class RunningChild:
    """One life of a child."""

    def __init__(self, child: Child, run: str, log: LogFile) -> None:
        self.child, self.run, self.log = child, run, log
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._notified: socket.socket | None = None

    async def start(self) -> None:
        """Start the process in its own session, tied to this one, its words going to the log."""
        env = {**os.environ, **self.child.env, **mark(self.run, self.child.name)}
        if self.child.notifies:
            env["NOTIFY_SOCKET"] = self._listen()
        # A pipe of our own: with asyncio's, `wait` returns only when the last grandchild has let go of it.
        reading, writing = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *tethered(self.child.argv),
                env=env,
                cwd=self.child.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C reaches the supervisor alone, which stops in order
            )
        finally:
            os.close(writing)
        self._pump = asyncio.create_task(self._copy_output(reading))

    def _listen(self) -> str:
        """Open the socket the child tells its readiness to; its name for NOTIFY_SOCKET (sd_notify(3))."""
        name = f"semma-{self.run}-{self.child.name}"
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notified.bind("\0" + name)
        return "@" + name

    async def _copy_output(self, reading: int) -> None:
        """Copy what the child says to its log, until the last of its processes is gone."""
        output = asyncio.StreamReader(limit=1024 * 1024)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(reading, "rb", buffering=0)
        )
        try:
            while True:
                try:
                    line = await output.readline()
                except ValueError:  # a line beyond the limit is dropped, the stream goes on
                    continue
                if not line:
                    return
                self.log.write(line)
        finally:
            transport.close()

    async def ended(self) -> int:
        """Wait for its end; the exit code (negative: the signal), after everything it left behind is gone."""
        assert self._process is not None
        code = await self._process.wait()
        await asyncio.to_thread(sweep, self.run, self.child.name)
        if self._pump is not None:
            await self._pump
        if self._notified is not None:
            self._notified.close()
        for path in self.child.leaves:
            path.unlink(missing_ok=True)
        return code

    async def ready(self) -> None:
        """Wait until the child serves; never returns for a child that does not get there."""
        if self.child.once:
            await asyncio.Event().wait()  # its good end is its readiness
        while not await self._is_ready():  # noqa: ASYNC110 -- another process becomes ready, no event tells
            await asyncio.sleep(0.05)

    async def _is_ready(self) -> bool:
        if self._notified is not None:
            return b"READY=1" in await asyncio.get_running_loop().sock_recv(self._notified, 4096)
        if self.child.probe is None:
            return True
        try:
            await asyncio.to_thread(self.child.probe)
        except Exception:
            return False
        return True

    def signal(self, number: int) -> None:
        """Send a signal to the process itself; nothing happens when it is gone."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL; what it leaves behind is swept by `ended`."""
        self.signal(signal.SIGKILL)
