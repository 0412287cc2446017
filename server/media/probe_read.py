"""The child that opens untrusted media with PyAV and prints what it found as one line of JSON.

    python -I probe_read.py SOURCE OPTIONS_JSON

Run by probe.py under limits, never imported: whatever a hostile file does to the demuxers or decoders happens here, in
a process that has nothing and may be killed. Answers {"info": …} in the shape of SourceInfo, or {"refused": {"code",
"detail"}} with a sentence for the uploader.
"""

import json
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import av.error

sys.path.insert(0, str(Path(__file__).parents[2]))
from server.media.probe_scan import Pace, Spans, scan_all, scan_head, scan_index, scan_tail
from server.media.probe_sniff import Refuse, explain_open_error, sniff
from server.media.probe_streams import describe_audio, describe_subtitle, describe_video, pick_video, usable_audio

MAX_STREAMS = 64
MAX_PIXELS = 8_192 * 8_192
MAX_SIDE = 16_384
MAX_DURATION_S = 48 * 3600
# Streams that start this close together are meant to start together: encoder delay and interleaving, not editing. Then
# recording time starts with the picture, so that its frames fall on the segment grid.
TOGETHER_US = 100_000


def main(source: str, options: dict[str, str]) -> dict[str, Any]:
    """What there is to say of the source. Raises Refuse."""
    size = sniff(source)
    try:
        container = av.open(source, options=options, metadata_errors="replace", timeout=(30.0, 60.0))
    except (av.error.FFmpegError, OSError, ValueError, EOFError) as error:
        raise explain_open_error(source, error) from error
    with container:
        return read(container, size)


def read(container: Any, size: int | None) -> dict[str, Any]:
    """The facts of an open container."""
    if len(container.streams) > MAX_STREAMS:
        raise Refuse(
            "too_many_streams",
            f"The file has {len(container.streams)} streams; a recording has a few. Export picture and sound only.",
        )
    video = pick_video(container)
    audio = usable_audio(container)
    warnings: list[dict[str, Any]] = []
    spans, pace, seek = measure(container, video, audio, size, warnings)
    refuse_encrypted(container)
    if video is not None and video.index not in spans.start:
        warnings.append(said("media.empty_track", "The video track holds no pictures; only the sound is used."))
        video = None
    audio = [stream for stream in audio if stream.index in spans.start]
    if video is None and not audio:
        raise Refuse("no_streams", "The file has neither picture nor sound that can be played.")
    described = describe_video(container, video, pace, spans, seek, warnings) if video is not None else None
    check_sanity(described, spans)
    return assemble(container, size, described, audio, spans, warnings)


def measure(
    container: Any, video: Any, audio: list[Any], size: int | None, warnings: list[dict[str, Any]]
) -> tuple[Spans, Pace, str]:
    """Where each stream starts and ends, the pace of the pictures, and how times are reached."""
    chosen = [*([video] if video is not None else []), *audio]
    if not chosen:
        raise Refuse("no_streams", "The file has neither picture nor sound that can be played.")
    indexed = scan_index(container, chosen, video, size, warnings)
    if indexed is not None:
        return *indexed, "index"
    spans, pace = Spans(), Pace()
    scan_head(container, chosen, video, spans, pace)
    seek = "search" if container.format.name.split(",")[0] in {"mpegts", "mpeg", "flv", "asf", "avi"} else "index"
    # Reading may also have ended at a damaged place, with more behind it.
    if not (spans.reached_end and missing_s(container, spans) < 1) and not scan_tail(container, chosen, spans):
        if not spans.reached_end:
            scan_all(container, chosen, video, spans, pace)
            seek = "scan" if seek == "index" else seek
        warn_short(container, spans, warnings)
    return spans, pace, seek


def missing_s(container: Any, spans: Spans) -> float:
    """By how many seconds the container promises more than was found; 0 when it promises nothing."""
    if not container.duration or container.duration < 0 or not spans.end:
        return 0.0
    return float(container.duration) / 1_000_000 - float(max(spans.end.values()) - min(spans.start.values()))


