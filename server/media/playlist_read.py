"""HLS playlists from text. Tags that are not known are passed over, as clients must (RFC 8216bis 6.3.1)."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import TypeVar, cast

from server.media.playlist import (
    Map,
    MediaPlaylist,
    MediaSegment,
    MultivariantPlaylist,
    PlaylistType,
    Rendition,
    RenditionType,
    Start,
    Variant,
)
from server.media.playlist_tags import (
    Line,
    PlaylistError,
    read_attributes,
    read_date_time,
    read_integer,
    read_lines,
    read_number,
    read_quoted,
    read_resolution,
    read_yes_no,
)

__all__ = ["PlaylistError", "read_media_playlist", "read_multivariant_playlist", "read_playlist"]

T = TypeVar("T")

MULTIVARIANT_TAGS = frozenset({"EXT-X-STREAM-INF", "EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF"})


def read_playlist(text: str) -> MediaPlaylist | MultivariantPlaylist:
    """Either kind of playlist, told apart by its tags (RFC 8216bis 4.1). Raises PlaylistError."""
    if any(line.tag in MULTIVARIANT_TAGS for line in read_lines(text)):
        return read_multivariant_playlist(text)
    return read_media_playlist(text)


def _lines(text: str) -> list[Line]:
    if text.split("\n", 1)[0].rstrip("\r") != "#EXTM3U":
        raise PlaylistError(1, "a playlist starts with #EXTM3U")
    return list(read_lines(text))[1:]


NUMBERS = frozenset({"EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"})
FLAGS = frozenset({"EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-ENDLIST"})
SEGMENT_FLAGS = frozenset({"EXT-X-DISCONTINUITY", "EXT-X-GAP"})


class _MediaReader:
    """Reads a media playlist line by line: first what it says of itself, then what it says of the next segment."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.flags: set[str] = set()
        self.type: PlaylistType | None = None
        self.start: Start | None = None
        self.segments: list[MediaSegment] = []
        self._map: Map | None = None
        self._begin_segment()

    def _begin_segment(self) -> None:
        self._segment_flags: set[str] = set()
        self._duration: Fraction | None = None
        self._title = ""
        self._moment: datetime | None = None

    def take(self, line: Line) -> None:
        """One line, tag or URI."""
        if line.is_uri:
            self._end_segment(line)
        elif line.tag in NUMBERS:
            self.numbers[line.tag] = read_integer(line.value, line)
        elif line.tag in FLAGS:
            self.flags.add(line.tag)
        elif line.tag in SEGMENT_FLAGS:
            self._segment_flags.add(line.tag)
        else:
            self._take_value(line)

    def _take_value(self, line: Line) -> None:
        match line.tag:
            case "EXTINF":
                duration, _, self._title = line.value.partition(",")
                self._duration = read_number(duration, line)
            case "EXT-X-MAP":
                self._map = read_map(line)
            case "EXT-X-PROGRAM-DATE-TIME":
                self._moment = read_date_time(line.value, line)
            case "EXT-X-START":
                self.start = read_start(line)
            case "EXT-X-PLAYLIST-TYPE":
                if line.value not in ("EVENT", "VOD"):
                    raise PlaylistError(line.number, f"'{line.value[:40]}' is no playlist type (EVENT and VOD are)")
                self.type = cast(PlaylistType, line.value)

    def _end_segment(self, line: Line) -> None:
        if self._duration is None:
            raise PlaylistError(line.number, "a segment without EXTINF before it")
        self.segments.append(
            MediaSegment(
                uri=line.value,
                duration=self._duration,
                title=self._title,
                map=self._map,
                discontinuity="EXT-X-DISCONTINUITY" in self._segment_flags,
                program_date_time=self._moment,
                gap="EXT-X-GAP" in self._segment_flags,
            )
        )
        self._begin_segment()


def read_media_playlist(text: str) -> MediaPlaylist:
    """A media playlist. Raises PlaylistError."""
    reader = _MediaReader()
    for line in _lines(text):
        reader.take(line)
    if "EXT-X-TARGETDURATION" not in reader.numbers:
        raise PlaylistError(1, "EXT-X-TARGETDURATION is missing")
    return MediaPlaylist(
        target_duration=reader.numbers["EXT-X-TARGETDURATION"],
        segments=tuple(reader.segments),
        version=reader.numbers.get("EXT-X-VERSION", 1),
        playlist_type=reader.type,
        media_sequence=reader.numbers.get("EXT-X-MEDIA-SEQUENCE", 0),
        discontinuity_sequence=reader.numbers.get("EXT-X-DISCONTINUITY-SEQUENCE", 0),
        independent_segments="EXT-X-INDEPENDENT-SEGMENTS" in reader.flags,
        start=reader.start,
        ended="EXT-X-ENDLIST" in reader.flags,
    )


