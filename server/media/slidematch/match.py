"""From a recording and the pages of its decks to cues: which page is shown from when to when.

    found = await match_recording(source, pages, info=info, folder=scratch, progress=note)

A confined child (match_child.py) does the work: it decodes an untrusted recording. The steps, each a module:

read      keyframes always; packets between them are decoded only where something changed
between   which of those pictures are worth a look, and the very picture in which a page took over
watch     a picture against the deck, in the places where slides were seen before; else a search
find      the search: ORB points, votes, a homography of a plausible shape
places, align, edges   a place is moved with a shaking camera, or snapped to the edges that a mixer gave it
compare   the straightened region against all pages, by normalised gradients
covered   what is in front of a page (a running video, the speaker in a corner) is left out of that
marks     where that is not clear: what only one page has, a word of its title, looked for closely
reframe   a camera that was zoomed or turned: its marks one by one, far around
fine      pages that differ in one small place are looked at there closely
path      a hidden Markov model over (page, shown or hidden), rates per second
decide    cues, borders, confidence, unsure stretches

Measured, on a machine that had much else to do (share of time with the right page; borders in seconds):

- numerics-clean (real deck, real timeline ten times faster, 5 pictures a second): 0.991, p95 0.10
- imageproc-pip (the same kind, speaker in a corner): 0.996, p95 0.10
- drawn films of a seed not seen before: full 0.999, side 0.996, a camera that shakes, with people in front, 0.984, pip
  0.9898; docs/benchmarks.md has the rest
- 1080p with a noisy speaker in a corner: 70 CPU-seconds an hour, 54 on our own rendition of it; 2 s each time are for
  starting and reading the deck. Sped-up films, where nearly every stretch is opened: 250 to 950 an hour

What it would cost otherwise: every picture decoded, 200-370 CPU-seconds an hour for that alone; without unreferenced
pictures, 90-290. ECC on gray levels (OpenCV) to follow a camera moved away from the page as often as onto it; block
matching of gradient fields does not.
"""

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from server.media.ffmpeg import safe_input_options, source_name
from server.media.process import Limits, run
from server.media.refusals import Broken, MediaError, ProcessFailed, ProcessTimedOut, Refused, Unreachable
from server.media.slidematch.between import (
    EVERY_MS,
    LookAt,
    gaps_of,
    is_worth_opening,
    look_between,
    state_of,
)
from server.media.slidematch.decide import decide
from server.media.slidematch.pages import Deck, load_deck
from server.media.slidematch.read import Picture, Reader, Stretch
from server.media.slidematch.results import DeckPage, Matched, Region
from server.media.slidematch.watch import Sample, Watcher
from server.media.source_info import SourceInfo

