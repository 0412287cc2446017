"""Moving the corners of a slide to where it really is: a hand-held camera is never quite where it was.

The straightened region (with a margin around) is compared with the page block by block: where does each block of the
page lie in the picture's gradient field? A smooth movement of the whole page is fitted to the blocks' shifts. It has
eight degrees of freedom like a homography, but those that a page with little on it cannot tell are held back (ridge
regression), so a page with one line of text moves the region and never folds it.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.compare import straighten
from server.media.slidematch.gradients import SMALL_BLUR, Floats, Gray, gradient_field
from server.media.slidematch.pages import Group

# The region is looked at with this share of its size added on each side.
MARGIN = 0.08
GRID = (6, 4)
# A block with less mean squared gradient has nothing to be found by.
LEAST_ENERGY = 0.012
LEAST_PEAK = 0.3
# How unlikely a movement of each kind is, in pixels of the fine picture at the page's edge.
SHIFT_PX, AFFINE_PX, PERSPECTIVE_PX = 12.0, 6.0, 2.0
BLOCK_ERROR_PX = 0.7
REACH_PX = 8
# The first step: how far, in pixels of the small picture, and how finely.
JUMP_PX, JUMP_STEP = 6, 2
CANDIDATES = 2


@dataclass(slots=True)
class Aligned:
    """Corners in pixels, and how well what was found tells their shape: near 0 for a line of text, at most 2.4, when
    every block of the page is found."""

    corners: Floats
    trust: float


def align(picture: Gray, corners: Floats, group: Group, row: int) -> Aligned | None:
    """Better corners for the page in that row of its group; None when nothing of it is found."""
    page, trust = group.field(row), 0.0
    for reach in (REACH_PX, REACH_PX // 3):
        places, shifts, weights = block_shifts(picture, corners, page, group, reach)
        if len(places) < 2:
            return None
        corners = move(corners, places, shifts, weights, group.fine_size)
        trust = float(np.linalg.eigvalsh(terms(places).T @ (weights[:, None] * terms(places)))[0])
    return Aligned(corners, trust)


def jump(picture: Gray, corners: Floats, group: Group) -> list[tuple[int, Floats, float]]:
    """The pages that look likest somewhere near: (row, corners moved there, likeness), best first, CANDIDATES of them.

    In the small size every page is tried at every shift of a grid, at the price of one matrix product.
    """
    width, height = group.coarse_size
    wide = widen(corners, (JUMP_PX, JUMP_PX), group.coarse_size)
    seen = gradient_field(straighten(picture, wide, (width + 2 * JUMP_PX, height + 2 * JUMP_PX)), SMALL_BLUR)
    steps = range(0, 2 * JUMP_PX + 1, JUMP_STEP)
    shifts = [(x, y) for y in steps for x in steps]
    windows = np.stack([seen[:, y : y + height, x : x + width].ravel() for x, y in shifts])
    lengths = np.maximum(1e-6, np.sqrt((windows * windows).sum(axis=1)))
    likeness = (windows @ group.coarse.T) / (lengths[:, None] * group.coarse_length[None, :])
    best = likeness.max(axis=0)
    chosen = []
    for row in np.argsort(-best, kind="stable")[:CANDIDATES]:
        x, y = shifts[int(likeness[:, row].argmax())]
        inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        moved = inner + np.array([x - JUMP_PX, y - JUMP_PX], dtype=np.float32)
        chosen.append((int(row), to_picture(corners, moved, group.coarse_size), float(best[row])))
    return chosen


def block_shifts(
    picture: Gray, corners: Floats, page: Floats, group: Group, reach: int
) -> tuple[Floats, Floats, Floats]:
    """Centres of blocks (-1..1), how far each lies from where it should (fine pixels), and how well it was found."""
    width, height = group.fine_size
    margin = (max(reach, round(width * MARGIN)), max(reach, round(height * MARGIN)))
    seen = gradient_field(
        straighten(picture, widen(corners, margin, (width, height)), (width + 2 * margin[0], height + 2 * margin[1]))
    )
    seen_image, page_image = np.dstack((seen[0], seen[1])), np.dstack((page[0], page[1]))
    places, shifts, weights = [], [], []
    for left, top, wide, tall in blocks(width, height):
        block = page_image[top : top + tall, left : left + wide]
        energy = float((block * block).mean()) * 2
        if energy < LEAST_ENERGY:
            continue
        x, y = left + margin[0] - reach, top + margin[1] - reach
        window = seen_image[y : y + tall + 2 * reach, x : x + wide + 2 * reach]
        peak, shift = best_shift(window, block, reach)
        if peak < LEAST_PEAK:
            continue
        places.append(((left + wide / 2) * 2 / width - 1, (top + tall / 2) * 2 / height - 1))
        shifts.append(shift)
        weights.append(peak * peak * min(1.0, energy / 0.05))
    return np.array(places, np.float32), np.array(shifts, np.float32), np.array(weights, np.float32)


def blocks(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of the blocks of a page."""
    wide, tall = width // GRID[0], height // GRID[1]
    return [(column * wide, row * tall, wide, tall) for row in range(GRID[1]) for column in range(GRID[0])]


