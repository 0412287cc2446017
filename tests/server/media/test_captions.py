import os
from pathlib import Path

import pytest

from server.media.captions import Cue, cues_between, cues_on, shift_cues, write_srt, write_webvtt
from server.media.captions_read import BadCaptions, read_captions
from server.media.captions_text import clean_text
from server.media.timeline import Range, Timeline

CUES = [
    Cue(1000, 2500, "Hello &amp; welcome"),
    Cue(2500, 4000, "<v Ada Lovelace>Two\nlines", "intro", "line:0 align:start"),
    Cue(3_600_000, 3_601_000, "An <i>hour</i> later"),
]
WEBVTT = """\
WEBVTT
Language: fi

00:00:01.000 --> 00:00:02.500
Hello &amp; welcome

intro
00:00:02.500 --> 00:00:04.000 line:0 align:start
<v Ada Lovelace>Two
lines

01:00:00.000 --> 01:00:01.000
An <i>hour</i> later
"""
SRT = """\
1
00:00:01,000 --> 00:00:02,500
Hello & welcome

2
00:00:02,500 --> 00:00:04,000
Two
lines

3
01:00:00,000 --> 01:00:01,000
An <i>hour</i> later
"""


def test_webvtt_byte_for_byte_and_back() -> None:
    assert write_webvtt(reversed(CUES), "fi") == WEBVTT
    read = read_captions(WEBVTT.encode())
    assert (list(read.cues), read.format, read.remarks) == (CUES, "webvtt", ())


def test_srt_byte_for_byte_and_back() -> None:
    assert write_srt(CUES) == SRT
    read = read_captions(SRT.encode())
    assert [cue.text for cue in read.cues] == ["Hello &amp; welcome", "Two\nlines", "An <i>hour</i> later"]
    assert (read.format, read.remarks) == ("srt", ())


def test_words_and_speaker_of_a_cue() -> None:
    assert CUES[1].plain_text == "Two lines"
    assert CUES[1].speaker == "Ada Lovelace"
    assert CUES[0].plain_text == "Hello & welcome"
    assert CUES[0].speaker == ""


READINGS = [
    ("a byte order mark and CRLF", b"\xef\xbb\xbfWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHi\r\n",
     [(1000, 2000, "Hi")], []),
    ("CR alone", b"WEBVTT\r\r00:01.000 --> 00:02.000\rHi\r", [(1000, 2000, "Hi")], []),
    ("UTF-16", "1\n00:00:01,000 --> 00:00:02,000\nHyv\u00e4".encode("utf-16"), [(1000, 2000, "Hyv\u00e4")],
     ["line 1: the file was UTF-16 instead of UTF-8 (repaired)"]),
    ("Windows-1252", b"1\n00:00:01,000 --> 00:00:02,000\nHyv\xe4", [(1000, 2000, "Hyv\u00e4")],
     ["line 3: the file was not UTF-8; it was read as Windows-1252, check the letters with accents (repaired)"]),
    ("UTF-16 without a mark", "1\n00:00:01,000 --> 00:00:02,000\nHi".encode("utf-16-le"), [(1000, 2000, "Hi")],
     ["line 1: the file was UTF-16 instead of UTF-8 (repaired)"]),
    ("frames, as television counts", b"1\n01:00:01:12 --> 01:00:02;24\nHi", [(3_601_480, 3_602_960, "Hi")],
     ["line 2: frames instead of milliseconds, read as 25 a second (repaired)"]),
    ("a colon before milliseconds, minutes over 59", b"WEBVTT\n\n00:61:01:500 --> 01:01:02.000\nHi",
     [(3_661_500, 3_662_000, "Hi")],
     ["line 3: a colon instead of a point before the milliseconds (repaired)",
      "line 3: more than 59 minutes or seconds in a time; they were counted on (repaired)"]),
    ("a comma in WebVTT", b"WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nHi", [(1000, 2000, "Hi")],
     ["line 3: a comma instead of a point before the milliseconds (repaired)"]),
    ("a point in SRT, without hours", b"1\n00:01.000 --> 00:02.000\nHi\n\n2\n00:03.000 --> 00:04.5\nHo",
     [(1000, 2000, "Hi"), (3000, 4500, "Ho")],
     ["line 2 and 1 more: a point instead of a comma before the milliseconds (repaired)",
      "line 2 and 1 more: a time without hours (repaired)"]),
    ("wrong order", b"1\n00:00:05,000 --> 00:00:06,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA",
     [(1000, 2000, "A"), (5000, 6000, "B")], ["line 2: a caption was not in the order of its time (repaired)"]),
    ("a small overlap", b"1\n00:00:01,000 --> 00:00:02,050\nA\n\n2\n00:00:02,000 --> 00:00:03,000\nB",
     [(1000, 2000, "A"), (2000, 3000, "B")],
     ["line 6: the caption before ran into this one by a moment and was shortened (repaired)"]),
    ("a large overlap", b"1\n00:00:01,000 --> 00:00:04,000\nA\n\n2\n00:00:02,000 --> 00:00:03,000\nB",
     [(1000, 4000, "A"), (2000, 3000, "B")],
     ["line 6: the caption before is still shown when this one starts: both will be shown (noted)"]),
    ("no empty line between", b"1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:02,000 --> 00:00:03,000\nB",
     [(1000, 2000, "A"), (2000, 3000, "B")], ["line 5: no empty line before the caption (repaired)"]),
    ("no empty line after the head", b"WEBVTT\n00:01.000 --> 00:02.000\nHi", [(1000, 2000, "Hi")],
     ["line 2: no empty line after WEBVTT (repaired)"]),
    ("ends before it starts", b"1\n00:00:02,000 --> 00:00:01,000\nA\n\n2\n00:00:03,000 --> 00:00:04,000\nB",
     [(3000, 4000, "B")], ["line 2: a caption that ends before it starts (refused)"]),
    ("without words", b"1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nB",
     [(3000, 4000, "B")], ["line 2: a caption without words (refused)"]),
    ("text alone, and an unreadable time",
     b"Made by hand\n\n1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:xx --> 00:00:09,000\nB",
     [(1000, 2000, "A")],
     ["line 1: text without a time (refused)",
      "line 8: a time that cannot be read, such as 00:01:02.500 --> 00:01:04.000 (refused)"]),
    ("another arrow", b"1\n00:00:01,000 -> 00:00:02,000\nA", [(1000, 2000, "A")],
     ["line 2: another arrow than --> (repaired)"]),
    ("twice the same", b"1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:01,000 --> 00:00:02,000\nA",
     [(1000, 2000, "A")], ["line 6: the same caption was there twice (repaired)"]),
    ("styles and notes", b"WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\n\n00:01.000 --> 00:02.000\nHi",
     [(1000, 2000, "Hi")],
     ["line 3: STYLE blocks are not taken: pages show captions in their own style (refused)"]),
    ("settings that are none", b"WEBVTT\n\n00:01.000 --> 00:02.000 align:undefined position:5%\nHi",
     [(1000, 2000, "Hi")], ["line 3: a position that captions do not have was taken out (repaired)"]),
    ("markup of other formats", b"1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color=red>Red</font> <B>bold</ b>",
     [(1000, 2000, "Red <b>bold</b>")],
     ["line 3: 'font' is no markup of captions and was taken out (repaired)",
      "line 3: '{…}' is no markup of captions and was taken out (repaired)"]),
    ("beyond a day", b"1\n99:00:00,000 --> 99:00:02,000\nA\n\n2\n00:00:03,000 --> 00:00:04,000\nB",
     [(3000, 4000, "B")], ["line 2: a time beyond 24 hours (refused)"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "cues", "remarks"), [row[1:] for row in READINGS], ids=[row[0] for row in READINGS])
def test_what_people_bring(data: bytes, cues: list[tuple[int, int, str]], remarks: list[str]) -> None:
    read = read_captions(data)
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in read.cues] == cues
    assert [str(remark) for remark in read.remarks] == remarks


