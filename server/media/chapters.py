"""Chapters: a list of titles at times, written as WebVTT chapters, ffmetadata and podcast JSON, and read from them."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from server.media.captions import Cue, write_webvtt
from server.media.captions_read import read_captions
from server.media.captions_text import clean_text
from server.media.timeline import Timeline

MAX_CHAPTERS = 1000
MAX_TITLE = 300
PODCAST_VERSION = "1.2.0"
_LINE = re.compile(
    r"\s*[-*•]?\s*[\[(]?(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:\.(\d{1,3}))?[\])]?\s*(?:[-–—:|]\s+)?(.+)", re.ASCII
)


class BadChapters(ValueError):
    """Text that is no list of chapters."""

    code = "media.bad_chapters"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter, from its start to the start of the next; times in milliseconds of the recording."""

    start_ms: int
    title: str
    url: str = ""


def in_order(chapters: Iterable[Chapter], duration_ms: int | None = None) -> list[Chapter]:
    """Chapters by time, one at a time, titles on one line, none outside the recording and none without a title."""
    result: dict[int, Chapter] = {}
    for chapter in chapters:
        title = " ".join(chapter.title.split())[:MAX_TITLE]
        inside = chapter.start_ms >= 0 and (duration_ms is None or chapter.start_ms < duration_ms)
        if title and inside:
            result.setdefault(chapter.start_ms, replace(chapter, title=title))
    return [result[start] for start in sorted(result)][:MAX_CHAPTERS]


def _with_ends(chapters: Iterable[Chapter], duration_ms: int) -> list[tuple[Chapter, int]]:
    ordered = in_order(chapters, duration_ms)
    ends = [*(chapter.start_ms for chapter in ordered[1:]), duration_ms]
    return list(zip(ordered, ends, strict=False))


def write_webvtt_chapters(chapters: Iterable[Chapter], duration_ms: int) -> str:
    """A WebVTT file for `<track kind="chapters">`."""
    return write_webvtt(
        Cue(chapter.start_ms, end, clean_text(_escaped(chapter.title))[0])
        for chapter, end in _with_ends(chapters, duration_ms)
    )


def _escaped(title: str) -> str:
    """A title has no markup: what looks like it is text."""
    return title.replace("&", "&amp;").replace("<", "&lt;")


def write_ffmetadata(chapters: Iterable[Chapter], duration_ms: int) -> str:
    """Chapters for ffmpeg's `-f ffmetadata` input, for files to download."""
    lines = [";FFMETADATA1"]
    for chapter, end in _with_ends(chapters, duration_ms):
        title = re.sub(r"([=;#\\\n])", r"\\\1", chapter.title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={chapter.start_ms}", f"END={end}", f"title={title}"]
    return "\n".join(lines) + "\n"


def write_podcast_json(chapters: Iterable[Chapter], duration_ms: int) -> str:
    """Podcast namespace chapters (JSON, version 1.2.0), times in seconds."""
    items = []
    for chapter in in_order(chapters, duration_ms):
        item: dict[str, Any] = {"startTime": _seconds(chapter.start_ms), "title": chapter.title}
        if chapter.url:
            item["url"] = chapter.url
        items.append(item)
    return json.dumps({"version": PODCAST_VERSION, "chapters": items}, ensure_ascii=False, indent=2) + "\n"


def _seconds(milliseconds: int) -> int | float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def write_list(chapters: Iterable[Chapter]) -> str:
    """Chapters as people write them: a time and a title a line."""
    return "".join(f"{_clock(chapter.start_ms)} {chapter.title}\n" for chapter in in_order(chapters))


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    fraction = f".{rest:03d}" if rest else ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def read_list(text: str) -> list[Chapter]:
    """Chapters from lines such as `1:02:30 Questions`; lines without a time are passed over. Raises BadChapters."""
    found = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match:
            hours, minutes, seconds, fraction, title = match.groups()
            whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
            found.append(Chapter(whole * 1000 + int((fraction or "0").ljust(3, "0")), title))
    if not found:
        raise BadChapters("no line starts with a time such as 12:30, followed by a title")
    return in_order(found)


def read_webvtt_chapters(data: bytes) -> list[Chapter]:
    """Chapters from WebVTT cues. Raises BadCaptions."""
    return in_order(Chapter(cue.start_ms, cue.plain_text) for cue in read_captions(data).cues)


def read_podcast_json(data: bytes) -> list[Chapter]:
    """Chapters from podcast JSON; entries kept out of its table of contents are left out. Raises BadChapters."""
    try:
        items = json.loads(data)["chapters"]
        found = [
            Chapter(round(float(item["startTime"]) * 1000), str(item.get("title", "")), str(item.get("url", "")))
            for item in items
            if item.get("toc", True)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadChapters(
            "this is no chapters file: it needs 'chapters', each with a 'startTime' and a title"
        ) from error
    return in_order(found)


def read_ffmetadata(text: str) -> list[Chapter]:
    """Chapters of an ffmetadata file; its other sections are passed over. Raises BadChapters."""
    if not text.startswith(";FFMETADATA"):
        raise BadChapters("an ffmetadata file starts with ;FFMETADATA1")
    found = []
    for section in re.split(r"(?m)^\[", text)[1:]:
        name, _, body = section.partition("]")
        if name != "CHAPTER":
            continue
        fields = dict(re.findall(r"(?ms)^(\w+)=((?:\\.|[^\\\n])*)", body))
        base = re.fullmatch(r"(\d{1,18})/(\d{1,18})", fields.get("TIMEBASE", "1/1000000000"))
        start = fields.get("START", "")
        if base is None or int(base[2]) == 0 or not re.fullmatch(r"\d{1,18}", start):
            raise BadChapters("a chapter needs TIMEBASE and START as whole numbers")
        at = Fraction(int(start) * int(base[1]) * 1000, int(base[2]))
        found.append(Chapter(round(at), re.sub(r"(?s)\\(.)", r"\1", fields.get("title", ""))))
    return in_order(found)


def from_container(entries: Iterable[tuple[int, str]], duration_ms: int) -> list[Chapter]:
    """Chapters that a container has, given as start in milliseconds and title; nameless ones are numbered.

    A single chapter over everything says nothing and is left out.
    """
    found = [Chapter(start, title.strip() or f"{number}") for number, (start, title) in enumerate(entries, 1)]
    ordered = in_order(found, duration_ms)
    return ordered if len(ordered) > 1 else []


def chapters_on(timeline: Timeline, source: str, chapters: Sequence[Chapter]) -> list[Chapter]:
    """A source's chapters as they fall in a recording; one whose start is cut away begins where it is first shown."""
    placed = []
    for chapter, end in zip(chapters, [*(one.start_ms for one in chapters[1:]), None], strict=False):
        last = max((one.end for one in timeline.ranges), default=0) if end is None else end
        spans = timeline.spans(source, chapter.start_ms, last) if last > chapter.start_ms else ()
        if spans:
            placed.append(replace(chapter, start_ms=round(spans[0].start)))
    return in_order(placed)
