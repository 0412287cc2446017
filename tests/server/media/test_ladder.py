"""Rungs: never larger than the source, right for portrait and odd sizes, at a level that allows them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.ladder import LEVELS, capped_rate, choose_rungs, level_for


def sizes(width: int, height: int, rate: Fraction = Fraction(25)) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in choose_rungs(width, height, rate)]


def test_full_hd_gets_four_rungs() -> None:
    assert sizes(1920, 1080) == [("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480), ("360p", 640, 360)]


def test_portrait_is_named_by_its_short_side() -> None:
    assert sizes(1080, 1920)[0] == ("1080p", 1080, 1920)
    assert sizes(1080, 1920)[-1] == ("360p", 360, 640)


def test_larger_sources_are_made_smaller_and_small_ones_stay() -> None:
    assert sizes(3840, 2160)[0] == ("1080p", 1920, 1080)
    assert sizes(320, 180) == [("180p", 320, 180)]
    assert sizes(10, 8) == [("16p", 16, 16)]


def test_sizes_between_rungs_are_kept_where_the_next_rung_loses_much() -> None:
    assert [name for name, _, _ in sizes(1890, 1063)] == ["1062p", "720p", "480p", "360p"]
    assert [name for name, _, _ in sizes(1024, 768)] == ["720p", "480p", "360p"]


@given(st.integers(16, 8000), st.integers(16, 8000), st.fractions(1, 120))
def test_every_ladder_is_usable(width: int, height: int, rate: Fraction) -> None:
    rungs = choose_rungs(width, height, rate)
    assert rungs
    assert [rung.width * rung.height for rung in rungs] == sorted((r.width * r.height for r in rungs), reverse=True)
    for rung in rungs:
        assert rung.width % 2 == 0 and rung.height % 2 == 0
        assert rung.width <= max(16, width + 1) and rung.height <= max(16, height + 1)
        assert rung.rate <= rate and rung.level in {row[0] for row in LEVELS}
    assert len({rung.name for rung in rungs}) == len(rungs)


@pytest.mark.parametrize(
    ("source", "encoded"),
    [("25", "25"), ("50", "25"), ("60000/1001", "30000/1001"), ("30000/1001", "30000/1001"), ("60", "30"), ("1", "1"),
     ("303/10", "303/10"), ("75", "25"), ("120", "30"), ("32", "30"), ("240", "30")],
)  # fmt: skip
def test_rates_above_the_cap_are_divided(source: str, encoded: str) -> None:
    assert capped_rate(Fraction(source)) == Fraction(encoded)


def test_levels_are_those_of_the_table() -> None:
    assert level_for(1920, 1080, Fraction(30), 5000) == "4"
    assert level_for(1920, 1080, Fraction(60), 5000) == "4.2"
    assert level_for(1280, 720, Fraction(30), 2800) == "3.1"
    assert level_for(640, 360, Fraction(30), 800) == "3"
