"""The baselines of `bench slides` on a film small enough for a test: they find what they can find."""

from pathlib import Path

import pytest

from tests.bench.slides_baselines import orb_per_frame, scene_borders
from tests.bench.slides_cases import Case, cut, in_processes, length_ms
from tests.slide_films.decks import make_deck
from tests.slide_films.films import plan_film, shoot
from tests.slide_films.scoring import score
from tests.slide_films.timelines import Habits

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Five seconds of plots and diagrams, filling the frame."""
    habits = Habits(fade=0, ink=0, pointer=0, interlude=0, starts_with_speaker=False)
    plan = plan_film(make_deck(12, "plots", pages=4), "full", 12, 5, speed=8, habits=habits, width=640, height=360)
    film = shoot(plan, tmp_path_factory.mktemp("film"), page_px=640)
    return Case("small", "full", 8, str(film.path), film.duration_ms, film.truth, film.pages)


def test_the_scene_filter_finds_hard_cuts(case: Case) -> None:
    found = scene_borders(case).rounded()
    assert found["recall"] >= 0.5
    assert found["precision"] == 1
    assert found["p95_s"] <= 0.2


def test_orb_finds_the_page_of_most_seconds(case: Case) -> None:
    seen = orb_per_frame(case)
    assert (seen.truth[0].start_ms, seen.truth[-1].end_ms) == (0, 5000)
    got = score(seen.truth, seen.cues, case.slide_of)
    assert 0.6 <= got.accuracy <= 1
    assert seen.cpu_s > 0


def test_work_in_processes_is_answered_in_order() -> None:
    assert in_processes("measuring words", len, ["a", "ccc", "bb"]) == [1, 3, 2]


def test_the_truth_ends_where_the_film_does(case: Case) -> None:
    assert cut(case.truth, 2000)[-1].end_ms == 2000
    assert cut(case.truth, 99_000) == case.truth
    assert length_ms(Path(case.path)) == 5000
