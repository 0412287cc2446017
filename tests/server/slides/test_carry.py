"""Which page of a new deck is which of the old one, and where one recording begins in another."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.slides.carry import PageLook, carried_pages
from server.slides.correct import Cue
from server.slides.sync_align import offset_between

WORDS = ("cranes dance when the ice goes", "what we measured in rooms", "cables and people", "questions and answers",
         "a map of lake and shore", "thanks to all who counted")  # fmt: skip


def deck(*texts: str, pictures: list[int] | None = None) -> list[PageLook]:
    return [
        PageLook(number=number, text=text, picture=pictures[number - 1] if pictures else None)
        for number, text in enumerate(texts, 1)
    ]


def test_pages_keep_their_meaning_when_one_is_added_taken_or_changed() -> None:
    old = deck(*WORDS)
    assert carried_pages(old, old) == {n: n for n in range(1, 7)}
    added = deck("a new first page", *WORDS[:3], "an inserted page", *WORDS[3:])
    assert carried_pages(old, added) == {1: 2, 2: 3, 3: 4, 4: 6, 5: 7, 6: 8}
    taken = deck(*WORDS[:1], *WORDS[2:])
    assert carried_pages(old, taken) == {1: 1, 3: 2, 4: 3, 5: 4, 6: 5}
    changed = deck(*WORDS[:1], WORDS[1] + " today", "something else altogether here", *WORDS[3:])
    assert carried_pages(old, changed) == {1: 1, 2: 2, 4: 4, 5: 5, 6: 6}


def test_a_page_that_moved_is_found_and_repeated_ones_keep_their_order() -> None:
    old = deck(*WORDS)
    moved = deck(*WORDS[1:], WORDS[0])
    assert carried_pages(old, moved) == {1: 6, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5}
    repeated = deck("Questions?", WORDS[0], "Questions?", WORDS[1], "Questions?")
    assert carried_pages(repeated, deck("Hello there", *[page.text for page in repeated])) == {
        n: n + 1 for n in range(1, 6)
    }
    assert carried_pages(deck(WORDS[0], WORDS[0], WORDS[1]), deck(*WORDS[:2])) == {1: 1, 2: 1, 3: 2}


def test_pictures_speak_where_there_is_no_text() -> None:
    pictures = [0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF, 0x123456789ABCDEF0]
    old = deck("", "", "", pictures=pictures)
    new = deck("", "", "", "", pictures=[0xFFFF0000FFFF0000, pictures[0] ^ 3, pictures[1], pictures[2] ^ 1])
    assert carried_pages(old, new) == {1: 2, 2: 3, 3: 4}
    assert carried_pages(deck("", "x"), deck("", "x")) == {1: 1, 2: 2}
    assert carried_pages(deck("", ""), deck("", "", "")) == {}  # nothing says which one went


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.data())
@settings(max_examples=40, deadline=None)
def test_every_kept_page_is_carried_to_a_page_that_says_the_same(texts: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    new = deck(*[text for text, keep in zip(texts, kept, strict=True) if keep])
    carried = carried_pages(deck(*texts), new)
    for number, text in enumerate(texts, 1):
        if any(page.text == text for page in new):
            assert new[carried[number] - 1].text == text
        else:
            assert number not in carried


def film(*rows: tuple[int, int | None], end: int) -> list[Cue]:
    ends = [start for start, _page in rows[1:]] + [end]
    return [
        Cue(start_ms=start, end_ms=last, page=("d", page) if page else None, confidence=1, method="x", edited=False)
        for (start, page), last in zip(rows, ends, strict=True)
    ]


LONG = film((0, None), (20_000, 1), (70_000, 2), (95_000, 3), (160_000, 2), (200_000, 4), end=260_000)


@pytest.mark.parametrize("moved_by", [-15_000, 0, 700, 42_000])
def test_another_film_of_the_same_talk_is_laid_over_it(moved_by: int) -> None:
    other = [
        replace(cue, start_ms=max(0, cue.start_ms + moved_by), end_ms=cue.end_ms + moved_by)
        for cue in LONG
        if cue.end_ms + moved_by > 0
    ]
    found = offset_between(LONG, other)
    assert found is not None and abs(found - moved_by) <= 500


def test_films_that_cannot_be_compared() -> None:
    assert offset_between(LONG, film((0, 9), (50_000, 8), end=260_000)) is None
    heard = film((0, None), end=260_000)
    assert offset_between(LONG, heard) == 0  # sound of the same length
    assert offset_between(LONG, film((0, None), end=100_000)) is None
    assert offset_between([], LONG) is None
