import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.media.captions import Cue, write_srt, write_webvtt
from server.media.captions_read import BadCaptions, read_captions
from server.media.captions_text import clean_text
from server.media.chapters import (
    BadChapters,
    Chapter,
    in_order,
    read_ffmetadata,
    read_list,
    read_podcast_json,
    read_webvtt_chapters,
    write_ffmetadata,
    write_list,
    write_podcast_json,
    write_webvtt_chapters,
)
from tests.fuzz.mutations import mutated
from tests.server.media.test_captions import SRT, WEBVTT
from tests.server.media.test_chapters import FFMETADATA, PODCAST

EASY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
pieces = st.sampled_from(
    ["<i>", "</i>", "<v Ann>", "</v>", "<c.x>", "<", ">", "&", "&amp;", "-->", "\n", " ", "{\\an8}"]
)
markup = st.lists(pieces | st.text(max_size=6), max_size=12).map("".join)


@EASY
@given(markup)
def test_any_text_becomes_cue_text_that_stays_as_it_is(text: str) -> None:
    cleaned, _dropped = clean_text(text)
    assert clean_text(cleaned) == (cleaned, frozenset())
    assert "-->" not in cleaned and "\r" not in cleaned
    assert all(line.strip() for line in cleaned.split("\n")) or not cleaned
    assert not re.search(r"&(?!amp;|lt;|gt;|nbsp;|lrm;|rlm;)", cleaned)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    """Cues that do not overlap, as they are kept."""
    times = sorted(draw(st.sets(st.integers(0, 86_400_000), min_size=2, max_size=8)))
    cues = []
    for start, end in zip(times[::2], times[1::2], strict=False):
        settings_text = draw(st.sampled_from(["", "align:start", "line:-1 position:50%"]))
        cue = Cue(
            start, end, clean_text(draw(markup))[0], draw(st.sampled_from(["", "intro", "NOTE 1"])), settings_text
        )
        cues += [cue] if cue.plain_text else []
    return cues


@EASY
@given(cue_lists())
def test_written_captions_read_back(cues: list[Cue]) -> None:
    if cues:
        read = read_captions(write_webvtt(cues).encode())
        assert (list(read.cues), read.remarks) == (cues, ())
    # SubRip cannot say that a '<' is no markup.
    plain = [cue for cue in cues if "&lt;" not in cue.text]
    if plain:
        times = [(cue.start_ms, cue.end_ms) for cue in plain]
        assert [(cue.start_ms, cue.end_ms) for cue in read_captions(write_srt(plain).encode()).cues] == times


@EASY
@given(mutated(WEBVTT.encode()) | mutated(SRT.encode()) | st.binary(max_size=200))
def test_damaged_captions_are_read_or_refused(data: bytes) -> None:
    try:
        read = read_captions(data)
    except BadCaptions as error:
        assert str(error)
        return
    again = read_captions(write_webvtt(read.cues).encode())
    assert again.cues == read.cues
    assert all(remark.action == "noted" for remark in again.remarks)


titles = st.text(max_size=20)
chapter_lists = st.lists(st.builds(Chapter, st.integers(0, 359_999_999), titles), min_size=1, max_size=6).map(in_order)


@EASY
@given(chapter_lists)
def test_chapters_survive_their_texts(chapters: list[Chapter]) -> None:
    if not chapters:
        return
    end = chapters[-1].start_ms + 1
    assert read_podcast_json(write_podcast_json(chapters, end).encode()) == chapters
    assert read_ffmetadata(write_ffmetadata(chapters, end)) == chapters


@EASY
@given(mutated(FFMETADATA.encode()) | mutated(PODCAST.encode()) | mutated(WEBVTT.encode()) | st.binary(max_size=100))
def test_damaged_chapters_are_read_or_refused(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    for read in (lambda: read_podcast_json(data), lambda: read_ffmetadata(text), lambda: read_list(text)):
        try:
            found = read()
        except BadChapters:
            continue
        assert found == in_order(found)
        write_webvtt_chapters(found, 10**9)
        write_list(found)
    try:
        read_webvtt_chapters(data)
    except BadCaptions:
        return
