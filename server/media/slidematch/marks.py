"""What only one page has: small places full of edges, a word of its title or a piece of a drawing, looked for closely.

compare.py asks how much of the whole page and the whole picture agree. Where a video fills the page, where a person
covers half of it, or where a hand-held camera has moved while next to nothing is on the page, that says little, and a
reader still knows the page by its title. So its marks are looked for at the picture's own resolution, all moved by the
same small step, and what other pages have there too (a bar, a logo) is masked out.

Measured on drawn films: in 78 pictures of seeds 1 to 3 without a page of the deck, most of them by a camera, with other
decks of the same make, programs and speakers, single marks reached a correlation of 0.77 and all together a weight of
12. In 576 pictures of seed 1 with a page where it was looked for, the marks found weighed 11 or more, in 99 of 100 more
than 20 (both counted from a correlation of about 0.5 on, which is more lenient than what is counted now).
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.pages import COLUMNS, ROWS, TEMPLATE_PAGES, Deck, Group

MOST_MARKS = 12
# The smaller eigenvalue of the structure tensor (its root, gray levels a pixel): text and drawings have edges in every
# direction, frames and rules do not. Above CLEAR a mark is as good as any.
LEAST_EDGES, CLEAR = 0.6, 6.0
# Gray levels by which a page differs from what its deck's pages have in common.
OWN_LEVELS = 10
MARGIN_PX, LEAST_PX = 4, 8
# A page is looked for in the size that it has in the picture, within these widths.
NARROWEST, WIDEST = 400, 800
# So far, in pixels of that size, everything may have moved together, and each mark for itself.
REACH_PX, LOOSE_PX = 16, 2
# Correlations that say nothing and everything.
NOTHING, EVERYTHING = 0.65, 0.85
# The first marks tell whether to look for the others.
FIRST_MARKS, WORTH_MORE = 4, 0.5
# A window so even (gray levels) shows nothing.
LEAST_CONTRAST = 1.0
MOST_TEMPLATE_PAGES = 60
# Log-odds: of the marks found, less what chance finds of them, and of their share.
CHANCE, A_MARK, LEAST_SHARE, A_SHARE, MOST = 8.0, 0.6, 0.1, 20.0, 6.0
# Marks of so little weight can be met by chance.
LEAST_WEIGHT = 10.0

Mask = NDArray[np.float32]


@dataclass(slots=True)
class Mark:
    """A part of a page's picture: how much it is worth, where it is, and which of its pixels count (None: all)."""

    weight: float
    left: int
    top: int
    width: int
    height: int
    mask: Mask | None


@dataclass(slots=True)
class Seen:
    """Log-odds that the page is shown there, and its corners in the picture, moved onto the marks."""

    score: float
    corners: Floats


@dataclass(slots=True)
class Marks:
    """The marks of one deck's pages, found when they are first asked for."""

    deck: Deck
    _marks: dict[int, tuple[Mark, ...]] = field(default_factory=dict)
    _shared: dict[float, Gray | None] = field(default_factory=dict)
    _unfolded: tuple[Gray, Floats, Gray] | None = None

    def look(self, index: int, picture: Gray, corners: Floats) -> Seen | None:
        """Look for the page of that index at these corners (4, 2) in pixels of the picture; None for a page that has
        too little of its own for an answer."""
        marks, none = self.of(index), Seen(-MOST, corners)
        if sum(mark.weight for mark in marks) < LEAST_WEIGHT:
            return None
        page, shrunk = as_seen(self.deck.pictures[index], corners)
        seen = self._unfold(picture, corners, page)
        first = [correlations(seen, page, mark, shrunk) for mark in marks[:FIRST_MARKS]]
        if max(float(found.max()) for found in first) < WORTH_MORE:
            return none
        found = np.stack([*first, *(correlations(seen, page, mark, shrunk) for mark in marks[FIRST_MARKS:])])
        return judge(found, np.array([mark.weight for mark in marks]), page, corners)

    def _unfold(self, picture: Gray, corners: Floats, page: Gray) -> Gray:
        """As `unfold`; pages of one size are looked for in the same picture one after the other."""
        last = self._unfolded
        size = (page.shape[0] + 2 * REACH_PX, page.shape[1] + 2 * REACH_PX)
        if last is None or last[0] is not picture or last[2].shape != size or not np.array_equal(last[1], corners):
            last = self._unfolded = (picture, corners.copy(), unfold(picture, corners, page))
        return last[2]

    def of(self, index: int) -> tuple[Mark, ...]:
        """The marks of one page, the clearest first."""
        if index not in self._marks:
            group = next(group for group in self.deck.groups if index in group.members)
            if group.aspect not in self._shared:
                self._shared[group.aspect] = shared_picture(self.deck, group)
            common = group.common[group.members.index(index)]
            self._marks[index] = choose(self.deck.pictures[index], common, self._shared[group.aspect])
        return self._marks[index]


def shared_picture(deck: Deck, group: Group) -> Gray | None:
    """What most slides of the group show at every place; None for a deck too short to have anything in common."""
    last = {deck.pages[index].slide: index for index in group.members}
    pictures = [deck.pictures[index] for index in last.values()][:MOST_TEMPLATE_PAGES]
    if len(pictures) < TEMPLATE_PAGES or any(picture.shape != pictures[0].shape for picture in pictures):
        return None
    return np.asarray(np.median(np.stack(pictures), axis=0), dtype=np.uint8)


