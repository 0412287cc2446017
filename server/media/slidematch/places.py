"""The places in the picture where slides were seen (layouts): tried on each picture, moved with a moving camera."""

from dataclasses import dataclass, field, replace

import numpy as np

from server.media.slidematch.align import Aligned, align, jump
from server.media.slidematch.compare import Likeness, compare, straighten
from server.media.slidematch.edges import upright_choices
from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.pages import Deck
from server.media.slidematch.quads import (
    as_fractions,
    as_pixels,
    fitting_rectangle,
    is_plausible,
    is_same_place,
    is_upright,
)
from server.media.slidematch.results import Quad, Region

# Log-odds: a match this good needs no second opinion; one this bad is no match.
STRONG = 2.5
WEAK = 0.0
# Below that next to nothing speaks for a page.
UNLIKELY = -8.0
# A place is left alone while it is about as good as it was at its best.
NEAR_BEST = 3.0
# A place that so many attempts could not make better by so much stands still: only poor matches are tried again.
ATTEMPTS, BETTER = 6, 0.7
MOST_LAYOUTS = 12
# A shape is given up for one that a page tells so many times better; one between two clear edges each way is kept.
MORE_TRUST, EDGED = 1.25, 100.0
# With so much of a page covered, the other places have to be worse.
MUCH_COVERED = 0.15
# So many places are moved about when none fits as it is, and only where a page seems to be near (see align.jump).
MOVED_LAYOUTS = 2
LEAST_LIKENESS = 0.35
# One place is the same as another, and made better by it, within this share of the picture's width.
SAME_PLACE = 0.03
# A mixer puts slides upright: edges that make a rectangle of the page's shape are believed unless the match there is
# this much worse.
EDGES_BONUS = 3.0


# The likeness at a place, the place, and how well its shape is known (see Aligned).
Moved = tuple[Likeness, Quad, float]


@dataclass(slots=True)
class Layout:
    """A place where slides are shown. `wins`: pictures matched there; `best`: the best score
    there; `tries`: how often moving it has not helped since it last did. `shape` is the quad as it was when a page told
    most about its shape, `trust` how much (see Aligned): moved about from page to page it would be folded bit by bit,
    since a page with one line on it says where it is and hardly how it lies."""

    quad: Quad
    group: int
    shape: Quad | None = None
    trust: float = 0.0
    wins: int = 0
    best: float = 0.0
    tries: int = 0

    def corners(self, size: tuple[int, int]) -> Floats:
        """Where to move it from: its shape where it was last, in pixels."""
        here = as_pixels(self.quad, size)
        if self.shape is None:
            return here
        shape = as_pixels(self.shape, size)
        return np.asarray(shape + (here - shape).mean(axis=0), dtype=np.float32)

    def settle(self, quad: Quad, trust: float) -> None:
        """It is here now."""
        self.quad = quad
        if self.shape is None or trust > self.trust * MORE_TRUST:
            self.shape, self.trust = quad, trust


