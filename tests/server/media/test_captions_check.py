"""What surprises in captions: offsets, overlaps, speed, lines, words after the end; and the transcript they make."""

import pytest

from server.media.captions import Cue
from server.media.captions_check import beyond_remark, offset_remark, remarks_on, without_offset
from server.media.transcript import paragraphs, write_text

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("first", "last", "duration", "offset"),
    [
        (10 * HOUR + 1000, 10 * HOUR + 60_000, 90_000, 10 * HOUR),
        (HOUR, HOUR + 60_000, 90_000, HOUR),
        (HOUR + 5000, HOUR + 60_000, None, HOUR),  # nobody is silent for an hour
        (HOUR + 5000, HOUR + 60_000, 2 * HOUR, 0),  # but in a long recording they may be
        (HOUR + 5000, 3 * HOUR, 2 * HOUR + 5000, HOUR),  # unless only this fits
        (HOUR + 5000, 9 * HOUR, 2 * HOUR, 0),  # neither fits: left alone, and noted as beyond the end
        (500, 60_000, 90_000, 0),
        (500, 60_000, None, 0),
    ],
)
def test_hours_before_the_first_word_are_taken_off(first: int, last: int, duration: int | None, offset: int) -> None:
    moved, taken = without_offset([Cue(first, first + 500, "A"), Cue(last - 500, last, "B")], duration)
    assert taken == offset
    assert (moved[0].start_ms, moved[-1].end_ms) == (first - offset, last - offset)


def test_what_is_remarkable() -> None:
    cues = [
        Cue(0, 1000, "Twenty <i>letters</i> fit &amp;"),
        Cue(900, 1900, "x" * 21),
        Cue(2000, 9000, "y" * 43 + "\nshort"),
        Cue(9000, 12_100, "The end"),
    ]
    found = [(one.cue, one.code) for one in remarks_on(cues, 10_000)]
    assert found == [(1, "overlap"), (1, "too_fast"), (2, "long_line"), (3, "beyond_end")]
    assert beyond_remark(cues, 10_000) == (
        "1 caption runs beyond the end of the recording (0:00:10); the last one ends at 0:00:12"
    )
    assert beyond_remark(cues, 11_000) == beyond_remark(cues, None) == ""
    assert str(offset_remark(10 * HOUR)) == (
        "line 1: the times began at 10:00:00, which was taken off all of them (repaired)"
    )


def test_paragraphs_end_with_pauses_speakers_and_sentences() -> None:
    cues = [
        Cue(0, 1000, "<v Ada>Hello"),
        Cue(1000, 2000, "and <i>welcome</i>."),
        Cue(2000, 3000, "<v Grace>Thank you."),
        Cue(3000, 4000, "<v Grace>Well,"),
        Cue(7000, 8000, "no sentence ends before this pause."),
        Cue(11_000, 12_000, "A new thought."),
    ]
    made = paragraphs(cues)
    assert [(one.speaker, one.start_ms, one.text) for one in made] == [
        ("Ada", 0, "Hello and welcome."),
        ("Grace", 2000, "Thank you. Well, no sentence ends before this pause."),
        ("", 11_000, "A new thought."),
    ]
    assert write_text(cues).startswith("Ada: Hello and welcome.\n\nGrace: Thank you.")


def test_paragraphs_are_not_endless() -> None:
    with_stops = [Cue(at * 1000, at * 1000 + 1000, "Forty letters are in this short sentence.") for at in range(60)]
    without = [Cue(cue.start_ms, cue.end_ms, cue.text.rstrip(".")) for cue in with_stops]
    assert 420 <= len(paragraphs(with_stops)[0].text) < 480
    assert 900 <= len(paragraphs(without)[0].text) < 960
    assert sum(len(one.lines) for one in paragraphs(without)) == 60
