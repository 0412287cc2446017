"""From samples to cues: the course (path.py), its borders, how sure each cue is, and what a person should look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from server.media.slidematch.pages import Deck
from server.media.slidematch.path import Array, Course, find_course
from server.media.slidematch.places import WEAK
from server.media.slidematch.results import SlideCue, Unsure
from server.media.slidematch.watch import Sample

# No picture alone is surer than this (log-odds).
SURE = 9.0
# A page that is not among the nearest of a picture is at least that much less likely than the best.
FAR = 12.0
UNSURE_BELOW = 0.8
UNSURE_SHORTEST_MS = 400
# So long a stretch of something like a page that is none of the deck's is worth a look: another deck, or a program.
STRANGE_SHORTEST_MS = 3_000


@dataclass(slots=True)
class Run:
    """Samples `first` to `last` (inclusive) with the same state; `page` is an index, -1 for none."""

    first: int
    last: int
    page: int
    start_ms: int
    end_ms: int


def evidence_of(samples: Sequence[Sample], count: int) -> Array:
    """Log-likelihoods (samples, count + 1), last column no slide."""
    evidence = np.zeros((len(samples), count + 1))
    for row, sample in enumerate(samples):
        shown = max(-SURE, min(SURE, sample.score))
        # A page that is probably not shown says little about which one it is not.
        share = 1 / (1 + np.exp(-shown))
        evidence[row, :count] = shown - FAR * share
        for page, behind in zip(sample.pages, sample.behind, strict=True):
            evidence[row, page] = shown - min(FAR, behind) * share
    return evidence


def decide(
    samples: Sequence[Sample], deck: Deck, start_ms: int, end_ms: int
) -> tuple[tuple[SlideCue, ...], tuple[Unsure, ...]]:
    """Cues over [start_ms, end_ms), and what is unsure in them. Samples are in order of time."""
    if end_ms <= start_ms:
        return (), ()
    if not samples or not deck.pages:
        return (SlideCue(start_ms=start_ms, end_ms=end_ms, page=None, confidence=0.5, method="none"),), ()
    times = np.array([sample.at_ms for sample in samples], dtype=np.int64)
    course = find_course(times, evidence_of(samples, len(deck.pages)))
    runs = runs_of(samples, course, start_ms, end_ms)
    cues = tuple(cue_of(run, samples, course, deck) for run in runs)
    if all(cue.page is None for cue in cues):
        return cues, (Unsure(start_ms=start_ms, end_ms=end_ms, why="nothing_matches"),)
    return cues, tuple(unsure for run in runs for unsure in unsure_of(run, samples, course, deck))


def runs_of(samples: Sequence[Sample], course: Course, start_ms: int, end_ms: int) -> list[Run]:
    """Equal neighbours joined, with borders in time, from start to end."""
    states = course.states
    firsts = [0, *(int(i) for i in np.flatnonzero(states[1:] != states[:-1]) + 1)]
    runs = []
    for position, first in enumerate(firsts):
        last = firsts[position + 1] - 1 if position + 1 < len(firsts) else len(states) - 1
        start = start_ms if position == 0 else border(samples[first - 1], samples[first])
        runs.append(Run(first, last, int(states[first]), max(start_ms, min(start, end_ms)), end_ms))
    for run, following in pairwise(runs):
        run.end_ms = following.start_ms
    return [run for run in runs if run.end_ms > run.start_ms]


def border(before: Sample, after: Sample) -> int:
    """Where the change was, between the last picture before and the first after it."""
    if after.since_ms is not None and before.at_ms < after.since_ms <= after.at_ms:
        return after.since_ms
    return (before.at_ms + after.at_ms) // 2


def cue_of(run: Run, samples: Sequence[Sample], course: Course, deck: Deck) -> SlideCue:
    """The cue of one run."""
    confidence = float(np.clip(course.posterior[run.first : run.last + 1].mean(), 0.0, 0.999))
    page = deck.pages[run.page].number if run.page >= 0 else None
    return SlideCue(
        start_ms=run.start_ms,
        end_ms=run.end_ms,
        page=page,
        confidence=round(confidence, 3),
        method=method_of(run, samples),
    )


def method_of(run: Run, samples: Sequence[Sample]) -> str:
    """What the evidence was."""
    if run.page < 0:
        return "none"
    seen = samples[run.first : run.last + 1]
    supported = [sample for sample in seen if sample.score >= WEAK and run.page in sample.pages]
    if not supported:
        return "held"
    return "features" if all(sample.inliers for sample in supported) else "pixels"


def is_strange(run: Run, samples: Sequence[Sample]) -> bool:
    """True when something like a page is shown for long, and none of the deck's."""
    seen = samples[run.first : run.last + 1]
    like = sum(sample.is_page_like for sample in seen)
    return run.page < 0 and run.end_ms - run.start_ms >= STRANGE_SHORTEST_MS and 2 * like > len(seen)


def unsure_of(run: Run, samples: Sequence[Sample], course: Course, deck: Deck) -> list[Unsure]:
    """The stretches of a run in which the model itself has doubts, or that show what is not in the deck."""
    if is_strange(run, samples):
        return [Unsure(start_ms=run.start_ms, end_ms=run.end_ms, why="nothing_matches")]
    doubtful = course.posterior[run.first : run.last + 1] < UNSURE_BELOW
    if not doubtful.any():
        return []
    weight = course.pages[run.first : run.last + 1][doubtful].mean(axis=0)
    likely = [int(i) for i in np.argsort(-weight[:-1], kind="stable")[:5] if weight[i] > 0.05]
    where = np.flatnonzero(doubtful) + run.first
    start = run.start_ms if where[0] == run.first else samples[where[0]].at_ms
    end = run.end_ms if where[-1] == run.last else samples[where[-1]].at_ms
    if end - start < UNSURE_SHORTEST_MS:
        return []
    shown = 1 - float(weight[-1])
    why = "near_identical" if shown > 0.8 and len(likely) > 1 else "low_confidence"
    pages = tuple(deck.pages[index].number for index in likely)
    return [Unsure(start_ms=start, end_ms=end, why=why, pages=pages)]
