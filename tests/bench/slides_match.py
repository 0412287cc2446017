"""Run the matcher on a film in a process of its own, so that its CPU and memory can be told from everything else's.

`python -m tests.bench.slides_match order.json` prints the cues and what they took as one JSON object.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.slides_cases import Case
from tests.slide_films.scoring import Found


@dataclass(frozen=True)
class Run:
    """Cues and what it took to find them: CPU of the matcher's child and of its parent, peak memory of the child."""

    cues: tuple[Found, ...]
    cpu_s: float
    wall_s: float
    peak_mib: float
    frames: int
    regions: int
    unsure_ms: int

    def cpu_s_per_hour(self, duration_ms: int) -> float:
        """CPU-seconds an hour of recording."""
        return self.cpu_s * 3_600_000 / duration_ms


def match(case: Case, end_ms: int | None = None) -> Run:
    """Match a film up to a time; raises with the child's last words when it does not end well."""
    order = {"path": case.path, "pages": [asdict(page) for page in case.pages], "end_ms": end_ms}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(order, file)
        file.flush()
        command = [sys.executable, "-m", "tests.bench.slides_match", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"matching {case.name}: {done.stderr[-1500:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return Run(**{**answer, "cues": tuple(Found(**cue) for cue in answer["cues"])})


async def _match(order: dict[str, Any]) -> dict[str, Any]:
    """Probe, match, count."""
    from server.media.probe import probe
    from server.media.slidematch.match import match_recording
    from server.media.slidematch.results import DeckPage

    pages = [
        DeckPage(number=page["number"], slide=page["slide"], picture=page["picture"], text=page["text"])
        for page in order["pages"]
    ]
    info = await probe(order["path"])
    with tempfile.TemporaryDirectory() as folder:
        before, started = _cpu_s(), time.monotonic()
        found = await match_recording(order["path"], pages, end_ms=order["end_ms"], info=info, folder=Path(folder))
        wall_s, cpu_s = time.monotonic() - started, _cpu_s() - before
    return {
        "cues": [
            {"start_ms": cue.start_ms, "end_ms": cue.end_ms, "page": cue.page, "confidence": cue.confidence,
             "method": cue.method}
            for cue in found.cues
        ],
        "cpu_s": cpu_s,
        "wall_s": wall_s,
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "frames": found.frames,
        "regions": len(found.regions),
        "unsure_ms": sum(part.end_ms - part.start_ms for part in found.unsure),
    }  # fmt: skip


def _cpu_s() -> float:
    """CPU-seconds so far of this process and of the children it has waited for."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_match(json.loads(Path(sys.argv[1]).read_text())))))  # noqa: T201 -- the answer
