"""A strict checker of HLS playlists against RFC 8216bis (draft-pantos-hls-rfc8216bis): what is wrong, where, and why.

It reads the text by itself, so that a fault of our writer or reader cannot hide a fault of the playlist. What the
specification only recommends (SHOULD) counts as wrong here too, where Semma has no reason to differ.
"""

import re
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction

from server.media.playlist import rounded_seconds
from server.media.playlist_check_live import check_live_rules
from server.media.playlist_check_multivariant import check_multivariant_rules
from server.media.playlist_check_tags import RULES, Finding, Scope, check_tag
from server.media.playlist_tags import (
    Line,
    PlaylistError,
    has_zone,
    is_of_type,
    read_attributes,
    read_date_time,
    read_lines,
)

__all__ = ["Finding", "check_playlist"]

NEWEST_VERSION = 13
ONCE = (Scope.BOTH_ONCE, Scope.MEDIA_ONCE, Scope.MULTIVARIANT_ONCE)
BOTH = (Scope.BOTH_ONCE,)
OF_MULTIVARIANT = (Scope.MULTIVARIANT, Scope.MULTIVARIANT_ONCE)
# A clock read at each segment may wander a little; a jump is a fault.
CLOCK_TOLERANCE = timedelta(milliseconds=100)


def check_playlist(playlist: str | bytes) -> list[Finding]:
    """Everything wrong with a playlist of either kind, in the order of its lines; an empty list when it is right."""
    try:
        text = playlist.decode("utf-8") if isinstance(playlist, bytes) else playlist
    except UnicodeDecodeError:
        return [Finding("text.encoding", 0, "4.1", "the playlist is not UTF-8")]
    findings = _check_text(text)
    lines = list(read_lines(text.removeprefix("\ufeff")))
    findings += [finding for line in lines if not line.is_uri for finding in check_tag(line)]
    findings += _check_places(lines)
    if any(line.tag in RULES and RULES[line.tag].scope in OF_MULTIVARIANT for line in lines):
        findings += check_multivariant_rules(lines)
    else:
        findings += _MediaCheck(lines).findings()
        findings += check_live_rules(text)
    return sorted(findings, key=lambda finding: (finding.line, finding.code))


def _check_text(text: str) -> list[Finding]:
    findings = []
    if text.startswith("\ufeff"):
        findings.append(Finding("text.bom", 1, "4.1", "a playlist has no byte order mark"))
    if text.removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r") != "#EXTM3U":
        findings.append(Finding("tag.extm3u", 1, "4.4.1.1", "the first line must be #EXTM3U"))
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if re.search(r"[\x00-\x1f\x7f-\x9f]", line):
            findings.append(Finding("text.control", number, "4.1", "there is a control character in this line"))
        if line != line.strip():
            findings.append(Finding("text.space", number, "4.1", "this line starts or ends with a space"))
        if line and not line.startswith("#") and re.search(r"[\s<>\"{}|\\^`]", line.strip()):
            findings.append(Finding("uri.syntax", number, "4.1", "a URI has no spaces or quotes; they are escaped"))
    return findings


def _check_places(lines: list[Line]) -> list[Finding]:
    """Tags in the right kind of playlist, and not more often than they may be."""
    findings = []
    scopes = {line.tag: RULES[line.tag].scope for line in lines if line.tag in RULES}
    is_multivariant = any(scope in OF_MULTIVARIANT for scope in scopes.values())
    count: Counter[str] = Counter()
    for line in lines:
        scope = scopes.get(line.tag)
        if scope is None:
            continue
        if is_multivariant and scope not in OF_MULTIVARIANT + BOTH:
            sentence = f"{line.tag} belongs to media playlists, but this is a multivariant playlist"
            findings.append(Finding("tag.kind", line.number, "4.1", sentence))
        count[line.tag] += 1
        if scope in ONCE and count[line.tag] == 2:
            sentence = f"{line.tag} is there more than once"
            findings.append(Finding("tag.repeated", line.number, RULES[line.tag].section, sentence))
    return findings


