"""`api.*` and `pages.*`: how many answers one web process gives, beside the framework's hello on the same machine."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import httpx

from server import programs
from tests.bench.load import Load, load
from tests.bench.results import emit, note
from tests.private_semma import AWAY, PrivateSemma, free_port, private_semma
from tests.waiting import eventually

SECONDS = float(os.environ.get("SEMMA_BENCH_LOAD_S", "8"))


def measure() -> None:
    """Every `api.*` and `pages.*` result."""
    with private_semma({}) as semma, _hello() as hello_port:
        session, event = _programme(semma)
        note("hello")
        hello = load(hello_port, "/hello", seconds=SECONDS)
        note("one session")
        one = load(semma.port, f"/api/v1/sessions/{session}", seconds=SECONDS)
        note("the programme's page")
        page = load(semma.port, f"/{event}", seconds=SECONDS)
    detail = _detail(one, hello)
    emit("api.session_rps", one.rps, "1/s", None, detail)
    emit("api.session_p99_ms", one.p99_ms, "ms", None, detail)
    emit("pages.programme_rps", page.rps, "1/s", None, _detail(page, hello))


def _detail(found: Load, hello: Load) -> dict[str, Any]:
    rounded = {name: round(value, 2) for name, value in asdict(found).items()}
    return {
        **rounded,
        "hello_rps": round(hello.rps, 1),
        "hello_p99_ms": round(hello.p99_ms, 2),
        "ratio_to_hello": round(found.rps / hello.rps, 3),
        "connections": 16,
        "web_processes": 1,
    }


def _programme(semma: PrivateSemma) -> tuple[str, str]:
    """An event of thirty sessions in two rooms, with speakers; a session's id and the event's slug."""
    event = {
        "title": "Load",
        "slug": "load",
        "visibility": "public",
        "starts_on": "2026-10-08",
        "ends_on": "2026-10-08",
    }
    semma.api("POST", "/api/v1/events", json=event)
    for name in ("Kuusi", "Koivu"):
        semma.api("POST", "/api/v1/events/load/rooms", json={"name": name, "slug": name.lower()})
    session = ""
    for number in range(30):
        asked = {
            "event": "load",
            "title": f"Talk {number} about communities",
            "abstract": "Most of a community never writes. " * 6,
            "language": "en",
            "room": ("kuusi", "koivu")[number % 2],
            "starts_at": f"2026-10-08T{8 + number // 4:02d}:{15 * (number % 4):02d}:00+03:00",
            "duration_ms": 900_000,
            "speakers": [{"name": f"Speaker {number % 12}"}],
        }
        session = str(semma.api("POST", "/api/v1/sessions", json=asked).json()["id"])
    return session, "load"


@contextlib.contextmanager
def _hello() -> Iterator[int]:
    """Run the hello application with the flags of `semma web`; its port."""
    port = free_port()
    argv = list(programs.web_argv(host="127.0.0.1", port=port, workers=1, trusted_proxies=""))
    argv[argv.index("server.app:create_app")] = "tests.bench.hello:create_app"
    process = subprocess.Popen([*argv, "--log-level", "warning"], stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def serves() -> bool:
        with contextlib.suppress(*AWAY):
            return httpx.get(f"http://127.0.0.1:{port}/hello", trust_env=False).status_code == 200
        return False

    try:
        eventually(serves, what="hello")
        yield port
    finally:
        process.terminate()
        process.wait()
