"""Start children in stages, restart those that end, stop them in reverse.

One task keeps each child: it starts it, waits until it is ready, waits for its end, and starts it again after a pause
that doubles from half a second to half a minute. A child that never became ready gets three tries, so that a start that
cannot work ends with its reason instead of looping.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from server.core.errors import Unavailable
from server.supervise.child import Child, RunningChild
from server.supervise.logfile import LogFile
from server.supervise.sweep import sweep

Say = Callable[[str, str], None]
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0  # who has run for so long starts with a short pause again
_FIRST_TRIES = 3


class ChildWillNotStart(Unavailable):
    """A child ended or stayed silent at its first start."""

    code = "up.child_failed"


def pause_s(failures: int) -> float:
    """How long to wait before a restart after so many failures in a row, in seconds."""
    return float(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** max(failures - 1, 0)))


def describe_end(code: int) -> str:
    """An exit code in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


class KeptChild:
    """A child and the task that keeps it."""

    def __init__(self, child: Child, run: str, log: LogFile, say: Say) -> None:
        self.child, self.log = child, log
        self._run, self._say = run, say
        self._life: RunningChild | None = None
        self._stopping = asyncio.Event()
        self.is_ready = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin keeping it."""
        self.task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._life = RunningChild(self.child, self._run, self.log)
            await self._life.start()
            code = await self._live(self._life, started)
            if self._stopping.is_set() or (self.child.once and code == 0):
                self.is_ready.set()
                return
            failures = 1 if time.monotonic() - started > _STEADY_S else failures + 1
            self._give_up_or_say(code, failures)
            await self._pause(pause_s(failures))

    async def _live(self, life: RunningChild, started: float) -> int:
        """One life: until it ended; says when it became ready."""
        ending = asyncio.create_task(life.ended())
        readying = asyncio.create_task(life.ready())
        await asyncio.wait({ending, readying}, return_when=asyncio.FIRST_COMPLETED)
        if readying.done() and not readying.cancelled() and readying.exception() is None:
            self.is_ready.set()
            self._say(self.child.name, f"ready ({time.monotonic() - started:.1f} s)")
        else:
            readying.cancel()
        return await ending

    def _give_up_or_say(self, code: int, failures: int) -> None:
        """Say that it ended; raises ChildWillNotStart when it never got ready and had its tries."""
        if not self.is_ready.is_set() and (failures >= _FIRST_TRIES or self.child.once):
            raise ChildWillNotStart(
                f"{self.child.name} does not start: it {describe_end(code)}. Its last words (all of them are in "
                f"{self.log.path}):\n{self.log.tail()}"
            )
        self._say(self.child.name, f"{describe_end(code)}; starting it again in {pause_s(failures):g} s")

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until the stop."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def stop(self) -> None:
        """SIGTERM, its grace, then SIGKILL; returns when it and everything it started is gone."""
        self._stopping.set()
        if self.task is None or self.task.done():
            return
        if self._life is not None:
            self._life.signal(signal.SIGTERM)
        done, _ = await asyncio.wait({self.task}, timeout=self.child.grace_s)
        if not done:
            self.kill()
            await asyncio.wait({self.task}, timeout=10.0)
        self._say(self.child.name, "stopped")

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        if self._life is not None:
            self._life.kill()


class Supervisor:
    """Several children as one."""

    def __init__(self, children: Sequence[Child], *, run: str, log_folder: Path, say: Say) -> None:
        self._run = run
        self._kept = [KeptChild(child, run, LogFile(log_folder / f"{child.name}.log"), say) for child in children]
        self._started: list[KeptChild] = []

    async def start(self, *, patience_s: float = 90.0) -> None:
        """Start stage after stage, each when the one before is ready; raises ChildWillNotStart."""
        for _stage, group in groupby(sorted(self._kept, key=_stage_of), key=_stage_of):
            together = list(group)
            for kept in together:
                self._started.append(kept)
                kept.start()
            for kept in together:
                await _first_ready(kept, patience_s)

    async def failed(self) -> None:
        """Wait until keeping one of the children fails, and raise that; otherwise for ever."""
        tasks = {kept.task for kept in self._started if kept.task is not None and not kept.child.once}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Stop stage after stage, the last started first; then make sure that nothing of the run is left."""
        for _stage, group in groupby(sorted(self._started, key=_stage_of, reverse=True), key=_stage_of):
            await asyncio.gather(*(kept.stop() for kept in group))
        await asyncio.to_thread(sweep, self._run)
        for kept in self._kept:
            kept.log.close()

    def kill(self) -> None:
        """End everything at once."""
        for kept in self._started:
            kept.kill()


def _stage_of(kept: KeptChild) -> int:
    return kept.child.stage


async def _first_ready(kept: KeptChild, patience_s: float) -> None:
    """Wait for a child's readiness; raises ChildWillNotStart when it ended for good or stayed silent."""
    assert kept.task is not None
    readying = asyncio.create_task(kept.is_ready.wait())
    done, _ = await asyncio.wait({readying, kept.task}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    readying.cancel()
    if kept.task in done:
        kept.task.result()
    elif not done:
        raise ChildWillNotStart(
            f"{kept.child.name} did not become ready within {patience_s:g} s; its log is {kept.log.path}."
        )