class _MediaCheck:
    """Walks a media playlist once, remembering what the next segment has been given."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._found: list[Finding] = []
        self._version = self._number("EXT-X-VERSION", 1)
        self._target = self._number("EXT-X-TARGETDURATION", 0)
        self._ended = any(line.tag == "EXT-X-ENDLIST" for line in lines)
        self._total = Fraction(0)
        self._segments = 0
        self._before: dict[str, Line] = {}
        # A delta update skips the init together with the segment that carried it (4.4.5.2).
        self._has_map = any(line.tag == "EXT-X-SKIP" for line in lines)
        self._expected_date: datetime | None = None

    def findings(self) -> list[Finding]:
        """All rules about the playlist as a whole and about each of its segments."""
        for line in self._lines:
            if line.is_uri:
                self._check_segment(line)
            elif line.tag in RULES:
                self._take(line)
        # Parts of a segment that is still growing follow the tags that hold for all of it.
        last_part = max((line.number for line in self._lines if line.tag == "EXT-X-PART"), default=0)
        left = [
            line
            for name, line in self._before.items()
            if name not in ("EXT-X-MAP", "EXT-X-KEY") and line.number > last_part
        ]
        for line in left:
            self._add("segment.dangling", line, "4.4.4", f"{line.tag} has no segment after it")
        self._check_head()
        self._check_type()
        self._check_start()
        return self._found

    def _add(self, code: str, line: Line | None, section: str, sentence: str) -> None:
        self._found.append(Finding(code, line.number if line else 0, section, sentence))

    def _find(self, name: str) -> Line | None:
        return next((line for line in self._lines if line.tag == name), None)

    def _number(self, name: str, otherwise: int) -> int:
        line = self._find(name)
        return int(line.value) if line and is_of_type(line.value, "decimal-integer") else otherwise

    def _take(self, line: Line) -> None:
        scope = RULES[line.tag].scope
        if line.tag in ("EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE") and self._segments:
            section = RULES[line.tag].section
            self._add("sequence.late", line, section, f"{line.tag} must come before the first segment")
        if line.tag == "EXT-X-DISCONTINUITY-SEQUENCE" and "EXT-X-DISCONTINUITY" in self._before:
            self._add("sequence.late", line, "4.4.3.3", f"{line.tag} must come before any EXT-X-DISCONTINUITY")
        if scope is Scope.SEGMENT:
            if line.tag in self._before:
                self._add("segment.repeated", line, RULES[line.tag].section, f"{line.tag} is there twice for a segment")
            self._before[line.tag] = line

    def _check_segment(self, line: Line) -> None:
        before, self._before = self._before, {}
        self._segments += 1
        if "EXT-X-MAP" in before:
            self._has_map = True
            self._need_version(before["EXT-X-MAP"], 5 if self._find("EXT-X-I-FRAMES-ONLY") else 6, "EXT-X-MAP")
        elif not self._has_map and re.search(r"\.(m4s|mp4|m4v|m4a|cmf[vat])($|\?)", line.value):
            self._add("segment.map", line, "3.1.2", "an fMP4 segment needs EXT-X-MAP before it")
        if "EXT-X-BYTERANGE" in before:
            self._need_version(before["EXT-X-BYTERANGE"], 4, "EXT-X-BYTERANGE")
        duration = self._duration(line, before.get("EXTINF"))
        self._check_date(before, duration)
        self._total += duration

    def _duration(self, line: Line, extinf: Line | None) -> Fraction:
        if extinf is None:
            self._add("segment.extinf", line, "4.4.4.1", "a segment needs EXTINF before its URI")
            return Fraction(0)
        text = extinf.value.partition(",")[0]
        if not is_of_type(text, "decimal-floating-point"):
            return Fraction(0)
        duration = Fraction(text)
        if "." in text:
            self._need_version(extinf, 3, "a duration that is no whole number")
        if self._target and rounded_seconds(duration) > self._target:
            sentence = f"{text} s, rounded, is longer than the target duration of {self._target} s"
            self._add("segment.too_long", extinf, "4.4.3.1", sentence)
        if duration == 0:
            self._add("segment.empty", extinf, "4.4.4.1", "a segment without duration")
        return duration

    def _need_version(self, line: Line, version: int, what: str) -> None:
        if self._version < version:
            sentence = f"{what} needs EXT-X-VERSION {version} or later, this is {self._version}"
            self._add("version.low", line, "7", sentence)

    def _check_date(self, before: dict[str, Line], duration: Fraction) -> None:
        """Dates carry their zone, and agree with the durations between them unless there is a discontinuity."""
        line = before.get("EXT-X-PROGRAM-DATE-TIME")
        if "EXT-X-DISCONTINUITY" in before:
            self._expected_date = None
        moment = self._read_date(line)
        if line is not None and moment is not None:
            if not has_zone(line.value):
                self._add("date.zone", line, "4.4.4.6", "the date and time should say its zone")
            expected = self._expected_date
            if expected is not None and abs(moment - expected) > CLOCK_TOLERANCE:
                sentence = f"the durations since the last date lead to {expected.isoformat()}"
                self._add("date.jump", line, "4.4.4.6", sentence)
            self._expected_date = moment
        if self._expected_date is not None:
            self._expected_date += timedelta(seconds=float(duration))

    def _read_date(self, line: Line | None) -> datetime | None:
        try:
            return read_date_time(line.value, line) if line else None
        except PlaylistError:
            return None

    def _check_head(self) -> None:
        if self._find("EXT-X-TARGETDURATION") is None:
            self._add("target.missing", None, "4.4.3.1", "EXT-X-TARGETDURATION is required")
        elif self._number("EXT-X-TARGETDURATION", 1) == 0:
            self._add("target.zero", self._find("EXT-X-TARGETDURATION"), "4.4.3.1", "a target duration of 0 s")
        version = self._find("EXT-X-VERSION")
        if version and not 1 <= self._version <= NEWEST_VERSION:
            self._add("version.unknown", version, "4.4.1.2", f"there is no version {self._version}")
        for name, needed in (("EXT-X-SKIP", 9), ("EXT-X-I-FRAMES-ONLY", 4)):
            line = self._find(name)
            if line:
                self._need_version(line, needed, name)

    def _check_type(self) -> None:
        line = self._find("EXT-X-PLAYLIST-TYPE")
        if line is None:
            return
        if line.value == "VOD" and not self._ended:
            self._add("type.vod_open", line, "4.4.3.5", "a VOD playlist cannot change, so it must have EXT-X-ENDLIST")
        removed = self._find("EXT-X-DISCONTINUITY-SEQUENCE")
        if removed is not None and self._number("EXT-X-DISCONTINUITY-SEQUENCE", 0) > 0:
            sentence = f"nothing is ever removed from a playlist of type {line.value}, so it counts from 0"
            self._add("type.removed", removed, "4.4.3.5", sentence)

    def _check_start(self) -> None:
        line = self._find("EXT-X-START")
        if line is None:
            return
        try:
            text = read_attributes(line).get("TIME-OFFSET", "")
        except PlaylistError:
            return
        if not is_of_type(text, "signed-decimal-floating-point"):
            return
        offset = Fraction(text)
        if abs(offset) > self._total:
            self._add("start.outside", line, "4.4.2.2", f"{text} s is further than the playlist is long")
        near_end = offset > self._total - 3 * self._target if offset > 0 else -offset < 3 * self._target and offset < 0
        if not self._ended and near_end:
            sentence = "a start within three target durations of the end of a playlist that is not finished"
            self._add("start.near_end", line, "4.4.2.2", sentence)
