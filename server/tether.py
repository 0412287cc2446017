"""Run a program that dies with whoever started it: `python tether.py PARENT_PID PROGRAM ARGUMENT…`.

A small program and not a `preexec_fn`, because code between fork and exec is unsafe in a process with threads. It is
run by path, without the site packages, so it costs some ten milliseconds and leaves nothing behind: it becomes the
program.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to SIGKILL this process when the thread that forked it ends (prctl(2)); kept across exec.

    Ends the process at once when the parent is already gone.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise SystemExit(1)


def tethered(argv: Sequence[str]) -> list[str]:
    """The argument list that runs `argv` tied to this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv]


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
