"""The edges of a slide that a mixer put upright into the picture: exact where text alone would be a per cent off.

Long upright and level edges near where the slide is thought to be are tried together; four of them are the slide when
the rectangle they make has the very shape of the page.
"""

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats, Gray
from server.media.slidematch.quads import rectangle

# How far from where it is thought to be an edge is looked for, of the picture's width.
NEAR = 0.045
PEAKS = 4
# Gray levels a pixel that an edge has on average over its length.
LEAST_EDGE = 1.5
SHAPE_OFF = 0.012
CHOICES = 2


def upright_choices(picture: Gray, corners: Floats, aspect: float) -> list[Floats]:
    """Rectangles of that aspect near the corners with edges on all sides, the clearest first."""
    width = picture.shape[1]
    left, right = float(corners[[0, 3], 0].mean()), float(corners[[1, 2], 0].mean())
    top, bottom = float(corners[[0, 1], 1].mean()), float(corners[[2, 3], 1].mean())
    rows = slice(max(0, round(top + 0.1 * (bottom - top))), max(1, round(bottom - 0.1 * (bottom - top))))
    columns = slice(max(0, round(left + 0.1 * (right - left))), max(1, round(right - 0.1 * (right - left))))
    across = profile(picture[rows, :], 0)
    down = profile(picture[:, columns], 1)
    reach = NEAR * width
    sides = [
        peaks(across, left, reach),
        peaks(down, top, reach),
        peaks(across, right, reach),
        peaks(down, bottom, reach),
    ]
    found = []
    for one, two, three, four in product(*sides):
        wide, tall = three[0] - one[0], four[0] - two[0]
        if wide > 0 and tall > 0 and abs(wide / tall / aspect - 1) <= SHAPE_OFF:
            found.append((one[1] + two[1] + three[1] + four[1], rectangle(one[0], two[0], three[0], four[0])))
    found.sort(key=lambda choice: -choice[0])
    return [choice[1] for choice in found[:CHOICES]]


def profile(strip: Gray, axis: int) -> NDArray[np.float32]:
    """How strong the edge between each two columns (axis 0) or rows (axis 1) is; the picture's borders count too."""
    values = strip.astype(np.float32)
    steps = np.abs(np.diff(values, axis=1 - axis)).mean(axis=axis)
    return np.concatenate(([2 * LEAST_EDGE], steps, [2 * LEAST_EDGE])).astype(np.float32)


def peaks(edges: NDArray[np.float32], near: float, reach: float) -> list[tuple[float, float]]:
    """Places (between pixels) and strengths of the strongest edges around a place."""
    first, last = max(0, round(near - reach)), min(len(edges) - 1, round(near + reach))
    window = edges[first : last + 1]
    if not len(window):
        return []
    # One edge is blurred over a few pixels: only the top of each hill counts.
    hills = window >= cv2.dilate(window[:, None], np.ones((5, 1), np.uint8))[:, 0]
    places = [int(i) for i in np.flatnonzero(hills & (window >= LEAST_EDGE))]
    places.sort(key=lambda i: -float(window[i]))
    return [(float(first + i), float(min(window[i], 40.0))) for i in places[:PEAKS]]