def choose(picture: Gray, common: Floats, shared: Gray | None) -> tuple[Mark, ...]:
    """The best marks, the clearest first. `common` as in Group, of this page; `shared`: what the deck's slides show."""
    own = np.ones(picture.shape, np.uint8)
    if shared is not None and shared.shape == picture.shape:
        own = np.asarray(cv2.dilate((cv2.absdiff(picture, shared) > OWN_LEVELS).astype(np.uint8), np.ones((5, 5))))
    blocks = np.minimum(edges_of(picture, own.astype(np.float32)) * (1 - common), CLEAR)
    pairs = (blocks[:, :-1] + blocks[:, 1:]) / 2
    marks: list[Mark] = []
    while len(marks) < MOST_MARKS:
        row, column = divmod(int(pairs.argmax()), pairs.shape[1])
        weight = float(pairs[row, column])
        if weight < LEAST_EDGES:
            break
        pairs[row, max(0, column - 1) : column + 2] = -1
        mark = mark_at(row, column, weight, own, shared)
        if mark is not None:
            marks.append(mark)
    return tuple(marks)


def edges_of(picture: Gray, own: Mask) -> Floats:
    """(ROWS, COLUMNS): how clearly a block has edges in all directions, gray levels a pixel."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    dx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32) * own
    dy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32) * own
    size = (COLUMNS, ROWS)
    xx, yy, xy = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (dx * dx, dy * dy, dx * dy))
    smaller = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    return np.asarray(np.sqrt(np.maximum(0, smaller)), dtype=np.float32)


def mark_at(row: int, column: int, weight: float, own: Gray, shared: Gray | None) -> Mark | None:
    """The part of two blocks, with a margin, that holds what the page has for itself."""
    height, width = own.shape
    left, right = round(column * width / COLUMNS) - MARGIN_PX, round((column + 2) * width / COLUMNS) + MARGIN_PX
    top, bottom = round(row * height / ROWS) - MARGIN_PX, round((row + 1) * height / ROWS) + MARGIN_PX
    left, top = max(0, left), max(0, top)
    inside = own[top : min(height, bottom), left : min(width, right)]
    x, y, wide, tall = cv2.boundingRect(inside)
    if wide < LEAST_PX or tall < LEAST_PX:
        return None
    left, top = left + x, top + y
    is_even = shared is None or float(shared[top : top + tall, left : left + wide].std()) < OWN_LEVELS / 2
    mask = None if is_even else inside[y : y + tall, x : x + wide].astype(np.float32)
    return Mark(weight, left, top, wide, tall, mask)


def unfold(picture: Gray, corners: Floats, page: Gray, reach: int = REACH_PX) -> Gray:
    """The region upright in the page's size, with so many pixels around."""
    height, width = page.shape
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32) + reach
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    size = (width + 2 * reach, height + 2 * reach)
    return np.asarray(cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def as_seen(page: Gray, corners: Floats) -> tuple[Gray, float]:
    """The page in about the size, and as blurred, as the picture shows it; and how much smaller that is."""
    shown = float(np.hypot(*(corners[1] - corners[0])))
    width = min(max(shown, NARROWEST), WIDEST, page.shape[1])
    shrunk = width / page.shape[1]
    if shrunk < 1:
        size = (round(width), max(1, round(page.shape[0] * shrunk)))
        page = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if shown < width:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.5 * width / max(40.0, shown)), dtype=np.uint8)
    return page, shrunk


def correlations(seen: Gray, page: Gray, mark: Mark, shrunk: float, reach: int = REACH_PX) -> Floats:
    """The correlation at every step of up to that reach, (2 * reach + 1, the same)."""
    left, top, width, height = place_of(mark, shrunk)
    part, around = page[top : top + height, left : left + width], 2 * reach
    window = seen[top : top + part.shape[0] + around, left : left + part.shape[1] + around]
    if float(window.std()) < LEAST_CONTRAST:
        return np.zeros((around + 1, around + 1), dtype=np.float32)
    if mark.mask is None:
        found = cv2.matchTemplate(window, part, cv2.TM_CCOEFF_NORMED)
    else:
        mask = cv2.resize(mark.mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
        found = cv2.matchTemplate(window.astype(np.float32), part.astype(np.float32), cv2.TM_CCOEFF_NORMED, mask=mask)
    return np.asarray(np.clip(np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0), -1, 1), dtype=np.float32)


def place_of(mark: Mark, shrunk: float) -> tuple[int, int, int, int]:
    """Left, top, width and height of a mark on a page that was made smaller."""
    size = max(LEAST_PX // 2, round(mark.width * shrunk)), max(LEAST_PX // 2, round(mark.height * shrunk))
    return round(mark.left * shrunk), round(mark.top * shrunk), *size


def judge(found: Floats, weights: NDArray[np.float64], page: Gray, corners: Floats) -> Seen:
    """`found` (marks, y, x): correlations. The step that most marks agree on, and what they say there."""
    size = 2 * LOOSE_PX + 1
    loose = np.stack([cv2.dilate(one, np.ones((size, size))) for one in found])
    gains = np.clip((loose - NOTHING) / (EVERYTHING - NOTHING), 0, 1) * weights[:, None, None]
    total = gains.sum(axis=0)
    # Of equal steps the one with the higher correlations.
    y, x = np.unravel_index(int((total + 0.01 * loose.sum(axis=0)).argmax()), total.shape)
    marks = float(total[y, x])
    of_share = (marks / float(weights.sum()) - LEAST_SHARE) * A_SHARE
    score = float(np.clip(min((marks - CHANCE) * A_MARK, of_share), -MOST, MOST))
    step = np.array([x - REACH_PX, y - REACH_PX], dtype=np.float32)
    return Seen(score, moved(corners, page, 1.0, step))


def moved(corners: Floats, page: Gray, scale: float, step: Floats) -> Floats:
    """The corners when the page has become larger by that scale, and then moved by that step, in pixels of the page."""
    height, width = page.shape
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform((scale * flat + step)[None], matrix)[0], dtype=np.float32)
