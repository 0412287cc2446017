"""Find and end every process of a run, wherever it sits in the process tree.

Each child is started with a mark in its environment, which its own children inherit. A process found in /proc with the
mark belongs to the run, whoever its parent is by now. As a program (`python sweep.py RUN`, standard library only) this
is the keeper: it waits until the supervisor at the other end of its standard input is gone, however that ended, and
then sweeps.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARK = "SEMMA_SUPERVISED"


def mark(run: str, child: str) -> dict[str, str]:
    """The environment entry that marks a process as `child` of `run`."""
    return {MARK: f"{run}/{child}"}


def marked(run: str, child: str = "") -> list[int]:
    """Process ids of this user's processes that carry the mark of the run (and of one child of it)."""
    wanted = f"{MARK}={run}/{child}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # another user's, or gone
        if any(variable == wanted or (not child and variable.startswith(wanted)) for variable in variables):
            found.append(int(entry.name))
    return found


def sweep(run: str, child: str = "", *, patience_s: float = 5.0) -> int:
    """SIGKILL every process of the run (or of one child) until none is left; returns how many there were.

    Processes being killed can still fork, so it looks again until nothing is found.
    """
    seen: set[int] = set()
    deadline = time.monotonic() + patience_s
    while (pids := marked(run, child)) and time.monotonic() < deadline:
        for pid in pids:
            seen.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)
    return len(seen)


def keep_watch(run: str) -> None:
    """Wait for the end of standard input, then sweep the run."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it must outlive the supervisor, and ends by itself
    while os.read(0, 64):
        pass
    sweep(run, patience_s=30.0)


if __name__ == "__main__":
    keep_watch(sys.argv[1])
