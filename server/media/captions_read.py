"""Captions as people bring them: WebVTT and SRT, read tolerantly, with a remark for everything repaired or refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from server.media.captions import Cue
from server.media.captions_text import clean_text

MAX_BYTES = 20 * 1024 * 1024
MAX_CUES = 100_000
# Cues that overlap by less come from rounding; the earlier one is shortened.
SMALL_OVERLAP_MS = 100
DAY_MS = 24 * 3600 * 1000

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\s*([.,:;])\s*(\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*(-{{1,2}}>|[–—]>|→)\s*{_CLOCK}(?:[ \t]+(.*))?", re.ASCII)
_FRAMES = "frames"
_MARKS = {",": "a comma", ".": "a point", ":": "a colon", ";": "a semicolon"}
_ARROW = re.compile(r"-->|->|→")
_SETTING = re.compile(
    r"vertical:(rl|lr)|line:(-?\d+|\d+(\.\d+)?%)(,(start|center|end))?|size:\d+(\.\d+)?%"
    r"|position:\d+(\.\d+)?%(,(line-left|center|line-right))?|align:(start|center|end|left|right)"
)


def is_setting(word: str) -> bool:
    """Whether it is a WebVTT cue setting, such as `align:start`."""
    return _SETTING.fullmatch(word) is not None


class BadCaptions(ValueError):
    """Not captions at all: nothing in the file can be read as WebVTT or SRT."""

    code = "media.bad_captions"


@dataclass(frozen=True, slots=True)
class Remark:
    """What was done with the file, once for all lines alike: the first line and how many there are."""

    action: Literal["repaired", "refused", "noted"]
    line: int
    count: int
    sentence: str

    def __str__(self) -> str:
        more = f" and {self.count - 1} more" if self.count > 1 else ""
        return f"line {self.line}{more}: {self.sentence} ({self.action})"


@dataclass(frozen=True, slots=True)
class Captions:
    """What could be read: cues in order of time, the format found, and the remarks in order of line."""

    cues: tuple[Cue, ...]
    format: Literal["webvtt", "srt"]
    remarks: tuple[Remark, ...]


def read_captions(data: bytes) -> Captions:
    """Read a WebVTT or SRT file. Raises BadCaptions when there is not one cue in it."""
    if len(data) > MAX_BYTES:
        raise BadCaptions(f"the file is larger than {MAX_BYTES // 2**20} MiB: captions of a whole day are far smaller")
    remarks = _Remarks()
    text = _decode(data, remarks)
    reader = _Reader(text, remarks)
    cues = _in_order(list(reader.cues()), remarks)
    if not cues:
        reason = (
            "the file is empty" if not text.strip() else "no line in it is a time such as 00:01:02.500 --> 00:01:04"
        )
        raise BadCaptions(f"these are no captions: {reason}. WebVTT (.vtt) and SubRip (.srt) can be read")
    return Captions(tuple(cues), reader.format, remarks.all())


class _Remarks:
    """Collects remarks; the same sentence becomes one remark with a count."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Remark] = {}

    def repaired(self, line: int, sentence: str) -> None:
        """Something that was wrong and is right now."""
        self._add("repaired", line, sentence)

    def refused(self, line: int, sentence: str) -> None:
        """Something that was left out."""
        self._add("refused", line, sentence)

    def noted(self, line: int, sentence: str) -> None:
        """Something that stays as it is but may surprise."""
        self._add("noted", line, sentence)

    def _add(self, action: Literal["repaired", "refused", "noted"], line: int, sentence: str) -> None:
        found = self._found.get((action, sentence))
        self._found[action, sentence] = (
            replace(found, count=found.count + 1, line=min(found.line, line))
            if found
            else Remark(action, line, 1, sentence)
        )

    def all(self) -> tuple[Remark, ...]:
        """In the order of their first lines."""
        return tuple(sorted(self._found.values(), key=lambda remark: remark.line))


