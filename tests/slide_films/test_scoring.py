"""Scores by hand: what is right, what is near, what is claimed."""

import pytest

from tests.slide_films.scoring import Found, Score, border_errors, plain_border_errors, quantile, score, wrongs
from tests.slide_films.timelines import Segment

TRUTH = (Segment(0, 2000, None), Segment(2000, 6000, 1), Segment(6000, 8000, 2), Segment(8000, 10_000, 3))
SLIDES = {1: 1, 2: 1, 3: 2, 4: 2}
PERFECT = [Found(segment.start_ms, segment.end_ms, segment.page) for segment in TRUTH]


def test_the_truth_scores_one() -> None:
    got = score(TRUTH, PERFECT, SLIDES)
    assert (got.accuracy, got.logical_accuracy, got.false_shown, got.calibration) == (1, 1, 0, 1)
    assert (got.borders, got.errors_ms, got.missed_borders) == (3, [0, 0, 0], 0)
    assert wrongs(TRUTH, PERFECT) == []


def test_a_late_border_costs_its_time_and_is_measured() -> None:
    late = [Found(0, 2500, None), Found(2500, 6000, 1), Found(6000, 8000, 2), Found(8000, 10_000, 3)]
    got = score(TRUTH, late, SLIDES)
    assert got.accuracy == 0.95
    assert got.hidden_ms == 500 and got.false_shown == 0
    assert got.errors_ms == [500, 0, 0]
    assert [(wrong.start_ms, wrong.end_ms) for wrong in wrongs(TRUTH, late)] == [(2000, 2500)]


def test_a_build_step_too_far_is_the_right_slide() -> None:
    got = score(TRUTH, [Found(0, 2000, None), Found(2000, 8000, 1), Found(8000, 10_000, 4)], SLIDES)
    assert got.accuracy == 0.6
    assert got.logical_accuracy == 1


def test_an_equal_picture_is_wrong_and_said_to_be_equal() -> None:
    got = score((Segment(0, 1000, 4),), [Found(0, 1000, 2)], {2: 2, 4: 4}, {2: 2, 4: 2})
    assert got.accuracy == 0 and got.logical_accuracy == 0
    assert got.rounded()["by_picture"] == 1


def test_a_page_where_there_is_none_is_a_share_of_the_time_without() -> None:
    got = score(TRUTH, [Found(0, 500, None), Found(500, 10_000, 1)], SLIDES)
    assert got.false_shown == 0.75


def test_time_without_a_cue_is_none_without_confidence() -> None:
    got = score(TRUTH, [Found(2000, 6000, 1)], SLIDES)
    assert got.right_ms == 6000
    assert got.confident_ms == 4000


def test_only_cues_that_are_sure_are_held_to_it() -> None:
    unsure = [Found(0, 6000, 1, 0.95), Found(6000, 8000, 9, 0.5), Found(8000, 10_000, 3, 0.9)]
    got = score(TRUTH, unsure, SLIDES)
    assert got.confident_ms == 8000
    assert got.calibration == 0.75


def test_a_border_between_other_pages_is_missed() -> None:
    wrong = [Found(0, 2000, None), Found(2000, 6000, 7), Found(6000, 8000, 2), Found(8000, 10_000, 3)]
    assert border_errors(TRUTH, wrong) == (3, [0])


def test_a_border_counts_within_its_own_two_stretches_only() -> None:
    again = (Segment(0, 1000, 1), Segment(1000, 2000, 2), Segment(2000, 3000, 1), Segment(3000, 9000, 2))
    once = [Found(0, 3200, 1), Found(3200, 9000, 2)]
    assert border_errors(again, once) == (3, [200])


def test_cues_with_one_page_are_one() -> None:
    parts = [Found(0, 2000, None), Found(2000, 3000, 1), Found(3000, 6040, 1), Found(6040, 10_000, 2)]
    assert border_errors(TRUTH, parts) == (3, [0, 40])


def test_borders_without_pages_are_matched_one_to_one() -> None:
    assert plain_border_errors(TRUTH, [2010, 2040, 7000, 8100], 500) == (3, [10, 100])


def test_scores_add_up() -> None:
    both = score(TRUTH, PERFECT, SLIDES) + score(TRUTH, [Found(0, 10_000, None)], SLIDES)
    assert both.accuracy == 0.6
    assert both.borders == 6 and both.errors_ms == [0, 0, 0]
    assert Score().accuracy == 1


@pytest.mark.parametrize(("part", "value"), [(0.5, 3), (0.95, 5), (1, 5), (0, 1)])
def test_quantiles_are_values_that_were_seen(part: float, value: float) -> None:
    assert quantile([5, 1, 3, 2, 4], part) == value
    assert quantile([], part) == 0
