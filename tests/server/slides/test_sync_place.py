"""Results and corrections between sources and recordings: what is cut away, closed up, missing, looked at again."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from server.media.slidematch.results import Matched, SlideCue, Unsure
from server.media.timeline import Range, Timeline
from server.slides.correct import Said, Stretch, corrected
from server.slides.sync import Outcome, merged
from server.slides.sync_found import Carry, Found, FoundCue, FoundDoubt, KeptChapter, Moved
from server.slides.sync_place import (
    View,
    in_sources,
    keep_chapters,
    keep_corrections,
    missing,
    place_chapters,
    place_corrections,
    shown_on,
)
from server.slides.sync_reel import MARGIN_MS, Reel, ReelSegment, Run, make_reel
from server.slides.sync_result import found_by_source

DECKS = (("d", 1),)
TICKS = 90


def view(*ranges: tuple[str, int, int], **more: object) -> View:
    timeline = Timeline(tuple(Range(source, start, end) for source, start, end in ranges))
    return View(timeline=timeline, duration_ms=round(timeline.duration), decks=frozenset({"d"}), **more)  # type: ignore[arg-type]


def found(*rows: tuple[int, int, int | None]) -> Found:
    cues = tuple(FoundCue(start, end, ("d", page) if page else None, 0.9, "pixels") for start, end, page in rows)
    return Found(decks=DECKS, cues=cues)


def pages(shown: Sequence[Stretch]) -> list[tuple[int, int, int | None]]:
    return [(one.start_ms, one.end_ms, one.page[1] if one.page else None) for one in shown]


def test_a_hole_in_the_recording_is_closed_up_and_corrections_stay_on_both_sides() -> None:
    whole, holed = view(("b", 0, 60_000)), view(("b", 10_000, 20_000), ("b", 40_000, 60_000))
    known = {"b": found((0, 15_000, 1), (15_000, 45_000, 2), (45_000, 60_000, 3)), "other": found((0, 9_000, 9))}
    assert pages(shown_on(holed, known, [])) == [(0, 5_000, 1), (5_000, 15_000, 2), (15_000, 30_000, 3)]
    said = Said(start_ms=12_000, end_ms=43_000, page=("d", 7), before_ms=500, after_ms=700)
    kept = keep_corrections(whole.timeline, [said])
    (first, last) = place_corrections(holed, kept)
    # What was cut is no border: nothing is put at its edge.
    assert first == Said(start_ms=2_000, end_ms=10_000, page=("d", 7), before_ms=500)
    assert last == Said(start_ms=10_000, end_ms=13_000, page=("d", 7), after_ms=700)
    again = keep_corrections(holed.timeline, [Said(start_ms=8_000, end_ms=12_000, page=None, before_ms=1, after_ms=2)])
    assert [tuple(piece) for one in again for piece in [(p.source, p.start_ms, p.end_ms) for p in one.pieces]] == [
        ("b", 18_000, 20_000), ("b", 40_000, 42_000)
    ]  # fmt: skip


def test_decks_and_sources_that_were_replaced_are_followed() -> None:
    carries = {"old": Carry(deck="mid", pages={"1": 2}), "mid": Carry(deck="d", pages={"2": 5})}
    now = view(("new", 0, 60_000), carries=carries, moved={"a": Moved("b", 1_000), "b": Moved("new", -500)})
    assert (now.page(("old", 1)), now.page(("old", 9)), now.page(("d", 3))) == (("d", 5), None, ("d", 3))
    assert now.spans("a", 2_000, 3_000) == [(2_500, 3_500, 2_000)]
    assert now.spans("a", 0, 100) == [(500, 600, 0)] and now.spans("nowhere", 0, 9) == []
    circle = view(("x", 0, 9), moved={"a": Moved("b", 0), "b": Moved("a", 0)}, carries={"a": Carry(deck="a", pages={})})
    assert circle.spans("a", 0, 9) == [] and circle.page(("a", 1)) is None


def test_what_is_missing() -> None:
    timeline = view(("b", 10_000, 50_000)).timeline
    assert missing(timeline, {}, DECKS) == [(0, 40_000)]
    known = {"b": found((15_000, 30_000, 1))}
    assert missing(timeline, known, DECKS) == [(0, 5_000), (20_000, 40_000)]
    assert missing(timeline, known, (("d", 2),)) == [(0, 40_000)]  # drawn anew
    assert missing(timeline, {"b": found((0, 49_950, 1))}, DECKS) == []  # rounding


def test_new_results_win_where_both_speak() -> None:
    known = {"b": found((0, 30_000, 1)), "c": found((0, 9, 1))}
    new = found((20_000, 40_000, 2))
    both = merged(known, Outcome(looked_for=DECKS, found={"b": new}))
    assert [(cue.start_ms, cue.end_ms, cue.page) for cue in both["b"].cues] == [
        (0, 20_000, ("d", 1)), (20_000, 40_000, ("d", 2))
    ]  # fmt: skip
    assert both["c"] == known["c"]
    assert merged(known, Outcome(looked_for=DECKS, found={"b": new}, anew=True))["b"] == new
    assert merged(known, Outcome(looked_for=(("e", 1),), found={"b": new}))["b"] == new
    many = {f"s{n}": new for n in range(9)}
    assert list(merged(many, Outcome(looked_for=DECKS, found={"s0": new}))) == ["s6", "s7", "s8", "s0"]


def test_chapters_move_with_borders() -> None:
    kept = keep_chapters(view(("b", 0, 60_000)).timeline, [])
    assert kept == []
    rows = [KeptChapter("b", at, title) for at, title in ((0, "A"), (12_000, "B"), (30_000, "C"), (45_000, "D"))]
    cut = view(("b", 20_000, 40_000), ("b", 44_000, 60_000))
    assert [(one.start_ms, one.title) for one in place_chapters(cut, rows)] == [(0, "B"), (10_000, "C"), (21_000, "D")]


def segments(count: int, *, media: int = 0) -> list[ReelSegment]:
    """Segments of 4 s, the first of which begins a second before the recording."""
    return [
        ReelSegment(init="i", key=str(n), start=(n * 4000 - 1000) * TICKS, media=media + n * 4000 * TICKS,
                    duration=4000 * TICKS, size_bytes=7)
        for n in range(count)
    ]  # fmt: skip


def test_a_reel_of_what_is_missing_and_a_little_beside_it() -> None:
    reel = make_reel(segments(40, media=500), [(60_000, 61_000), (120_000, 159_000)])
    assert [one.key for one in reel.segments] == [str(n) for n in [*range(13, 18), *range(28, 40)]]
    assert reel.runs == (
        Run(start_ms=0, end_ms=20_000, recording_ms=51_000),
        Run(start_ms=20_000, end_ms=68_000, recording_ms=111_000),
    )
    assert reel.shifts[0] == -(500 + 13 * 4000 * TICKS) and reel.shifts[5] == (20_000 - 28 * 4000) * TICKS - 500
    assert reel.size_bytes == 17 * 7 and MARGIN_MS == 8_000


@given(
    st.lists(st.integers(1, 67_999), unique=True, max_size=6),
    st.sampled_from([0, 300, 5_000]),
    st.lists(st.tuples(st.integers(0, 150_000), st.integers(1, 9_000)), min_size=1, max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_an_outcome_covers_what_was_asked_for_and_nothing_else(
    borders: list[int], short_by: int, asked: list[tuple[int, int]]
) -> None:
    """Whatever the matcher leaves out: otherwise it would be asked for again without end."""
    timeline = view(("a", 5_000, 85_000), ("b", 0, 80_000)).timeline
    holes = missing(timeline, {}, DECKS) if len(borders) % 2 else _apart(asked)
    reel = make_reel(segments(41), holes)
    end = max(0, reel.runs[-1].end_ms - short_by) if reel.runs else 0
    edges = [0, *sorted(border for border in borders if border < end), end]
    cues = tuple(
        SlideCue(start_ms=start, end_ms=last, page=1 + number % 2, confidence=0.9, method="pixels")
        for number, (start, last) in enumerate(pairwise(edges)) if last > start
    )  # fmt: skip
    unsure = (Unsure(start_ms=0, end_ms=end, why="low_confidence", pages=(1, 2)),) if end else ()
    matched = Matched(cues=cues, regions=(), unsure=unsure, frames=1, cpu_s=0)
    result = found_by_source(
        matched, reel, holes, timeline=timeline, numbering={1: ("d", 1), 2: ("d", 2)}, looked_for=DECKS
    )
    wanted = sorted(piece for hole in holes for piece in in_sources(timeline, *hole))
    assert _spans(result) == _spans_of(wanted)
    assert missing(timeline, result, DECKS) == missing(timeline, _as_found(wanted), DECKS)
    assert corrected([], [], 10)[0].page is None


def _apart(asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that neither touch nor overlap, in order."""
    holes: list[tuple[int, int]] = []
    for start, length in sorted(asked):
        if not holes or start > holes[-1][1] + 200:
            holes.append((start, min(start + length, 160_000)))
    return holes