@dataclass(slots=True)
class Places:
    """All places known for one recording; `order` has those in use, the latest first."""

    deck: Deck
    layouts: list[Layout] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    def remember(self, known: tuple[Region, ...]) -> None:
        """Try these first, for pages of every shape."""
        for region in known:
            for group in range(len(self.deck.groups)):
                self.add(Layout(region.quad, group))

    def regions(self) -> tuple[Region, ...]:
        """The places in which something was matched."""
        used = [(index, layout) for index, layout in enumerate(self.layouts) if layout.wins > 0]
        return tuple(Region(layout=index, quad=layout.quad) for index, layout in used)

    def match(self, picture: Gray, is_vain: bool = False) -> tuple[Likeness, int]:
        """The best likeness in a known place, and the place's index. `is_vain`: as in `is_hopeless`."""
        if not self.layouts:
            self._add_fitting(picture)
        best, best_index = self._as_they_are(picture)
        if best.score < self._good_enough(best_index) and not (is_vain and self.is_hopeless(best.score, best_index)):
            for index in self._movable(best_index):
                moved = self._moved(picture, self.layouts[index])
                self._note_try(self.layouts[index], best.score, moved)
                if moved is not None and moved[0].score > best.score:
                    best, best_index = moved[0], index
                    if best.score >= STRONG:
                        self.layouts[index].settle(moved[1], moved[2])
                        break
        self.won(best_index, best)
        return best, best_index

    def is_hopeless(self, score: float, index: int) -> bool:
        """True when nothing speaks for a page in a place between clear edges, which does not move as a camera's would:
        where all was tried in vain a moment ago in a picture like this, it need not be tried again."""
        return score < UNLIKELY and self.layouts[index].trust >= EDGED

    def _good_enough(self, index: int) -> float:
        """Below this score it is worth moving the place about."""
        layout = self.layouts[index]
        return STRONG if layout.tries >= ATTEMPTS else max(STRONG, layout.best - NEAR_BEST)

    def _note_try(self, layout: Layout, before: float, moved: Moved | None) -> None:
        helped = moved is not None and moved[0].score > max(WEAK, before + BETTER)
        layout.tries = 0 if helped else layout.tries + 1

    def compare(self, quad: Quad, group: int, picture: Gray) -> Likeness:
        """The likeness of that place to the pages of the group."""
        shape = self.deck.groups[group]
        corners = as_pixels(quad, (picture.shape[1], picture.shape[0]))
        return compare(straighten(picture, corners, shape.fine_size), shape)

    def won(self, index: int, found: Likeness) -> None:
        """Note that this place had a match, if it was one."""
        if found.score < WEAK:
            return
        layout = self.layouts[index]
        layout.wins += 1
        layout.best = max(layout.best, found.score)
        if index in self.order:
            self.order.remove(index)
        self.order.insert(0, index)

    def learn(self, corners: Floats, group: int, row: int, picture: Gray) -> tuple[Likeness, int]:
        """Take in a place found by points of a page: as it is, moved onto the page, or as an upright rectangle,
        whichever is best. The likeness there, and the index of the place."""
        size = (picture.shape[1], picture.shape[0])
        moved = align(picture, corners, self.deck.groups[group], row)
        options = [Aligned(corners, 0.0), *([] if moved is None else [moved])]
        found, quad, trust = self._best(options, group, picture)
        near = as_pixels(quad, size)
        if is_upright(near, size[0]):
            shape = self.deck.groups[group].aspect
            edged = upright_choices(picture, near, shape)
            fitting = fitting_rectangle(size, shape)
            edged += [fitting] if is_same_place(fitting, near, size[0], SAME_PLACE) else []
            if edged:
                upright = self._best([Aligned(one, EDGED) for one in edged], group, picture)
                if upright[0].score > found.score - EDGES_BONUS:
                    found, quad, trust = upright
        return found, self._take_in(Layout(quad, group, quad, trust, best=found.score), size)

    def settle(self, index: int, picture: Gray, corners: Floats, row: int, score: float) -> Likeness:
        """Move a place to corners at which the page in that row was recognised with that score, if it fits better
        there; the likeness there, with that score at least."""
        size, layout = (picture.shape[1], picture.shape[0]), self.layouts[index]
        moved = align(picture, corners, self.deck.groups[layout.group], row)
        options = [
            Aligned(as_pixels(layout.quad, size), 0.0),
            Aligned(corners, 0.0),
            *([] if moved is None else [moved]),
        ]
        found, quad, trust = self._best(options, layout.group, picture)
        if found.score >= STRONG:
            layout.settle(quad, trust)
        found = replace(found, score=max(found.score, score))
        self.won(index, found)
        return found

    def _best(self, options: list[Aligned], group: int, picture: Gray) -> Moved:
        size = (picture.shape[1], picture.shape[0])
        quads = [(as_fractions(one.corners, size), one.trust) for one in options]
        tried = [(self.compare(quad, group, picture), quad, trust) for quad, trust in quads]
        return max(tried, key=lambda one: one[0].score)

    def _take_in(self, new: Layout, size: tuple[int, int]) -> int:
        for index, known in enumerate(self.layouts):
            near = is_same_place(as_pixels(known.quad, size), as_pixels(new.quad, size), size[0], SAME_PLACE)
            if known.group == new.group and known.wins and near:
                known.quad, known.best, known.tries = new.quad, new.best, 0
                known.shape, known.trust = new.shape, new.trust
                return index
        return self.add(new)

    def add(self, layout: Layout) -> int:
        """A new place, tried first from now on."""
        self.layouts.append(layout)
        self.order.insert(0, len(self.layouts) - 1)
        del self.order[MOST_LAYOUTS:]
        return len(self.layouts) - 1

    def _add_fitting(self, picture: Gray) -> None:
        size = (picture.shape[1], picture.shape[0])
        for index, group in enumerate(self.deck.groups):
            self.add(Layout(as_fractions(fitting_rectangle(size, group.aspect), size), index))

    def _as_they_are(self, picture: Gray) -> tuple[Likeness, int]:
        best, best_index = None, -1
        for index in self.order:
            layout = self.layouts[index]
            found = self.compare(layout.quad, layout.group, picture)
            if best is None or found.score > best.score:
                best, best_index = found, index
            if found.score >= self._good_enough(index) and found.covered <= MUCH_COVERED:
                break
        assert best is not None
        return best, best_index

    def _movable(self, best_index: int) -> list[int]:
        used = [index for index in self.order if self.layouts[index].wins]
        return list(dict.fromkeys([*[index for index in used if index == best_index], *used]))[:MOVED_LAYOUTS]

    def _moved(self, picture: Gray, layout: Layout) -> Moved | None:
        size = (picture.shape[1], picture.shape[0])
        group = self.deck.groups[layout.group]
        best: Moved | None = None
        for row, corners, likeness in jump(picture, layout.corners(size), group):
            if likeness < LEAST_LIKENESS:
                break
            found = self._aligned(picture, corners, layout.group, row)
            if found is not None and (best is None or found[0].score > best[0].score):
                best = found
        return best

    def _aligned(self, picture: Gray, corners: Floats, group: int, row: int) -> Moved | None:
        size = (picture.shape[1], picture.shape[0])
        shape = self.deck.groups[group]
        better = align(picture, corners, shape, row)
        if better is None or not is_plausible(better.corners, size, shape.aspect):
            return None
        quad = as_fractions(better.corners, size)
        return self.compare(quad, group, picture), quad, better.trust
