"""From glyphs to words, lines in reading order, a title, and text that any database takes."""

import pytest

from server.media.deck_text import Glyph, clean, largest_line, lines_of, shorten, text_of, title_from, words_of


def row(text: str, x: float, y: float, size: float = 0.04, step: float = 0.01) -> list[Glyph]:
    """A line as a reader of PDFs gives it, each letter `step` wide."""
    return [(char, x + i * step, y, x + (i + 1) * step, y + size) for i, char in enumerate(text)] + [
        ("\n", 0.0, 0.0, 0.0, 0.0)
    ]


def read(*rows: list[Glyph]) -> str:
    return text_of(lines_of(glyph for one in rows for glyph in one))


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("a\x00b\x0cc", "a b c"),
        ("e\u0301", "é"),
        ("co\u00adop \ud800x\ufffe", "coop x"),
        ("\ufb01ne \ufb00", "fine ff"),
        ("\ufefb\ufe8d", "لاا"),
        ("one  \t two \n three", "one two\nthree"),
        ("\u202eabc\u202c\u200b", "abc"),
    ],
)
def test_clean(dirty: str, plain: str) -> None:
    assert clean(dirty) == plain
    assert clean(plain) == plain


def test_words_are_cut_at_spaces_and_keep_their_places() -> None:
    words = words_of(lines_of(row("two words", 0.1, 0.2)))
    assert words == [(0.1, 0.2, 0.13, 0.24, "two"), (0.14, 0.2, 0.19, 0.24, "words")]


def test_the_page_is_read_from_the_top_whatever_was_drawn_first() -> None:
    assert read(row("footer", 0.1, 0.95), row("body", 0.1, 0.4), row("title", 0.1, 0.05)) == "title\nbody\nfooter"


def test_columns_are_read_one_after_the_other() -> None:
    left = [row(f"left{n}", 0.1, 0.3 + n / 10) for n in range(3)]
    right = [row(f"right{n}", 0.6, 0.3 + n / 10) for n in range(3)]
    mixed = [line for pair in zip(left, right, strict=True) for line in pair]
    assert read(row("a title as wide as both of them are together", 0.1, 0.05), *mixed).split("\n")[1:] == [
        "left0",
        "left1",
        "left2",
        "right0",
        "right1",
        "right2",
    ]


def test_a_word_divided_at_the_end_of_a_line_is_one_word() -> None:
    assert read(row("exam\x02", 0.1, 0.2), row("ples here", 0.1, 0.3)) == "examples here"
    assert read(row("COVID\u00ad", 0.1, 0.2), row("19", 0.1, 0.3)) == "COVID-19"


def test_an_index_stays_in_its_line() -> None:
    index = row("2", 0.12, 0.22, 0.025)
    assert read(row("H", 0.11, 0.2), index, row("O is water", 0.13, 0.2)) == "H2O is water"
    mark = row("5", 0.15, 0.19, 0.025)
    assert read(row("crane", 0.1, 0.2), mark, row("flies", 0.17, 0.2)) == "crane 5 flies", "a footnote's mark"
    inside = [*row("crane", 0.1, 0.2)[:-1], *mark[:-1], *row("s", 0.16, 0.2)]
    assert read(inside) == "crane 5 s"


def test_right_to_left_lines() -> None:
    word, other = "שלום", "עולם"
    assert read(row(f"{other[::-1]} {word[::-1]}", 0.1, 0.2)) == f"{word} {other}", "as it looks"
    logical = [(char, 0.5 - i / 100, 0.2, 0.51 - i / 100, 0.24) for i, char in enumerate(f"{word} {other}")]
    assert read(logical) == f"{word} {other}", "as it is written"
    assert read(row(f"2024 abc {word[::-1]}", 0.1, 0.2)) == f"{word} 2024 abc"
    assert read(row(f"one {other[::-1]} {word[::-1]} two more", 0.1, 0.2)) == f"one {word} {other} two more"


def test_the_title_is_the_largest_line_and_what_belongs_to_it() -> None:
    lines = lines_of(
        row("Lecture 3, very small", 0.1, 0.01, 0.02)
        + row("A title over", 0.1, 0.1, 0.08)
        + row("two lines", 0.1, 0.19, 0.08)
        + row("and a body that says more", 0.1, 0.4, 0.04)
        + row("Σ=1", 0.1, 0.5, 0.3)
    )
    assert largest_line(lines) == "A title over two lines"
    same = lines_of([glyph for n in range(5) for glyph in row(f"line number {n}", 0.1, 0.1 + n / 20)])
    assert largest_line(same) == "line number 0", "where all are as large, the first alone"
    assert largest_line(lines_of(row("42", 0.1, 0.1))) == ""


def test_the_outline_names_a_page_when_it_says_what_stands_there() -> None:
    lines = lines_of(
        row("Outlook", 0.1, 0.01, 0.03) + row("Results", 0.1, 0.1, 0.08) + row("More to see", 0.1, 0.3, 0.06)
    )
    text = text_of(lines)
    assert title_from("more to  SEE", lines, text) == "more to SEE"
    assert title_from("Slide 7", lines, text) == "Results"
    assert title_from("Outlook", lines, text) == "Results", "a section's name in the corner"
    assert title_from("Our harbour", [], "") == "Our harbour"
    assert title_from("Slide 7", [], "") == ""


def test_shorten_cuts_at_a_word() -> None:
    assert shorten("one two  three", 30) == "one two three"
    assert shorten("one two three", 9) == "one two…"
    assert shorten("x" * 20, 9) == "xxxxxxxx…"


def test_a_page_full_of_letters_is_cut_and_not_slow() -> None:
    glyphs = [glyph for n in range(3_000) for glyph in row("aa bb", (n % 50) / 60, (n // 50) / 70, 0.01, 0.002)]
    assert 4_000 <= len(words_of(lines_of(glyphs))) <= 4_010
