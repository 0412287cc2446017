"""Pages that differ in a printed number only."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from server.media.slidematch.compare import compare, straighten
from server.media.slidematch.fine import Fine, where_they_differ
from server.media.slidematch.pages import Deck, load_deck
from server.media.slidematch.quads import rectangle
from tests.server.media.slidematch.looks import Picture, photo, text_page, write_deck


def numbered(number: int) -> Picture:
    """One and the same page, with a faint number at its foot."""
    page = text_page(1).copy()
    cv2.putText(page, str(number), (600, 345), 0, 0.5, 175, 1, cv2.LINE_AA)
    return page


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Deck:
    folder: Path = tmp_path_factory.mktemp("numbered")
    return load_deck(write_deck([numbered(5), numbered(9), numbered(5), text_page(2)], folder))


def test_the_number_tells(deck: Deck) -> None:
    fine = Fine(deck)
    whole = rectangle(0, 0, 480, 270)
    for number, sign in ((5, 1), (9, -1)):
        small = np.asarray(cv2.resize(numbered(number), (480, 270), interpolation=cv2.INTER_AREA), np.uint8)
        assert sign * fine.ahead(0, 1, small, whole) > 1
        assert sign * fine.ahead(1, 0, small, whole) < -1


def test_equal_pages_and_wholly_different_ones_are_not_for_this(deck: Deck) -> None:
    fine = Fine(deck)
    whole = rectangle(0, 0, 640, 360)
    assert fine.ahead(0, 2, numbered(5), whole) == 0
    assert fine.ahead(0, 3, numbered(5), whole) == 0
    assert where_they_differ(deck.pictures[0], deck.pictures[3]) is None


def test_a_number_under_the_speakers_picture_tells_nothing(deck: Deck) -> None:
    fine = Fine(deck)
    whole = rectangle(0, 0, 640, 360)
    for number in (5, 9):
        covered = numbered(number)
        covered[300:348, 540:640] = cv2.resize(photo(number), (100, 48), interpolation=cv2.INTER_AREA)
        assert fine.ahead(0, 1, covered, whole) == 0


def test_a_block_that_shows_something_else_tells_no_page_from_another(deck: Deck) -> None:
    for seed in range(8):
        covered = numbered(5)
        covered[270:360, 512:640] = cv2.resize(photo(seed), (128, 90), interpolation=cv2.INTER_AREA)
        found = compare(straighten(covered, rectangle(0, 0, 640, 360), deck.groups[0].fine_size), deck.groups[0])
        behind = dict(zip(found.rows, found.behind, strict=True))
        assert abs(behind[0] - behind[1]) < 0.05
