"""What happened between two keyframes: looked at as seldom as the answer allows."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from server.media.slidematch.places import WEAK
from server.media.slidematch.read import Picture, Stretch
from server.media.slidematch.watch import Sample, is_other_scene, shrink_to_tiny

LookAt = Callable[[Picture], Sample]

# Looked at at least this often in a stretch that is opened.
EVERY_MS = 1_000
LONGEST_CLOSED_MS = 11_000
# Gray levels by which a place must differ before and after to tell when the change was.
CHANGED_LEVELS = 6
# Between pictures so far apart a change is put in the middle; further apart it was repeated pictures that were left out
# (our own renditions), and the change came with the first that was not.
STEADY_MS = range(80, 300)


def state_of(sample: Sample) -> int:
    """The page that the picture alone speaks for, -1 for none."""
    return sample.pages[0] if sample.score >= WEAK and sample.pages else -1


def is_worth_opening(left: Sample, right: Sample, stretch: Stretch) -> bool:
    """True when something may have changed between the two keyframes."""
    return (
        state_of(left) != state_of(right)
        or stretch.end_ms - stretch.start_ms > LONGEST_CLOSED_MS
        or stretch.has_spike()
    )


def look_between(
    pictures: Sequence[Picture], left: Sample | None, right: tuple[Sample, Picture] | None, look: LookAt
) -> list[Sample]:
    """Samples from a stretch's pictures: one a second, both sides of every cut, and halving where states differ.

    `left` and `right` are known already. Where neighbours differ, the very picture of the change is noted."""
    pictures = [picture for picture in pictures if left is None or picture.at_ms >= left.at_ms]
    if not pictures:
        return []
    looked: dict[int, Sample] = {}
    if left is not None and pictures[0].at_ms == left.at_ms:
        looked[0] = left
    for index in points_of(pictures, left):
        if index not in looked:
            looked[index] = look(pictures[index])
    ends = dict(looked)
    everything = [*pictures, right[1]] if right is not None else list(pictures)
    if right is not None:
        ends[len(pictures)] = right[0]
    for before, after in pairwise(sorted(ends)):
        halve(pictures, before, after, ends[before], ends[after], look, looked)
    looked |= {index: sample for index, sample in ends.items() if index == len(pictures)}
    for before, after in pairwise(sorted(looked)):
        if after == before + 1 and state_of(looked[before]) != state_of(looked[after]):
            looked[after].since_ms = change_between(everything[before], everything[after])
    return [looked[index] for index in sorted(looked)]


def change_between(before: Picture, after: Picture) -> int:
    """When the picture turned from one into the other: the first that is nearer to what comes after.

    Each picture is projected on the difference of the two, so only what changes counts, and noise cancels out."""
    first = before.tiny.astype(np.float32)
    step = after.tiny.astype(np.float32) - first
    step[np.abs(step) < CHANGED_LEVELS] = 0
    whole = float((step * step).sum())
    earlier = before.at_ms
    for at_ms, tiny in [*before.passed, (after.at_ms, after.tiny)]:
        if whole and float(((tiny - first) * step).sum()) > 0.5 * whole:
            return (earlier + at_ms) // 2 if at_ms - earlier in STEADY_MS else at_ms
        earlier = at_ms
    return after.at_ms


def points_of(pictures: Sequence[Picture], left: Sample | None) -> list[int]:
    """Indices of the pictures to look at in any case."""
    chosen = {len(pictures) - 1}
    reached = left.at_ms if left is not None else pictures[0].at_ms - EVERY_MS
    tinies = [shrink_to_tiny(picture.seen) for picture in pictures]
    for index, picture in enumerate(pictures):
        if index and is_other_scene(tinies[index - 1], tinies[index]):
            chosen |= {index - 1, index}
        if picture.at_ms - reached >= EVERY_MS:
            chosen.add(index)
        if index in chosen:
            reached = picture.at_ms
    return sorted(chosen)


def halve(
    pictures: Sequence[Picture],
    before: int,
    after: int,
    first: Sample,
    last: Sample,
    look: LookAt,
    looked: dict[int, Sample],
) -> None:
    """Look half way between two pictures as long as they speak for different states."""
    if after - before < 2 or state_of(first) == state_of(last):
        return
    middle = (before + after) // 2
    sample = looked[middle] = look(pictures[middle])
    halve(pictures, before, middle, first, sample, look, looked)
    halve(pictures, middle, after, sample, last, look, looked)


def gaps_of(samples: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    """Neighbours in time that speak for different states and are too far apart to tell when that changed.

    There are some when a place was found only later: the pictures before were then seen in a new light.
    """
    return [
        (one, two)
        for one, two in pairwise(samples)
        if two.at_ms - one.at_ms > EVERY_MS and state_of(one) != state_of(two)
    ]
