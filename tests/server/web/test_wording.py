"""Values into words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from server.web import wording
from server.web.languages import choose_language, own_name


@dataclass
class Days:
    starts_on: date
    ends_on: date | None


@pytest.mark.parametrize(
    ("duration_ms", "text"), [(0, "0:00"), (7_999, "0:07"), (754_000, "12:34"), (3_723_000, "1:02:03")]
)
def test_a_position_is_written_as_players_write_it(duration_ms: int, text: str) -> None:
    assert wording.timestamp(duration_ms) == text


@pytest.mark.parametrize(
    ("language", "duration_ms", "text"),
    [
        ("en", 1_500_000, "25 min"),
        ("en", 3_600_000, "1 h"),
        ("en", 3_900_000, "1 h 5 min"),
        ("fi", 3_900_000, "1 t 5 min"),
        ("sv", 1_000, "1 min"),
    ],
)
def test_a_length_is_said_in_the_readers_language(language: str, duration_ms: int, text: str) -> None:
    assert wording.duration(language, duration_ms) == text


def test_the_days_of_an_event_are_said_once() -> None:
    two = Days(date(2027, 5, 20), date(2027, 5, 21))
    assert wording.date_range("en", two).replace("\u2009", "") == "20–21 May 2027"
    assert wording.date_range("fi", two) == "20.–21. toukokuuta 2027"
    assert wording.date_range("sv", Days(date(2027, 5, 20), None)) == "20 maj 2027"
    assert wording.day_long("fi", date(2027, 5, 20)) == "Torstai 20. toukokuuta"


def test_a_moment_is_shown_in_the_events_zone_also_across_summer_time() -> None:
    assert wording.clock(datetime(2027, 1, 5, 8, tzinfo=UTC), "Europe/Helsinki") == "10:00"
    assert wording.clock(datetime(2027, 7, 5, 8, tzinfo=UTC), "Europe/Helsinki") == "11:00"
    assert wording.clock(datetime(2027, 7, 5, 8, tzinfo=UTC), "no/such") == "08:00"


def test_plain_text_becomes_paragraphs_and_nothing_else() -> None:
    html = wording.paragraphs("One <b>two</b> & three\nfour\r\n\r\nSee https://example.org/a?b=1&c=2.")
    assert html == (
        "<p>One &lt;b&gt;two&lt;/b&gt; &amp; three<br>four</p>"
        '<p>See <a href="https://example.org/a?b=1&amp;c=2" rel="noopener nofollow ugc">'
        "example.org/a?b=1&amp;c=2</a>.</p>"
    )


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", 'https://e.org/"onmouseover="x', "<script>alert(1)</script>", "https://e.org/<img>"]
)
def test_no_text_becomes_markup(text: str) -> None:
    html = str(wording.paragraphs(text))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert '"onmouseover' not in html.replace("&#34;", "")


def test_a_description_is_one_sentence() -> None:
    assert wording.first_sentence("First one.  Second one.") == "First one."
    assert len(wording.first_sentence("word " * 100)) <= 200


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Öhman", "AÖ"), ("Plato", "P"), ("", "?"), ("Jean-Luc de la Tour", "JT")]
)
def test_a_person_has_initials(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


def test_an_events_pattern_is_always_the_same() -> None:
    assert wording.weave_of("seminar-2027") == wording.weave_of("seminar-2027")
    assert wording.weave_of("seminar-2027") != wording.weave_of("seminar-2028")
    assert sum(bar.now for bar in wording.weave_of("seminar-2027").bars) == 1


@pytest.mark.parametrize(
    ("asked", "remembered", "accepts", "language"),
    [
        ("sv", "fi", "en", "sv"),
        (None, "fi", "en", "fi"),
        ("xx", None, "de,fi;q=0.8,sv;q=0.9", "sv"),
        (None, None, "fi-FI,fi;q=0.9", "fi"),
        (None, None, "fi;q=0, de", "en"),
        (None, None, "", "en"),
        (None, None, "fi;q=nonsense", "en"),
        (None, "../../etc", "x" * 5000, "en"),
    ],
)
def test_the_readers_language_is_chosen(asked: str | None, remembered: str | None, accepts: str, language: str) -> None:
    assert choose_language(asked=asked, remembered=remembered, accepts=accepts) == language


def test_languages_are_called_by_their_own_names() -> None:
    assert [own_name(code) for code in ("en", "fi", "sv")] == ["English", "Suomi", "Svenska"]
