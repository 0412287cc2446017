"""Two pages that differ in one small place, a number or a word: looked at there as closely as the picture allows.

In the small size that whole pages are compared in, a printed page number is five pixels high and gone with the blur.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.pages import Deck

# Gray levels by which the pictures of two pages differ where they are not the same.
DIFFERENT = 14
# As a share of the page; where they differ over more, the whole page tells.
LARGEST_BOX = 0.08
MARGIN_PX, REACH_PX = 4, 3
# A place so even (gray levels) has nothing to be compared.
LEAST_CONTRAST = 1.5
# Where neither page correlates so well, the place is covered (by the speaker's picture, say) and tells nothing.
SEEN = 0.6
# Log-odds for all the difference that there can be between two correlations, and the most that one picture gives.
WORTH, MOST = 16.0, 6.0

Box = tuple[int, int, int, int]


@dataclass(slots=True)
class Fine:
    """Tells pages of one deck apart. Remembers where pairs of pages differ."""

    deck: Deck
    _boxes: dict[tuple[int, int], Box | None] = field(default_factory=dict)

    def ahead(self, one: int, other: int, picture: Gray, corners: Floats) -> float:
        """How much likelier the first page is than the other (natural logarithm); 0 where this cannot tell."""
        box = self._box(min(one, other), max(one, other))
        if box is None:
            return 0.0
        page_width, page_height = self.deck.pictures[one].shape[1], self.deck.pictures[one].shape[0]
        seen = window(picture, corners, (page_width, page_height), box)
        scale = float(np.hypot(*(corners[1] - corners[0]))) / page_width
        likes = [likeness(seen, part(self.deck.pictures[index], box), scale) for index in (one, other)]
        if likes[0] is None or likes[1] is None or max(likes[0], likes[1]) < SEEN:
            return 0.0
        return float(np.clip(WORTH * (max(0.0, likes[0]) - max(0.0, likes[1])), -MOST, MOST))

    def _box(self, one: int, other: int) -> Box | None:
        if (one, other) not in self._boxes:
            self._boxes[one, other] = where_they_differ(self.deck.pictures[one], self.deck.pictures[other])
        return self._boxes[one, other]


def where_they_differ(one: Gray, other: Gray) -> Box | None:
    """Left, top, width and height of the place; None when there is none or it is large."""
    if one.shape != other.shape:
        return None
    apart = cv2.absdiff(cv2.blur(one, (3, 3)), cv2.blur(other, (3, 3))) > DIFFERENT
    if not apart.any():
        return None
    left, top, wide, tall = cv2.boundingRect(apart.astype(np.uint8))
    if wide * tall > LARGEST_BOX * one.size:
        return None
    left, top = max(0, left - MARGIN_PX), max(0, top - MARGIN_PX)
    return left, top, min(one.shape[1] - left, wide + 2 * MARGIN_PX), min(one.shape[0] - top, tall + 2 * MARGIN_PX)


def window(picture: Gray, corners: Floats, page_size: tuple[int, int], box: Box) -> Gray:
    """That place of the page in the picture, upright, in the page's size, with REACH_PX around."""
    width, height = page_size
    left, top, wide, tall = box
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    flat -= np.array([left - REACH_PX, top - REACH_PX], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    size = (wide + 2 * REACH_PX, tall + 2 * REACH_PX)
    return np.asarray(cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def part(picture: Gray, box: Box) -> Gray:
    """The inside of the box."""
    left, top, wide, tall = box
    return picture[top : top + tall, left : left + wide]


def likeness(seen: Gray, page: Gray, scale: float) -> float | None:
    """The best correlation within REACH_PX; None where the page is even. `scale`: pixels seen to one of the page."""
    if scale < 1:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.5 / scale), dtype=np.uint8)
    if float(page.std()) < LEAST_CONTRAST:
        return None
    return float(cv2.matchTemplate(seen, page, cv2.TM_CCOEFF_NORMED).max())
