"""Children: their output, their bad ends, their limits, and that none is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.media.process import CONFINE, Limits, Progress, run, start
from server.media.refusals import ProcessFailed, ProcessTimedOut
from tests.waiting import soon

PYTHON = sys.executable
SMALL = Limits(memory_bytes=1 << 30, cpu_s=20, file_bytes=1 << 20, wall_s=20, grace_s=2)


def python(code: str) -> list[str]:
    return [PYTHON, "-I", "-S", "-c", code]


async def until(condition: Callable[[], object]) -> None:
    """Wait until it holds."""

    async def ask() -> bool:
        return bool(condition())

    await soon(ask, timeout_s=20)


def is_alive(pid: int) -> bool:
    """A zombie is as good as gone: it holds nothing but its row in the table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_gives_stdout_line_by_line_and_keeps_stderr() -> None:
    lines: list[str] = []
    code = "import sys; print('one'); print('two'); sys.stderr.write('a\\rb\\n[error] c\\n')"
    finished = await run(python(code), limits=SMALL, on_line=lines.append)
    assert lines == ["one", "two"]
    assert finished.last_lines == ("a", "b", "[error] c")
    assert finished.errors == 1


async def test_a_bad_end_carries_the_last_lines_without_secrets() -> None:
    url = "http://127.0.0.1/bucket/key?X-Amz-Signature=topsecret"
    code = f"import sys; sys.stderr.write('opening {url}: no\\n'); sys.exit(3)"
    with pytest.raises(ProcessFailed) as caught:
        await run(python(code), limits=SMALL)
    assert caught.value.returncode == 3
    assert "bucket/key?…" in caught.value.detail
    assert "topsecret" not in str(caught.value.last_lines) + caught.value.detail


async def test_endless_stderr_is_kept_short() -> None:
    code = "import sys; sys.stderr.write('x' * 5_000_000); sys.stderr.write('\\n' * 5 + 'last\\n')"
    finished = await run(python(code), limits=SMALL)
    assert finished.last_lines[-1] == "last"
    assert sum(len(line) for line in finished.last_lines) < 100_000


async def test_stops_a_child_that_takes_too_long() -> None:
    limits = Limits(memory_bytes=1 << 30, wall_s=0.3, grace_s=0.3)
    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(9)"
    with pytest.raises(ProcessTimedOut):
        await run(python(code), limits=limits)


async def test_cancelling_stops_the_child_and_its_children() -> None:
    pids: list[int] = []
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(99)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(99)"
    )
    task = asyncio.create_task(run(python(code), limits=SMALL, on_line=lambda line: pids.append(int(line))))
    await until(lambda: pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not is_alive(pids[0]))


async def test_a_failing_callback_stops_the_child() -> None:
    async def refuse(data: bytes) -> None:
        raise RuntimeError("the storage is full")

    with pytest.raises(RuntimeError, match="storage is full"):
        await run(python("while True: print('x' * 1000)"), limits=SMALL, on_bytes=refuse)


async def test_children_die_with_a_killed_parent() -> None:
    confine = [PYTHON, "-I", "-S", str(CONFINE)]
    parent_code = (
        "import os, subprocess, sys, time\n"
        f"argv = {confine!r} + ['--parent', str(os.getpid()), '--']\n"
        "argv += [sys.executable, '-c', 'import time; time.sleep(99)']\n"
        "print(subprocess.Popen(argv).pid, flush=True)\ntime.sleep(99)"
    )
    with subprocess.Popen(python(parent_code), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        # Only once it has become the program has it asked to die with its parent.
        await until(
            lambda: (
                b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes()
                and CONFINE.name.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()
            )
        )
        parent.send_signal(signal.SIGKILL)
        await until(lambda: not is_alive(child))


async def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    done = subprocess.run(
        [PYTHON, "-I", "-S", str(CONFINE), "--parent", "1", "--", "/bin/echo", "here"], capture_output=True
    )
    assert done.stdout == b"" and os.getpid() != 1


async def test_limits_hold() -> None:
    with pytest.raises(ProcessFailed, match="MemoryError"):
        await run(python("x = bytearray(2 << 30)"), limits=SMALL)
    with pytest.raises(ProcessFailed) as caught:
        await run(
            python("open('big', 'wb').write(bytes(2 << 20))"), limits=SMALL, cwd=Path(os.environ.get("TMPDIR", "/tmp"))
        )
    assert caught.value.returncode == -signal.SIGXFSZ or "too large" in caught.value.detail


async def test_a_program_that_is_not_there_is_said_so() -> None:
    with pytest.raises(ProcessFailed, match="cannot start"):
        await run(["/nonexistent/ffmpeg"], limits=SMALL)


async def test_leaving_the_block_stops_the_child() -> None:
    async with start(python("import time; time.sleep(99)"), limits=SMALL) as child:
        pid = child.process.pid
        assert is_alive(pid)
    assert not is_alive(pid)


def test_progress_reads_one_number_and_never_goes_back() -> None:
    seen: list[int] = []
    progress = Progress("out_time_us", seen.append)
    for line in (
        "out_time_us=N/A",
        "out_time_ms=5",
        "out_time_us=10",
        "out_time_us=7",
        "out_time_us=12",
        "progress=end",
    ):
        progress.feed(line)
    assert seen == [10, 12]
