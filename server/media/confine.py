"""Start a program so that it cannot outlive its parent or outgrow its limits.

    python -I -S confine.py --parent 4711 --as-bytes 4294967296 --cpu-s 3600 --fsize 8589934592 --nofile 256 -- argv…

Runs before the program, in the very process that becomes it (execv), so it costs one short interpreter start and
nothing after. Standard library only, and little of it. All options may be left out; with only `--parent` it is the
bare "die with me" wrapper.

PR_SET_PDEATHSIG (prctl(2)) is kept through execve of an ordinary program. It is tied to the *thread* that made this
process, so start it from a thread that lives as long as the parent. The parent may have died before the call took
effect: then getppid() is no longer `--parent`, and we go at once.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1

LIMITS = {
    "--as-bytes": resource.RLIMIT_AS,
    "--cpu-s": resource.RLIMIT_CPU,
    "--fsize": resource.RLIMIT_FSIZE,
    "--nofile": resource.RLIMIT_NOFILE,
    "--core": resource.RLIMIT_CORE,
}
EXIT_USAGE = 64
EXIT_NOT_FOUND = 127


def die_with_parent(parent: int | None, signal_number: int = signal.SIGKILL) -> None:
    """Ask the kernel for a signal when the parent dies; leave at once when it is dead already."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if parent is not None and os.getppid() != parent:
        os._exit(0)


def set_limit(which: int, value: int) -> None:
    """Set one rlimit (soft and hard), never above the hard limit that is there already."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    if which == resource.RLIMIT_CPU:
        # SIGXCPU at the soft limit kills; the hard one a second later is for a program that catches it.
        resource.setrlimit(which, (value, value + 1 if hard == resource.RLIM_INFINITY else hard))
    else:
        resource.setrlimit(which, (value, value))


def main(argv: list[str]) -> None:
    """Apply the options before `--` to this process, then become the program after it."""
    split = argv.index("--") if "--" in argv else len(argv)
    options, program = argv[:split], argv[split + 1 :]
    if len(options) % 2 or not program:
        sys.stderr.write("confine: expected pairs of option and number, then -- and a program\n")
        raise SystemExit(EXIT_USAGE)
    parent: int | None = None
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name == "--parent":
            parent = int(value)
        elif name == "--nice":
            os.nice(int(value))
        elif name in LIMITS:
            set_limit(LIMITS[name], int(value))
        else:
            sys.stderr.write(f"confine: unknown option {name}\n")
            raise SystemExit(EXIT_USAGE)
    die_with_parent(parent)
    # Python ignores SIGPIPE and a child would inherit that; ffmpeg and the engines expect the usual.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execv(program[0], program)
    except OSError as error:
        sys.stderr.write(f"confine: cannot start {program[0]}: {error.strerror}\n")
        raise SystemExit(EXIT_NOT_FOUND) from error


if __name__ == "__main__":
    main(sys.argv[1:])