def best_shift(window: Floats, block: Floats, reach: int) -> tuple[float, tuple[float, float]]:
    """The height of the best correlation and where it is, to a fraction of a pixel."""
    scores = cv2.matchTemplate(window, block, cv2.TM_CCORR_NORMED)
    _, peak, _, (x, y) = cv2.minMaxLoc(scores)
    return float(peak), (x + parabola(scores[y, :], x) - reach, y + parabola(scores[:, x], y) - reach)


def parabola(values: NDArray[Any], index: int) -> float:
    """The offset of the top of a parabola through a peak and its neighbours, -0.5..0.5."""
    if not 0 < index < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[index - 1 : index + 2])
    bend = before - 2 * here + after
    return 0.0 if bend > -1e-9 else max(-0.5, min(0.5, (before - after) / (2 * bend)))


def widen(corners: Floats, margin: tuple[int, int], size: tuple[int, int]) -> Floats:
    """The corners of the region with a margin (in pixels of the straightened picture) around it."""
    (x, y), (width, height) = margin, size
    outer = np.array([[-x, -y], [width + x, -y], [width + x, height + y], [-x, height + y]], dtype=np.float32)
    return to_picture(corners, outer, size)


def to_picture(corners: Floats, points: Floats, size: tuple[int, int]) -> Floats:
    """Points of the straightened picture as points of the picture."""
    width, height = size
    inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(inner, corners.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float32), matrix)[0], dtype=np.float32)


def move(corners: Floats, places: Floats, shifts: Floats, weights: Floats, size: tuple[int, int]) -> Floats:
    """The corners after the smooth movement that fits the shifts, outliers left out."""
    weights = weights.copy()
    for _ in range(4):
        solution = solve(places, shifts, weights)
        off = np.hypot(*(terms(places) @ solution - shifts).T)
        weights = np.asarray(weights / (1 + (off / 1.5) ** 2) ** 2, dtype=np.float32)
    width, height = size
    ends = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float32)
    moved = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + terms(ends) @ solution
    return to_picture(corners, np.asarray(moved, dtype=np.float32), size)


def terms(places: Floats) -> NDArray[np.float64]:
    """What a place contributes: shift, affine, and the bilinear term that a change of perspective looks like."""
    x, y = places[:, 0].astype(np.float64), places[:, 1].astype(np.float64)
    return np.stack((np.ones_like(x), x, y, x * y), axis=1)


def solve(places: Floats, shifts: Floats, weights: Floats) -> NDArray[np.float64]:
    """Ridge regression of the shifts in pixels, (4, 2)."""
    matrix = terms(places)
    trust = weights[:, None] / BLOCK_ERROR_PX**2
    held = np.diag([SHIFT_PX**-2, AFFINE_PX**-2, AFFINE_PX**-2, PERSPECTIVE_PX**-2])
    return np.asarray(np.linalg.solve(matrix.T @ (trust * matrix) + held, matrix.T @ (trust * shifts)))