@pytest.mark.parametrize(("data", "sentence"), [
    (b"", "the file is empty"),
    (b"\n\n  \n", "the file is empty"),
    (b"WEBVTT\n", "no line in it is a time"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "no line in it is a time"),
    (b"a" * (20 * 2**20 + 1), "larger than 20 MiB"),
])  # fmt: skip
def test_what_is_no_captions(data: bytes, sentence: str) -> None:
    with pytest.raises(BadCaptions, match=sentence):
        read_captions(data)


@pytest.mark.parametrize(("text", "cleaned"), [
    ("a < b & c > d --> e", "a &lt; b &amp; c &gt; d --&gt; e"),
    ("&lt;b&gt; &amp; &nbsp;&auml;", "&lt;b&gt; &amp; &nbsp;\u00e4"),
    ("<i>open", "<i>open</i>"),
    ("<i><b>crossed</i></b>", "<i><b>crossed</b></i>"),
    ("<v Ann>one <v Bob>two", "<v Ann>one </v><v Bob>two</v>"),
    ("<v.loud Ann &amp; Bob>both", "<v.loud Ann &amp; Bob>both"),
    ("<c.yellow>x</c> <00:00:01.000>y", "<c.yellow>x</c> <00:00:01.000>y"),
    ("<script>alert(1)</script>", "alert(1)"),
    ("one\n\n \ntwo", "one\ntwo"),
    ("a&#10;&#10;b", "a\nb"),
    ("</b>x\x00\x07", "x"),
])  # fmt: skip
def test_cue_text_is_made_valid_and_stays_so(text: str, cleaned: str) -> None:
    assert clean_text(text)[0] == cleaned
    assert clean_text(cleaned)[0] == cleaned


def test_cues_at_an_offset() -> None:
    assert [(cue.start_ms, cue.end_ms) for cue in shift_cues(CUES[:2], 500)] == [(1500, 3000), (3000, 4500)]
    assert [(cue.start_ms, cue.end_ms) for cue in shift_cues(CUES[:2], -2000)] == [(0, 500), (500, 2000)]
    assert [(cue.start_ms, cue.end_ms) for cue in shift_cues(CUES[:2], -2500, 1000)] == [(0, 1000)]


def test_cues_follow_the_cut() -> None:
    timeline = Timeline((Range("talk", 2000, 3000), Range("other", 0, 500), Range("talk", 0, 1500)))
    assert [(cue.start_ms, cue.end_ms) for cue in cues_on(timeline, "talk", CUES)] == [
        (0, 500), (500, 1000), (2500, 3000),
    ]  # fmt: skip


def test_the_cues_of_one_segment() -> None:
    assert cues_between(CUES, 2500, 6500) == [CUES[1]]
    assert cues_between(CUES, 0, 2501) == CUES[:2]


@pytest.mark.skipif("SEMMA_SAMPLES" not in os.environ, reason="SEMMA_SAMPLES names no folder of real files")
def test_real_files_can_be_read() -> None:
    for path in sorted((Path(os.environ["SEMMA_SAMPLES"]) / "captions").iterdir()):
        read = read_captions(path.read_bytes())
        assert read.cues, path.name
        assert read_captions(write_webvtt(read.cues).encode()).cues == read.cues
