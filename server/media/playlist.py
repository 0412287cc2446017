"""HLS playlists (RFC 8216bis) as values, written to text byte for byte the same. `playlist_read` is the way back.

One class a group of tags: what a segment carries, what a media playlist says of itself, what a multivariant playlist
lists. The tags of low latency (parts, hints, reports) belong to a segment or to the end of a media playlist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal

from server.media.playlist_tags import date_time, decimal, quoted, quoted_name, tag

PlaylistType = Literal["EVENT", "VOD"]
RenditionType = Literal["AUDIO", "SUBTITLES", "VIDEO", "CLOSED-CAPTIONS"]

# EXT-X-MAP in a playlist that is not I-frames only asks for version 6 (RFC 8216bis 7).
CMAF_VERSION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """EXT-X-MAP: the init that segments need (4.4.4.5). `byte_range` is length and offset."""

    uri: str
    byte_range: tuple[int, int] | None = None

    def text(self) -> str:
        """The tag."""
        place = quoted(f"{self.byte_range[0]}@{self.byte_range[1]}") if self.byte_range else ""
        return tag("EXT-X-MAP", f"URI={quoted(self.uri)}", place and f"BYTERANGE={place}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """EXT-X-START: where a player should begin, in seconds, from the end when negative (4.4.2.2)."""

    time_offset: Fraction = Fraction(0)
    precise: bool = False

    def text(self) -> str:
        """The tag."""
        offset = decimal(self.time_offset, 3) if self.time_offset else "0"
        return tag("EXT-X-START", f"TIME-OFFSET={offset}", "PRECISE=YES" if self.precise else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSegment:
    """One segment with its tags (4.4.4). `map` is the init in force; it is written where it changes."""

    uri: str
    duration: Fraction
    title: str = ""
    map: Map | None = None
    discontinuity: bool = False
    program_date_time: datetime | None = None
    gap: bool = False

    def lines(self, map_before: Map | None) -> list[str]:
        """Its lines, the init only when it is another than before."""
        lines = ["#EXT-X-DISCONTINUITY"] if self.discontinuity else []
        if self.map is not None and self.map != map_before:
            lines.append(self.map.text())
        if self.program_date_time is not None:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(self.program_date_time)}")
        if self.gap:
            lines.append("#EXT-X-GAP")
        # Microseconds: finer than a tick of either track (1/90,000 s and 1/48,000 s).
        return [*lines, f"#EXTINF:{decimal(self.duration, 6)},{self.title}", self.uri]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlaylist:
    """A media playlist (4.4.3). `target_duration` is in whole seconds and must not change while the playlist grows."""

    target_duration: int
    segments: tuple[MediaSegment, ...] = ()
    version: int = CMAF_VERSION
    playlist_type: PlaylistType | None = None
    media_sequence: int = 0
    discontinuity_sequence: int = 0
    independent_segments: bool = True
    start: Start | None = None
    ended: bool = False

    @property
    def duration(self) -> Fraction:
        """Seconds of all segments together."""
        return sum((segment.duration for segment in self.segments), Fraction(0))

    def text(self) -> str:
        """The playlist, with a line break after the last line."""
        lines = ["#EXTM3U", f"#EXT-X-VERSION:{self.version}", f"#EXT-X-TARGETDURATION:{self.target_duration}"]
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{self.media_sequence}")
        if self.discontinuity_sequence:
            lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{self.discontinuity_sequence}")
        if self.playlist_type:
            lines.append(f"#EXT-X-PLAYLIST-TYPE:{self.playlist_type}")
        if self.independent_segments:
            lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
        if self.start:
            lines.append(self.start.text())
        before: Map | None = None
        for segment in self.segments:
            lines += segment.lines(before)
            before = segment.map
        if self.ended:
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """EXT-X-MEDIA: audio or subtitles beside the video (4.4.6.1)."""

    type: RenditionType
    group_id: str
    name: str
    uri: str | None = None
    language: str | None = None
    default: bool = False
    autoselect: bool = False
    forced: bool = False
    channels: str | None = None
    characteristics: str | None = None
    instream_id: str | None = None

    def text(self) -> str:
        """The tag."""
        return tag(
            "EXT-X-MEDIA",
            f"TYPE={self.type}",
            f"GROUP-ID={quoted(self.group_id)}",
            f"NAME={quoted_name(self.name)}",
            _optional("LANGUAGE", self.language),
            # The default must be selectable without being asked for (4.4.6.1).
            "DEFAULT=YES" if self.default else "DEFAULT=NO",
            "AUTOSELECT=YES" if self.autoselect or self.default else "AUTOSELECT=NO",
            "FORCED=YES" if self.forced else "",
            _optional("INSTREAM-ID", self.instream_id),
            _optional("CHARACTERISTICS", self.characteristics),
            _optional("CHANNELS", self.channels),
            _optional("URI", self.uri),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """EXT-X-STREAM-INF with its URI: one rung and the renditions played with it (4.4.6.2). Bandwidths in bit/s."""

    uri: str
    bandwidth: int
    average_bandwidth: int | None = None
    codecs: tuple[str, ...] = ()
    resolution: tuple[int, int] | None = None
    frame_rate: Fraction | None = None
    video_range: str | None = None
    audio: str | None = None
    subtitles: str | None = None
    closed_captions: str | None = None

    def lines(self) -> list[str]:
        """The tag and the URI."""
        closed = self.closed_captions
        return [
            tag(
                "EXT-X-STREAM-INF",
                f"BANDWIDTH={self.bandwidth}",
                f"AVERAGE-BANDWIDTH={self.average_bandwidth}" if self.average_bandwidth is not None else "",
                _optional("CODECS", ",".join(self.codecs) or None),
                f"RESOLUTION={self.resolution[0]}x{self.resolution[1]}" if self.resolution else "",
                f"FRAME-RATE={decimal(self.frame_rate, 3)}" if self.frame_rate is not None else "",
                f"VIDEO-RANGE={self.video_range}" if self.video_range else "",
                _optional("AUDIO", self.audio),
                _optional("SUBTITLES", self.subtitles),
                "CLOSED-CAPTIONS=NONE" if closed == "NONE" else _optional("CLOSED-CAPTIONS", closed),
            ),
            self.uri,
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultivariantPlaylist:
    """A multivariant playlist (4.4.6). The first variant is the one most players begin with.

    EXT-X-START may stand here too, but newer ffmpegs then refuse the playlist: put it into the media playlists.
    """

    variants: tuple[Variant, ...]
    renditions: tuple[Rendition, ...] = ()
    version: int = CMAF_VERSION
    independent_segments: bool = True

    def text(self) -> str:
        """The playlist, with a line break after the last line."""
        lines = ["#EXTM3U", f"#EXT-X-VERSION:{self.version}"]
        if self.independent_segments:
            lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
        lines += [rendition.text() for rendition in self.renditions]
        for variant in self.variants:
            lines += variant.lines()
        return "\n".join(lines) + "\n"


def _optional(name: str, value: str | None) -> str:
    return f"{name}={quoted(value)}" if value is not None else ""


def target_duration(durations: Sequence[Fraction]) -> int:
    """The smallest EXT-X-TARGETDURATION that these segments allow, in seconds: the longest, rounded (4.4.3.1)."""
    return max([1, *(rounded_seconds(duration) for duration in durations)])


def rounded_seconds(duration: Fraction) -> int:
    """Seconds rounded to the nearest integer, halves up."""
    return (duration + Fraction(1, 2)).__floor__()


def peak_bandwidth(segments: Sequence[tuple[int, Fraction]], target: int) -> int:
    """The peak segment bit rate in bit/s, rounded up, of segments given as size in bytes and duration in seconds.

    The largest rate of any run of segments that lasts between 0.5 and 1.5 target durations (4.4.6.2 by way of 4.1);
    when no run does, as with one short segment, that of all of them.
    """
    best = Fraction(0)
    for first in range(len(segments)):
        size, duration = 0, Fraction(0)
        for segment_size, segment_duration in segments[first:]:
            size += segment_size
            duration += segment_duration
            if duration * 2 > 3 * target:
                break
            if duration * 2 >= target:
                best = max(best, Fraction(size * 8) / duration)
    return best.__ceil__() if best else average_bandwidth(segments)


def average_bandwidth(segments: Sequence[tuple[int, Fraction]]) -> int:
    """The average segment bit rate in bit/s, rounded up: all bits over the playlist's duration (4.1)."""
    duration = sum((duration for _size, duration in segments), Fraction(0))
    return (Fraction(sum(size for size, _duration in segments) * 8) / duration).__ceil__() if duration else 0
