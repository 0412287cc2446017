"""Supervision with small programs: order, readiness, restarts, stops, and nothing left behind."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.supervise import sweep as sweeping
from server.supervise.child import Child
from server.supervise.logfile import LogFile
from server.supervise.supervisor import ChildWillNotStart, Supervisor, describe_end, pause_s
from server.supervise.sweep import mark, marked, sweep
from tests.waiting import eventually, soon

WAITS = "import signal; print('hello', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS
# A child of its own session and its own parent: only the mark in the environment leads to it.
SPAWNS = (
    "import os, signal\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork(): os._exit(0)\n"
    "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "    while True: signal.pause()\n"
    "signal.pause()\n"
)


def child(name: str, program: str, *, stage: int = 0, **more: object) -> Child:
    return Child(name=name, argv=(sys.executable, "-c", program), stage=stage, grace_s=2.0, **more)  # type: ignore[arg-type]


class Run:
    """A run, its name and what it said."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(6)
        self.folder = folder
        self.said: list[tuple[str, str]] = []

    def of(self, *children: Child) -> Supervisor:
        return Supervisor(
            children, run=self.name, log_folder=self.folder, say=lambda name, text: self.said.append((name, text))
        )

    def names(self, word: str) -> list[str]:
        return [name for name, text in self.said if text.startswith(word)]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    sweep(made.name)


async def test_stages_start_upwards_and_stop_downwards(run: Run) -> None:
    supervisor = run.of(child("c", WAITS, stage=2), child("a", WAITS), child("b", WAITS, stage=1))
    await supervisor.start()
    assert run.names("ready") == ["a", "b", "c"]
    assert len(marked(run.name)) == 3
    await supervisor.stop()
    assert run.names("stopped") == ["c", "b", "a"]
    assert marked(run.name) == []


async def test_stop_kills_who_does_not_stop_and_sweeps_what_they_left(run: Run) -> None:
    supervisor = run.of(child("stubborn", STUBBORN), child("spawns", SPAWNS))
    await supervisor.start()
    eventually(lambda: len(marked(run.name)) == 3, what="the grandchild")
    await supervisor.stop()
    assert marked(run.name) == []


async def test_a_child_that_ends_is_started_again_and_its_grandchildren_are_not_left(run: Run) -> None:
    supervisor = run.of(child("spawns", SPAWNS))
    await supervisor.start()
    eventually(lambda: len(marked(run.name)) == 2, what="the grandchild")
    before = set(marked(run.name))
    os.kill(min(before), signal.SIGKILL)

    async def is_new() -> bool:
        return len(set(marked(run.name)) - before) == 2

    await soon(is_new, what="the child to be started again")
    assert not before & set(marked(run.name))
    assert ("spawns", "was ended by SIGKILL; starting it again in 0.5 s") in run.said
    await supervisor.stop()


async def test_readiness_is_what_the_probe_says(run: Run, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    program = f"import pathlib, signal; pathlib.Path({str(flag)!r}).touch(); signal.pause()"
    supervisor = run.of(child("a", program, probe=flag.read_bytes), child("b", WAITS, stage=1))
    await supervisor.start()
    assert flag.exists()
    await supervisor.stop()


async def test_readiness_can_be_told_by_the_child(run: Run) -> None:
    program = "from server.core.notify import tell_ready; import signal; tell_ready(); signal.pause()"
    supervisor = run.of(child("tells", program, notifies=True))
    await supervisor.start(patience_s=20)
    assert run.names("ready") == ["tells"]
    await supervisor.stop()


async def test_a_child_that_never_starts_is_given_up_with_its_last_words(run: Run) -> None:
    supervisor = run.of(child("broken", "raise SystemExit('no such thing')", notifies=True))
    with pytest.raises(ChildWillNotStart, match="no such thing") as refused:
        await supervisor.start()
    assert "broken does not start: it ended with code 1" in refused.value.detail
    assert refused.value.code == "up.child_failed"
    assert run.names("ended") == ["broken", "broken"]
    await supervisor.stop()


async def test_a_silent_child_is_given_up_after_a_while(run: Run) -> None:
    supervisor = run.of(child("silent", WAITS, notifies=True))
    with pytest.raises(ChildWillNotStart, match=r"did not become ready within 0\.3 s"):
        await supervisor.start(patience_s=0.3)
    await supervisor.stop()
    assert marked(run.name) == []


async def test_what_runs_once_must_end_well_before_the_next_stage(run: Run) -> None:
    supervisor = run.of(child("once", "print('done')", once=True), child("next", WAITS, stage=1))
    await supervisor.start()
    assert run.names("ready") == ["next"]
    await supervisor.stop()
    broken = run.of(child("once", "raise SystemExit(3)", once=True), child("next", WAITS, stage=1))
    with pytest.raises(ChildWillNotStart, match="ended with code 3"):
        await broken.start()
    await broken.stop()


async def test_killing_ends_everything_at_once(run: Run) -> None:
    supervisor = run.of(child("stubborn", STUBBORN), child("b", WAITS))
    await supervisor.start()
    supervisor.kill()
    await asyncio.wait_for(supervisor.stop(), 5)
    assert marked(run.name) == []


def test_the_keeper_sweeps_when_the_other_end_is_gone(run: Run) -> None:
    left = subprocess.Popen([sys.executable, "-c", SPAWNS], env={**os.environ, **mark(run.name, "x")})
    eventually(lambda: len(marked(run.name)) == 2, what="the process to leave another behind")
    keeper = subprocess.Popen([sys.executable, "-I", "-S", str(sweeping.__file__), run.name], stdin=subprocess.PIPE)
    assert keeper.stdin is not None
    keeper.stdin.close()
    keeper.wait(20)
    left.wait(20)
    assert marked(run.name) == []


def test_a_mark_of_one_run_is_not_that_of_another(run: Run) -> None:
    other = subprocess.Popen([sys.executable, "-c", WAITS], env={**os.environ, **mark(f"{run.name}x", "a")})
    assert marked(run.name) == []
    other.kill()
    other.wait()


@pytest.mark.parametrize(
    ("failures", "expected_s"), [(0, 0.5), (1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (99, 30.0)]
)
def test_pauses_double_up_to_half_a_minute(failures: int, expected_s: float) -> None:
    assert pause_s(failures) == expected_s


@pytest.mark.parametrize(("code", "words"), [(1, "ended with code 1"), (-9, "was ended by SIGKILL")])
def test_ends_in_words(code: int, words: str) -> None:
    assert describe_end(code) == words


def lines_in(path: Path) -> int:
    return len(path.read_bytes().splitlines())


@pytest.fixture
def log_in(tmp_path: Path) -> Callable[[], LogFile]:
    return lambda: LogFile(tmp_path / "a.log", max_bytes=100, keep=2)


def test_a_full_log_starts_anew_and_keeps_the_last_ones(log_in: Callable[[], LogFile], tmp_path: Path) -> None:
    log = log_in()
    for number in range(40):
        log.write(f"line {number:02d}\n".encode())
    log.close()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.log", "a.log.1", "a.log.2"]
    assert [lines_in(tmp_path / name) for name in ("a.log.2", "a.log.1", "a.log")] == [12, 12, 4]
    assert log.tail().splitlines()[-1] == "line 39"
    again = log_in()
    again.write(b"more\n")
    again.close()
    assert lines_in(tmp_path / "a.log") == 5