def warn_short(container: Any, spans: Spans, warnings: list[dict[str, Any]]) -> None:
    """Say so when the container promised more than it holds."""
    missing = missing_s(container, spans)
    if missing > 1:
        warnings.append(
            said(
                "media.truncated",
                f"The file says it is {container.duration / 1_000_000:.0f} seconds long but {missing:.0f} of them are "
                "not there; what is there was used.",
            )
        )


def refuse_encrypted(container: Any) -> None:
    """Common encryption leaves the codec readable and marks the packets (ISO/IEC 23001-7); the first ones tell."""
    try:
        container.seek(container.start_time or 0, backward=True)
        for packet in islice(container.demux(), 4):
            if packet.has_sidedata("encryption_info") or packet.has_sidedata("encryption_init_info"):
                raise Refuse("encrypted", "The file is protected (DRM). Export it without protection and upload that.")
    except (av.error.FFmpegError, OSError):
        return


def check_sanity(video: dict[str, Any] | None, spans: Spans) -> None:
    """Refuse what would only burn time and memory."""
    if video is not None:
        width, height = video["width"], video["height"]
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise Refuse("absurd_dimensions", f"Pictures of {width} × {height} are larger than any recording needs.")
        if video["display_width"] > MAX_SIDE or video["display_height"] > MAX_SIDE:
            raise Refuse("absurd_dimensions", "The pixels' shape would stretch the picture beyond any screen.")
    length = max(spans.end.values()) - min(spans.start.values())
    if length > MAX_DURATION_S:
        raise Refuse("absurd_dimensions", f"The times in the file span {float(length) / 3600:.0f} hours.")
    if length <= 0:
        raise Refuse("broken", "The file holds no time at all: all its packets have the same time.")


def assemble(
    container: Any,
    size: int | None,
    video: dict[str, Any] | None,
    audio: list[Any],
    spans: Spans,
    warnings: list[dict[str, Any]],
) -> dict[str, Any]:
    """SourceInfo as a dictionary."""
    sounds = [describe_audio(stream, spans) for stream in audio]
    origin = origin_us(video, sounds)
    end = max([*([video["end_us"]] if video else []), *(sound["end_us"] for sound in sounds)])
    return {
        "container": container.format.name.split(",")[0],
        "size_bytes": size,
        "duration_ms": max(1, (end - origin) // 1000),
        "origin_us": origin,
        "video": video,
        "audio": sounds,
        "subtitles": [describe_subtitle(stream) for stream in container.streams if stream.type == "subtitle"],
        "chapters": chapters(container, origin),
        "title": str(container.metadata.get("title", ""))[:300],
        "warnings": warnings,
    }


def origin_us(video: dict[str, Any] | None, sounds: list[dict[str, Any]]) -> int:
    """The source's time at which recording time is 0: where the earliest stream starts."""
    starts = [sound["start_us"] for sound in sounds]
    if video is None:
        return int(min(starts))
    start = int(video["start_us"])
    earlier = [other for other in starts if other < start - TOGETHER_US]
    return int(min(earlier, default=start))


def chapters(container: Any, origin: int) -> list[dict[str, Any]]:
    """The container's chapters in recording time; unusable ones are left out."""
    found = []
    for chapter in container.chapters()[:500]:
        base = Fraction(chapter["time_base"]) * 1000
        start, end = (int(chapter[name] * base) - origin // 1000 for name in ("start", "end"))
        if 0 <= start < end:
            title = str(chapter.get("metadata", {}).get("title", ""))[:300]
            found.append({"start_ms": start, "end_ms": end, "title": title})
    return found


def said(code: str, detail: str, at_ms: int | None = None) -> dict[str, Any]:
    """A warning."""
    return {"code": code, "detail": detail, "at_ms": at_ms}


if __name__ == "__main__":
    av.logging.set_level(None)
    try:
        answer = {"info": main(sys.argv[1], json.loads(sys.argv[2]))}
    except Refuse as refused:
        answer = {"refused": {"code": refused.code, "detail": refused.detail}}
    sys.stdout.write(json.dumps(answer) + "\n")
