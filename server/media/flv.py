"""FLV (Adobe's FLV specification 10.1, Annex E): written from RTMP messages, whose payloads are the bodies of its tags.

What the first bytes of a body say is read here too, with what enhanced RTMP (Veovera, 2023) added to them.
"""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

from server.media.amf import EcmaArray, Value, write_values

AUDIO_TAG, VIDEO_TAG, SCRIPT_TAG = 8, 9, 18
_AVC, _AAC = 7, 10
_KEYFRAME, _COMMAND_FRAME = 1, 5
_MULTITRACK = 6  # enhanced RTMP v2
_ENHANCED_AUDIO = 9  # enhanced RTMP v2: the sound format that announces a fourCC
_VIDEO_NAMES = {2: "Sorenson H.263", 3: "Screen video", 4: "VP6", 5: "VP6", 6: "Screen video 2", 7: "h264", 12: "hevc"}
_AUDIO_NAMES = {0: "pcm", 1: "adpcm", 2: "mp3", 3: "pcm", 4: "nellymoser", 5: "nellymoser", 6: "nellymoser",
                7: "alaw", 8: "mulaw", 10: "aac", 11: "speex", 14: "mp3"}  # fmt: skip
_FOURCC_NAMES = {b"avc1": "h264", b"hvc1": "hevc", b"av01": "av1", b"vp09": "vp9"}
_METADATA_TEXT = 200  # characters of a text in onMetaData that are worth keeping
_METADATA_VALUES = 64


class BadTag(ValueError):
    """The bytes are no body of an FLV tag."""

    code = "media.bad_tag"


@dataclass(frozen=True, slots=True)
class VideoBody:
    """What a picture's body is. `role`: config, frames, end (of the sequence) or other. `config` is an avcC payload."""

    codec: str
    role: str
    is_keyframe: bool
    is_enhanced: bool
    config: bytes = b""


@dataclass(frozen=True, slots=True)
class AudioBody:
    """What a sound's body is. `role` as above; `config` the AudioSpecificConfig."""

    codec: str
    role: str
    is_enhanced: bool
    config: bytes = b""


def file_header(*, has_video: bool, has_audio: bool) -> bytes:
    """The start of a file (E.2), with the size of the tag before the first: none."""
    return struct.pack(">3sBBII", b"FLV", 1, (4 if has_audio else 0) | (1 if has_video else 0), 9, 0)


def tag(kind: int, timestamp_ms: int, body: bytes) -> bytes:
    """One tag and its back pointer (E.4.1). The time is 24 bits and, apart, the upper 8."""
    size = len(body).to_bytes(3, "big")
    low = (timestamp_ms & 0xFFFFFF).to_bytes(3, "big")
    high = (timestamp_ms >> 24) & 0xFF
    return b"".join([bytes([kind]), size, low, bytes([high, 0, 0, 0]), body, struct.pack(">I", 11 + len(body))])


def tag_ms(data: bytes) -> int:
    """The time of a tag."""
    return int.from_bytes(data[4:7], "big") | data[7] << 24


def metadata_tag(values: dict[str, Value]) -> bytes:
    """onMetaData (E.5) with plain values only: numbers, booleans and short texts; no index, no nested things."""
    kept = EcmaArray()
    for name, value in values.items():
        if len(kept) < _METADATA_VALUES and len(name) <= _METADATA_TEXT and _is_plain(value):
            kept[name] = value[:_METADATA_TEXT] if isinstance(value, str) else value
    return tag(SCRIPT_TAG, 0, write_values("onMetaData", kept))


def _is_plain(value: Value) -> bool:
    return isinstance(value, bool | str) or (isinstance(value, int | float) and math.isfinite(value))


def read_video(body: bytes) -> VideoBody:
    """What the first bytes of a picture's body say (E.4.3)."""
    if not body:
        raise BadTag("an empty picture")
    if body[0] & 0x80:
        return _read_enhanced_video(body)
    frame, codec = body[0] >> 4, body[0] & 0x0F
    name = _VIDEO_NAMES.get(codec, f"codec {codec}")
    if frame == _COMMAND_FRAME:
        return VideoBody(name, "other", False, False)
    if codec not in (_AVC, 12):
        return VideoBody(name, "frames", frame == _KEYFRAME, False)
    if len(body) < 5:
        raise BadTag("a picture that ends in its header")
    role = {0: "config", 1: "frames", 2: "end"}.get(body[1], "other")
    return VideoBody(name, role, frame == _KEYFRAME, False, body[5:] if role == "config" else b"")


def _read_enhanced_video(body: bytes) -> VideoBody:
    """Enhanced RTMP: frame type and packet type, then a fourCC."""
    if len(body) < 5:
        raise BadTag("a picture that ends in its header")
    frame, packet, fourcc = body[0] >> 4 & 7, body[0] & 0x0F, body[1:5]
    name = _FOURCC_NAMES.get(fourcc, fourcc.decode("latin-1"))
    if packet == _MULTITRACK:
        return VideoBody("several tracks", "frames", False, True)
    # 0 sequence start, 1 coded frames, 2 sequence end, 3 coded frames without composition time; the rest is not media.
    role = {0: "config", 1: "frames", 2: "end", 3: "frames"}.get(packet, "other")
    if frame == _COMMAND_FRAME:
        role = "other"
    return VideoBody(name, role, frame == _KEYFRAME, True, body[5:] if role == "config" else b"")


def classic_video(body: bytes) -> bytes:
    """H.264 that comes as enhanced RTMP v2 allows, under the fourCC avc1, as every reader of FLV knows it."""
    if len(body) < 5 or not body[0] & 0x80 or body[1:5] != b"avc1":
        return body
    head = bytes([body[0] & 0x70 | _AVC])
    # 0 sequence start, 1 coded frames, 2 sequence end, 3 coded frames whose composition time is 0 and left out
    kept = {0: b"\0\0\0\0", 1: b"\1", 2: b"\2\0\0\0", 3: b"\1\0\0\0"}.get(body[0] & 0x0F)
    return body if kept is None else head + kept + body[5:]


def classic_audio(body: bytes) -> bytes:
    """The same for AAC under mp4a. What the first byte says of rate and channels is always the same (E.4.2.1)."""
    if body[1:5] != b"mp4a" or body[0] >> 4 != _ENHANCED_AUDIO or body[0] & 0x0F > 1:
        return body
    return bytes([0xAF, body[0] & 0x0F]) + body[5:]


def read_audio(body: bytes) -> AudioBody:
    """What the first bytes of a sound's body say (E.4.2)."""
    if not body:
        raise BadTag("an empty sound")
    form = body[0] >> 4
    if form == _ENHANCED_AUDIO:
        name = body[1:5].decode("latin-1")
        return AudioBody(name, {0: "config", 1: "frames"}.get(body[0] & 0x0F, "other"), True)
    name = _AUDIO_NAMES.get(form, f"format {form}")
    if form != _AAC:
        return AudioBody(name, "frames", False)
    if len(body) < 2:
        raise BadTag("a sound that ends in its header")
    return AudioBody(name, "frames", False) if body[1] else AudioBody(name, "config", False, body[2:])


def frame_rate_of(rate: float) -> str:
    """A rate that is said as a decimal number as the fraction that is meant: 29.97 → "30000/1001"; "" for nonsense."""
    if not 1 <= rate <= 300:
        return ""
    for whole in (24, 30, 48, 60, 120):
        if abs(rate - whole * 1000 / 1001) < 0.005:
            return f"{whole * 1000}/1001"
    meant = Fraction(rate).limit_denominator(100)
    return f"{meant.numerator}/{meant.denominator}"
