import json
import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from server.media.chapters import (
    BadChapters,
    Chapter,
    chapters_on,
    from_container,
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
from server.media.timeline import Range, Timeline

CHAPTERS = [
    Chapter(0, "Welcome"),
    Chapter(90_500, "Questions & <answers>"),
    Chapter(3_600_000, "a=b; #1 \\ the end", url="https://example.org/end"),
]
WEBVTT = """\
WEBVTT

00:00:00.000 --> 00:01:30.500
Welcome

00:01:30.500 --> 01:00:00.000
Questions &amp; &lt;answers&gt;

01:00:00.000 --> 01:00:10.000
a=b; #1 \\ the end
"""
FFMETADATA = """\
;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=90500
title=Welcome
[CHAPTER]
TIMEBASE=1/1000
START=90500
END=3600000
title=Questions & <answers>
[CHAPTER]
TIMEBASE=1/1000
START=3600000
END=3610000
title=a\\=b\\; \\#1 \\\\ the end
"""
PODCAST = """\
{
  "version": "1.2.0",
  "chapters": [
    {
      "startTime": 0,
      "title": "Welcome"
    },
    {
      "startTime": 90.5,
      "title": "Questions & <answers>"
    },
    {
      "startTime": 3600,
      "title": "a=b; #1 \\\\ the end",
      "url": "https://example.org/end"
    }
  ]
}
"""
LIST = "0:00:00 Welcome\n0:01:30.500 Questions & <answers>\n1:00:00 a=b; #1 \\ the end\n"
DURATION_MS = 3_610_000
TITLES = [(chapter.start_ms, chapter.title) for chapter in CHAPTERS]


def titles(chapters: list[Chapter]) -> list[tuple[int, str]]:
    return [(chapter.start_ms, chapter.title) for chapter in chapters]


def test_each_format_byte_for_byte_and_back() -> None:
    assert write_webvtt_chapters(CHAPTERS, DURATION_MS) == WEBVTT
    assert titles(read_webvtt_chapters(WEBVTT.encode())) == TITLES
    assert write_ffmetadata(CHAPTERS, DURATION_MS) == FFMETADATA
    assert titles(read_ffmetadata(FFMETADATA)) == TITLES
    assert write_podcast_json(CHAPTERS, DURATION_MS) == PODCAST
    assert read_podcast_json(PODCAST.encode()) == CHAPTERS
    assert write_list(CHAPTERS) == LIST
    assert titles(read_list(LIST)) == TITLES


def test_chapters_are_put_in_order() -> None:
    given = [Chapter(5000, " b \n c "), Chapter(0, "a"), Chapter(5000, "again"), Chapter(9000, ""), Chapter(-1, "x")]
    assert in_order([*given, Chapter(10_000, "late")], 10_000) == [Chapter(0, "a"), Chapter(5000, "b c")]


def test_no_chapters_are_none_in_every_format() -> None:
    assert write_webvtt_chapters([], 1000) == "WEBVTT\n"
    assert read_ffmetadata(write_ffmetadata([], 1000)) == []
    assert read_podcast_json(write_podcast_json([], 1000).encode()) == []
    assert chapters_on(Timeline(()), "talk", []) == []


def test_lists_as_people_write_them() -> None:
    text = "Chapters:\n00:00 - Intro\n* 12:34 | Demo\n[1:02:03.5] Q: what?\n(75:00) Long\nThe end 9"
    assert titles(read_list(text)) == [(0, "Intro"), (754_000, "Demo"), (3_723_500, "Q: what?"), (4_500_000, "Long")]


def test_a_containers_chapters() -> None:
    assert from_container([(0, "All of it")], 5000) == []
    assert from_container([(0, "One"), (2000, " "), (9000, "Beyond")], 5000) == [Chapter(0, "One"), Chapter(2000, "2")]


def test_chapters_follow_the_cut() -> None:
    timeline = Timeline((Range("talk", 100_000, 4_000_000),))
    assert titles(chapters_on(timeline, "talk", CHAPTERS)) == [(0, TITLES[1][1]), (3_500_000, TITLES[2][1])]
    assert chapters_on(timeline, "other", CHAPTERS) == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"chapters": 5}', b'{"chapters": [{}]}', b"\xff",
                                  b'{"chapters": [{"startTime": "x"}]}', b'{"chapters": [{"startTime": Infinity}]}',
                                  b"[" * 100_000])  # fmt: skip
def test_podcast_json_that_is_none(data: bytes) -> None:
    with pytest.raises(BadChapters, match="this is no chapters file"):
        read_podcast_json(data)


def test_texts_that_are_no_chapters() -> None:
    with pytest.raises(BadChapters, match="no line starts with a time"):
        read_list("Nothing\nhere")
    with pytest.raises(BadChapters, match="starts with ;FFMETADATA1"):
        read_ffmetadata("[CHAPTER]")
    with pytest.raises(BadChapters, match="needs TIMEBASE"):
        read_ffmetadata(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/0\nSTART=1\n")


@pytest.mark.ffmpeg
def test_ffmpeg_takes_the_metadata(tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
    (tmp_path / "in.txt").write_text(write_ffmetadata([*CHAPTERS[:2], Chapter(95_000, "x=y;")], 100_000))
    base = [ffmpeg, "-loglevel", "error", "-y"]
    sound = ["-f", "lavfi", "-t", "100", "-i", "anullsrc=r=8000"]
    made = tmp_path / "made.mka"
    subprocess.run([*base, *sound, "-f", "ffmetadata", "-i", tmp_path / "in.txt", "-c:a", "pcm_u8", made], check=True)
    text = subprocess.run([*base, "-i", made, "-f", "ffmetadata", "-"], check=True, capture_output=True).stdout
    assert titles(read_ffmetadata(text.decode())) == [*TITLES[:2], (95_000, "x=y;")]


def test_podcast_json_is_json() -> None:
    assert json.loads(PODCAST)["chapters"][1] == {"startTime": 90.5, "title": "Questions & <answers>"}
