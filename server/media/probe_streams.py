"""Describing streams as SourceInfo wants them: shape, rotation, rate, colours. Runs in the probing child."""

import struct
from fractions import Fraction
from statistics import median
from typing import Any

import av.error

from server.media.probe_scan import Pace, Spans

LOOK_AT_FRAMES = 6
LOOK_AT_S = 15
# ITU-T H.273 numbers, by the names ffmpeg's options take.
PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    11: "smpte431",
    12: "smpte432",
}
TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 13: "iec61966-2-1",
             14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
HDR = {16: "pq", 18: "hlg"}
FULL_RANGE = 2
PROGRESSIVE_OR_UNKNOWN = (0, 1)
USUAL_RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
               Fraction(60000, 1001), Fraction(60), Fraction(15), Fraction(10), Fraction(12), Fraction(20))  # fmt: skip


def pick_video(container: Any) -> Any | None:
    """The stream that is the picture: no cover art, the default one, else the largest; None without any."""
    candidates = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None
        and not _has(stream, "attached_pic")
        and not _has(stream, "timed_thumbnails")
        and stream.codec_context.width > 0
        and stream.codec_context.height > 0
    ]
    return max(
        candidates,
        key=lambda stream: (_has(stream, "default"), stream.codec_context.width * stream.codec_context.height),
        default=None,
    )


def usable_audio(container: Any) -> list[Any]:
    """Audio streams that can be decoded, in their order."""
    return [s for s in container.streams.audio if s.codec_context is not None and s.codec_context.sample_rate > 0]


def _has(stream: Any, flag: str) -> bool:
    return bool(getattr(type(stream.disposition), flag) & stream.disposition)


def describe_audio(stream: Any, spans: Spans) -> dict[str, Any]:
    """AudioStream as a dictionary."""
    codec = stream.codec_context
    return {
        "index": stream.index,
        "codec": codec.name,
        "channels": codec.channels,
        "sample_rate": codec.sample_rate,
        "start_us": _us(spans.start[stream.index]),
        "end_us": _us(spans.end[stream.index]),
        "language": _language(stream),
        "title": str(stream.metadata.get("title", ""))[:200],
        "is_default": _has(stream, "default"),
    }


def describe_subtitle(stream: Any) -> dict[str, Any]:
    """SubtitleStream as a dictionary."""
    codec = stream.codec_context
    return {
        "index": stream.index,
        "codec": codec.name if codec is not None else "",
        "language": _language(stream),
        "title": str(stream.metadata.get("title", ""))[:200],
    }


def describe_video(
    container: Any, stream: Any, pace: Pace, spans: Spans, seek: str, warnings: list[dict[str, Any]]
) -> dict[str, Any]:
    """VideoStream as a dictionary."""
    codec = stream.codec_context
    frames = first_frames(container, stream)
    if not frames:
        warnings.append(
            {"code": "media.undecodable_start", "detail": "The first pictures cannot be decoded.", "at_ms": 0}
        )
    width, height = codec.width, codec.height
    rotation, mirrored = orientation(frames[0]) if frames else (0, False)
    aspect = Fraction(stream.sample_aspect_ratio or codec.sample_aspect_ratio or 1) or Fraction(1)
    rate = frame_rate(stream, pace)
    gaps = pace.gaps()
    transfer = _number(codec.color_trc)
    return {
        "index": stream.index,
        "codec": codec.name,
        "width": width,
        "height": height,
        **displayed(width, height, aspect, rotation),
        "frame_rate": f"{rate.numerator}/{rate.denominator}",
        "pix_fmt": codec.pix_fmt or "yuv420p",
        "start_us": _us(spans.start[stream.index]),
        "end_us": _us(max(spans.end[stream.index], spans.start[stream.index] + 1 / rate)),
        "rotation": rotation,
        "mirrored": mirrored,
        "sample_aspect": f"{aspect.numerator}/{aspect.denominator}",
        "is_variable": is_variable(gaps, rate),
        "longest_gap_ms": round(max(gaps, default=Fraction(0)) * 1000),
        "gop_ms": round(pace.longest_gop() * 1000),
        "bits": max((part.bits for part in codec.format.components), default=8) if codec.format else 8,
        "primaries": PRIMARIES.get(_number(codec.color_primaries), ""),
        "transfer": TRANSFERS.get(transfer, ""),
        "matrix": MATRICES.get(_number(codec.colorspace), ""),
        "full_range": _number(codec.color_range) == FULL_RANGE or (codec.pix_fmt or "").startswith("yuvj"),
        "hdr": HDR.get(transfer, ""),
        "interlaced": is_interlaced(codec, frames),
        "seek": seek,
    }