def _decode(data: bytes, remarks: _Remarks) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        remarks.repaired(1, "the file was UTF-16 instead of UTF-8")
        return data.decode("utf-16", errors="replace")
    if len(data) > 3 and (data[0] == 0) != (data[1] == 0):  # every second byte of Latin text
        remarks.repaired(1, "the file was UTF-16 instead of UTF-8")
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remarks.repaired(line, "the file was not UTF-8; it was read as Windows-1252, check the letters with accents")
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        remarks.repaired(text.count("\n", 0, text.index("\x00")) + 1, "there were zero bytes")
    return text.replace("\x00", "\ufffd")


@dataclass(frozen=True, slots=True)
class _Timing:
    start_ms: int
    end_ms: int
    settings: str


class _Reader:
    """Goes through the blocks of a file; a block ends at an empty line."""

    def __init__(self, text: str, remarks: _Remarks) -> None:
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._remarks = remarks
        self.format: Literal["webvtt", "srt"] = "webvtt" if self._lines[0].startswith("WEBVTT") else "srt"
        self._frame_rate = _frame_rate(self._lines)

    def cues(self) -> Iterator[tuple[int, Cue]]:
        """The lines and cues in file order, each valid by itself."""
        count = 0
        for number, block in self._blocks():
            for line, cue in self._read_block(number, block):
                count += 1
                if count > MAX_CUES:
                    raise BadCaptions(f"more than {MAX_CUES} captions in one file")
                yield line, cue

    def _blocks(self) -> Iterator[tuple[int, list[str]]]:
        start, block = 1, list[str]()
        for number, line in enumerate([*self._lines, ""], 1):
            if line.strip():
                start = start if block else number
                block.append(line)
            elif block:
                yield start, block
                block = []

    def _read_block(self, number: int, block: list[str]) -> Iterator[tuple[int, Cue]]:
        if self._is_other_block(number, block):
            return
        timed = [index for index, line in enumerate(block) if _TIMING.fullmatch(line)]
        if not timed:
            self._refuse_untimed(number, block)
            return
        if timed[0] > 1:
            self._remarks.refused(number, "text before the time of a caption")
        ends = [*(self._text_end(block, index) for index in timed[1:]), len(block)]
        for index, end in zip(timed, ends, strict=True):
            identifier = block[index - 1].strip() if index else ""
            cue = self._read_cue(number + index, block[index], identifier, block[index + 1 : end])
            if cue:
                yield number + index, cue
        if len(timed) > 1:
            self._remarks.repaired(number + timed[1], "no empty line before the caption")

    def _is_other_block(self, number: int, block: list[str]) -> bool:
        """Headers, comments, styles and regions, which carry no words."""
        if number == 1 and self.format == "webvtt":
            if len(block) > 1 and any(_TIMING.fullmatch(line) for line in block):
                self._remarks.repaired(2, "no empty line after WEBVTT")
                return False
            return True
        if self.format != "webvtt" or any(_ARROW.search(line) for line in block):
            return False
        first = block[0].split(None, 1)[0]
        if first in ("STYLE", "REGION") and block[0].strip() == first:
            self._remarks.refused(number, f"{first} blocks are not taken: pages show captions in their own style")
            return True
        return first == "NOTE"

    def _refuse_untimed(self, number: int, block: list[str]) -> None:
        arrow = next((index for index, line in enumerate(block) if _ARROW.search(line)), None)
        if arrow is not None:
            self._remarks.refused(number + arrow, "a time that cannot be read, such as 00:01:02.500 --> 00:01:04.000")
        else:
            self._remarks.refused(number, "text without a time")

    def _text_end(self, block: list[str], index: int) -> int:
        """Where the text before a following time ends: its number belongs to the next caption."""
        return index - 1 if block[index - 1].strip().isdecimal() else index

    def _read_cue(self, number: int, line: str, identifier: str, text: list[str]) -> Cue | None:
        timing = self._read_timing(number, line)
        if timing is None:
            return None
        cleaned, dropped = clean_text("\n".join(text))
        for name in sorted(dropped):
            self._remarks.repaired(number + 1, f"'{name[:30]}' is no markup of captions and was taken out")
        cue = Cue(timing.start_ms, timing.end_ms, cleaned, identifier, timing.settings)
        if not cue.plain_text:
            self._remarks.refused(number, "a caption without words")
            return None
        # The numbers of SubRip name nothing; a page finds a cue by its time.
        return cue if self.format == "webvtt" and "-->" not in identifier else replace(cue, identifier="")

    def _read_timing(self, number: int, line: str) -> _Timing | None:
        match = _TIMING.fullmatch(line)
        assert match is not None
        self._remark_marks(number, match)
        if match[6] != "-->":
            self._remarks.repaired(number, "another arrow than -->")
        if self.format == "srt" and None in (match[1], match[7]):
            self._remarks.repaired(number, "a time without hours")
        start, end = (_milliseconds(match, first, self._frame_rate) for first in (1, 7))
        if max(start, end) > DAY_MS:
            self._remarks.refused(number, "a time beyond 24 hours")
            return None
        if end <= start:
            self._remarks.refused(number, "a caption that ends before it starts")
            return None
        return _Timing(start, end, self._settings(number, match[12] or ""))

    def _remark_marks(self, number: int, match: re.Match[str]) -> None:
        """What is wrong with the way the two times are written."""
        right = "." if self.format == "webvtt" else ","
        for mark in {_FRAMES if _is_frames(match[at], match[at + 1]) else match[at] for at in (4, 10)}:
            if mark == _FRAMES:
                self._remarks.repaired(number, f"frames instead of milliseconds, read as {self._frame_rate} a second")
            elif mark not in (None, right):
                written, wanted = _MARKS[mark], _MARKS[right]
                self._remarks.repaired(number, f"{written} instead of {wanted} before the milliseconds")
        if any(int(part) > 59 for part in (match[2], match[3], match[8], match[9])):
            self._remarks.repaired(number, "more than 59 minutes or seconds in a time; they were counted on")

    def _settings(self, number: int, text: str) -> str:
        good: dict[str, str] = {}
        for word in text.split():
            if self.format == "webvtt" and _SETTING.fullmatch(word):
                good[word.partition(":")[0]] = word
            else:
                self._remarks.repaired(number, "a position that captions do not have was taken out")
        return " ".join(good.values())


