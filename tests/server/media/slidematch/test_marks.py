"""Pages known by what only they have: under a large video, in another's template, by a camera that was zoomed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from server.media.slidematch.marks import MOST, Marks
from server.media.slidematch.pages import Deck, load_deck
from server.media.slidematch.places import EDGED, Layout, Places
from server.media.slidematch.quads import as_fractions, rectangle
from server.media.slidematch.reframe import reframe
from tests.server.media.slidematch.looks import SIZE, Picture, photo, text_page, word, write_deck

WHOLE = rectangle(0, 0, *SIZE)


def in_template(seed: int, *, lines: int = 1) -> Picture:
    """A page of one make: a dark bar with a title in it, a logo, little else."""
    page = text_page(seed, lines)
    dice = np.random.default_rng(seed)
    cv2.rectangle(page, (0, 0), (640, 72), 60, -1)
    cv2.putText(page, word(dice) + " " + word(dice), (30, 48), 0, 1.1, 240, 2, cv2.LINE_AA)
    cv2.circle(page, (600, 330), 18, 90, -1, cv2.LINE_AA)
    return page


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Deck:
    return load_deck(write_deck([in_template(seed) for seed in range(6)], tmp_path_factory.mktemp("template")))


def covered(page: Picture) -> Picture:
    """Three quarters of the page under a picture; the title is seen."""
    whole = page.copy()
    whole[80:350, 20:560] = cv2.resize(photo(5), (540, 270), interpolation=cv2.INTER_AREA)
    return whole


def score(marks: Marks, index: int, picture: Picture) -> float:
    seen = marks.look(index, picture, WHOLE)
    assert seen is not None
    return seen.score


def test_a_page_is_known_by_its_title_alone(deck: Deck) -> None:
    marks, picture = Marks(deck), covered(in_template(3))
    assert score(marks, 3, picture) > 2
    assert all(score(marks, index, picture) < 0 for index in (0, 1, 2, 4, 5))


def test_what_all_pages_have_speaks_for_none(deck: Deck) -> None:
    marks, other = Marks(deck), in_template(77)
    assert all(score(marks, index, other) < 0 for index in range(6))
    assert all(score(marks, index, photo(9)) == -MOST for index in range(6))


def test_a_page_that_has_nothing_of_its_own_is_no_question(tmp_path: Path) -> None:
    empty = np.full((360, 640), 240, np.uint8)
    marks = Marks(load_deck(write_deck([empty, text_page(1)], tmp_path)))
    assert marks.look(0, empty, WHOLE) is None
    assert marks.look(1, empty, WHOLE) is not None


def zoomed(page: Picture, scale: float, step: tuple[float, float]) -> tuple[Picture, np.ndarray]:
    """The page on a wall, and where its corners are."""
    corners = np.asarray((WHOLE * 0.6 + 100) * scale + np.array(step), dtype=np.float32)
    flat = np.array([[0, 0], [640, 0], [640, 360], [0, 360]], np.float32)
    frame = np.asarray(photo(11) // 4 + 30, np.uint8).copy()
    warp = cv2.getPerspectiveTransform(flat, corners)
    cv2.warpPerspective(page, warp, SIZE, frame, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT)
    return frame, corners


@pytest.mark.parametrize(("scale", "step"), [(1.0, (18, -11)), (0.93, (14, 20)), (1.08, (-25, -12))])
def test_a_page_is_found_again_after_the_camera_was_zoomed_and_turned(
    deck: Deck, scale: float, step: tuple[float, float]
) -> None:
    _, before = zoomed(in_template(2, lines=3), 1.0, (0, 0))
    pages = [in_template(seed, lines=3) for seed in range(6)]
    picture, after = zoomed(pages[2], scale, step)
    marks = Marks(deck)
    found = reframe(marks, 2, picture, before)
    assert found is not None and found.score > 0
    assert np.abs(found.corners - after).max() < 6
    elsewhere = reframe(marks, 4, picture, before)
    assert elsewhere is None or elsewhere.score < 0


def test_a_place_is_not_folded_by_pages_with_little_on_them() -> None:
    size, step = (640, 360), np.array([6, -4], dtype=np.float32)
    shape = np.array([[110, 50], [540, 35], [545, 290], [105, 275]], np.float32)
    layout = Layout(as_fractions(shape, size), 0)
    layout.settle(as_fractions(shape, size), 1.5)
    for times in range(1, 30):
        bent = layout.corners(size) + step / 30
        bent[2] += 3  # what a line of text at the top says of the lower corner
        layout.settle(as_fractions(bent, size), 0.1)
        moved = layout.corners(size) - shape
        assert np.abs(moved - moved.mean(axis=0)).max() < 0.01, times
    layout.settle(as_fractions(shape + step, size), EDGED)
    assert np.abs(layout.corners(size) - shape - step).max() < 0.01


def test_only_a_place_between_clear_edges_is_given_up_where_all_was_in_vain(deck: Deck) -> None:
    places = Places(deck)
    quad = as_fractions(WHOLE, SIZE)
    fixed, of_a_camera = (places.add(Layout(quad, 0, quad, trust)) for trust in (EDGED, 1.5))
    assert places.is_hopeless(-9, fixed)
    assert not places.is_hopeless(-1, fixed)
    assert not places.is_hopeless(-9, of_a_camera)