def first_frames(container: Any, stream: Any) -> list[Any]:
    """A few decoded pictures from the start; fewer, or none, where decoding fails."""
    for rewind in (True, False):
        frames: list[Any] = []
        try:
            if rewind:
                container.seek(container.start_time or 0, backward=True)
            else:
                container.seek(0, backward=True, any_frame=True)
        except (av.error.FFmpegError, OSError):
            continue
        stream.codec_context.flush_buffers()
        if _decode_some(container, stream, frames):
            return frames
    return []


def _decode_some(container: Any, stream: Any, frames: list[Any]) -> bool:
    first: Fraction | None = None
    try:
        for packet in container.demux(stream):
            at = Fraction(packet.pts * packet.time_base) if packet.pts is not None else None
            first = at if first is None else first
            try:
                frames.extend(packet.decode())
            except av.error.FFmpegError:
                continue
            if len(frames) >= LOOK_AT_FRAMES or (at is not None and first is not None and at - first > LOOK_AT_S):
                break
    except (av.error.FFmpegError, OSError):
        pass
    return bool(frames)


def orientation(frame: Any) -> tuple[int, bool]:
    """Clockwise degrees (0, 90, 180, 270) to turn the coded picture, and whether it is mirrored, from its matrix."""
    data = next((bytes(item) for item in frame.side_data if item.type.name == "DISPLAYMATRIX"), None)
    if data is None or len(data) < 36:
        return 0, False
    a, b, _, c, d, *_rest = struct.unpack("=9i", data[:36])
    mirrored = a * d - b * c < 0
    if abs(a) >= abs(b):
        return (180 if a < 0 and d < 0 else 0), mirrored
    return (90 if b > 0 else 270), mirrored


def displayed(width: int, height: int, aspect: Fraction, rotation: int) -> dict[str, int]:
    """Size in square pixels, upright. The longer scale is applied, so that nothing of the detail is lost."""
    if not Fraction(1, 20) <= aspect <= 20:
        aspect = Fraction(1)
    size = (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))
    if rotation in (90, 270):
        size = (size[1], size[0])
    return {"display_width": max(1, size[0]), "display_height": max(1, size[1])}


def frame_rate(stream: Any, pace: Pace) -> Fraction:
    """Frames a second: what was counted where pictures come evenly, else the pace they usually have.

    Never r_frame_rate, which is a guess, and not the mean of an uneven source: a screen recording that stood still for
    an hour moves at its own pace when it moves, and that is what encoders must be told.
    """
    gaps = pace.gaps()
    usual = 1 / Fraction(median(gaps)) if gaps else None
    said = Fraction(stream.average_rate) if stream.average_rate else None
    mean = pace.rate or (len(gaps) / sum(gaps, Fraction(0)) if gaps else said)
    even = usual is None or mean is None or abs(mean - usual) < usual / 20
    best = (mean if even else usual) or Fraction(25)
    if said and abs(said - best) < best / 200:
        best = said
    # Times in whole milliseconds give 30.3 for 30; means are better than that.
    tolerance = Fraction(1, 2000) if even else Fraction(2, 100)
    for rate in USUAL_RATES:
        if abs(rate - best) < rate * tolerance:
            return rate
    return min(max(best, Fraction(1, 60)), Fraction(1000)).limit_denominator(1001) or Fraction(1)


def is_variable(gaps: list[Fraction], rate: Fraction) -> bool:
    """True when pictures are further apart, or closer, than rounding of times explains."""
    if len(gaps) < 2:
        return False
    middle = median(gaps)
    slack = middle / 5 + Fraction(2, 1000)
    odd = sum(1 for gap in gaps if abs(gap - middle) > slack)
    return odd > max(1, len(gaps) // 100)


def is_interlaced(codec: Any, frames: list[Any]) -> bool:
    """By the pictures themselves; the container's word counts only where it is backed by one of them."""
    flagged = sum(1 for frame in frames if frame.interlaced_frame)
    return flagged * 2 > len(frames) if frames else _number(codec.field_order) not in PROGRESSIVE_OR_UNKNOWN


def _number(value: Any) -> int:
    return int(value) if value is not None else 2


def _us(seconds: Fraction) -> int:
    return round(seconds * 1_000_000)


def _language(stream: Any) -> str:
    language = str(stream.language or "")
    return "" if language in {"und", ""} else language[:20]
