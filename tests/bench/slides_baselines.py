"""What one would use instead, on the same films: a page per frame by ORB, and borders by ffmpeg's scene filter."""

import os
import re
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.slides_cases import Case
from tests.clips import ffmpeg_exe
from tests.slide_films.scoring import Found, plain_border_errors, quantile, share
from tests.slide_films.timelines import Segment

Picture = NDArray[np.uint8]
POINTS, RATIO, FEWEST, REPROJECTION_PX = 1500, 0.75, 15, 4.0
# A frame against thirty pages takes half a second: so many seconds from the middle of each film are looked at.
ORB_S = int(os.environ.get("SEMMA_BENCH_SLIDES_ORB_S", "20"))
SCENE, DEBOUNCE_MS, WITHIN_MS = 0.025, 1000, 1000
PAGE_PX = 1280


@dataclass(frozen=True)
class Scenes:
    """Borders the scene filter found: how many of the true ones, how many of its own are true, how near."""

    borders: int
    matched: int
    found: int
    errors_ms: tuple[int, ...]

    def __add__(self, other: "Scenes") -> "Scenes":
        return Scenes(
            self.borders + other.borders, self.matched + other.matched, self.found + other.found,
            self.errors_ms + other.errors_ms,
        )  # fmt: skip

    def rounded(self) -> dict[str, float]:
        return {
            "recall": round(share(self.matched, self.borders), 3),
            "precision": round(share(self.matched, self.found), 3),
            "p95_s": round(quantile(self.errors_ms, 0.95) / 1000, 3),
        }


@dataclass(frozen=True)
class PerFrame:
    """Cues of one page a second, without smoothing, the truth of the same time, and what they took."""

    cues: tuple[Found, ...]
    truth: tuple[Segment, ...]
    cpu_s: float

    @property
    def duration_ms(self) -> int:
        return self.truth[-1].end_ms - self.truth[0].start_ms


def orb_per_frame(case: Case) -> PerFrame:
    """For every second the page with most inliers of a homography, or none under fifteen; it holds for its second."""
    cv2.setNumThreads(1)
    before = _cpu_s()
    orb = cv2.ORB_create(nfeatures=POINTS)
    pages = []
    for page in case.pages:
        picture = cv2.imread(page.picture, cv2.IMREAD_GRAYSCALE)
        tall = round(picture.shape[0] * PAGE_PX / picture.shape[1])
        pages.append((page.number, *orb.detectAndCompute(cv2.resize(picture, (PAGE_PX, tall)), None)))
    cues = []
    start_ms = max(0, (case.duration_ms - 1000 * ORB_S) // 2000) * 1000
    end_ms = min(case.duration_ms // 1000, start_ms // 1000 + ORB_S) * 1000
    for at_ms, frame in _a_frame_a_second(case, start_ms, end_ms):
        page = _best_page(orb.detectAndCompute(frame, None), pages)
        cues.append(Found(at_ms - 500, at_ms + 500, page, 1.0, "orb"))
    truth = (
        Segment(max(start_ms, part.start_ms), min(end_ms, part.end_ms), part.page)
        for part in case.truth
        if part.end_ms > start_ms and part.start_ms < end_ms
    )
    return PerFrame(tuple(cues), tuple(truth), _cpu_s() - before)


def _a_frame_a_second(case: Case, start_ms: int, end_ms: int) -> Iterator[tuple[int, Picture]]:
    """(ms, grey) at the middle of each second from start to end."""
    due = start_ms + 500
    with av.open(case.path) as container:
        container.seek(due * 1000)
        for frame in container.decode(video=0):
            if due >= end_ms:
                return
            if round((frame.time or 0) * 1000) >= due:
                yield due, frame.to_ndarray(format="gray")
                due += 1000


def _best_page(
    seen: tuple[list[cv2.KeyPoint], Picture | None], pages: list[tuple[int, list[cv2.KeyPoint], Picture]]
) -> int | None:
    points, words = seen
    if words is None or len(points) < FEWEST:
        return None
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    best, most = None, FEWEST - 1
    for number, page_points, page_words in pages:
        if page_words is None or len(page_points) < 2:
            continue
        pairs = [pair[0] for pair in matcher.knnMatch(words, page_words, k=2)
                 if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]  # fmt: skip
        if len(pairs) <= most:
            continue
        here = np.array([points[pair.queryIdx].pt for pair in pairs], np.float32)
        there = np.array([page_points[pair.trainIdx].pt for pair in pairs], np.float32)
        _, mask = cv2.findHomography(there, here, cv2.RANSAC, REPROJECTION_PX)
        inliers = 0 if mask is None else int(mask.sum())
        if inliers > most:
            best, most = number, inliers
    return best


def scene_borders(case: Case) -> Scenes:
    """ffmpeg's `select=gt(scene,0.025)`, none within a second of the one before; a second off is found."""
    command = [
        ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", f"file:{case.path}", "-an",
        "-vf", f"select=gt(scene\\,{SCENE}),showinfo", "-f", "null", "-",
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    kept: list[int] = []
    for at in (round(float(time) * 1000) for time in re.findall(r"pts_time:\s*([\d.]+)", said)):
        if not kept or at - kept[-1] >= DEBOUNCE_MS:
            kept.append(at)
    borders, errors = plain_border_errors(case.truth, kept, WITHIN_MS)
    return Scenes(borders, len(errors), len(kept), tuple(errors))


def decoding_cpu_s(case: Case) -> float:
    """CPU-seconds ffmpeg needs to decode all of it and do nothing else."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-i", f"file:{case.path}", "-an", "-f", "null", "-"]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
