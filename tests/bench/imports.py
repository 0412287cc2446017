"""`import.sessions_per_s`: a programme of 5,000 sessions, from the file that is sent to the last row written."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.results import emit, note
from tests.postgres import postgres_bin, running_postgres
from tests.private_semma import PrivateSemma, private_semma
from tests.waiting import eventually

SESSIONS = 5_000
GOAL = ">= 500"
_BEGIN = datetime(2027, 5, 20, 8, tzinfo=UTC)


def measure() -> None:
    """The result: on SQLite, with PostgreSQL in the detail where it is installed."""
    with private_semma({}) as semma:
        sqlite = _rounds(semma, "sqlite")
    detail: dict[str, Any] = {"sessions": SESSIONS, "sqlite": _rounded(sqlite)}
    with _postgres() as url:
        if url is not None:
            with private_semma({"DATABASE_URL": url}) as semma:
                detail["postgresql"] = _rounded(_rounds(semma, "postgresql"))
    emit("import.sessions_per_s", sqlite["new"], "1/s", GOAL, detail)


@contextlib.contextmanager
def _postgres() -> Iterator[str | None]:
    if postgres_bin() is None:
        note("PostgreSQL is not installed: measured on SQLite only")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="semma-bench-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "server") as url:
            yield url


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in found.items()}


def _rounds(semma: PrivateSemma, name: str) -> dict[str, float]:
    """Sessions a second: all new, all as before, all moved and retitled."""
    note(f"{SESSIONS} sessions into {name}")
    semma.api("POST", "/api/v1/events", json={"title": "Load", "slug": "load"})
    first = programme()
    return {
        "new": _bring(semma, first),
        "unchanged": _bring(semma, first),
        "changed": _bring(semma, programme(later=timedelta(hours=1), suffix=", again")),
        "file_mb": len(first) / 1e6,
    }


def _bring(semma: PrivateSemma, body: bytes) -> float:
    started = time.perf_counter()
    headers = {"content-type": "application/octet-stream"}
    semma.api("POST", "/api/v1/events/load/imports?filename=s.json&apply=true", content=body, headers=headers)

    def ended() -> bool:
        (newest,) = semma.api("GET", "/api/v1/events/load/imports?limit=1").json()["items"]
        state = str(newest["state"])
        assert state != "failed"
        return state in ("applied", "unchanged")

    eventually(ended, timeout_s=120)
    return SESSIONS / (time.perf_counter() - started)


def programme(*, later: timedelta = timedelta(0), suffix: str = "") -> bytes:
    """A schedule.json of 5,000 sessions in fifty rooms, with 3,000 people, links and abstracts of a usual length."""
    rooms: dict[str, list[dict[str, Any]]] = {}
    for number in range(SESSIONS):
        begin = _BEGIN + timedelta(minutes=30 * (number // 50)) + later
        rooms.setdefault(f"Room {number % 50}", []).append(
            {
                "guid": f"00000000-0000-4000-8000-{number:012}",
                "id": number,
                "code": f"C{number:05}",
                "date": begin.isoformat(),
                "duration": "0:25",
                "title": f"What we learned from {number} slides{suffix}",
                "abstract": "A talk about doing less, and measuring what is left. " * 12,
                "track": f"Track {number % 9}",
                "language": "en",
                "persons": [
                    {"id": number % 3000, "public_name": f"Person {number % 3000}", "biography": "Measures. " * 20}
                ],
                "links": [{"url": f"https://example.org/{number}", "title": "Blog"}],
                "attachments": [{"url": f"https://example.org/{number}.zip", "title": "Code"}],
            }
        )
    day = {"index": 1, "date": "2027-05-20", "rooms": rooms}
    conference = {"acronym": "load", "title": "Load", "time_zone_name": "UTC", "days": [day]}
    return msgspec.json.encode({"schedule": {"version": "1", "conference": conference}})
