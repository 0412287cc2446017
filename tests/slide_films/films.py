"""Films of talks with truth.

film = make_film(make_deck(7), "pip", seed=3, duration_s=60, speed=10, folder=tmp_path)
film.path, film.truth          # an MP4, and (start_ms, end_ms, page | None) without holes
film.pages                     # the deck's pages as WebP files with their logical slides
for at_ms, gray in frames(plan_film(…)):   # the same without an encoder
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.clips import ffmpeg_exe
from tests.slide_films.decks import LARGE_PX, Deck, PageFile
from tests.slide_films.layouts import Stage, make_stage
from tests.slide_films.timelines import FRAME_MS, Habits, Segment, Shot, truth_of, walk

RATE = 25
# Keyframes: every two seconds as live encoders do, or every ten; there and where a picture changes much ("cuts"); or
# every four, with frames that repeat the one before left out for up to a second, as our own renditions are.
GOPS: dict[str, tuple[str, ...]] = {
    "short": ("-g", "50", "-sc_threshold", "0"),
    "long": ("-g", "250", "-sc_threshold", "0"),
    "cuts": ("-g", "250"),
    "sparse": ("-vf", "mpdecimate=hi=256:lo=128:frac=0.02:max=24", "-fps_mode", "vfr", "-g", "100", "-bf", "0",
               "-force_key_frames", "expr:gte(t,n_forced*4)", "-sc_threshold", "0"),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A film before it is filmed. Sizes in pixels."""

    deck: Deck
    layout: str
    seed: int
    shots: tuple[Shot, ...]
    width: int
    height: int

    @property
    def duration_ms(self) -> int:
        return self.shots[-1].end_ms

    @property
    def truth(self) -> tuple[Segment, ...]:
        return truth_of(self.shots)

    def stage(self) -> Stage:
        """What draws its frames."""
        return make_stage(self.layout, self.deck, self.shots, self.seed, self.width, self.height)


@dataclass(frozen=True)
class Film:
    """A recording, its pages and the truth about it."""

    path: Path
    truth: tuple[Segment, ...]
    pages: tuple[PageFile, ...]
    plan: Plan

    @property
    def duration_ms(self) -> int:
        return self.plan.duration_ms


def plan_film(
    deck: Deck, layout: str, seed: int, duration_s: float, *, speed: float = 1.0, habits: Habits | None = None,
    width: int = 1280, height: int = 720,
) -> Plan:  # fmt: skip
    """Decide what happens; nothing is drawn yet. `speed` 10: dwell times of a talk, ten times shorter."""
    habits = replace(habits or Habits(), speed=speed)
    return Plan(deck, layout, seed, walk(deck, seed, duration_s, habits), width, height)


def frames(plan: Plan, *, every_ms: int = FRAME_MS, start_ms: int = 0) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(time, grey frame) of the film as an encoder would get it, without encoding."""
    stage = plan.stage()
    kept: tuple[object, NDArray[np.uint8]] | None = None
    for at_ms in range(start_ms, plan.duration_ms, every_ms):
        key = stage.key(at_ms)
        if key is None or kept is None or kept[0] != key:
            kept = (key, np.asarray(cv2.cvtColor(stage.at(at_ms), cv2.COLOR_BGR2GRAY), np.uint8))
        yield at_ms, kept[1]


def make_film(
    deck: Deck, layout: str, seed: int, duration_s: float, folder: Path, *, speed: float = 1.0,
    habits: Habits | None = None, width: int = 1280, height: int = 720, gop: str = "short", crf: int = 28,
    preset: str = "veryfast",
) -> Film:  # fmt: skip
    """Draw and encode a film and write the deck's pages beside it; all of it is decided by the seeds."""
    plan = plan_film(deck, layout, seed, duration_s, speed=speed, habits=habits, width=width, height=height)
    return shoot(plan, folder, gop=gop, crf=crf, preset=preset)


def shoot(
    plan: Plan, folder: Path, *, gop: str = "short", crf: int = 28, preset: str = "veryfast", page_px: int = LARGE_PX
) -> Film:  # fmt: skip
    """Encode a plan as H.264: 25 frames a second, fewer where `gop` leaves repeats out. `page_px`: the long edge."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = tuple(plan.deck.write(folder / "pages", long_edge=page_px))
    path = folder / "film.mp4"
    command = [
        ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{plan.width}x{plan.height}",
        "-framerate", str(RATE), "-i", "pipe:0",
        "-c:v", "libx264", "-preset", preset, "-crf", str(crf), *GOPS[gop], "-pix_fmt", "yuv420p",
        "-movflags", "+faststart", f"file:{path}",
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as encoder:
        assert encoder.stdin and encoder.stderr
        try:
            for raw in _raw_frames(plan):
                encoder.stdin.write(raw)
            encoder.stdin.close()
        except BrokenPipeError:
            pass
        words = encoder.stderr.read().decode(errors="replace")
    if encoder.returncode:
        raise RuntimeError(f"ffmpeg: {words[-600:]}")
    return Film(path, plan.truth, pages, plan)


def _raw_frames(plan: Plan) -> Iterator[memoryview]:
    """Frames as the encoder wants them; what stands still is drawn and converted once."""
    stage = plan.stage()
    kept: tuple[object, memoryview] | None = None
    for at_ms in range(0, plan.duration_ms, FRAME_MS):
        key = stage.key(at_ms)
        if key is None or kept is None or kept[0] != key:
            kept = (
                key,
                memoryview(np.ascontiguousarray(cv2.cvtColor(stage.at(at_ms), cv2.COLOR_BGR2YUV_I420))).cast("B"),
            )
        yield kept[1]
