"""`slides.live_*`: how late viewers of a live room hear of a page, and what looking for it costs.

A film of each layout goes through a real room in real time, copied as it is; what is told is heard over the stream of
changes, as a viewer's page hears it.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.bench.results import emit, note
from tests.clips import ffmpeg_exe
from tests.live.room import LiveRoom, make_room
from tests.live.slides import bring_slides, deck_zip
from tests.private_semma import PrivateSemma, private_semma, processes
from tests.slide_films.decks import Deck, make_deck
from tests.slide_films.films import plan_film, shoot
from tests.slide_films.layouts import LAYOUTS
from tests.slide_films.timelines import Habits, Segment
from tests.waiting import eventually

SECONDS = int(os.environ.get("SEMMA_BENCH_SLIDES_LIVE_S", "90"))
SPEED = 3  # pages three times as often as in a talk, so that there are some
SEED = 5
STAYS_MS = 5_000  # of a page that is on for less, nobody needs to be told
LATEST_S = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """One film in one room: the delays of page changes, those never told, and what the follower took."""

    lags_s: list[float] = field(default_factory=list)
    missed: int = 0
    off_s: float = 0.0
    cpu_share: float = 0.0
    peak_mib: float = 0.0


def measure() -> None:
    """Every `slides.live_*` result."""
    runs: dict[str, Run] = {}
    with private_semma({"SEMMA_LIVE_LADDER": "720"}) as semma:
        for layout in LAYOUTS:
            note(f"slides.live: {layout}, {SECONDS} s in a room")
            runs[layout] = _in_a_room(semma, layout, semma.data_dir / f"film-{layout}")
    lags = sorted(lag for run in runs.values() for lag in run.lags_s)
    detail = {
        "changes": len(lags),
        "from": "the picture's moment as players count it",
        "p50_s": round(_share(lags, 0.5), 2),
        "worst_s": round(_share(lags, 1), 2),
        "by_layout": {name: [round(lag, 2) for lag in run.lags_s] for name, run in runs.items()},
        "not_told_in_10_s": {name: run.missed for name, run in runs.items()},
        "film_off_s": {name: round(run.off_s, 2) for name, run in runs.items()},
    }
    emit("slides.live_lag_p95_s", _share(lags, 0.95), "s", "<= 5", detail)
    shares = {name: round(run.cpu_share, 4) for name, run in runs.items()}
    detail = {
        "by_layout": shares,
        "of": "one processor, of the process that looks, its start left out",
        "film": f"1280x720 25, pages {SPEED} times as often as in a talk",
        "peak_mib": round(max(run.peak_mib for run in runs.values()), 1),
    }
    emit("slides.live_cpu_share", sum(shares.values()) / len(shares), "share", None, detail)


def _in_a_room(semma: PrivateSemma, layout: str, folder: Path) -> Run:
    deck = make_deck(SEED, pages=24)
    film, truth = _film(deck, layout, folder)
    room = make_room(semma, f"slides-{layout}", talks=1)
    bring_slides(semma, room.sessions[0], deck_zip(deck))
    with _hearing(semma, room) as heard, _sending(film, room.rtmp):
        live = room.wait_state("on_air")
        began = eventually(lambda: _follower(semma), what="the follower")
        cpu_s, since_s = _cpu_s(began), time.monotonic()
        eventually(lambda: time.monotonic() - since_s > SECONDS - 15, timeout_s=SECONDS, what="the film")
        run = Run(cpu_share=(_cpu_s(began) - cpu_s) / (time.monotonic() - since_s), peak_mib=_peak_mib(began))
        eventually(lambda: room.live()["state"] == "away", timeout_s=60, what="the film's end")
    room.act("end")
    _judge(run, heard, truth, deck, datetime.fromisoformat(live["started_at"]).timestamp())
    return run


def _film(deck: Deck, layout: str, folder: Path) -> tuple[Path, Sequence[Segment]]:
    """As encoders send it: constant rate, a keyframe every two seconds, no reordering."""
    habits = Habits(starts_with_speaker=False)
    plan = plan_film(deck, layout, SEED, SECONDS, speed=SPEED, habits=habits)
    shot = shoot(plan, folder, page_px=960)
    path = folder / "live.flv"
    command = [
        ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-i", str(shot.path),
        "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-shortest",
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "50", "-keyint_min", "50",
        "-sc_threshold", "0", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-b:a", "96k", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return path, shot.truth


@contextmanager
def _sending(film: Path, target: str) -> Iterator[None]:
    command = [ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-re", "-i", str(film), "-c", "copy", "-f", "flv"]
    with subprocess.Popen([*command, target]) as encoder:
        try:
            yield
        finally:
            encoder.kill()


@contextmanager
def _hearing(semma: PrivateSemma, room: LiveRoom) -> Iterator[list[tuple[float, dict[str, Any]]]]:
    """(moment, cue) of everything that is told."""
    heard: list[tuple[float, dict[str, Any]]] = []
    stopping = threading.Event()
    address = f"{semma.url}/api/v1/events/{room.event}/changes"

    def listen() -> None:
        with httpx.stream("GET", address, timeout=httpx.Timeout(10, read=30), trust_env=False) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: ") and '"live_slides"' in line:
                    heard.append((time.time(), json.loads(line.removeprefix("data: "))))
                if stopping.is_set():
                    return

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield heard
    finally:
        stopping.set()


def _judge(
    run: Run, heard: list[tuple[float, dict[str, Any]]], truth: Sequence[Segment], deck: Deck, began_s: float
) -> None:
    """Of every page that stays: how long after it came viewers heard of it. The first one, with which the follower
    begins, and pages that look like the one before are left out."""
    looks = [(segment, deck.same_as(segment.page) if segment.page else None) for segment in truth]
    told = [(at, _moment(cue), deck.same_as(cue["page"]) if cue["page"] else None) for at, cue in heard]
    wanted = [
        (began_s + segment.start_ms / 1000, look)
        for (_before, look_before), (segment, look) in pairwise(looks)
        if look != look_before and segment.end_ms - segment.start_ms >= STAYS_MS
    ]
    wanted = [(came_s, look) for came_s, look in wanted if told and came_s > told[0][0]]
    found = [_nearest(told, came_s, look) for came_s, look in wanted]
    # Nearly always the very picture is told, so the middle of these is by how much the film's clock is off the room's.
    off_s = median([one[1] - came_s for (came_s, _look), one in zip(wanted, found, strict=True) if one] or [0.0])
    run.off_s = off_s
    for (came_s, _look), one in zip(wanted, found, strict=True):
        if one is None:
            run.missed += 1
        else:
            run.lags_s.append(one[0] - came_s - off_s)


def _nearest(
    told: Sequence[tuple[float, float, int | None]], came_s: float, look: int | None
) -> tuple[float, float, int | None] | None:
    """What was told of that look, of the moment nearest to the one it came at: a page may come back soon."""
    near = [one for one in told if one[2] == look and abs(one[1] - came_s) < LATEST_S]
    return min(near, key=lambda one: abs(one[1] - came_s), default=None)


def _moment(cue: dict[str, Any]) -> float:
    return datetime.fromisoformat(cue["at"]).timestamp()


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def _follower(semma: PrivateSemma) -> int:
    return next((one.pid for one in processes(semma) if "live_child.py" in one.command), 0)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:13]) / _TICKS


def _peak_mib(pid: int) -> float:
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
