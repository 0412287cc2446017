"""What a media playlist says beyond its segments when it has low latency: parts, hints, reports, control, skipping."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from server.media.playlist_tags import (
    Line,
    PlaylistError,
    read_attributes,
    read_integer,
    read_lines,
    read_number,
    read_quoted,
    read_yes_no,
)

_SEGMENT_TAGS = frozenset({"EXT-X-DISCONTINUITY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-KEY"})


@dataclass(frozen=True, slots=True)
class Part:
    """EXT-X-PART (4.4.4.9)."""

    uri: str
    duration: Fraction
    independent: bool
    gap: bool
    line: int


@dataclass(frozen=True, slots=True)
class Control:
    """EXT-X-SERVER-CONTROL (4.4.3.8), in seconds."""

    can_block_reload: bool = False
    part_hold_back: Fraction | None = None
    hold_back: Fraction | None = None
    can_skip_until: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """EXT-X-PRELOAD-HINT (4.4.5.3)."""

    type: str
    uri: str
    line: int


@dataclass(frozen=True, slots=True)
class Report:
    """EXT-X-RENDITION-REPORT (4.4.5.4)."""

    uri: str
    last_msn: int | None
    last_part: int | None
    line: int


@dataclass(slots=True)
class Listed:
    """A segment with its parts; the one that is growing has neither `uri` nor `duration`."""

    parts: list[Part] = field(default_factory=list)
    tags: dict[str, int] = field(default_factory=dict)  # tag → line
    uri: str = ""
    duration: Fraction | None = None
    line: int = 0

    @property
    def seconds(self) -> Fraction:
        """How long it is, or is so far."""
        return self.duration if self.duration is not None else sum((part.duration for part in self.parts), Fraction(0))


@dataclass(slots=True)
class LiveMedia:
    """A media playlist with low latency, taken apart. Segments are numbered from `first`, skipped ones included."""

    first: int = 0
    discontinuity_sequence: int = 0
    target: int = 0
    part_target: Fraction | None = None
    control: Control | None = None
    skipped: int | None = None
    ended: bool = False
    segments: list[Listed] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    @property
    def end(self) -> tuple[int, int]:
        """The number of the last segment, growing or not, and that of its last listed part."""
        last = self.segments[-1] if self.segments else Listed()
        return self.first + (self.skipped or 0) + len(self.segments) - 1, len(last.parts) - 1

    def numbered(self) -> dict[int, Listed]:
        """The listed segments by their numbers."""
        start = self.first + (self.skipped or 0)
        return {start + index: segment for index, segment in enumerate(self.segments)}

    def discontinuities(self) -> dict[int, int]:
        """The discontinuity number of each listed segment; of a delta update they count from its first."""
        found, number = {}, self.discontinuity_sequence
        for msn, segment in self.numbered().items():
            number += "EXT-X-DISCONTINUITY" in segment.tags
            found[msn] = number
        return found


def read_live_playlist(text: str) -> LiveMedia:
    """A media playlist with what low latency adds. Raises PlaylistError."""
    found, growing = LiveMedia(), Listed()
    for line in read_lines(text):
        if line.is_uri:
            growing.uri, growing.line = line.value, line.number
            found.segments.append(growing)
            growing = Listed()
        elif line.tag == "EXTINF":
            growing.duration = read_number(line.value.partition(",")[0], line)
        elif line.tag == "EXT-X-PART":
            growing.parts.append(_read_part(line))
        elif line.tag in _SEGMENT_TAGS:
            growing.tags[line.tag] = line.number
        else:
            _read_own(line, found)
    if growing.parts:
        found.segments.append(growing)
    return found


def _read_own(line: Line, found: LiveMedia) -> None:
    """What the playlist says of itself."""
    match line.tag:
        case "EXT-X-MEDIA-SEQUENCE":
            found.first = read_integer(line.value, line)
        case "EXT-X-DISCONTINUITY-SEQUENCE":
            found.discontinuity_sequence = read_integer(line.value, line)
        case "EXT-X-TARGETDURATION":
            found.target = read_integer(line.value, line)
        case "EXT-X-ENDLIST":
            found.ended = True
        case "EXT-X-PART-INF":
            found.part_target = read_number(_need(line, "PART-TARGET"), line)
        case "EXT-X-SERVER-CONTROL":
            found.control = _read_control(line)
        case "EXT-X-SKIP":
            found.skipped = read_integer(_need(line, "SKIPPED-SEGMENTS"), line)
        case "EXT-X-PRELOAD-HINT":
            found.hints.append(Hint(_need(line, "TYPE"), read_quoted(_need(line, "URI"), line), line.number))
        case "EXT-X-RENDITION-REPORT":
            found.reports.append(_read_report(line))


def _need(line: Line, name: str) -> str:
    values = read_attributes(line)
    if name not in values:
        raise PlaylistError(line.number, f"{line.tag}: {name} is missing")
    return values[name]


def _yes(values: Mapping[str, str], name: str, line: Line) -> bool:
    return name in values and read_yes_no(values[name], line)


def _read_part(line: Line) -> Part:
    values = read_attributes(line)
    return Part(
        uri=read_quoted(_need(line, "URI"), line),
        duration=read_number(_need(line, "DURATION"), line),
        independent=_yes(values, "INDEPENDENT", line),
        gap=_yes(values, "GAP", line),
        line=line.number,
    )


def _read_control(line: Line) -> Control:
    values = read_attributes(line)

    def number(name: str) -> Fraction | None:
        return read_number(values[name], line) if name in values else None

    return Control(
        can_block_reload=_yes(values, "CAN-BLOCK-RELOAD", line),
        part_hold_back=number("PART-HOLD-BACK"),
        hold_back=number("HOLD-BACK"),
        can_skip_until=number("CAN-SKIP-UNTIL"),
    )


def _read_report(line: Line) -> Report:
    values = read_attributes(line)

    def number(name: str) -> int | None:
        return read_integer(values[name], line) if name in values else None

    return Report(read_quoted(_need(line, "URI"), line), number("LAST-MSN"), number("LAST-PART"), line.number)
