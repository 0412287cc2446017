"""Looking at pictures of one recording: what is each picture evidence of?

A picture is compared with the deck in every place where slides were seen before (places.py), the latest first; one good
match ends that. Only when no place fits are pages searched for in the whole picture (find.py, fifty times dearer), not
more often than a budget allows. A place that is found is kept, and pictures that matched nothing before are looked at
again there.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from server.media.slidematch.compare import Likeness
from server.media.slidematch.find import Finder, Found
from server.media.slidematch.fine import Fine
from server.media.slidematch.gradients import Gray
from server.media.slidematch.marks import Marks
from server.media.slidematch.pages import Deck, shrink
from server.media.slidematch.places import STRONG, UNLIKELY, WEAK, Places
from server.media.slidematch.quads import as_pixels
from server.media.slidematch.reframe import reframe
from server.media.slidematch.results import Region

PICTURE_SIDE = 960
KEPT_SIDE = 640
KEPT_PICTURES = 90
# Searches: so many at once, then so many a second of recording; and a growing rest after one that found nothing,
# before the same picture is searched again.
SEARCHES = 15
SEARCHES_A_SECOND = 0.05
REST_MS = 3_000
LONGEST_REST_MS = 30_000
# What was searched in vain is remembered, and known again while less than this share of it is different.
KEPT_VAIN, SAME_SHARE = 16, 0.06
# Pages so little behind the best (natural logarithm), and so many of them, are looked at more closely.
ALIKE, MOST_ALIKE = 4.0, 5
# Pages whose marks are looked for where a whole page is not clearly seen, and where next to nothing of one is: of 903
# such pictures of two seeds' films 13 had marks, all of one of the two likeliest pages.
MARKED, MARKED_UNLIKELY, REFRAMED = 4, 2, 3
# Below this score the marks are asked; without any of them a page is so much less likely (log-odds).
DOUBTFUL, UNMARKED = 4.0, 3.0
TINY = (160, 90)
# Gray levels by which no place of a tiny picture may differ for the picture to be called the same.
STILL = 6
# A cut: so large a share of the tiny picture differs by so many gray levels.
SCENE_SHARE, SCENE_LEVELS = 0.25, 20


@dataclass(slots=True)
class Sample:
    """What one picture is evidence of. `pages` are indices into the deck, likeliest first; `behind` as in Likeness;
    `layout` -1 when no place fits. `inliers` above 0 when points were found. `since_ms`: when what is shown here
    took over from what the sample before shows, where that is known to the picture. `is_page_like` as in Likeness."""

    at_ms: int
    pages: tuple[int, ...]
    behind: tuple[float, ...]
    score: float
    layout: int
    inliers: int = 0
    since_ms: int | None = None
    is_page_like: bool = False


@dataclass(slots=True)
class Vain:
    """A picture in which nothing was found, how often, and when last."""

    at_ms: int
    tiny: Gray
    misses: int


@dataclass(slots=True)
class Watcher:
    """Everything that is remembered between pictures."""

    deck: Deck
    known: tuple[Region, ...] = ()
    looked: int = 0
    searched: int = 0
    places: Places = field(init=False)
    _finder: Finder = field(init=False)
    _fine: Fine = field(init=False)
    _marks: Marks = field(init=False)
    _unmatched: list[tuple[Sample, Gray]] = field(default_factory=list)
    _last: tuple[Gray, Sample] | None = None
    _vain: list[Vain] = field(default_factory=list)
    _span: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._finder = Finder(self.deck)
        self._fine = Fine(self.deck)
        self._marks = Marks(self.deck)
        self.places = Places(self.deck)
        self.places.remember(self.known)

    def look(self, at_ms: int, gray: Gray) -> Sample:
        """What this picture (gray, square pixels) shows. The sample may become better later, in place."""
        self.looked += 1
        picture = shrink(gray, PICTURE_SIDE)
        tiny = shrink_to_tiny(picture)
        if self._last is not None and is_still(self._last[0], tiny):
            old = self._last[1]
            return replace(old, at_ms=at_ms, since_ms=None)
        self._span = (min(at_ms, self._span[0]), max(at_ms, self._span[1])) if self._span else (at_ms, at_ms)
        is_vain = self._is_vain(at_ms, tiny)
        found, index = self.places.match(picture, is_vain)
        sample = self._sample(at_ms, found, index)
        if sample.score < DOUBTFUL and not (is_vain and self.places.is_hopeless(sample.score, index)):
            sample = self._look_for_marks(sample, index, picture)
        if sample.score < STRONG and not is_vain and self._may_search():
            sample = self._search_all(at_ms, picture, tiny, sample, index)
        if sample.score < WEAK:
            self._unmatched = [*self._unmatched[-KEPT_PICTURES:], (sample, shrink(picture, KEPT_SIDE))]
        else:
            self._tell_apart(sample, picture)
        self._last = (tiny, sample)
        return sample

    def _tell_apart(self, sample: Sample, picture: Gray) -> None:
        """Look more closely at what the nearest pages differ in."""
        corners = as_pixels(self.places.layouts[sample.layout].quad, (picture.shape[1], picture.shape[0]))
        behind = list(sample.behind)
        for place, index in enumerate(sample.pages[:MOST_ALIKE]):
            if place and behind[place] < ALIKE:
                behind[place] += self._fine.ahead(sample.pages[0], index, picture, corners)
        order = sorted(range(len(behind)), key=lambda place: behind[place])
        sample.pages = tuple(sample.pages[place] for place in order)
        sample.behind = tuple(behind[place] - behind[order[0]] for place in order)

    def _look_for_marks(self, sample: Sample, index: int, picture: Gray) -> Sample:
        """A better sample where the marks of a page are found in that place, else the same."""
        layout = self.places.layouts[index]
        corners = as_pixels(layout.quad, (picture.shape[1], picture.shape[0]))
        likely = sample.pages[: how_many_marked(sample.score)]
        looked = {page: self._marks.look(page, picture, corners) for page in likely}
        seen = {page: one for page, one in looked.items() if one is not None}
        if not seen:
            return sample
        best = max(seen, key=lambda page: seen[page].score)
        score = seen[best].score
        if score <= max(WEAK, sample.score):
            return without_marks(sample) if score < WEAK and sample.pages[0] in seen else sample
        row = self.deck.groups[layout.group].members.index(best)
        found = self.places.settle(index, picture, seen[best].corners, row, score)
        better = self._sample(sample.at_ms, found, index)
        behind = {page: value for page, value in zip(better.pages, better.behind, strict=True)}
        for page, value in seen.items():
            behind[page] = behind.get(page, max(better.behind)) + score - value.score
        order = sorted(behind, key=lambda page: behind[page])
        better.pages = tuple(order)
        better.behind = tuple(behind[page] - behind[order[0]] for page in order)
        return better

    def _sample(self, at_ms: int, found: Likeness, layout: int, inliers: int = 0) -> Sample:
        members = self.deck.groups[self.places.layouts[layout].group].members
        pages = tuple(members[row] for row in found.rows)
        layout = layout if found.score >= WEAK else -1
        return Sample(at_ms, pages, found.behind, found.score, layout, inliers, is_page_like=found.is_page_like)

    def _may_search(self) -> bool:
        assert self._span is not None
        return self.searched < SEARCHES + SEARCHES_A_SECOND * (self._span[1] - self._span[0]) / 1000

    def _is_vain(self, at_ms: int, tiny: Gray) -> bool:
        """True while what was searched in vain and looked nearly like this rests."""
        vain = self._vain_like(tiny)
        return vain is not None and abs(at_ms - vain.at_ms) < min(LONGEST_REST_MS, REST_MS * 3 ** (vain.misses - 1))

    def _vain_like(self, tiny: Gray) -> Vain | None:
        """What was searched in vain and looked nearly like this."""
        return next((vain for vain in self._vain if differing(vain.tiny, tiny) < SAME_SHARE), None)

    def _note_vain(self, at_ms: int, tiny: Gray) -> None:
        known = self._vain_like(tiny)
        misses = 1 if known is None else known.misses + 1
        self._vain = [Vain(at_ms, tiny, misses), *(vain for vain in self._vain if vain is not known)][:KEPT_VAIN]

    def _search_all(self, at_ms: int, picture: Gray, tiny: Gray, sample: Sample, index: int) -> Sample:
        self.searched += 1
        found = self._finder.find(picture, sample.pages[:1]) or self._reframed(picture, sample, index)
        if found is None:
            self._note_vain(at_ms, tiny)
            return sample
        group = next(i for i, group in enumerate(self.deck.groups) if found.index in group.members)
        row = self.deck.groups[group].members.index(found.index)
        likeness, index = self.places.learn(found.corners, group, row, picture)
        if likeness.score <= max(WEAK, sample.score):
            self._note_vain(at_ms, tiny)
            return sample
        self.places.won(index, likeness)
        self._look_again(index)
        return self._sample(at_ms, likeness, index, found.inliers)

    def _reframed(self, picture: Gray, sample: Sample, index: int) -> Found | None:
        """A likely page found around the place where it should be."""
        layout = self.places.layouts[index]
        if not sample.is_page_like or not layout.wins:
            return None
        corners = layout.corners((picture.shape[1], picture.shape[0]))
        tried = [(page, reframe(self._marks, page, picture, corners)) for page in sample.pages[:REFRAMED]]
        page, best = max(tried, key=lambda one: one[1].score if one[1] else WEAK)
        return Found(page, best.corners, 0) if best is not None and best.score > WEAK else None

    def _look_again(self, index: int) -> None:
        left = []
        layout = self.places.layouts[index]
        for sample, picture in self._unmatched:
            found = self.places.compare(layout.quad, layout.group, picture)
            if found.score < max(WEAK, sample.score):
                left.append((sample, picture))
                continue
            better = self._sample(sample.at_ms, found, index)
            sample.pages, sample.behind = better.pages, better.behind
            sample.score, sample.layout = better.score, better.layout
        self._unmatched = left


def how_many_marked(score: float) -> int:
    """How many of the likeliest pages are looked at more closely."""
    if score >= STRONG:
        return 1
    return MARKED if score >= UNLIKELY else MARKED_UNLIKELY


def without_marks(sample: Sample) -> Sample:
    """What looked like a page of the deck, and has nothing that only this page has."""
    score = sample.score - UNMARKED
    return replace(sample, score=score, layout=sample.layout if score >= WEAK else -1)


def shrink_to_tiny(picture: Gray) -> Gray:
    """A picture to tell changes by."""
    return np.asarray(cv2.resize(picture, TINY, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def is_still(one: Gray, other: Gray) -> bool:
    """True when nothing at all has changed."""
    return bool(cv2.absdiff(one, other).max() <= STILL)


def is_other_scene(one: Gray, other: Gray) -> bool:
    """True when much of the picture has changed: a cut."""
    return differing(one, other) > SCENE_SHARE


def differing(one: Gray, other: Gray) -> float:
    """The share of the picture that is clearly different."""
    return float((cv2.absdiff(one, other) > SCENE_LEVELS).mean())
