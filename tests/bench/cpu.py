"""CPU seconds of an instance's processes, by role, exactly.

The sum over living processes of utime + stime + cutime + cstime (proc(5)) keeps what ended children used: when a parent
waits for a child, the child's time moves from its own counters to the parent's. The difference of two such sums is
therefore exact as long as the processes at the root live through it, in clock ticks of 10 ms.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.private_semma import PrivateSemma, is_ffmpeg, processes

T = TypeVar("T")
# Other people's programs that Semma uses: named apart (DESIGN §7).
ENGINES = ("s3", "valkey")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """What a piece of work took: seconds of the clock, and CPU seconds by child of the supervisor."""

    wall_s: float
    by_role_s: dict[str, float]

    @property
    def semma_s(self) -> float:
        """CPU seconds of everything that is Semma."""
        return sum(value for role, value in self.by_role_s.items() if role not in ENGINES)

    def rounded(self) -> dict[str, float]:
        """The seconds by role, for the detail."""
        return {role: round(value, 2) for role, value in sorted(self.by_role_s.items())}


def sample(semma: PrivateSemma) -> dict[str, float]:
    """CPU seconds used so far, by role."""
    totals: dict[str, float] = {}
    for process in processes(semma):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks = sum(int(field) for field in fields[11:15])
            totals[process.child] = totals.get(process.child, 0.0) + ticks / _TICKS
    return totals


def used_by(semma: PrivateSemma, work: Callable[[], T]) -> tuple[T, Used]:
    """Do the work and say what it took."""
    before, started = sample(semma), time.monotonic()
    result = work()
    after = sample(semma)
    by_role = {role: after[role] - before.get(role, 0.0) for role in after}
    return result, Used(time.monotonic() - started, by_role)


def own_cpu(semma: PrivateSemma, child: str) -> float:
    """CPU seconds so far of a child of the supervisor without what its own children (ffmpeg) use."""
    total = 0.0
    for process in processes(semma):
        if process.child == child and not is_ffmpeg(process):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(int(field) for field in fields[11:13]) / _TICKS
    return total
