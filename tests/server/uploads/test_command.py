"""`semma upload` against a real web process: killed on either side, it goes on; refused, it says why and stops."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from server.core.runtime import Runtime
from server.uploads.models import Upload
from tests.server.uploads.hall import Hall
from tests.server.uploads.stored import check_stored, row
from tests.server.uploads.web_process import WebProcess
from tests.server.uploads.world import URL, noise
from tests.waiting import soon

MIB = 1024 * 1024
REPOSITORY = Path(__file__).parents[3]


class Command:
    """Runs of `semma upload` of one user on one machine."""

    def __init__(self, hall: Hall, web: WebProcess, home: Path) -> None:
        self.hall, self.web, self.home = hall, web, home
        self.started: list[subprocess.Popen[str]] = []

    def start(self, file: Path, session: str | None = None, **environment: str) -> "subprocess.Popen[str]":
        """Start one run."""
        program = "import sys; from server.upload_command import upload; upload(sys.argv[1:])"
        argv = [sys.executable, "-c", program, str(file), "--session", session or self.hall.world.talk]
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(self.home),
            "SEMMA_PUBLIC_URL": self.web.url,
            "SEMMA_TOKEN": "tok-organiser",
            "NO_PROXY": "*",
        }
        process = subprocess.Popen(
            argv, env=env | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process


@pytest.fixture
def command(hall: Hall, hall_web: WebProcess, tmp_path: Path) -> Iterator[Command]:
    made = Command(hall, hall_web, tmp_path / "state")
    yield made
    for process in made.started:
        process.kill()
        process.wait()


@pytest.fixture
def runtime(hall: Hall) -> Runtime:
    return hall.runtime


async def newest(runtime: Runtime) -> str:
    """The URL of the upload begun last."""
    async with runtime.database.read() as db:
        upload_id = await db.scalar(select(Upload.id).order_by(Upload.id.desc()).limit(1))
    return f"{URL}/{upload_id}"


def write(path: Path, size_bytes: int, seed: int) -> bytes:
    whole = noise(size_bytes, seed)
    path.write_bytes(whole)
    return whole


async def under_way(runtime: Runtime, before: str) -> str:
    """The URL of a new upload, once its first bytes are being written."""

    async def look() -> str:
        url = await newest(runtime)
        return url if url != before and (await row(runtime, url)).fence else ""

    return await soon(look, every_s=0.01, what="a new upload")


async def test_a_killed_server_is_waited_for(command: Command, runtime: Runtime, tmp_path: Path) -> None:
    whole = write(tmp_path / "talk.mp4", 64 * MIB + 1, seed=1)
    before = await newest(runtime)
    run = command.start(tmp_path / "talk.mp4")
    url = await under_way(runtime, before)
    run.send_signal(signal.SIGSTOP)
    command.web.kill()
    command.web.start()
    run.send_signal(signal.SIGCONT)
    said, _ = run.communicate(timeout=90)
    assert run.returncode == 0, said
    assert "talk.mp4 is there: recording" in said
    await check_stored(runtime, url, whole)


async def test_a_killed_command_goes_on_when_run_again(command: Command, runtime: Runtime, tmp_path: Path) -> None:
    whole = write(tmp_path / "talk.mp4", 64 * MIB, seed=2)
    before = await newest(runtime)
    run = command.start(tmp_path / "talk.mp4")
    url = await under_way(runtime, before)
    run.kill()
    said, _ = command.start(tmp_path / "talk.mp4").communicate(timeout=90)
    assert "is there" in said
    assert await newest(runtime) == url
    await check_stored(runtime, url, whole)
    assert (tmp_path / "state" / "semma" / "uploads.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("session", "token", "says"),
    [
        ("nothing", "tok-organiser", "There is no such session"),
        (None, "tok-organiser_reading", "upload"),
        (None, "wrong", "token"),
    ],
)
def test_a_refusal_is_told_at_once(
    command: Command, tmp_path: Path, session: str | None, token: str, says: str
) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"abc")
    run = command.start(tmp_path / "talk.mp4", session, SEMMA_TOKEN=token)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert says in said
    assert "Traceback" not in said


def test_an_empty_file_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").touch()
    said, _ = command.start(tmp_path / "talk.mp4").communicate(timeout=60)
    assert "The file is empty" in said
