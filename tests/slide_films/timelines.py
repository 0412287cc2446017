"""What a talk shows when: a seeded walk over the pages of a deck, with what else happens in a room.

Times are whole milliseconds from the film's start, at frames of 25 a second. A border's time is the first frame of
what comes after it; a fade is half over there.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.slide_films.decks import Deck

FRAME_MS = 40
MOST_BACK, MOST_SKIPPED = 9, 8
# What a shot shows: the deck, the speaker alone, pages of another deck, a program, an unlit projector.
SCENES = ("slides", "speaker", "other", "demo", "blank")


@dataclass(frozen=True)
class Shot:
    """A stretch with one picture. `page` is None where no page of the deck is seen.

    `plays`: the video of the page is running. `pointer`: a mouse or laser dot moves over it. `ink`: somebody writes on
    it. `fade_ms`: how long the cut into this shot takes.
    """

    start_ms: int
    end_ms: int
    scene: str
    page: int | None = None
    plays: bool = False
    pointer: bool = False
    ink: bool = False
    fade_ms: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Segment:
    """The truth: this page (None: none) from start to end, half open."""

    start_ms: int
    end_ms: int
    page: int | None


@dataclass(frozen=True)
class Habits:
    """How somebody talks. Dwell times in seconds of a talk; the film's are `speed` times shorter, never under 0.5 s."""

    speed: float = 1.0
    median_s: float = 24.0
    build_median_s: float = 10.0
    back: float = 0.06
    skip: float = 0.05
    interlude: float = 0.12
    pointer: float = 0.15
    ink: float = 0.05
    fade: float = 0.1
    starts_with_speaker: bool = True


def walk(deck: Deck, seed: int, duration_s: float, habits: Habits | None = None) -> tuple[Shot, ...]:
    """Shots that fill the duration."""
    habits = habits or Habits()
    rng = random.Random(f"walk {seed} {deck.seed} {deck.kind}")
    end_ms = _on_frame(duration_s * 1000)
    shots: list[Shot] = []
    page, at = 1, 0
    if habits.starts_with_speaker:
        shots.append(_interlude(rng, at, habits, "speaker"))
        at = shots[-1].end_ms
    while at < end_ms:
        shots.append(_on_page(rng, deck, page, at, habits))
        at = shots[-1].end_ms
        if at < end_ms and rng.random() < habits.interlude:
            shots.append(_interlude(rng, at, habits, rng.choices(SCENES[1:], (5, 3, 3, 1))[0]))
            at = shots[-1].end_ms
            if rng.random() < 0.5:
                continue  # back to the page it was
        page = _next_page(rng, page, len(deck.specs), habits)
    return (*shots[:-1], replace(shots[-1], end_ms=end_ms))


def truth_of(shots: Sequence[Shot]) -> tuple[Segment, ...]:
    """Shots joined where the page stays the same."""
    segments: list[Segment] = []
    for shot in shots:
        if segments and segments[-1].page == shot.page:
            segments[-1] = replace(segments[-1], end_ms=shot.end_ms)
        else:
            segments.append(Segment(shot.start_ms, shot.end_ms, shot.page))
    return tuple(segments)


def _on_frame(ms: float) -> int:
    return round(ms / FRAME_MS) * FRAME_MS


def _dwell_ms(rng: random.Random, median_s: float, habits: Habits) -> int:
    """5 to 120 s of a talk (steps may be shorter), log-normal as measured on labelled lectures."""
    seconds = min(120.0, max(min(5.0, median_s / 2), median_s * math.exp(rng.gauss(0, 0.8))))
    return _on_frame(1000 * max(0.52, seconds / habits.speed))


def _on_page(rng: random.Random, deck: Deck, page: int, at: int, habits: Habits) -> Shot:
    spec = deck.specs[page - 1]
    steps = page < len(deck.specs) and deck.slide_of(page) == deck.slide_of(page + 1)
    dwell = _dwell_ms(rng, habits.build_median_s if steps else habits.median_s, habits)
    fade = rng.choice((240, 480)) if rng.random() < habits.fade and dwell > 1500 else 0
    return Shot(
        at,
        at + dwell,
        "slides",
        page,
        plays=spec.kind == "video",
        pointer=rng.random() < habits.pointer,
        ink=rng.random() < habits.ink and dwell > 1500,
        fade_ms=fade,
        seed=rng.randrange(2**31),
    )


def _interlude(rng: random.Random, at: int, habits: Habits, scene: str) -> Shot:
    median = {"speaker": 15.0, "other": 40.0, "demo": 50.0, "blank": 10.0}[scene]
    return Shot(at, at + max(1000, _dwell_ms(rng, median, habits)), scene, seed=rng.randrange(2**31))


def _next_page(rng: random.Random, page: int, pages: int, habits: Habits) -> int:
    """Mostly the next one; sometimes back by up to nine or ahead over up to eight."""
    draw = rng.random()
    if page > 1 and (draw < habits.back or page == pages):
        return max(1, page - rng.randint(1, MOST_BACK))
    if draw < habits.back + habits.skip:
        return min(pages, page + 1 + rng.randint(1, MOST_SKIPPED))
    return min(pages, page + 1)
