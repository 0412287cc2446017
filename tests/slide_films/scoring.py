"""How right cues are. Pure; times in ms.

A moment is right when the page found is the page of the truth, or both are none: pages with equal pictures count as
different pages (`accuracy`), as the same (`by_picture`), or as their logical slide (`logical`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from tests.slide_films.timelines import Segment

CONFIDENT = 0.9


class Cue(Protocol):
    """What is scored: a cue of the matcher, or anything like it."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def page(self) -> int | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def method(self) -> str: ...


@dataclass(frozen=True)
class Found:
    """A cue of a baseline, or one read back from JSON."""

    start_ms: int
    end_ms: int
    page: int | None
    confidence: float = 1.0
    method: str = ""


@dataclass(frozen=True)
class Wrong:
    """A stretch where another page was found than shown."""

    start_ms: int
    end_ms: int
    page: int | None
    found: int | None
    confidence: float
    method: str


@dataclass
class Score:
    """Sums over films: `+` adds the films of a layout up."""

    total_ms: int = 0
    right_ms: int = 0
    logical_ms: int = 0
    picture_ms: int = 0
    none_ms: int = 0
    false_shown_ms: int = 0
    hidden_ms: int = 0
    confident_ms: int = 0
    confident_right_ms: int = 0
    borders: int = 0
    errors_ms: list[int] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})

    @property
    def accuracy(self) -> float:
        """Share of time with the right page."""
        return share(self.right_ms, self.total_ms)

    @property
    def logical_accuracy(self) -> float:
        """Share of time with the right logical slide."""
        return share(self.logical_ms, self.total_ms)

    @property
    def false_shown(self) -> float:
        """Share of the time without a page in which one was found."""
        return share(self.false_shown_ms, self.none_ms, empty=0.0)

    @property
    def calibration(self) -> float:
        """Share of time that is right in cues that are sure of themselves."""
        return share(self.confident_right_ms, self.confident_ms)

    def border_s(self, part: float) -> float:
        """A quantile of the distance from a border to its found one, in seconds, over those that were found."""
        return quantile(self.errors_ms, part) / 1000

    @property
    def missed_borders(self) -> float:
        """Share of borders without a found one between the same pages."""
        return 1 - share(len(self.errors_ms), self.borders)

    def rounded(self) -> dict[str, float]:
        """Everything, for a result's detail."""
        return {
            "accuracy": round(self.accuracy, 4),
            "logical_accuracy": round(self.logical_accuracy, 4),
            "by_picture": round(share(self.picture_ms, self.total_ms), 4),
            "false_shown": round(self.false_shown, 4),
            "page_found_as_none": round(share(self.hidden_ms, self.total_ms - self.none_ms, empty=0.0), 4),
            "calibration": round(self.calibration, 4),
            "confident": round(share(self.confident_ms, self.total_ms), 4),
            "border_p50_s": round(self.border_s(0.5), 3),
            "border_p95_s": round(self.border_s(0.95), 3),
            "missed_borders": round(self.missed_borders, 4),
            "borders": self.borders,
            "minutes": round(self.total_ms / 60_000, 1),
        }


def share(part: float, whole: float, *, empty: float = 1.0) -> float:
    """A quotient; `empty` where there is nothing to divide by."""
    return part / whole if whole else empty


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least that part of all do not exceed; 0 without any."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-part * len(ordered) // 1) - 1))]


def score(
    truth: Sequence[Segment],
    found: Sequence[Cue],
    slide_of: Mapping[int, int],
    same_as: Mapping[int, int] | None = None,
) -> Score:
    """Compare cues with the truth over the truth's time; time without a cue counts as "none, and sure of nothing"."""
    same = same_as or {}
    total = Score()
    for length, page, cue in overlaps(truth, found):
        got = cue.page if cue else None
        is_right = got == page
        total.total_ms += length
        total.right_ms += length * is_right
        total.logical_ms += length * _alike(page, got, lambda number: slide_of.get(number, -number))
        total.picture_ms += length * _alike(page, got, lambda number: same.get(number, number))
        total.none_ms += length * (page is None)
        total.false_shown_ms += length * (page is None and got is not None)
        total.hidden_ms += length * (page is not None and got is None)
        if cue and cue.confidence >= CONFIDENT:
            total.confident_ms += length
            total.confident_right_ms += length * is_right
    total.borders, total.errors_ms = border_errors(truth, found)
    return total


def _alike(one: int | None, other: int | None, group: Callable[[int], int]) -> bool:
    if one is None or other is None:
        return one is other
    return group(one) == group(other)


def overlaps(truth: Sequence[Segment], found: Sequence[Cue]) -> Iterator[tuple[int, int | None, Cue | None]]:
    """(length, page of the truth, cue) for every stretch in which neither changes."""
    at = 0
    for segment in truth:
        now = segment.start_ms
        while now < segment.end_ms:
            while at < len(found) and found[at].end_ms <= now:
                at += 1
            cue = found[at] if at < len(found) and found[at].start_ms <= now else None
            until = segment.end_ms
            if cue:
                until = min(until, cue.end_ms)
            elif at < len(found):
                until = min(until, found[at].start_ms)
            yield until - now, segment.page, cue
            now = until


def border_errors(truth: Sequence[Segment], found: Sequence[Cue]) -> tuple[int, list[int]]:
    """How many borders there are, and the distance to the found one for each that has one.

    A found border belongs to a true one when it is between the same two pages and within the two stretches the true
    one separates; a run of cues with the same page is one cue.
    """
    joined = _joined(found)
    changes = [(after.start_ms, before.page, after.page) for before, after in pairwise(joined)]
    errors = []
    for before, after in pairwise(truth):
        near = [
            abs(at - after.start_ms)
            for at, one, other in changes
            if (one, other) == (before.page, after.page) and before.start_ms <= at < after.end_ms
        ]
        if near:
            errors.append(min(near))
    return max(0, len(truth) - 1), errors


def plain_border_errors(truth: Sequence[Segment], found_ms: Sequence[int], within_ms: int) -> tuple[int, list[int]]:
    """The same for a method that knows borders and no pages: one to one, nearest first, within that distance."""
    pairs = sorted(
        (abs(at - after.start_ms), number, at)
        for number, after in enumerate(truth[1:])
        for at in found_ms
        if abs(at - after.start_ms) <= within_ms
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for apart, number, at in pairs:
        if number not in taken and at not in used:
            taken[number] = apart
            used.add(at)
    return max(0, len(truth) - 1), list(taken.values())


def wrongs(truth: Sequence[Segment], found: Sequence[Cue], *, longer_than_ms: int = 0) -> list[Wrong]:
    """Stretches in which the page is not the right one, for people who look for the reason."""
    at = truth[0].start_ms if truth else 0
    stretches: list[Wrong] = []
    for length, page, cue in overlaps(truth, found):
        got = cue.page if cue else None
        if got != page:
            confidence, method = (cue.confidence, cue.method) if cue else (0.0, "")
            stretches.append(Wrong(at, at + length, page, got, confidence, method))
        at += length
    return [wrong for wrong in stretches if wrong.end_ms - wrong.start_ms > longer_than_ms]


def _joined(found: Sequence[Cue]) -> list[Segment]:
    joined: list[Segment] = []
    for cue in found:
        if joined and joined[-1].page == cue.page:
            joined[-1] = Segment(joined[-1].start_ms, cue.end_ms, cue.page)
        else:
            joined.append(Segment(cue.start_ms, cue.end_ms, cue.page))
    return joined
