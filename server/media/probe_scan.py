"""Where the streams start and end and how the pictures are paced: from the index where there is one (no media bytes
are read then), else from the packets at both ends, else from all packets. Runs in the probing child."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av.error

HEAD_S = 20
TAIL_S = 12
HEAD_BYTES = 48 << 20
MAX_GAPS = 20_000


@dataclass
class Spans:
    """First and last presentation time of each stream, in seconds on the source's clock, by stream index."""

    start: dict[int, Fraction] = field(default_factory=dict)
    end: dict[int, Fraction] = field(default_factory=dict)
    reached_end: bool = False

    def take(self, index: int, start: Fraction, duration: Fraction) -> None:
        """Note one packet."""
        if index not in self.start or start < self.start[index]:
            self.start[index] = start
        end = start + duration
        if index not in self.end or end > self.end[index]:
            self.end[index] = end


@dataclass
class Pace:
    """The times between pictures and between keyframes, as far as they were seen."""

    times: list[Fraction] = field(default_factory=list)
    keys: list[Fraction] = field(default_factory=list)
    rate: Fraction | None = None

    def take(self, time: Fraction, is_key: bool) -> None:
        """Note one picture's presentation time."""
        if len(self.times) < MAX_GAPS:
            self.times.append(time)
        if is_key:
            self.keys.append(time)

    def gaps(self) -> list[Fraction]:
        """Times between one picture and the next."""
        times = sorted(self.times)
        return [b - a for a, b in pairwise(times) if b > a]

    def longest_gop(self) -> Fraction:
        """The longest time between keyframes seen, or as long as was looked without finding a second one."""
        keys = sorted(self.keys)
        between = [b - a for a, b in pairwise(keys)]
        if between:
            return max(between)
        times = sorted(self.times)
        return times[-1] - times[0] if times else Fraction(0)


def scan_index(
    container: Any, chosen: list[Any], video: Any, size: int | None, warnings: list[dict[str, Any]]
) -> tuple[Spans, Pace] | None:
    """Everything from the sample tables of a plain MP4 or MOV; None for other containers and for fragmented files."""
    if "mov" not in container.format.name.split(","):
        return None
    spans, pace = Spans(), Pace()
    for stream in chosen:
        entries = stream.index_entries
        if not len(entries) or not stream.duration or not stream.time_base:
            continue
        base = Fraction(stream.time_base)
        # A fragmented file's table holds only the fragments read so far.
        if (entries[len(entries) - 1].timestamp - entries[0].timestamp) * base < stream.duration * base * Fraction(
            1, 2
        ) - 2:
            return None
        _take_entries(stream, entries, base, size, spans, pace if stream is video else None, warnings)
    if not spans.start:
        return None
    spans.reached_end = True
    return spans, pace


def _take_entries(
    stream: Any,
    entries: Any,
    base: Fraction,
    size: int | None,
    spans: Spans,
    pace: Pace | None,
    warnings: list[dict[str, Any]],
) -> None:
    """One stream's sample table. Samples beyond the end of the file are not there."""
    count = len(entries)
    start = (stream.start_time or 0) * base
    end = start + stream.duration * base
    shift = start - entries[0].timestamp * base
    for position in range(count):
        entry = entries[position]
        if size is not None and entry.pos + entry.size > size:
            missing = end - (entry.timestamp * base + shift)
            end = entry.timestamp * base + shift
            warnings.append(
                {
                    "code": "media.truncated",
                    "detail": f"The file was cut off: the last {float(missing):.0f} seconds of its "
                    f"{stream.type} are not there; what is there was used.",
                    "at_ms": None,
                }
            )
            count = position
            break
        if pace is not None:
            pace.take(entry.timestamp * base + shift, entry.is_keyframe)
    if count == 0:
        return
    spans.take(stream.index, start, max(end - start, Fraction(0)))
    if pace is not None and count > 1 and end > start:
        pace.rate = count / (end - start)


def _take_packets(packets: Iterable[Any], video: Any, spans: Spans, pace: Pace, until_s: float | None) -> bool:
    """Note packets until the end, or a place that cannot be read (True), or until enough was seen (False)."""
    seen_bytes = 0
    first: Fraction | None = None
    try:
        for packet in packets:
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None or packet.size == 0:
                continue
            at = time * Fraction(packet.time_base)
            spans.take(packet.stream.index, at, (packet.duration or 0) * Fraction(packet.time_base))
            if video is not None and packet.stream.index == video.index:
                pace.take(at, packet.is_keyframe)
            seen_bytes += packet.size
            first = at if first is None else first
            if until_s is not None and (at - first > until_s or seen_bytes > HEAD_BYTES):
                return False
    except (av.error.FFmpegError, OSError):
        # What was read so far is what there is; a broken middle is met again, and counted, when it is encoded.
        return True
    return True


def scan_head(container: Any, chosen: list[Any], video: Any, spans: Spans, pace: Pace) -> None:
    """The first seconds."""
    spans.reached_end = _take_packets(container.demux(chosen), video, spans, pace, HEAD_S)


def scan_tail(container: Any, chosen: list[Any], spans: Spans) -> bool:
    """The last seconds, reached by seeking; False when the container does not know its end, or lies about it."""
    if not container.duration or container.duration < 0:
        return False
    start_us = container.start_time or 0
    target_us = start_us + container.duration - TAIL_S * 1_000_000
    before = dict(spans.end)
    tail = Spans()
    try:
        container.seek(max(start_us, target_us), backward=True)
        _take_packets(container.demux(chosen), None, tail, Pace(), None)
    except (av.error.FFmpegError, OSError):
        return False
    promised = Fraction(start_us + container.duration, 1_000_000)
    if not tail.end or max(tail.end.values()) < promised - 2:
        return False
    for index, end in tail.end.items():
        spans.start.setdefault(index, tail.start[index])
        spans.end[index] = max(end, before.get(index, end))
    return True


def scan_all(container: Any, chosen: list[Any], video: Any, spans: Spans, pace: Pace) -> None:
    """Every packet: the only honest way for MediaRecorder's WebM and for files cut off in the middle."""
    try:
        container.seek(0, backward=True, any_frame=False)
    except (av.error.FFmpegError, OSError):
        return
    pace.times.clear()
    pace.keys.clear()
    _take_packets(container.demux(chosen), video, spans, pace, None)
    spans.reached_end = True