CHILD = Path(__file__).with_name("match_child.py")
REASONS: dict[str, type[MediaError]] = {"broken": Broken, "unreachable": Unreachable, "pages": Refused}
# Measured at 30-90 CPU-seconds an hour; a hostile or odd file gets ten times that.
CPU_S = 600
CPU_S_A_SECOND = 0.3
MEMORY_BYTES = 6 << 30
# Stretches that are read once more at the end.
MOST_REREAD = 40
PAGES_FILE = "match-pages.json"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told."""

    source: str
    options: dict[str, str]
    pages: tuple[DeckPage, ...]
    known: tuple[Region, ...]
    start_ms: int
    end_ms: int
    info: SourceInfo


async def match_recording(
    source: str,
    pages: Sequence[DeckPage],
    *,
    start_ms: int = 0,
    end_ms: int | None = None,
    info: SourceInfo,
    folder: Path,
    known: Sequence[Region] = (),
    progress: Callable[[float], None] | None = None,
) -> Matched:
    """Cues over [start_ms, end_ms) of the source (a path or a presigned URL), in ms since `info.origin_us`.

    `folder` is scratch. `progress` gets 0..1. Cancelling stops the child. Raises Broken or Refused when that can never
    work, Unreachable, ProcessTimedOut or ProcessFailed when another attempt may.
    """
    end = info.duration_ms if end_ms is None else min(end_ms, info.duration_ms)
    if info.video is None or end <= start_ms or not pages:
        return nothing_shown(start_ms, end)
    order = Order(
        source=source_name(source),
        options={name: str(value) for name, value in safe_input_options(source).items()},
        pages=tuple(pages),
        known=tuple(known),
        start_ms=start_ms,
        end_ms=end,
        info=info,
    )
    path = folder / PAGES_FILE
    path.write_bytes(msgspec.json.encode(order))
    try:
        return await _run_child(path, (end - start_ms) / 1000, progress)
    finally:
        path.unlink(missing_ok=True)


async def _run_child(path: Path, seconds: float, progress: Callable[[float], None] | None) -> Matched:
    answers: list[dict[str, Any]] = []

    def take(line: str) -> None:
        said = json.loads(line)
        if "progress" in said:
            if progress is not None:
                progress(float(said["progress"]))
        else:
            answers.append(said)

    cpu_s = int(CPU_S + CPU_S_A_SECOND * seconds)
    limits = Limits(memory_bytes=MEMORY_BYTES, cpu_s=cpu_s, file_bytes=1 << 20, open_files=64, wall_s=6.0 * cpu_s)
    try:
        await run([sys.executable, "-I", str(CHILD), str(path)], limits=limits, on_line=take, what="slide matching")
    except ProcessTimedOut:
        raise
    except ProcessFailed as error:
        # Killed, it is tried again: that may have been for somebody else's memory.
        if error.returncode is not None and error.returncode < 0 and error.returncode != -signal.SIGKILL:
            raise Broken("The recording makes the reader crash, so its slides were not matched.") from error
        raise
    if not answers:
        raise ProcessFailed("slide matching ended without an answer", 0)
    if refused := answers[-1].get("refused"):
        raise REASONS[refused["code"]](refused["detail"])
    return msgspec.convert(answers[-1]["matched"], Matched)


def nothing_shown(start_ms: int, end_ms: int) -> Matched:
    """The answer when there is nothing to match."""
    cues, unsure = decide([], Deck((), (), ()), start_ms, end_ms)
    return Matched(cues=cues, regions=(), unsure=unsure, frames=0, cpu_s=0.0)


def match_frames(
    frames: Iterable[tuple[int, NDArray[np.uint8]]],
    pages: Sequence[DeckPage],
    *,
    start_ms: int | None = None,
    end_ms: int | None = None,
    known: Sequence[Region] = (),
) -> Matched:
    """The same from pictures (ms, gray or BGR) in order of time. Borders are as near as the pictures."""
    prepare_opencv()
    before = cpu_now()
    deck = load_deck(pages)
    watcher = Watcher(deck, tuple(known))
    samples = [watcher.look(at_ms, to_gray(frame)) for at_ms, frame in frames]
    start = start_ms if start_ms is not None else (samples[0].at_ms if samples else 0)
    end = end_ms if end_ms is not None else (samples[-1].at_ms + 1 if samples else 0)
    return conclude(watcher, samples, start, end, cpu_now() - before)


def match_opened(order: Order, container: Any, deck: Deck, progress: Callable[[float], None]) -> Matched:
    """The work of the child: `container` is the opened source."""
    before = cpu_now()
    watcher = Watcher(deck, order.known)
    samples: list[Sample] = []
    assert order.info.video is not None
    reader = Reader(container, order.info.video, order.info.origin_us)
    left: Sample | None = None
    right: Sample | None = None
    end: tuple[Sample, Picture] | None = None

    def look(picture: Picture) -> Sample:
        sample = watcher.look(picture.at_ms, picture.gray)
        samples.append(sample)
        return sample

    for piece in reader.read(order.start_ms, order.end_ms):
        if isinstance(piece, Picture):
            left, right = right, look(piece)
            end = (right, piece)
            progress((piece.at_ms - order.start_ms) / max(1, order.end_ms - order.start_ms))
        elif piece.must_open:
            look_between(reader.decode(piece), samples[-1] if samples else None, None, look)
        elif left is None or right is None or is_worth_opening(left, right, piece):
            look_inside(reader, piece, left, end, look)
    samples.sort(key=lambda sample: sample.at_ms)
    for one, other in gaps_of(samples)[:MOST_REREAD]:
        again = reader.reread(one.at_ms, other.at_ms)
        inner = [picture for picture in reader.decode(again) if picture.at_ms <= other.at_ms] if again else []
        if inner:
            look_between(inner[:-1], one, (other, inner[-1]), look)
    samples.sort(key=lambda sample: sample.at_ms)
    inside = [sample for sample in samples if order.start_ms <= sample.at_ms < order.end_ms]
    return conclude(watcher, inside or samples[:1], order.start_ms, order.end_ms, cpu_now() - before)


def look_inside(
    reader: Reader, stretch: Stretch, left: Sample | None, end: tuple[Sample, Picture] | None, look: LookAt
) -> None:
    """Look at what is between two keyframes, and stop decoding where nothing more can happen: the state is that of the
    next keyframe, and no packet up to there is large."""
    seen: dict[int, Sample] = {}

    def look_once(picture: Picture) -> Sample:
        if picture.at_ms not in seen:
            seen[picture.at_ms] = look(picture)
        return seen[picture.at_ms]

    def is_enough(picture: Picture) -> bool:
        if left is None or end is None or picture.at_ms - max([left.at_ms, *seen]) < EVERY_MS:
            return False
        state = state_of(look_once(picture))
        return state == state_of(end[0]) != state_of(left) and not stretch.has_spike(picture.at_ms)

    look_between(reader.decode(stretch, is_enough), left, end, look_once)


def conclude(watcher: Watcher, samples: list[Sample], start_ms: int, end_ms: int, cpu_s: float) -> Matched:
    """Samples in order of time to the answer."""
    cues, unsure = decide(samples, watcher.deck, start_ms, end_ms)
    return Matched(
        cues=cues, regions=watcher.places.regions(), unsure=unsure, frames=watcher.looked, cpu_s=round(cpu_s, 3)
    )


def prepare_opencv() -> None:
    """One thread, no GPU, the same numbers every time."""
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    cv2.setRNGSeed(0)


def to_gray(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray of a gray or BGR picture."""
    return frame if frame.ndim == 2 else np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def cpu_now() -> float:
    """CPU-seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
