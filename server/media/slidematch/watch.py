"""Looking at pictures of one recording: remembers where the slides are, and says what each picture is evidence of.

A picture is compared with the deck in every place where slides were seen before (layouts), newest first; one good match
ends that. Only when no place fits are pages searched for in the whole picture (find.py, a hundred times dearer), not
more often than a budget allows. A place that is found is kept as a layout, and pictures that matched nothing before are
looked at again there.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from server.media.slidematch.compare import Likeness, compare, straighten
from server.media.slidematch.find import Finder
from server.media.slidematch.gradients import Gray
from server.media.slidematch.pages import Deck, shrink
from server.media.slidematch.quads import (
    as_fractions,
    as_pixels,
    fit_rectangle,
    fitting_rectangle,
    is_same_place,
    is_upright,
)
from server.media.slidematch.results import Quad, Region

# A match this good needs no second opinion; one this bad is no match.
STRONG = 0.72
WEAK = 0.5
PICTURE_SIDE = 960
KEPT_SIDE = 640
KEPT_PICTURES = 90
MOST_LAYOUTS = 12
# Searches: so many at once, then so many a second of recording; and a rest after each that found nothing.
SEARCHES = 15
SEARCHES_A_SECOND = 0.08
REST_MS = 2_000
LONGEST_REST_MS = 10_000
TINY = (160, 90)
# Gray levels by which no place of a tiny picture may differ for the picture to be called the same.
STILL = 6
SCENE_CELLS = 0.25


@dataclass(slots=True)
class Sample:
    """What one picture is evidence of. `pages` are indices into the deck, likeliest first; `behind` as in Likeness;
    `layout` -1 when no place fits. `inliers` above 0 when points were found."""

    at_ms: int
    pages: tuple[int, ...]
    behind: tuple[float, ...]
    support: float
    layout: int
    inliers: int = 0


@dataclass(slots=True)
class Layout:
    """A place where slides are shown."""

    quad: Quad
    group: int
    wins: int = 0
    best: float = 0.0


@dataclass(slots=True)
class Watcher:
    """Everything that is remembered between pictures."""

    deck: Deck
    layouts: list[Layout] = field(default_factory=list)
    looked: int = 0
    searched: int = 0
    _finder: Finder = field(init=False)
    _order: list[int] = field(default_factory=list)
    _unmatched: list[tuple[Sample, Gray]] = field(default_factory=list)
    _last: tuple[Gray, Sample] | None = None
    _search: tuple[int, Gray] | None = None
    _misses: int = 0
    _span: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._finder = Finder(self.deck)

    def remember(self, known: tuple[Region, ...]) -> None:
        """Try these places first."""
        for region in known:
            for group in range(len(self.deck.groups)):
                self._add(Layout(region.quad, group))

    def regions(self) -> tuple[Region, ...]:
        """The places in which something was matched."""
        return tuple(
            Region(layout=index, quad=layout.quad) for index, layout in enumerate(self.layouts) if layout.wins > 0
        )

    def look(self, at_ms: int, gray: Gray) -> Sample:
        """What this picture (gray, square pixels) shows. The sample may become better later, in place."""
        self.looked += 1
        picture = shrink(gray, PICTURE_SIDE)
        tiny = shrink_to_tiny(picture)
        if self._last is not None and is_still(self._last[0], tiny):
            previous = self._last[1]
            return Sample(at_ms, previous.pages, previous.behind, previous.support, previous.layout, previous.inliers)
        self._span = (min(at_ms, self._span[0]), max(at_ms, self._span[1])) if self._span else (at_ms, at_ms)
        sample = self._in_known_places(at_ms, picture)
        if sample.support < STRONG and self._may_search(at_ms, tiny):
            sample = self._search_all(at_ms, picture, tiny, sample)
        if sample.support < WEAK:
            self._unmatched = [*self._unmatched[-KEPT_PICTURES:], (sample, shrink(picture, KEPT_SIDE))]
        self._last = (tiny, sample)
        return sample

    def _in_known_places(self, at_ms: int, picture: Gray) -> Sample:
        if not self.layouts:
            self._add_fitting(picture)
        best, best_layout = None, -1
        for index in tuple(self._order):
            layout = self.layouts[index]
            found = self._compare(layout, picture)
            if best is None or found.support > best.support:
                best, best_layout = found, index
            if found.support >= max(STRONG, layout.best - 0.2):
                break
        assert best is not None
        self._won(best_layout, best)
        return self._sample(at_ms, best, best_layout)

    def _add_fitting(self, picture: Gray) -> None:
        size = (picture.shape[1], picture.shape[0])
        for index, group in enumerate(self.deck.groups):
            self._add(Layout(as_fractions(fitting_rectangle(size, group.aspect), size), index))

    def _compare(self, layout: Layout, picture: Gray) -> Likeness:
        group = self.deck.groups[layout.group]
        corners = as_pixels(layout.quad, (picture.shape[1], picture.shape[0]))
        return compare(straighten(picture, corners, group.fine_size), group)

    def _won(self, index: int, found: Likeness) -> None:
        if found.support < WEAK:
            return
        layout = self.layouts[index]
        layout.wins += 1
        layout.best = max(layout.best, found.support)
        self._order.remove(index)
        self._order.insert(0, index)

    def _sample(self, at_ms: int, found: Likeness, layout: int, inliers: int = 0) -> Sample:
        members = self.deck.groups[self.layouts[layout].group].members
        pages = tuple(members[row] for row in found.rows)
        return Sample(at_ms, pages, found.behind, found.support, layout if found.support >= WEAK else -1, inliers)

    def _may_search(self, at_ms: int, tiny: Gray) -> bool:
        assert self._span is not None
        if self.searched >= SEARCHES + SEARCHES_A_SECOND * (self._span[1] - self._span[0]) / 1000:
            return False
        if self._search is None:
            return True
        rest = min(LONGEST_REST_MS, REST_MS * (1 + self._misses / 3))
        return abs(at_ms - self._search[0]) >= rest or is_other_scene(self._search[1], tiny)

    def _search_all(self, at_ms: int, picture: Gray, tiny: Gray, sample: Sample) -> Sample:
        self.searched += 1
        self._search = (at_ms, tiny)
        self._misses += 1
        found = self._finder.find(picture, sample.pages[:1])
        if found is None:
            return sample
        size = (picture.shape[1], picture.shape[0])
        group = next(i for i, group in enumerate(self.deck.groups) if found.index in group.members)
        places = [found.corners]
        if is_upright(found.corners, size[0]):
            places.append(fit_rectangle(found.corners))
        tried = [Layout(as_fractions(place, size), group) for place in places]
        likeness = [self._compare(layout, picture) for layout in tried]
        best = max(range(len(tried)), key=lambda index: likeness[index].support)
        if likeness[best].support <= max(WEAK, sample.support):
            return sample
        self._misses = 0
        index = self._learn(tried[best], likeness[best], size[0])
        self._won(index, likeness[best])
        self._look_again(index)
        return self._sample(at_ms, likeness[best], index, found.inliers)

    def _learn(self, new: Layout, found: Likeness, width: int) -> int:
        """The index of the layout, which is one we know, made better, or a new one."""
        size = (width, width)
        for index, known in enumerate(self.layouts):
            old = as_pixels(known.quad, size)
            if known.group == new.group and is_same_place(old, as_pixels(new.quad, size), width):
                if found.support > known.best or not known.wins:
                    known.quad = new.quad
                return index
        return self._add(new)

    def _add(self, layout: Layout) -> int:
        self.layouts.append(layout)
        self._order.insert(0, len(self.layouts) - 1)
        del self._order[MOST_LAYOUTS:]
        return len(self.layouts) - 1

    def _look_again(self, index: int) -> None:
        left = []
        for sample, picture in self._unmatched:
            found = self._compare(self.layouts[index], picture)
            if found.support < max(WEAK, sample.support):
                left.append((sample, picture))
                continue
            better = self._sample(sample.at_ms, found, index)
            sample.pages, sample.behind = better.pages, better.behind
            sample.support, sample.layout = better.support, better.layout
        self._unmatched = left


def shrink_to_tiny(picture: Gray) -> Gray:
    """A picture to tell changes by."""
    return np.asarray(cv2.resize(picture, TINY, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def is_still(one: Gray, other: Gray) -> bool:
    """True when nothing at all has changed."""
    return bool(cv2.absdiff(one, other).max() <= STILL)


def is_other_scene(one: Gray, other: Gray) -> bool:
    """True when much of the picture has changed: a cut."""
    return float((cv2.absdiff(one, other) > 20).mean()) > SCENE_CELLS