def _milliseconds(match: re.Match[str], first: int, frame_rate: int) -> int:
    hours, minutes, seconds, mark, fraction = match.groups()[first - 1 : first + 4]
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    if _is_frames(mark, fraction):
        return total * 1000 + int(fraction) * 1000 // frame_rate
    return total * 1000 + int((fraction or "0").ljust(3, "0"))


def _is_frames(mark: str | None, fraction: str | None) -> bool:
    """Whether what follows the seconds is a number of frames."""
    return mark in (":", ";") and len(fraction or "") < 3


def _frame_rate(lines: list[str]) -> int:
    """Frames a second of times such as 01:00:00:24 (SMPTE ST 12-1): the lowest usual rate with the highest number."""
    found = (match for line in lines if (match := _TIMING.fullmatch(line)))
    frames = [int(match[at + 1]) for match in found for at in (4, 10) if match[at] in (":", ";")]
    return next((rate for rate in (25, 30, 50, 60) if max(frames, default=0) < rate), 100)


def _in_order(cues: list[tuple[int, Cue]], remarks: _Remarks) -> list[Cue]:
    """By time; what overlaps a little is shortened, what overlaps more stays and is remarked."""
    ordered = sorted(cues, key=lambda pair: (pair[1].start_ms, pair[1].end_ms))
    result: list[Cue] = []
    last_line = 0
    for line, cue in ordered:
        if line < last_line:
            remarks.repaired(line, "a caption was not in the order of its time")
        last_line = max(last_line, line)
        before = result[-1] if result else None
        if before and replace(before, identifier="") == replace(cue, identifier=""):
            remarks.repaired(line, "the same caption was there twice")
            continue
        if before and before.start_ms < cue.start_ms < before.end_ms:
            if before.end_ms - cue.start_ms <= SMALL_OVERLAP_MS:
                remarks.repaired(line, "the caption before ran into this one by a moment and was shortened")
                result[-1] = replace(before, end_ms=cue.start_ms)
            else:
                remarks.noted(line, "the caption before is still shown when this one starts: both will be shown")
        result.append(cue)
    return result
