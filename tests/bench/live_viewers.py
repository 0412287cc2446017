"""`live.viewers_*`: how many low-latency viewers one web process holds, and two behind nginx.

A feeder publishes a row every half second as ingest would. A viewer asks for the playlists of a rung and of the sound,
each with blocking reload and delta updates, over connections kept open; behind nginx it fetches the parts as well. An
answer's lateness is counted from the moment its row was given to Redis. Feeder and generator are processes of their
own, on the same machine: their work is part of what the machine does.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server.core.ids import new_id
from server.core.queue import Ringer
from server.core.settings import Settings
from server.engines import launch_s3, launch_valkey
from server.events.models import Event, Room
from server.live.models import Broadcast
from server.migrate import upgrade
from server.process import make_runtime
from tests.bench.results import emit, note
from tests.conftest import SECRET, run_apart
from tests.infra.test_nginx import TEMPLATE
from tests.postgres import free_port
from tests.server.live.synthetic import BEGAN, layout_of
from tests.server.uploads.web_process import WebProcess
from tests.waiting import eventually

PART_S = 0.5
SECONDS = float(os.environ.get("SEMMA_BENCH_VIEWERS_S", "12"))
STEPS = tuple(int(step) for step in os.environ.get("SEMMA_BENCH_VIEWERS", "250 500 1000 1500 2000 3000").split())
LAYOUT = layout_of("30/1", (1080, 720, 360))


@dataclass(frozen=True)
class Hall:
    """A room on air, and what serves it."""

    settings: Settings
    folder: Path
    room_id: str
    broadcast_id: str

    @property
    def base(self) -> str:
        """The path below which the broadcast is."""
        return f"/live/public/{self.room_id}/{self.broadcast_id}"


def measure() -> None:
    """Both results."""
    with tempfile.TemporaryDirectory(prefix="semma-viewers-") as folder, _hall(Path(folder)) as hall:
        with _web(hall, 1) as webs, _feeding(hall) as published:
            _emit_most("live.viewers_per_core", ">= 1000", hall, [webs[0].port], published, parts=False, webs=webs)
        if shutil.which("nginx") is None:
            note("live.viewers_behind_nginx: nginx is not here")
            return
        with _web(hall, 2) as webs, _nginx(hall, webs) as port, _feeding(hall) as published:
            _emit_most("live.viewers_behind_nginx", ">= 2000", hall, [port], published, parts=True, webs=webs)


def _emit_most(
    name: str, goal: str, hall: Hall, ports: list[int], published: Path, *, parts: bool, webs: list[WebProcess]
) -> None:
    """The most viewers of all steps whose answers came within a part (the 99th percentile), up to the first failure."""
    held, steps = 0, {}
    for viewers in STEPS:
        note(f"{name}: {viewers} viewers for {SECONDS:.0f} s")
        before = [_cpu_s(web.pid) for web in webs]
        found = _generate(hall, ports, viewers, published, parts=parts)
        used = sum(_cpu_s(web.pid) for web in webs) - sum(before)
        steps[str(viewers)] = {**found, "web_cores": round(used / SECONDS, 2)}
        if found["p99_s"] > PART_S or found["failed"]:
            break
        held = viewers
    emit(name, held, "viewers", goal, {"steps": steps, "playlists_a_viewer": 2, "web_processes": len(webs)})


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _generate(hall: Hall, ports: list[int], viewers: int, published: Path, *, parts: bool) -> dict[str, float]:
    """Run the generator; its figures."""
    asked = {"base": hall.base, "ports": ports, "viewers": viewers, "seconds": SECONDS, "parts": parts}
    argv = [sys.executable, "-m", "tests.bench.live_generator", json.dumps(asked), str(published)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS * 6 + 60)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextlib.contextmanager
def _hall(folder: Path) -> Iterator[Hall]:
    (folder / "valkey").mkdir()
    (folder / "s3").mkdir()
    with launch_valkey(folder / "valkey") as valkey, launch_s3(folder / "s3") as s3:
        settings = Settings(
            data_dir=folder,
            database_url=f"sqlite:///{folder / 'semma.db'}",
            redis_url=valkey.url,
            s3_endpoint_url=s3.endpoint_url,
            s3_bucket="bench",
            aws_access_key_id=s3.access_key_id,
            aws_secret_access_key=s3.secret_access_key,
            secret_key=SECRET,
            public_url="http://127.0.0.1",
            log_level="warning",
        )
        hall = Hall(settings, folder, new_id(), new_id())
        run_apart(_fill(hall))
        yield hall


async def _fill(hall: Hall) -> None:
    runtime = make_runtime(hall.settings, Ringer(hall.settings.redis_url), threads=2)
    await upgrade(runtime.database)
    await runtime.store.ensure_bucket()
    event_id = new_id()
    async with runtime.database.write() as db:
        db.add(Event(id=event_id, slug="bench", title="Bench"))
        await db.flush()
        db.add(Room(id=hall.room_id, event_id=event_id, slug="hall", name="Hall"))
        await db.flush()
        shape = msgspec.to_builtins(LAYOUT)
        place = {"event_id": event_id, "room_id": hall.room_id}
        db.add(Broadcast(id=hall.broadcast_id, started_at=BEGAN, layout=shape, **place))
    await runtime.database.close()
    await runtime.redis.aclose()
    runtime.store.close()


@contextlib.contextmanager
def _web(hall: Hall, count: int) -> Iterator[list[WebProcess]]:
    webs = [WebProcess(hall.settings, hall.folder / f"web{number}.log") for number in range(count)]
    try:
        for web in webs:
            web.start()
        yield webs
    finally:
        for web in webs:
            web.stop()


@contextlib.contextmanager
def _feeding(hall: Hall) -> Iterator[Path]:
    """Rows of 8 Mbit/s in real time; the moments at which they were given to Redis go into a file."""
    published = hall.folder / f"published-{time.monotonic_ns()}"
    asked = {"redis_url": hall.settings.redis_url, "room": hall.room_id, "broadcast": hall.broadcast_id}
    argv = [sys.executable, "-m", "tests.bench.live_feeder", json.dumps(asked), str(published)]
    feeder = subprocess.Popen(argv)
    try:
        eventually(lambda: published.exists() and published.read_text().count("\n") > 20, timeout_s=60, what="rows")
        yield published
    finally:
        feeder.terminate()
        feeder.wait(10)


@contextlib.contextmanager
def _nginx(hall: Hall, webs: list[WebProcess]) -> Iterator[int]:
    """nginx with Semma's own configuration before the web processes; without TLS, which is not what is measured."""
    port, folder = free_port(), hall.folder
    servers = "; server ".join(f"127.0.0.1:{web.port}" for web in webs)
    text = TEMPLATE.read_text()
    for name, value in (("WEB", servers), ("STORAGE", "127.0.0.1:1"), ("CACHE", str(folder / "cache"))):
        text = text.replace("${SEMMA_" + name + "}", value)
    kept = [line for line in text.splitlines() if "ssl_" not in line]
    text = "\n".join(kept).replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port} backlog=8192;")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("/dev/stdout semma", f"{folder / 'access.log'} semma buffer=1m")
    text = text.replace("/dev/stderr", str(folder / "error.log"))
    words = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{word}_temp_path {folder / word};\n" for word in words)
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user}worker_processes 1;\npid {folder / 'pid'};\n"
        f"error_log {folder / 'error.log'};\nevents {{ worker_connections 30000; }}\nhttp {{\n{temporary}{text}}}\n"
    )
    nginx = subprocess.Popen([str(shutil.which("nginx")), "-p", str(folder), "-c", str(main), "-g", "daemon off;"])
    try:
        eventually(lambda: (folder / "pid").exists(), what="nginx")
        yield port
    finally:
        nginx.terminate()
        nginx.wait(10)


if __name__ == "__main__":
    measure()
