"""What is in front of a page: a video that plays on it, the speaker in a corner, a person before the projection.

All of these disagree with the page within some box and leave the rest alone, while another picture disagrees all over.
So the box of blocks that has most to say against the page is left out when it is asked whether the page is shown.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.gradients import Floats
from server.media.slidematch.pages import COLUMNS, ROWS

# Share of the page that a box may have.
LARGEST = 0.45
# What an empty block counts against being in the box.
EMPTY = 0.004


def uncovered(energy: Floats, agreement: Floats) -> Floats:
    """(ROWS, COLUMNS): 1 for blocks that count, 0 for those in the box. `energy`: of picture and page together."""
    sums = np.zeros((ROWS + 1, COLUMNS + 1))
    sums[1:, 1:] = (energy * (1 - 2 * agreement) - EMPTY).cumsum(axis=0).cumsum(axis=1)
    tops, bottoms, lefts, rights, allowed = boxes()
    bands = sums[bottoms] - sums[tops]
    within = np.where(allowed, bands[:, rights] - bands[:, lefts], -1.0)
    row, column = np.unravel_index(int(within.argmax()), within.shape)
    counts = np.ones((ROWS, COLUMNS), dtype=np.float32)
    if within[row, column] > 0:
        counts[tops[row] : bottoms[row], lefts[column] : rights[column]] = 0
    return counts


@lru_cache(maxsize=1)
def boxes() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Every box: its first and last (exclusive) row, its columns, and which of them are not too large."""
    tops, bottoms = np.triu_indices(ROWS + 1, 1)
    lefts, rights = np.triu_indices(COLUMNS + 1, 1)
    areas = np.multiply.outer(bottoms - tops, rights - lefts)
    return tops, bottoms, lefts, rights, areas <= LARGEST * ROWS * COLUMNS
