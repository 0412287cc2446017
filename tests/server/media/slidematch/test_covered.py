"""What is in front of a page: the box of blocks that has most to say against it. Pure."""

import numpy as np

from server.media.slidematch.covered import LARGEST, uncovered
from server.media.slidematch.pages import COLUMNS, ROWS

EDGES = np.full((ROWS, COLUMNS), 0.1, np.float32)


def test_a_box_that_disagrees_is_left_out_and_nothing_else() -> None:
    agreement = np.full((ROWS, COLUMNS), 0.9, np.float32)
    agreement[3:8, 4:12] = 0.05
    counts = uncovered(EDGES, agreement)
    assert not counts[3:8, 4:12].any()
    assert counts.sum() == ROWS * COLUMNS - 5 * 8


def test_nothing_is_covered_where_the_page_is_seen_or_nothing_is() -> None:
    assert uncovered(EDGES, np.full((ROWS, COLUMNS), 0.9, np.float32)).all()
    assert uncovered(np.zeros((ROWS, COLUMNS), np.float32), np.zeros((ROWS, COLUMNS), np.float32)).all()


def test_another_picture_disagrees_beyond_the_largest_box() -> None:
    counts = uncovered(EDGES, np.full((ROWS, COLUMNS), 0.1, np.float32))
    assert counts.mean() >= 1 - LARGEST