def read_multivariant_playlist(text: str) -> MultivariantPlaylist:
    """A multivariant playlist. Raises PlaylistError."""
    version, independent = 1, False
    renditions: list[Rendition] = []
    variants: list[Variant] = []
    pending: Line | None = None
    for line in _lines(text):
        if line.is_uri:
            if pending is None:
                raise PlaylistError(line.number, "a URI without EXT-X-STREAM-INF before it")
            variants.append(read_variant(pending, line.value))
            pending = None
        elif line.tag == "EXT-X-STREAM-INF":
            pending = line
        elif line.tag == "EXT-X-MEDIA":
            renditions.append(read_rendition(line))
        elif line.tag == "EXT-X-VERSION":
            version = read_integer(line.value, line)
        elif line.tag == "EXT-X-INDEPENDENT-SEGMENTS":
            independent = True
    if pending is not None:
        raise PlaylistError(pending.number, "EXT-X-STREAM-INF without a URI after it")
    return MultivariantPlaylist(
        variants=tuple(variants),
        renditions=tuple(renditions),
        version=version,
        independent_segments=independent,
    )


class _Attributes:
    """The attributes of one tag, read by type."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._values = read_attributes(line)

    def find(self, name: str, read: Callable[[str, Line], T]) -> T | None:
        """The value, or None when the attribute is not there. Raises PlaylistError."""
        return read(self._values[name], self._line) if name in self._values else None

    def get(self, name: str, read: Callable[[str, Line], T]) -> T:
        """The value of an attribute that must be there. Raises PlaylistError."""
        found = self.find(name, read)
        if found is None:
            raise PlaylistError(self._line.number, f"{self._line.tag}: {name} is missing")
        return found


def _plain(text: str, line: Line) -> str:
    return text


def _signed(text: str, line: Line) -> Fraction:
    return read_number(text, line, signed=True)


def _byte_range(text: str, line: Line) -> tuple[int, int]:
    length, _, offset = read_quoted(text, line).partition("@")
    return read_integer(length, line), read_integer(offset or "0", line)


def _closed_captions(text: str, line: Line) -> str:
    return text if text == "NONE" else read_quoted(text, line)


def _codecs(text: str, line: Line) -> tuple[str, ...]:
    return tuple(name.strip() for name in read_quoted(text, line).split(",") if name.strip())


def _rendition_type(text: str, line: Line) -> RenditionType:
    if text not in ("AUDIO", "SUBTITLES", "VIDEO", "CLOSED-CAPTIONS"):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is no type of rendition")
    return cast(RenditionType, text)


def read_map(line: Line) -> Map:
    """EXT-X-MAP."""
    attributes = _Attributes(line)
    return Map(uri=attributes.get("URI", read_quoted), byte_range=attributes.find("BYTERANGE", _byte_range))


def read_start(line: Line) -> Start:
    """EXT-X-START."""
    attributes = _Attributes(line)
    return Start(
        time_offset=attributes.get("TIME-OFFSET", _signed),
        precise=attributes.find("PRECISE", read_yes_no) or False,
    )


def read_rendition(line: Line) -> Rendition:
    """EXT-X-MEDIA."""
    attributes = _Attributes(line)
    return Rendition(
        type=attributes.get("TYPE", _rendition_type),
        group_id=attributes.get("GROUP-ID", read_quoted),
        name=attributes.get("NAME", read_quoted),
        uri=attributes.find("URI", read_quoted),
        language=attributes.find("LANGUAGE", read_quoted),
        default=attributes.find("DEFAULT", read_yes_no) or False,
        autoselect=attributes.find("AUTOSELECT", read_yes_no) or False,
        forced=attributes.find("FORCED", read_yes_no) or False,
        channels=attributes.find("CHANNELS", read_quoted),
        characteristics=attributes.find("CHARACTERISTICS", read_quoted),
        instream_id=attributes.find("INSTREAM-ID", read_quoted),
    )


def read_variant(line: Line, uri: str) -> Variant:
    """EXT-X-STREAM-INF and the URI after it."""
    attributes = _Attributes(line)
    return Variant(
        uri=uri,
        bandwidth=attributes.get("BANDWIDTH", read_integer),
        average_bandwidth=attributes.find("AVERAGE-BANDWIDTH", read_integer),
        codecs=attributes.find("CODECS", _codecs) or (),
        resolution=attributes.find("RESOLUTION", read_resolution),
        frame_rate=attributes.find("FRAME-RATE", read_number),
        video_range=attributes.find("VIDEO-RANGE", _plain),
        audio=attributes.find("AUDIO", read_quoted),
        subtitles=attributes.find("SUBTITLES", read_quoted),
        closed_captions=attributes.find("CLOSED-CAPTIONS", _closed_captions),
    )
