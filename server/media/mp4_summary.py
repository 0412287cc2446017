"""What the tables of a finished MP4 say: is it whole, progressive, and how much is in each track.

Only box heads and the moov are read, however long the file is (ISO/IEC 14496-12).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from server.media.boxes import BadBox, Box, Fields, header_size, read_boxes

MAX_MOOV_BYTES = 256 << 20
_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """One track: its handler (vide, soun, sbtl, text), its samples, and how long it is shown, edit list applied."""

    handler: str
    samples: int
    shown_ms: int


@dataclass(frozen=True, slots=True)
class Mp4Summary:
    """A whole file: `progressive` when its tables come before its media."""

    progressive: bool
    tracks: tuple[TrackSummary, ...]

    def of(self, handler: str) -> list[TrackSummary]:
        """The tracks of one kind."""
        return [track for track in self.tracks if track.handler == handler]


def read_summary(path: Path) -> Mp4Summary:
    """Look at the file; raises BadBox when it is cut off or no MP4."""
    with path.open("rb") as file:
        order, moov = [], b""
        for kind, payload, size in _top_level(file, path.stat().st_size):
            order.append(kind)
            if kind == "moov":
                if size > MAX_MOOV_BYTES:
                    raise BadBox(f"a moov of {size} bytes")
                file.seek(payload)
                moov = file.read(size)
    if "moov" not in order or "mdat" not in order:
        raise BadBox("no moov or no mdat: the file was not finished")
    tracks = tuple(_track(trak, _movie_timescale(moov)) for trak in read_boxes(moov) if trak.kind == "trak")
    return Mp4Summary(order.index("moov") < order.index("mdat"), tracks)


def _top_level(file: BinaryIO, length: int) -> Iterator[tuple[str, int, int]]:
    """(type, where the payload starts, its length) of each box; raises BadBox when the last one is cut off."""
    at = 0
    while at < length:
        file.seek(at)
        head = header_size(memoryview(file.read(_HEAD_BYTES)))
        if head is None or head[2] == 0 or at + head[2] > length:
            raise BadBox("the file ends in the middle of a box")
        kind, before, size = head
        yield kind, at + before, size - before
        at += size


def _movie_timescale(moov: bytes) -> int:
    mvhd = next((child for child in read_boxes(moov) if child.kind == "mvhd"), None)
    if mvhd is None:
        raise BadBox("a moov without an mvhd")
    return _timescale_and_duration(mvhd)[0]


def _timescale_and_duration(header: Box) -> tuple[int, int]:
    """Of an mvhd or mdhd (§8.2.2, §8.4.2)."""
    fields = Fields(header)
    version, _flags = fields.version_and_flags()
    fields.skip(16 if version == 1 else 8)
    timescale = fields.u32()
    if timescale == 0:
        raise BadBox(f"'{header.kind}' has no timescale")
    return timescale, fields.u64() if version == 1 else fields.u32()


def _track(trak: Box, movie_timescale: int) -> TrackSummary:
    handler = bytes(trak.get("mdia", "hdlr").payload[8:12]).decode("latin-1")
    sizes = Fields(trak.get("mdia", "minf", "stbl", "stsz"), 8)
    timescale, duration = _timescale_and_duration(trak.get("mdia", "mdhd"))
    edits = trak.find("edts", "elst")
    shown_ms = duration * 1000 // timescale if edits is None else _shown(edits) * 1000 // movie_timescale
    return TrackSummary(handler, sizes.u32(), shown_ms)


def _shown(edits: Box) -> int:
    """Movie ticks of the edits that show something (§8.6.6)."""
    fields = Fields(edits)
    version, _flags = fields.version_and_flags()
    total = 0
    for _ in range(fields.u32()):
        length = fields.u64() if version == 1 else fields.u32()
        media_time = fields.i64() if version == 1 else fields.i32()
        fields.skip(4)
        total += length if media_time >= 0 else 0
    return total
