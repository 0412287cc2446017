"""The films tests stand on: the same seed gives the same film, the truth is whole, the pictures show what it says."""

from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.slide_films.decks import MIXES, make_deck
from tests.slide_films.films import frames, plan_film, shoot
from tests.slide_films.layouts import LAYOUTS
from tests.slide_films.timelines import Habits


def test_a_seed_decides_the_whole_deck() -> None:
    first, again, other = (make_deck(seed, "mixed", pages=8) for seed in (5, 5, 6))
    assert first.specs == again.specs != other.specs
    assert np.array_equal(first.draw(3, 320), again.draw(3, 320))


@pytest.mark.parametrize("kind", MIXES)
def test_pages_number_their_slides_in_order(kind: str) -> None:
    deck = make_deck(2, kind, pages=20)
    assert len(deck.specs) >= 20
    assert deck.slides[0] == 1
    assert all(after - before in (0, 1) for before, after in pairwise(deck.slides))


def test_build_steps_add_to_their_slide_and_repeats_are_the_same_picture() -> None:
    builds = make_deck(1, "builds", pages=12)
    step = next(page for page in builds.pages[:-1] if builds.slide_of(page) == builds.slide_of(page + 1))
    assert set(builds.specs[step - 1].text.split("\n")) < set(builds.specs[step].text.split("\n"))
    repeated = make_deck(1, "repeated", pages=20, numbers=False)
    page = next(page for page in repeated.pages if repeated.same_as(page) != page)
    assert np.array_equal(repeated.draw(page, 320), repeated.draw(repeated.same_as(page), 320))
    assert repeated.slide_of(page) != repeated.slide_of(repeated.same_as(page))


def test_a_walk_fills_the_time_and_goes_back_and_skips() -> None:
    plan = plan_film(make_deck(3, pages=60), "full", 3, 1200, speed=10)
    assert [shot.start_ms for shot in plan.shots] == [0, *(shot.end_ms for shot in plan.shots[:-1])]
    assert plan.duration_ms == 1_200_000
    assert all(before.end_ms == after.start_ms and before.page != after.page for before, after in pairwise(plan.truth))
    pages = [segment.page for segment in plan.truth if segment.page]
    steps = [after - before for before, after in pairwise(pages)]
    assert -9 <= min(steps) < -1 and 2 < max(steps) <= 9
    assert steps.count(1) > len(steps) / 2
    assert {shot.scene for shot in plan.shots} >= {"slides", "speaker", "other", "demo"}
    assert min(shot.end_ms - shot.start_ms for shot in plan.shots[:-1]) >= 500


@pytest.mark.parametrize("layout", [*LAYOUTS, "mixed"])
def test_the_page_is_where_the_stage_says(layout: str) -> None:
    """What lies inside the quad, straightened, is like the page and unlike the others."""
    deck = make_deck(4, "textless", pages=8, aspect="4:3")
    plan = plan_film(deck, layout, 4, 20, speed=10, width=640, height=360)
    stage = plan.stage()
    flat = np.array([(0, 0), (160, 0), (160, 120), (0, 120)], np.float32)
    tried = 0
    for shot in plan.shots:
        at_ms = (shot.start_ms + shot.end_ms) // 80 * 40
        quad = stage.quad(at_ms)
        assert (quad is None) == (shot.page is None)
        if quad is None or shot.fade_ms:
            continue
        corners = (np.array(quad).reshape(4, 2) * (640, 360)).astype(np.float32)
        seen = cv2.warpPerspective(stage.at(at_ms), cv2.getPerspectiveTransform(corners, flat), (160, 120))
        likeness = {page: _likeness(seen, cv2.resize(deck.draw(page, 320), (160, 120))) for page in deck.pages}
        assert max(likeness, key=likeness.__getitem__) == shot.page, likeness
        tried += 1
    assert tried >= 3


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    pair = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).ravel() for picture in (one, other)]
    return float(np.corrcoef(*pair)[0, 1])


def test_frames_come_without_an_encoder_and_say_their_time() -> None:
    plan = plan_film(make_deck(1, "bullets", pages=5), "pip", 1, 2, speed=10, width=320, height=180)
    got = list(frames(plan, every_ms=500))
    assert [at for at, _ in got] == [0, 500, 1000, 1500]
    assert all(frame.shape == (180, 320) and frame.dtype == np.uint8 for _, frame in got)


@pytest.mark.ffmpeg
def test_frames_that_repeat_can_be_left_out(tmp_path: Path) -> None:
    habits = Habits(fade=0, ink=0, pointer=0, interlude=0, starts_with_speaker=False)
    plan = plan_film(make_deck(9, "plots", pages=6), "full", 9, 6, speed=10, habits=habits, width=320, height=180)
    film = shoot(plan, tmp_path, gop="sparse", page_px=320)
    with av.open(str(film.path)) as container:
        times = [round(frame.time * 1000) for frame in container.decode(video=0)]
    assert 6 <= len(times) < 75
    assert set(times) >= {segment.start_ms for segment in film.truth}
    assert max(after - before for before, after in pairwise(times)) <= 1000


@pytest.mark.ffmpeg
def test_a_film_changes_when_the_truth_says(tmp_path: Path) -> None:
    habits = Habits(fade=0, ink=0, pointer=0, interlude=0, starts_with_speaker=False)
    plan = plan_film(make_deck(9, "plots", pages=6), "full", 9, 6, speed=10, habits=habits, width=320, height=180)
    film = shoot(plan, tmp_path, gop="long", page_px=320)
    with av.open(str(film.path)) as container:
        shown = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert len(shown) == 150
    apart = {
        round(after[0] * 1000): np.abs(after[1].astype(int) - before[1]).mean() for before, after in pairwise(shown)
    }
    borders = [segment.start_ms for segment in film.truth[1:]]
    assert borders
    assert all(apart[border] > 2 for border in borders)
    assert [page.number for page in film.pages] == list(plan.deck.pages)
    assert all(Path(page.picture).stat().st_size > 500 for page in film.pages)
