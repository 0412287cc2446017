"""Found cues and edits in order: cover without gaps, what people said stands whatever is found the next time."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.slides.correct import (
    HAND,
    PAGE_GONE,
    SNAP_MS,
    Correction,
    Cue,
    Doubt,
    Said,
    Stretch,
    corrected,
    cues_of,
    say_delete,
    say_move,
    say_renumber,
    say_set,
    say_shift,
)
from server.slides.cue_errors import NoSuchBorder, NothingChanges, TimesUnusable

DECK, PAGES = "d", 9
SIZES = {DECK: PAGES}
pages = st.one_of(st.none(), st.tuples(st.just(DECK), st.integers(1, PAGES)))


def run(*rows: tuple[int, int | None], end: int) -> list[Stretch]:
    """Found cues: (start in seconds, page), up to `end` seconds."""
    ends = [start for start, _page in rows[1:]] + [end]
    return [
        Stretch(start_ms=start * 1000, end_ms=last * 1000, page=(DECK, page) if page else None,
                confidence=0.9, method="features")
        for (start, page), last in zip(rows, ends, strict=True)
    ]  # fmt: skip


def pages_at(shown: list[Stretch]) -> list[tuple[float, int | None]]:
    """Cues as (start in seconds, page)."""
    return [(cue.start_ms / 1000, cue.page[1] if cue.page else None) for cue in cues_of(shown)]


def page_at(shown: list[Stretch], at_ms: int) -> tuple[str, int] | None:
    return next(one.page for one in shown if one.start_ms <= at_ms < one.end_ms)


FOUND = run((0, None), (10, 1), (60, 2), (100, 3), (160, 2), end=200)
END = 200_000


@st.composite
def found(draw: st.DrawFn, duration_ms: int = END) -> list[Stretch]:
    borders = sorted(draw(st.sets(st.integers(1, duration_ms - 1), max_size=12)))
    return [
        Stretch(start_ms=start, end_ms=end, page=draw(pages), confidence=0.5, method="pixels")
        for start, end in zip([0, *borders], [*borders, duration_ms], strict=True)
    ]


@st.composite
def asked(draw: st.DrawFn, shown: list[Stretch]) -> list[Correction]:
    """Some edit a person could make of what is shown."""
    at, other = draw(st.integers(0, END - 1)), draw(st.integers(0, END))
    starts = [cue.start_ms for cue in cues_of(shown)]
    match draw(st.sampled_from(["set", "set", "move", "delete", "shift", "renumber"])):
        case "move" if len(starts) > 1:
            border = draw(st.sampled_from(starts[1:]))
            return say_move(shown, border, other) if other != border else []
        case "delete" if len(starts) > 1:
            return say_delete(shown, draw(st.sampled_from(starts)))
        case "shift":
            return say_shift(shown, draw(st.integers(-90_000, 90_000).filter(bool)))
        case "renumber":
            try:
                return say_renumber(shown, at, draw(st.integers(-3, 3).filter(bool)), SIZES)
            except NothingChanges:
                return []
        case _:
            return say_set(shown, min(at, other), max(at + 1, other), draw(pages))


def assert_covers(shown: list[Stretch], duration_ms: int = END) -> None:
    assert shown[0].start_ms == 0 and shown[-1].end_ms == duration_ms
    assert all(before.end_ms == after.start_ms for before, after in pairwise(shown))
    assert all(one.start_ms < one.end_ms for one in shown)
    cues = cues_of(shown)
    assert all(before.page != after.page for before, after in pairwise(cues))


@given(st.data(), found(), found())
@settings(max_examples=40, deadline=None)
def test_edits_cover_stand_and_survive_another_result(
    data: st.DataObject, first: list[Stretch], second: list[Stretch]
) -> None:
    made: list[Correction] = []
    for _ in range(data.draw(st.integers(1, 5))):
        shown = corrected(first, made, END)
        new = data.draw(asked(shown))
        after = corrected(first, [*made, *new], END)
        assert_covers(after)
        _changes_only_what_was_said(shown, after, new)
        made += new
    again = corrected(second, made, END)
    assert_covers(again)
    _is_what_was_said(again, made)


def _changes_only_what_was_said(before: list[Stretch], after: list[Stretch], new: list[Correction]) -> None:
    said = [one for one in new if isinstance(one, Said)]
    if not said:
        return
    edges = {one.start_ms for one in [*before, *after]} | {one.end_ms - 1 for one in [*before, *after]}
    for at in edges:
        if not any(one.start_ms <= at < one.end_ms for one in said):
            assert page_at(after, at) == page_at(before, at), f"{at} ms was not spoken of"


def _is_what_was_said(shown: list[Stretch], made: list[Correction]) -> None:
    """The last word counts, unless everything was shifted after it."""
    for place, one in enumerate(made):
        later = made[place + 1 :]
        if not isinstance(one, Said) or not all(isinstance(other, Said) for other in later):
            continue
        covered = [(o.start_ms, o.end_ms) for o in later if isinstance(o, Said)]
        for at in {one.start_ms, (one.start_ms + one.end_ms) // 2, one.end_ms - 1}:
            if not any(start <= at < end for start, end in covered):
                stretch = next(s for s in shown if s.start_ms <= at < s.end_ms)
                assert (stretch.page, stretch.confidence, stretch.method) == (one.page, 1.0, HAND)
                assert stretch.edited and stretch.doubt is None


def test_without_edits_it_is_what_was_found_and_holes_show_nothing() -> None:
    assert corrected(FOUND, [], END) == FOUND
    holey = corrected([FOUND[1], FOUND[3]], [], END)
    assert pages_at(holey) == [(0, None), (10, 1), (60, None), (100, 3), (160, None)]
    assert_covers(holey)
    assert_covers(corrected([], [], END))


def test_set_marks_its_stretch_and_settles_doubts() -> None:
    unsure = [replace(one, doubt=Doubt("near_identical", ((DECK, 2), (DECK, 3)))) for one in FOUND]
    shown = corrected(unsure, say_set(unsure, 60_000, 100_000, (DECK, 2)), END)
    assert pages_at(shown) == pages_at(FOUND)
    assert [one.edited for one in shown] == [False, False, True, False, False]
    assert [one.doubt is None for one in shown] == [False, False, True, False, False]
    cue = cues_of(shown)[2]
    assert cue == Cue(start_ms=60_000, end_ms=100_000, page=(DECK, 2), confidence=1.0, method=HAND, edited=True)
    assert pages_at(corrected(FOUND, say_set(FOUND, 90_000, 999_000, None), END))[-1] == (90, None)


@pytest.mark.parametrize("to", [50_000, 75_000])
@pytest.mark.parametrize("off_by", [-1_500, -300, 0, 300, 1_500])
def test_a_moved_border_stays_wherever_it_is_found_next_time(to: int, off_by: int) -> None:
    made = say_move(FOUND, 60_040, to)
    assert pages_at(corrected(FOUND, made, END))[2] == (to / 1000, 2)
    again = [
        replace(one, start_ms=one.start_ms + off_by * (one.start_ms == 60_000), end_ms=one.end_ms
                + off_by * (one.end_ms == 60_000)) for one in FOUND
    ]  # fmt: skip
    assert pages_at(corrected(again, made, END)) == [(0, None), (10, 1), (to / 1000, 2), (100, 3), (160, 2)]


def test_a_better_result_is_seen_where_nobody_said_anything() -> None:
    made = say_set(FOUND, 60_000, 100_000, (DECK, 7))
    better = run((0, 8), (40, 5), (59, 6), (101, 4), (130, 3), end=200)
    assert pages_at(corrected(better, made, END)) == [(0, 8), (40, 5), (60, 7), (100, 4), (130, 3)]
    much = run((0, 8), (103, 4), end=200)  # no border near its end: nothing is moved
    assert pages_at(corrected(much, made, END)) == [(0, 8), (60, 7), (100, 8), (103, 4)]


def test_confirming_a_part_of_a_cue_moves_no_border() -> None:
    made = say_set(FOUND, 110_000, 150_000, (DECK, 3))
    again = run((0, 3), (109, 2), (151, 1), end=200)
    assert pages_at(corrected(again, made, END)) == [(0, 3), (109, 2), (110, 3), (150, 2), (151, 1)]


def test_delete_joins_the_cue_before_and_leaves_no_sliver() -> None:
    made = say_delete(FOUND, 100_000)
    assert pages_at(corrected(FOUND, made, END)) == [(0, None), (10, 1), (60, 2)]
    again = run((0, 1), (60, 2), (99, 3), (161, 2), end=200)
    assert pages_at(corrected(again, made, END)) == [(0, 1), (60, 2)]
    first = corrected(FOUND, say_delete(FOUND, 0), END)
    assert pages_at(first) == [(0, 1), (60, 2), (100, 3), (160, 2)]


def test_shift_moves_all_of_it_and_is_repeated_on_a_new_result() -> None:
    made = [*say_set(FOUND, 100_000, 160_000, (DECK, 9)), *say_shift(FOUND, 5_000)]
    assert pages_at(corrected(FOUND, made, END)) == [(0, None), (15, 1), (65, 2), (105, 9), (165, 2)]
    again = run((0, 4), (170, 5), end=200)
    assert pages_at(corrected(again, made, END)) == [(0, 4), (105, 9), (165, 4), (175, 5)]
    back = corrected(FOUND, say_shift(FOUND, -20_000), END)
    assert pages_at(back) == [(0, 1), (40, 2), (80, 3), (140, 2)] and back[0].method == "features" and back[0].edited


def test_renumber_goes_on_to_the_end_and_stops_at_the_decks_last_page() -> None:
    said = corrected(FOUND, say_set(FOUND, 120_000, 130_000, (DECK, 9)), END)
    made = [*say_set(FOUND, 120_000, 130_000, (DECK, 9)), *say_renumber(said, 60_050, 1, SIZES)]
    shown = corrected(FOUND, made, END)
    assert pages_at(shown) == [(0, None), (10, 1), (60, 3), (100, 4), (120, 9), (130, 4), (160, 3)]
    repaired = run((0, None), (10, 1), (61, 3), (100, 4), (160, 3), end=200)  # the matcher has learnt it
    assert pages_at(corrected(repaired, made, END)) == pages_at(shown)
    inside = corrected(FOUND, say_renumber(FOUND, 80_000, -5, SIZES), END)
    assert pages_at(inside) == [(0, None), (10, 1), (60, 2), (80, 1)]


def test_a_page_that_is_gone_leaves_an_unsure_stretch() -> None:
    made = [replace(one, gone=True) for one in say_set(FOUND, 60_000, 100_000, (DECK, 7)) if isinstance(one, Said)]
    shown = corrected(FOUND, made, END)
    assert pages_at(shown) == pages_at(FOUND)
    assert [one.doubt.why if one.doubt else "" for one in shown] == ["", "", PAGE_GONE, "", ""]
    assert not any(one.edited for one in shown)


def test_what_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(NoSuchBorder, match="61000"):
        say_move(FOUND, 61_000, 70_000)
    with pytest.raises(NoSuchBorder):
        say_move(FOUND, 0, 5_000)  # the beginning is no border
    with pytest.raises(NothingChanges):
        say_move(FOUND, 60_000, 60_000)
    with pytest.raises(TimesUnusable):
        say_set(FOUND, END, END + 1, None)
    with pytest.raises(TimesUnusable):
        say_shift(FOUND, -END)
    with pytest.raises(NothingChanges):
        say_delete(run((0, 1), end=200), 0)
    with pytest.raises(NothingChanges):
        say_renumber(run((0, None), end=200), 0, 1, SIZES)
    assert SNAP_MS == 2_000
