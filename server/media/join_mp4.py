"""CMAF segments joined into one plain MP4 file, without decoding: samples are copied, their tables written anew.

The file is written in one go, its size unknown until the end, so the tables (moov) come last:

    joiner = Mp4Joiner()
    body = joiner.add("video", init, segment, shift=-first)     # bytes that come next in the file, one call a segment
    tail = joiner.finish()                                      # the moov
    head = joiner.head()                                        # what stands before the body, HEAD_BYTES long

Segments of one track may have different inits (an encoder that came back, another encoder): each gets a sample entry of
its own (ISO/IEC 14496-12 §8.5.2, §8.7.4). Times are those of the segments plus `shift`, in ticks of their track.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby

from server.media.boxes import BadBox, box, full_box
from server.media.fmp4_codec import Codec
from server.media.fmp4_read import Sample, read_fragments
from server.media.fmp4_write import MATRIX, UNDETERMINED

MOVIE_TIMESCALE = 90_000
_FTYP = box("ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2avc1mp41")
HEAD_BYTES = len(_FTYP) + 16  # and the mdat's own head, with a length of 64 bits


@dataclass(slots=True)
class _Track:
    """One track's tables as they grow. A chunk of samples is what one segment gave."""

    is_video: bool
    timescale: int
    entries: list[Codec] = field(default_factory=list)
    times: list[int] = field(default_factory=list)  # decode times
    offsets: list[int] = field(default_factory=list)  # composition offsets
    sizes: list[int] = field(default_factory=list)
    keyframes: list[int] = field(default_factory=list)  # sample numbers from 1
    chunks: list[tuple[int, int, int]] = field(default_factory=list)  # place in the file, samples, sample entry from 1
    last: int = 0  # how long the last sample lasts


