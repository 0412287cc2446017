"""Captions: cues, WebVTT (https://www.w3.org/TR/webvtt1/) and SRT out; `captions_read` takes what people bring.

The text of a cue is WebVTT cue text: escaped, with the tags WebVTT knows. Times are milliseconds of the recording.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape

from server.media.timeline import Timeline

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption. `settings` are WebVTT cue settings such as `align:start line:0`."""

    start_ms: int
    end_ms: int
    text: str
    identifier: str = ""
    settings: str = ""

    @property
    def plain_text(self) -> str:
        """The words alone, on one line: for searching and for transcripts."""
        return " ".join(unescape(_TAG.sub("", self.text)).split())

    @property
    def speaker(self) -> str:
        """Who speaks, when the cue says so (`<v Name>`); else empty."""
        found = re.match(r"\s*<v(?:\.[^\s>]+)?\s+([^>]+)>", self.text)
        return unescape(found[1]).strip() if found else ""


def plain_lines(text: str) -> list[str]:
    """The words of a cue text line by line, as they are shown: without tags, unescaped."""
    lines = (" ".join(unescape(_TAG.sub("", line)).split()) for line in text.split("\n"))
    return [line for line in lines if line]


def write_webvtt(cues: Iterable[Cue], language: str = "") -> str:
    """A WebVTT file, its cues in order of time."""
    head = f"WEBVTT\nLanguage: {language}\n" if language else "WEBVTT\n"
    return head + "".join("\n" + _webvtt_cue(cue) for cue in sorted(cues, key=_order))


def _webvtt_cue(cue: Cue) -> str:
    identifier = f"{cue.identifier}\n" if cue.identifier else ""
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{identifier}{vtt_time(cue.start_ms)} --> {vtt_time(cue.end_ms)}{settings}\n{cue.text}\n"


def write_srt(cues: Iterable[Cue]) -> str:
    """A SubRip file: numbered, without positions, only italic, bold and underline kept."""
    return "\n".join(_srt_cue(number, cue) for number, cue in enumerate(sorted(cues, key=_order), 1))


def _srt_cue(number: int, cue: Cue) -> str:
    times = f"{vtt_time(cue.start_ms)} --> {vtt_time(cue.end_ms)}".replace(".", ",")
    text = unescape(re.sub(r"<(?!/?[ibu]>)[^>]*>", "", cue.text))
    # A line that held only a tag is empty now, and an empty line would end the caption.
    text = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    return f"{number}\n{times}\n{text}\n"


def _order(cue: Cue) -> tuple[int, int]:
    return cue.start_ms, cue.end_ms


def vtt_time(milliseconds: int) -> str:
    """A WebVTT timestamp, always with hours."""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}"


def shift_cues(cues: Iterable[Cue], offset_ms: int, duration_ms: int | None = None) -> list[Cue]:
    """The cues `offset_ms` later (earlier when negative); what falls before 0 or after `duration_ms` is cut off."""
    shifted = []
    for cue in cues:
        start = max(0, cue.start_ms + offset_ms)
        end = cue.end_ms + offset_ms
        end = end if duration_ms is None else min(end, duration_ms)
        if start < end:
            shifted.append(replace(cue, start_ms=start, end_ms=end))
    return shifted


def cues_on(timeline: Timeline, source: str, cues: Iterable[Cue]) -> list[Cue]:
    """Cues of a source's media time as they fall in a recording: a cue across a cut is shown on both sides of it."""
    placed = [
        replace(cue, start_ms=round(span.start), end_ms=round(span.end))
        for cue in cues
        for span in timeline.spans(source, cue.start_ms, cue.end_ms)
        if round(span.end) > round(span.start)
    ]
    return sorted(placed, key=_order)


def cues_between(cues: Sequence[Cue], start_ms: int, end_ms: int) -> list[Cue]:
    """The cues shown at any time from `start_ms` up to `end_ms`, their own times unchanged: one subtitle segment."""
    return [cue for cue in cues if cue.start_ms < end_ms and cue.end_ms > start_ms]
