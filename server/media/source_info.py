"""What probing found out about a source: the facts that every later step relies on. JSON-able (msgspec)."""

from fractions import Fraction

import msgspec


class MediaWarning(msgspec.Struct, frozen=True):
    """Something the organiser should know although it worked. `at_ms` is recording time, where it has a place."""

    code: str
    detail: str
    at_ms: int | None = None


class VideoStream(msgspec.Struct, frozen=True, kw_only=True):
    """The video stream that is the picture of the recording.

    Times in µs are the source's own clock (packet timestamps). `width` and `height` are as coded; `display_…` are
    square pixels, upright. `seek` says how a time is reached: "index" exactly, "search" by bisection (MPEG-TS, FLV),
    "scan" only by reading everything before it.
    """

    index: int
    codec: str
    width: int
    height: int
    display_width: int
    display_height: int
    frame_rate: str
    pix_fmt: str
    start_us: int
    end_us: int
    rotation: int = 0
    mirrored: bool = False
    sample_aspect: str = "1/1"
    is_variable: bool = False
    longest_gap_ms: int = 0
    gop_ms: int = 0
    bits: int = 8
    primaries: str = ""
    transfer: str = ""
    matrix: str = ""
    full_range: bool = False
    hdr: str = ""
    interlaced: bool = False
    seek: str = "index"

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""
        return Fraction(self.frame_rate)


class AudioStream(msgspec.Struct, frozen=True, kw_only=True):
    """One audio stream; times in µs of the source's own clock."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    start_us: int
    end_us: int
    language: str = ""
    title: str = ""
    is_default: bool = False


class SubtitleStream(msgspec.Struct, frozen=True, kw_only=True):
    """One subtitle stream inside the container."""

    index: int
    codec: str
    language: str = ""
    title: str = ""


class Chapter(msgspec.Struct, frozen=True):
    """A chapter of the container, in recording time."""

    start_ms: int
    end_ms: int
    title: str


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of a source. `origin_us` is the source's time at which recording time is 0."""

    container: str
    size_bytes: int | None
    duration_ms: int
    origin_us: int
    video: VideoStream | None = None
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    title: str = ""
    warnings: tuple[MediaWarning, ...] = ()

    @property
    def main_audio(self) -> AudioStream | None:
        """The sound of the recording: the default stream, else the first."""
        return next((stream for stream in self.audio if stream.is_default), next(iter(self.audio), None))
