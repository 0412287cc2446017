"""What happened between two keyframes: looked at as seldom as the answer allows."""

from collections.abc import Callable, Sequence

from server.media.slidematch.read import Picture, Stretch
from server.media.slidematch.places import WEAK
from server.media.slidematch.watch import Sample, is_other_scene, shrink_to_tiny

LookAt = Callable[[Picture], Sample]

# Looked at at least this often in a stretch that is opened.
EVERY_MS = 1_000
LONGEST_CLOSED_MS = 11_000


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


def look_between(pictures: Sequence[Picture], left: Sample | None, right: Sample | None, look: LookAt) -> list[Sample]:
    """Samples from a stretch's pictures: one a second, both sides of every cut, and halving where states differ."""
    pictures = [picture for picture in pictures if left is None or picture.at_ms > left.at_ms]
    if not pictures:
        return []
    looked = {index: look(pictures[index]) for index in points_of(pictures, left)}
    order = sorted(looked)
    for before, after in zip([-1, *order], [*order, len(pictures)], strict=True):
        first = looked.get(before, left)
        last = looked.get(after, right)
        if first is not None and last is not None:
            halve(pictures, before, after, first, last, look, looked)
    return [looked[index] for index in sorted(looked)]


def points_of(pictures: Sequence[Picture], left: Sample | None) -> list[int]:
    """Indices of the pictures to look at in any case."""
    chosen = {len(pictures) - 1}
    reached = left.at_ms if left is not None else pictures[0].at_ms - EVERY_MS
    tinies = [shrink_to_tiny(picture.gray) for picture in pictures]
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
