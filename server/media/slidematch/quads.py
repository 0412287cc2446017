"""Four corners in a picture: could a projected slide look like that? Is it one that we know?

Corners are float32 (4, 2), clockwise from the top left as the slide is read.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats
from server.media.slidematch.results import Quad

# Of the picture's area.
SMALLEST = 0.03
# How far outside the picture a corner may be, of its side: a camera that has not all of the slide.
OUTSIDE = 0.2
# A camera far to the side sees one edge this much longer than the one opposite.
LOPSIDED = 2.0
ASPECT_OFF = 1.6
# The same place, as a share of the picture's width.
SAME = 0.012
# Points of one page tell far corners to about this share of the width.
UPRIGHT = 0.05


def unit_quad(matrix: NDArray[Any], page_size: tuple[int, int]) -> Floats | None:
    """Where a homography puts the page's corners; None when it folds the page (a corner behind the camera)."""
    width, height = page_size
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)
    mapped = corners @ np.asarray(matrix, dtype=np.float64).T
    if np.any(mapped[:, 2] <= 1e-6):
        return None
    return np.asarray(mapped[:, :2] / mapped[:, 2:], dtype=np.float32)


def is_plausible(corners: Floats, picture_size: tuple[int, int], aspect: float) -> bool:
    """True when the corners could be a flat slide of that aspect (width/height), seen upright by some camera."""
    width, height = picture_size
    if not cv2.isContourConvex(corners.reshape(4, 1, 2)):
        return False
    area = float(cv2.contourArea(corners, oriented=True))
    if area < SMALLEST * width * height:
        return False
    margin = OUTSIDE * np.array([width, height])
    if np.any(corners < -margin) or np.any(corners > margin + np.array([width, height])):
        return False
    top, right, bottom, left = (float(np.hypot(*(corners[(i + 1) % 4] - corners[i]))) for i in range(4))
    if max(top, bottom) > LOPSIDED * min(top, bottom) or max(left, right) > LOPSIDED * min(left, right):
        return False
    if corners[0, 1] > corners[3, 1] or corners[1, 1] > corners[2, 1] or corners[0, 0] > corners[1, 0]:
        return False
    seen = (top + bottom) / max(1e-6, left + right)
    return 1 / ASPECT_OFF < seen / aspect < ASPECT_OFF


def fit_rectangle(corners: Floats) -> Floats:
    """The upright rectangle nearest to the corners."""
    left, right = float(corners[[0, 3], 0].mean()), float(corners[[1, 2], 0].mean())
    top, bottom = float(corners[[0, 1], 1].mean()), float(corners[[2, 3], 1].mean())
    return rectangle(left, top, right, bottom)


def rectangle(left: float, top: float, right: float, bottom: float) -> Floats:
    """Corners of an upright rectangle."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def is_upright(corners: Floats, picture_width: int) -> bool:
    """True when the corners are nearly a rectangle with upright sides: a slide put there by a mixer, not a camera."""
    return float(np.abs(corners - fit_rectangle(corners)).max()) < UPRIGHT * picture_width


def fitting_rectangle(picture_size: tuple[int, int], aspect: float) -> Floats:
    """A slide of that aspect as large as fits into the picture, with bars at the sides or above and below."""
    width, height = picture_size
    shown_width, shown_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - shown_width) / 2, (height - shown_height) / 2
    return rectangle(left, top, left + shown_width, top + shown_height)


def is_same_place(one: Floats, other: Floats, picture_width: int, share: float = SAME) -> bool:
    """True when no corner is further apart than that share of the picture's width."""
    return float(np.abs(one - other).max()) <= share * picture_width


def as_fractions(corners: Floats, picture_size: tuple[int, int]) -> Quad:
    """Corners in pixels as fractions of the picture."""
    x0, y0, x1, y1, x2, y2, x3, y3 = (round(float(value), 5) for value in (corners / np.array(picture_size)).ravel())
    return (x0, y0, x1, y1, x2, y2, x3, y3)


def as_pixels(quad: Quad, picture_size: tuple[int, int]) -> Floats:
    """Fractions of the picture as corners in pixels."""
    return np.asarray(np.array(quad, dtype=np.float32).reshape(4, 2) * np.array(picture_size), dtype=np.float32)
