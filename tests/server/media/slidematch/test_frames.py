"""What the matcher makes of pictures: each way a talk can look, and each way it can be hard."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from server.media.slidematch.match import match_frames
from server.media.slidematch.results import DeckPage
from tests.server.media.slidematch.looks import (
    Picture,
    beside,
    photo,
    projected,
    shown,
    speaker,
    text_page,
    with_video,
    write_deck,
)

Look = Callable[[Picture, int], Picture]

PAGES = [text_page(seed) for seed in range(1, 7)]


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> list[DeckPage]:
    return write_deck(PAGES, tmp_path_factory.mktemp("deck"))


def film(pictures: list[Picture]) -> list[tuple[int, Picture]]:
    """A picture a second."""
    return [(1000 * index, picture) for index, picture in enumerate(pictures)]


def times(count: int) -> list[int]:
    return [1000 * index for index in range(count)]


def test_slides_that_fill_the_frame_forward_back_and_skipping(deck: list[DeckPage]) -> None:
    order = [0, 0, 1, 1, 2, 2, 1, 1, 5, 5]
    found = match_frames(film([PAGES[index] for index in order]), deck)
    assert shown(found, times(10)) == [index + 1 for index in order]
    assert all(cue.confidence > 0.8 for cue in found.cues)


def test_slides_beside_the_speaker_and_where_they_are(deck: list[DeckPage]) -> None:
    order = [0, 0, 1, 1, 3, 3]
    found = match_frames(film([beside(PAGES[index], at) for at, index in enumerate(order)]), deck)
    assert shown(found, times(6)) == [index + 1 for index in order]
    (region,) = [region for region in found.regions if region.quad[2] < 0.9]
    truth = [12 / 640, 60 / 360, 439 / 640, 60 / 360, 439 / 640, 300 / 360, 12 / 640, 300 / 360]
    assert np.abs(np.array(region.quad) - truth).max() < 0.01


def test_a_camera_that_shakes_with_somebody_in_front(deck: list[DeckPage]) -> None:
    order = [0, 0, 1, 1, 2, 2, 4, 4]
    found = match_frames(film([projected(PAGES[index], at) for at, index in enumerate(order)]), deck)
    assert shown(found, times(8)) == [index + 1 for index in order]


def test_the_speaker_alone_is_no_slide(deck: list[DeckPage]) -> None:
    pictures = [PAGES[0]] * 3 + [speaker(at) for at in range(4)] + [PAGES[1]] * 3
    found = match_frames(film(pictures), deck)
    assert shown(found, times(10)) == [1] * 3 + [None] * 4 + [2] * 3
    assert [cue.method for cue in found.cues if cue.page is None] == ["none"]
    assert "nothing_matches" not in [one.why for one in found.unsure], "a speaker is nothing to be asked about"


@pytest.mark.parametrize("look", [beside, projected])
def test_a_page_that_comes_back_where_nothing_was_found_for_long(look: Look, deck: list[DeckPage]) -> None:
    """What was searched in vain rests for up to half a minute; a page in the midst of that is there at once."""
    order = [1, 1, *[None] * 12, 4, 4, 4, *[None] * 12, 2, 2, 2]
    pages = [photo(50) if number is None else PAGES[number - 1] for number in order]
    found = match_frames(film([look(page, at) for at, page in enumerate(pages)]), deck)
    assert shown(found, times(len(order))) == order


def test_pages_of_another_deck_match_nothing(deck: list[DeckPage]) -> None:
    others = [text_page(seed) for seed in range(50, 54)]
    found = match_frames(film([PAGES[0], PAGES[0], *others, PAGES[1], PAGES[1]]), deck)
    assert shown(found, times(8)) == [1, 1, None, None, None, None, 2, 2]
    assert ("nothing_matches", 1500, 5500) in [(one.why, one.start_ms, one.end_ms) for one in found.unsure]
    strange = match_frames(film(others), deck)
    assert shown(strange, times(4)) == [None] * 4
    assert [(one.why, one.start_ms) for one in strange.unsure] == [("nothing_matches", 0)], "people are told"


def test_a_video_that_runs_in_a_page_covers_it_and_hides_it_not(tmp_path: Path) -> None:
    pages = [with_video(text_page(20 + seed, 1), photo(seed)) for seed in range(4)]
    deck = write_deck(pages, tmp_path)
    running = [with_video(text_page(22, 1), photo(60 + at)) for at in range(4)]
    found = match_frames(film([pages[1], pages[1], *running, pages[3], pages[3]]), deck)
    assert None not in [cue.page for cue in found.cues]
    assert shown(found, times(8)) == [2, 2, 3, 3, 3, 3, 4, 4]


def test_build_steps_are_told_apart_by_one_line(tmp_path: Path) -> None:
    steps = [text_page(9, lines) for lines in (1, 2, 3, 4)]
    deck = write_deck([text_page(8), *steps], tmp_path, slides=[1, 2, 2, 2, 2])
    order = [0, 1, 1, 2, 2, 3, 3, 4, 4, 3]
    found = match_frames(film([beside([text_page(8), *steps][index], at) for at, index in enumerate(order)]), deck)
    assert shown(found, times(10)) == [index + 1 for index in order]


def test_a_slide_that_is_only_half_built_in_the_recording(tmp_path: Path) -> None:
    whole = [text_page(seed, 5) for seed in (21, 22, 23)]
    half = text_page(22, 2)
    found = match_frames(film([whole[0], whole[0], half, half, whole[1], whole[1]]), write_deck(whole, tmp_path))
    assert shown(found, times(6)) == [1, 1, 2, 2, 2, 2]


def test_pages_that_differ_in_one_number(tmp_path: Path) -> None:
    pages = [text_page(30)]
    for number in ("17.4", "38.2", "95.6"):
        page = text_page(31, 3)
        cv2.putText(page, number, (430, 300), 0, 0.8, 30, 2, cv2.LINE_AA)
        pages.append(page)
    order = [0, 1, 1, 3, 3, 2, 2]
    found = match_frames(
        film([projected(pages[index], at) for at, index in enumerate(order)]), write_deck(pages, tmp_path)
    )
    assert shown(found, times(7)) == [index + 1 for index in order]


def test_identical_pages_go_by_the_order(tmp_path: Path) -> None:
    pages = [text_page(40), text_page(41), text_page(42), text_page(41), text_page(43)]
    order = [0, 1, 2, 3, 4]
    found = match_frames(film([pages[index] for index in order for _ in range(2)]), write_deck(pages, tmp_path))
    assert shown(found, times(10)) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_pages_without_text(tmp_path: Path) -> None:
    pages = [photo(seed) for seed in (1, 2, 3)]
    found = match_frames(
        film([beside(pages[index], at) for at, index in enumerate((0, 0, 1, 1, 2, 2))]), write_deck(pages, tmp_path)
    )
    assert shown(found, times(6)) == [1, 1, 2, 2, 3, 3]


def test_a_video_inside_a_slide(tmp_path: Path) -> None:
    pages = [text_page(60), text_page(61), text_page(62)]
    pages[1][110:320, 300:600] = 30
    pictures = [pages[0], pages[0]]
    for at in range(4):
        playing = pages[1].copy()
        playing[110:320, 300:600] = cv2.resize(speaker(at * 3), (300, 210))
        pictures.append(playing)
    found = match_frames(film([*pictures, pages[2], pages[2]]), write_deck(pages, tmp_path))
    assert shown(found, times(8)) == [1, 1, 2, 2, 2, 2, 3, 3]


def test_four_to_three_with_bars(tmp_path: Path) -> None:
    pages = [np.ascontiguousarray(text_page(seed)[:, :480]) for seed in (70, 71)]
    deck = []
    for number, page in enumerate(pages, 1):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), page)
        deck.append(DeckPage(number=number, slide=number, picture=str(path)))
    framed = [cv2.copyMakeBorder(page, 0, 0, 80, 80, cv2.BORDER_CONSTANT, value=0) for page in pages]
    found = match_frames(film([framed[0], framed[0], framed[1], framed[1]]), deck)
    assert shown(found, times(4)) == [1, 1, 2, 2]
    assert abs(found.regions[0].quad[0] - 0.125) < 0.01


def test_nothing_at_all_is_one_cue_without_a_page(deck: list[DeckPage]) -> None:
    found = match_frames([], deck, start_ms=0, end_ms=5_000)
    assert [(cue.start_ms, cue.end_ms, cue.page) for cue in found.cues] == [(0, 5_000, None)]


def test_the_same_pictures_give_the_same_answer(deck: list[DeckPage]) -> None:
    pictures = film([projected(PAGES[index], at) for at, index in enumerate((0, 1, 1, 2))])
    first, second = (match_frames(pictures, deck) for _ in range(2))
    assert first.cues == second.cues and first.regions == second.regions
