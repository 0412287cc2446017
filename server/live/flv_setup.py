"""What an encoder has said of its stream by now, and what of it must stand before the first chunk of a run."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

from server.core.errors import Unsupported
from server.live.feed import InputInfo
from server.media import flv
from server.media.amf import Value
from server.media.avc_config import BadConfig, Pictures, read_avc_config

# The codecs of classic FLV that every ffmpeg reads, and those of enhanced RTMP, which need a newer one.
AUDIO_CODECS = frozenset({"aac", "mp3", "speex", "pcm", "adpcm", "alaw", "mulaw", "nellymoser"})
ENHANCED_SINCE = (6, 1)
ENHANCED_VIDEO_CODECS = frozenset({"hevc", "av1", "vp9"})
# They speak of a file, and of one that has an end.
_NOT_LIVE = frozenset({"duration", "filesize"})
_MAX_EDGE = 16_384
_MOST_KBPS = 1_000_000
_TAG_HEAD = 5  # of a classic tag's body: kinds and composition time, then the configuration


class CodecRefused(Unsupported):
    """The encoder sends what cannot be read here; the sentence says what to set."""

    code = "live.codec_refused"
    says = "This encoder's format is not taken; set it to H.264 and AAC."


@dataclass(frozen=True, slots=True)
class Setup:
    """A decided state. `generation` rises with every change after which a new run must begin."""

    generation: int
    header: bytes
    info: InputInfo


@dataclass(slots=True)
class Announced:
    """Collects metadata and decoder configurations.

    `video` and `audio` are codec names, "" until enough has come to decode any of it.
    """

    takes_enhanced: bool = False
    video: str = ""
    audio: str = ""
    generation: int = 1
    _metadata: dict[str, Value] | None = None
    _video_config: bytes = b""  # whole tag bodies
    _audio_config: bytes = b""
    _pictures: Pictures = field(default_factory=lambda: Pictures(0, 0, Fraction(0)))

    def take_metadata(self, values: dict[str, Value]) -> None:
        """onMetaData came, at the start or again."""
        self._metadata = {name: value for name, value in values.items() if name not in _NOT_LIVE}

    def take_video(self, body: bytes, read: flv.VideoBody) -> bool:
        """A picture's body came; whether it changed something. Raises CodecRefused."""
        if read.role in ("end", "other"):
            return False
        self._check_video(read)
        if read.role != "config" or body == self._video_config:
            return False
        if read.codec == "h264":
            self._pictures = _pictures(read.config)
        self.video, self._video_config = read.codec, body
        return True

    def take_audio(self, body: bytes, read: flv.AudioBody) -> bool:
        """As `take_video`, for sound."""
        if read.role == "other":
            return False
        if read.is_enhanced or read.codec not in AUDIO_CODECS:
            raise CodecRefused(f"The encoder sends sound as {_shown(read.codec)}; set its audio encoder to AAC.")
        if read.role != "config":
            if read.codec in (self.audio, "aac"):  # AAC without its configuration cannot be decoded
                return False
            self.audio, self._audio_config = read.codec, b""
            return True
        if body == self._audio_config:
            return False
        self.audio, self._audio_config = read.codec, body
        return True

    def _check_video(self, read: flv.VideoBody) -> None:
        if read.codec == "h264" and not read.is_enhanced:
            return
        if read.is_enhanced and self.takes_enhanced and read.codec in ENHANCED_VIDEO_CODECS:
            return
        raise CodecRefused(f"The encoder sends pictures as {_shown(read.codec)}; set its video encoder to H.264.")

    @property
    def is_complete(self) -> bool:
        """Whether all that was announced has come: both configurations, or those that the metadata names."""
        has_video, has_audio = bool(self.video), bool(self.audio)
        if has_video and has_audio:
            return True
        said = self._metadata or {}
        wants_video, wants_audio = "videocodecid" in said, "audiocodecid" in said
        return (wants_video or wants_audio) and has_video >= wants_video and has_audio >= wants_audio

    def setup(self) -> Setup:
        """The present state, decided."""
        info = self._info()
        parts = [flv.file_header(has_video=info.has_video, has_audio=info.has_audio)]
        if self._metadata:
            parts.append(flv.metadata_tag(self._metadata))
        if self._video_config:
            parts.append(flv.tag(flv.VIDEO_TAG, 0, self._video_config))
        if self._audio_config:
            parts.append(flv.tag(flv.AUDIO_TAG, 0, self._audio_config))
        return Setup(self.generation, b"".join(parts), info)

    def _info(self) -> InputInfo:
        info = InputInfo(
            has_video=bool(self.video),
            has_audio=bool(self.audio),
            video_codec=self.video,
            audio_codec=self.audio,
        )
        if not self.video:
            return info
        pictures, is_known = self._pictures, self.video == "h264" and self._pictures.width > 0
        rate = pictures.rate if is_known else Fraction(0)
        return replace(
            info,
            width=pictures.width if is_known else self._edge("width"),
            height=pictures.height if is_known else self._edge("height"),
            frame_rate=f"{rate.numerator}/{rate.denominator}" if rate else flv.frame_rate_of(self._number("framerate")),
            video_kbps=self._kbps(),
            video_config=self._video_config[_TAG_HEAD:] if self.video == "h264" else b"",
        )

    def _edge(self, name: str) -> int:
        value = self._number(name)
        return int(value) if 0 < value <= _MAX_EDGE else 0

    def _kbps(self) -> int:
        """As announced; encoders that do not say send 0."""
        value = self._number("videodatarate")
        return math.ceil(value) if 0 < value <= _MOST_KBPS else 0

    def _number(self, name: str) -> float:
        value = (self._metadata or {}).get(name)
        return float(value) if isinstance(value, int | float) else 0.0


def _pictures(config: bytes) -> Pictures:
    """Of an avcC payload; nothing is known of one that cannot be read, the decoder may do better."""
    try:
        return read_avc_config(config)
    except BadConfig:
        return Pictures(0, 0, Fraction(0))


def _shown(codec: str) -> str:
    """A codec's name as a person may read it; four letters from the wire may be anything."""
    text = codec if codec.isprintable() and codec.strip() else "something unknown"
    return {"hevc": "HEVC (H.265)", "av1": "AV1", "vp9": "VP9"}.get(text, text)
