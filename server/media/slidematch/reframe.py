"""The camera was zoomed or turned while it showed the speaker: where is a page now that has hardly anything on it?

Points (find.py) need a page with much on it. Here the marks of a likely page are looked for one by one, far around the
place that is known; two of them that were found give a scale and a step, and the one that most marks agree with is
looked at as closely as any other place (marks.py).
"""

from itertools import combinations

import cv2
import numpy as np

from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.marks import Marks, Seen, as_seen, correlations, moved, place_of, unfold

# Pixels of the page as it is seen.
FAR_PX = 48
MARKS = 8
LEAST_PEAK = 0.55
# Two marks so near to each other tell no scale.
APART_PX = 40
SMALLEST, LARGEST = 0.8, 1.25
AGREE_PX = 3.0


def reframe(marks: Marks, index: int, picture: Gray, corners: Floats) -> Seen | None:
    """Look for a page around its known corners (pixels of the picture); None when its marks are nowhere."""
    page, shrunk = as_seen(marks.deck.pictures[index], corners)
    seen = unfold(picture, corners, page, FAR_PX)
    there, here, weights = [], [], []
    for mark in marks.of(index)[:MARKS]:
        _, peak, _, (x, y) = cv2.minMaxLoc(correlations(seen, page, mark, shrunk, FAR_PX))
        if peak >= LEAST_PEAK:
            left, top, width, height = place_of(mark, shrunk)
            there.append((left + width / 2, top + height / 2))
            here.append((left + width / 2 + x - FAR_PX, top + height / 2 + y - FAR_PX))
            weights.append(mark.weight * peak)
    best = agreed(np.array(there, np.float32), np.array(here, np.float32), np.array(weights, np.float32))
    return None if best is None else marks.look(index, picture, moved(corners, page, *best))


def agreed(there: Floats, here: Floats, weights: Floats) -> tuple[float, Floats] | None:
    """The scale and the step that take most of the weight of the points there to those here; None for
    fewer than two."""
    best, choice = 0.0, None
    for one, other in combinations(range(len(there)), 2):
        apart = float(np.hypot(*(there[one] - there[other])))
        if apart < APART_PX:
            continue
        scale = float(np.hypot(*(here[one] - here[other]))) / apart
        if not SMALLEST <= scale <= LARGEST:
            continue
        step = (here[one] + here[other] - scale * (there[one] + there[other])) / 2
        off = np.hypot(*(scale * there + step - here).T)
        weight = float(weights[off < AGREE_PX].sum())
        if weight > best:
            best, choice = weight, (scale, np.asarray(step, dtype=np.float32))
    return choice