class Mp4Joiner:
    """Takes segments track by track, in order of time."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._at = HEAD_BYTES

    def add(self, name: str, init: bytes, segment: bytes, *, shift: int) -> bytes:
        """The bytes that come next in the file. Samples that would start before 0, or not after the one before them,
        are left out: where sound of two encoders meets, they overlap by less than a frame. Raises BadBox."""
        head, fragments = read_fragments(init + segment)
        track = self._tracks.setdefault(name, _Track(head.is_video, head.timescale))
        if (track.is_video, track.timescale) != (head.is_video, head.timescale):
            raise BadBox(f"a segment of another kind in the track '{name}'")
        if head.codec not in track.entries:
            track.entries.append(head.codec)
        samples: list[Sample] = []
        for sample in (one for fragment in fragments for one in fragment.samples):
            if self._take(track, sample, shift):
                samples.append(sample)
        if not samples:
            return b""
        body = b"".join([sample.data for sample in samples])
        track.chunks.append((self._at, len(samples), track.entries.index(head.codec) + 1))
        self._at += len(body)
        return body

    def _take(self, track: _Track, sample: Sample, shift: int) -> bool:
        time = sample.dts + shift
        if time < 0 or (track.times and time <= track.times[-1]):
            return False
        track.times.append(time)
        track.offsets.append(sample.pts - sample.dts)
        track.sizes.append(len(sample.data))
        if sample.is_sync:
            track.keyframes.append(len(track.sizes))
        track.last = max(1, sample.duration)
        return True

    @property
    def samples(self) -> dict[str, int]:
        """How many samples it has, by handler (vide, soun)."""
        return {"vide" if one.is_video else "soun": len(one.sizes) for one in self._tracks.values() if one.sizes}

    @property
    def most_entries(self) -> int:
        """The most sample entries a track has: more than one where encoders differ."""
        return max((len(track.entries) for track in self._tracks.values()), default=0)

    def head(self) -> bytes:
        """The first HEAD_BYTES of the file, known when all segments are added."""
        return _FTYP + struct.pack(">I4sQ", 1, b"mdat", self._at - HEAD_BYTES + 16)

    def finish(self) -> bytes:
        """The tables, which end the file. Raises BadBox when there is nothing in it."""
        tracks = [track for track in self._tracks.values() if track.times]
        if not tracks:
            raise BadBox("no sample to join")
        duration = max(_movie_ticks(track, track.times[-1] + track.last) for track in tracks)
        times = struct.pack(">QQIQIH10x", 0, 0, MOVIE_TIMESCALE, duration, 0x10000, 0x100)
        mvhd = full_box("mvhd", 1, 0, times, MATRIX, bytes(24), struct.pack(">I", len(tracks) + 1))
        return box("moov", mvhd, *[_trak(number, track) for number, track in enumerate(tracks, 1)])


def _movie_ticks(track: _Track, ticks: int) -> int:
    return ticks * MOVIE_TIMESCALE // track.timescale


def _trak(number: int, track: _Track) -> bytes:
    first, end = track.times[0], track.times[-1] + track.last
    volume = 0 if track.is_video else 0x100
    size = (track.entries[0].width << 16, track.entries[0].height << 16)
    tkhd = full_box("tkhd", 1, 3, struct.pack(">QQI4xQ8xHHHxx", 0, 0, number, _movie_ticks(track, end), 0, 0, volume),
                    MATRIX, struct.pack(">II", *size))  # fmt: skip
    mdhd = full_box("mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, track.timescale, end - first, UNDETERMINED, 0))
    kind, name = (b"vide", b"Video\0") if track.is_video else (b"soun", b"Sound\0")
    hdlr = full_box("hdlr", 0, 0, struct.pack(">I4s12x", 0, kind), name)
    media = full_box("vmhd", 0, 1, bytes(8)) if track.is_video else full_box("smhd", 0, 0, bytes(4))
    dinf = box("dinf", full_box("dref", 0, 0, struct.pack(">I", 1), full_box("url ", 0, 1)))
    return box("trak", tkhd, _edits(track, first, end), box("mdia", mdhd, hdlr, box("minf", media, dinf, _stbl(track))))


def _edits(track: _Track, first: int, end: int) -> bytes:
    """An empty edit before a track that starts late (§8.6.6); its own times count from its first sample."""
    if first == 0:
        return b""
    rows = [(_movie_ticks(track, first), -1), (_movie_ticks(track, end - first), 0)]
    return box(
        "edts", full_box("elst", 1, 0, struct.pack(">I", 2), *[struct.pack(">QqHH", *row, 1, 0) for row in rows])
    )


def _stbl(track: _Track) -> bytes:
    entries = [codec.sample_entry() for codec in track.entries]
    deltas = [after - before for before, after in zip(track.times, track.times[1:], strict=False)] + [track.last]
    boxes = [
        full_box("stsd", 0, 0, struct.pack(">I", len(entries)), *entries),
        full_box("stts", 0, 0, *_runs(deltas, ">II")),
    ]
    if any(track.offsets):
        boxes.append(full_box("ctts", 1, 0, *_runs(track.offsets, ">Ii")))
    if len(track.keyframes) < len(track.sizes):
        keyframes = struct.pack(f">I{len(track.keyframes)}I", len(track.keyframes), *track.keyframes)
        boxes.append(full_box("stss", 0, 0, keyframes))
    boxes.append(full_box("stsc", 0, 0, *_chunk_rows(track)))
    boxes.append(full_box("stsz", 0, 0, struct.pack(f">II{len(track.sizes)}I", 0, len(track.sizes), *track.sizes)))
    places = [place for place, _count, _entry in track.chunks]
    boxes.append(full_box("co64", 0, 0, struct.pack(f">I{len(places)}Q", len(places), *places)))
    return box("stbl", *boxes)


def _runs(values: Sequence[int], form: str) -> list[bytes]:
    """Equal values that follow one another as (count, value)."""
    rows = [struct.pack(form, len(list(same)), value) for value, same in groupby(values)]
    return [struct.pack(">I", len(rows)), *rows]


def _chunk_rows(track: _Track) -> list[bytes]:
    """First chunk, samples a chunk, sample entry: a row where either changes (§8.7.4)."""
    shapes = [(list(same), shape) for shape, same in groupby((count, entry) for _place, count, entry in track.chunks)]
    firsts = accumulate((len(same) for same, _shape in shapes), initial=1)
    rows = [struct.pack(">III", first, *shape) for first, (_same, shape) in zip(firsts, shapes, strict=False)]
    return [struct.pack(">I", len(rows)), *rows]