def _spans_of(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Pieces that meet are one."""
    spans: list[tuple[str, int, int]] = []
    for source, start, end in sorted(pieces):
        if spans and spans[-1][0] == source and spans[-1][2] == start:
            spans[-1] = (source, spans[-1][1], end)
        else:
            spans.append((source, start, end))
    return spans


def _spans(result: dict[str, Found]) -> list[tuple[str, int, int]]:
    return _spans_of([(source, cue.start_ms, cue.end_ms) for source, one in result.items() for cue in one.cues])


def _as_found(pieces: list[tuple[str, int, int]]) -> dict[str, Found]:
    rows: dict[str, list[FoundCue]] = {}
    for source, start, end in pieces:
        rows.setdefault(source, []).append(FoundCue(start, end, None, 0.0, "none"))
    return {source: Found(decks=DECKS, cues=tuple(cues)) for source, cues in rows.items()}


def test_doubts_are_placed_with_their_pages() -> None:
    known = Found(
        decks=DECKS,
        cues=(FoundCue(0, 10_000, ("d", 1), 0.6, "held"),),
        unsure=(FoundDoubt(2_000, 4_000, "near_identical", (("d", 1), ("gone", 4))),),
    )
    shown = shown_on(view(("b", 3_000, 10_000)), {"b": known}, [])
    assert [(one.start_ms, one.end_ms, one.doubt and one.doubt.pages) for one in shown] == [
        (0, 1_000, (("d", 1),)), (1_000, 7_000, None)
    ]  # fmt: skip
    empty = found_by_source(
        Matched(cues=(), regions=(), unsure=(), frames=0, cpu_s=0), Reel(segments=(), runs=()), [(0, 9_000)],
        timeline=view(("b", 0, 9_000)).timeline, numbering={}, looked_for=DECKS,
    )  # fmt: skip
    assert [(cue.start_ms, cue.end_ms, cue.page) for cue in empty["b"].cues] == [(0, 9_000, None)]
