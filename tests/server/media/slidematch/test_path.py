"""The course through the evidence: time counts, none is a state, identical pages are told apart by order."""

import numpy as np

from server.media.slidematch.path import find_course, leaving


def evidence(seen: list[int | None], pages: int, same: tuple[int, ...] = (), sure: float = 8.0) -> np.ndarray:
    """One row a picture: the page (index) that it shows, None for no slide; `same` pages always look alike."""
    rows = np.zeros((len(seen), pages + 1))
    for row, page in zip(rows, seen, strict=True):
        row[:pages] = -sure
        if page is not None:
            row[:pages] = -sure / 2
            for index in {page, *(same if page in same else ())}:
                row[index] = sure
    return rows


def every(ms: int, count: int) -> np.ndarray:
    """Times that far apart."""
    return np.arange(count, dtype=np.int64) * ms


def test_each_way_of_leaving_a_page_is_allowed() -> None:
    seen = [0, 0, 1, 1, 0, 0, 7, 7, None, None, 7, 7, 3, 3]
    course = find_course(every(2_000, len(seen)), evidence(seen, 9))
    assert [int(state) for state in course.states] == [-1 if page is None else page for page in seen]


def test_identical_pages_follow_the_order_of_the_talk() -> None:
    seen = [0, 1, 2, 3, 4, 1, 6]  # what the pictures look like: page 5 is the same as page 1
    course = find_course(every(5_000, len(seen)), evidence(seen, 8, same=(1, 5)))
    assert list(course.states) == [0, 1, 2, 3, 4, 5, 6]


def test_one_weak_picture_changes_nothing_and_a_clear_one_does() -> None:
    seen = [2] * 4 + [5] + [2] * 4
    weak, clear = evidence(seen, 8), evidence(seen, 8)
    weak[4] = evidence([5], 8, sure=1.0)[0]
    assert set(find_course(every(200, 9), weak).states) == {2}
    assert list(find_course(every(2_000, 9), clear).states) == seen


def test_fast_talks_are_as_good_as_slow_ones() -> None:
    seen = [page for page in range(30) for _ in range(4)]
    course = find_course(every(250, len(seen)), evidence(seen, 30, sure=4.0))
    assert list(course.states) == seen


def test_doubt_shows_in_the_posterior() -> None:
    rows = evidence([4, 4, 4, 4], 9, same=(4, 6))
    pages = find_course(every(1_000, 4), rows).pages
    assert np.allclose(pages.sum(axis=1), 1)
    assert 0.05 < pages[2, 6] < 0.95 and pages[2, 4] + pages[2, 6] > 0.95


def test_a_page_is_left_for_somewhere() -> None:
    shown, hidden = leaving(12)
    assert shown[3].argmax() == 4 and hidden[3].argmax() == 3
    assert np.all(shown.sum(axis=1) <= 0.86) and np.all(hidden.sum(axis=1) <= 1.001)
