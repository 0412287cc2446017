"""CMAF inits and segments (ISO/IEC 23000-19 §7.3) written from samples: always the same bytes for the same input."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.media.boxes import box, full_box
from server.media.fmp4_codec import Codec

TRACK = 1
VIDEO_TIMESCALE = 90_000
AUDIO_TIMESCALE = 48_000
SYNC_FLAGS = 0x02000000  # depends on no other sample (ISO/IEC 14496-12 §8.8.3.1)
NON_SYNC_FLAGS = 0x01010000  # depends on others, is no sync sample
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
UNDETERMINED = 0x55C4  # language "und" (§8.4.2.3)


@dataclass(frozen=True, slots=True)
class TimedSample:
    """A sample on the recording's timeline, in ticks of the output track."""

    pts: int
    duration: int
    is_sync: bool
    data: memoryview = field(repr=False)


def write_init(codec: Codec, timescale: int) -> bytes:
    """ftyp and moov of one track without samples and without an edit list."""
    is_video = codec.kind == "avc1"
    ftyp = box("ftyp", b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41")
    mvhd = full_box("mvhd", 0, 0, struct.pack(">IIIIIH10x", 0, 0, timescale, 0, 0x10000, 0x100), MATRIX,
                    bytes(24), struct.pack(">I", TRACK + 1))  # fmt: skip
    mvex = box("mvex", full_box("trex", 0, 0, struct.pack(">IIIII", TRACK, 1, 0, 0, 0)))
    return ftyp + box("moov", mvhd, _trak(codec, timescale, is_video), mvex)


def _trak(codec: Codec, timescale: int, is_video: bool) -> bytes:
    # Flags 3: enabled and in movie. Sizes are 16.16 fixed point (§8.3.2).
    volume = 0 if is_video else 0x100
    tkhd = full_box("tkhd", 0, 3, struct.pack(">IIIII8xHHHxx", 0, 0, TRACK, 0, 0, 0, 0, volume), MATRIX,
                    struct.pack(">II", codec.width << 16, codec.height << 16))  # fmt: skip
    mdhd = full_box("mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, UNDETERMINED, 0))
    kind, name = (b"vide", b"Video\0") if is_video else (b"soun", b"Sound\0")
    hdlr = full_box("hdlr", 0, 0, struct.pack(">I4s12x", 0, kind), name)
    media = full_box("vmhd", 0, 1, bytes(8)) if is_video else full_box("smhd", 0, 0, bytes(4))
    dinf = box("dinf", full_box("dref", 0, 0, struct.pack(">I", 1), full_box("url ", 0, 1)))
    stsd = full_box("stsd", 0, 0, struct.pack(">I", 1), codec.sample_entry())
    none = [full_box(kind, 0, 0, bytes(8 if kind == "stsz" else 4)) for kind in ("stts", "stsc", "stsz", "stco")]
    minf = box("minf", media, dinf, box("stbl", stsd, *none))
    return box("trak", tkhd, box("mdia", mdhd, hdlr, minf))


def write_segment(samples: Sequence[TimedSample], end: int, sequence: int, *, is_first_chunk: bool = True) -> bytes:
    """One CMAF segment: styp, one moof, one mdat. tfdt is the first sample's PTS; the last one lasts until `end`.

    `sequence` is the fragment's number (mfhd), counted from 1 over the whole rendition. A later chunk of the same
    segment has no styp (ISO/IEC 23000-19 §7.3.2.3), so that chunks one after the other are the segment.
    """
    decode_times = decode_times_for([sample.pts for sample in samples])
    styp = box("styp", b"cmfs", struct.pack(">I", 0), b"cmfsmsdh")
    # The trun says where the data starts, counted from the moof: write once to learn the moof's length.
    moof = _moof(samples, decode_times, end, sequence, 0)
    moof = _moof(samples, decode_times, end, sequence, len(moof) + 8)
    return b"".join([styp if is_first_chunk else b"", moof, box("mdat", *[sample.data for sample in samples])])


def _moof(samples: Sequence[TimedSample], decode_times: Sequence[int], end: int, sequence: int, offset: int) -> bytes:
    mfhd = full_box("mfhd", 0, 0, struct.pack(">I", sequence))
    # Flags: default-base-is-moof, and a default for the sample flags.
    default = SYNC_FLAGS if all(sample.is_sync for sample in samples) else NON_SYNC_FLAGS
    tfhd = full_box("tfhd", 0, 0x020020, struct.pack(">II", TRACK, default))
    tfdt = full_box("tfdt", 1, 0, struct.pack(">Q", decode_times[0]))
    return box("moof", mfhd, box("traf", tfhd, tfdt, _trun(samples, decode_times, end, default, offset)))


def _trun(
    samples: Sequence[TimedSample], decode_times: Sequence[int], end: int, default_flags: int, offset: int
) -> bytes:
    has_offsets = any(sample.pts != dts for sample, dts in zip(samples, decode_times, strict=True))
    has_flags = any(_flags(sample) != default_flags for sample in samples)
    # data-offset, durations, sizes; flags and composition offsets only where they are needed (§8.8.8).
    flags = 0x301 | (0x400 if has_flags else 0) | (0x800 if has_offsets else 0)
    rows = []
    for sample, dts, following in zip(samples, decode_times, [*decode_times[1:], end], strict=True):
        rows.append(struct.pack(">II", following - dts, len(sample.data)))
        if has_flags:
            rows.append(struct.pack(">I", _flags(sample)))
        if has_offsets:
            rows.append(struct.pack(">i", sample.pts - dts))
    return full_box("trun", 1, flags, struct.pack(">Ii", len(samples), offset), *rows)


def _flags(sample: TimedSample) -> int:
    return SYNC_FLAGS if sample.is_sync else NON_SYNC_FLAGS


def decode_times_for(presentation_times: Sequence[int]) -> list[int]:
    """Rising decode times, none after its own presentation time, for frames in decode order; the first is the first
    PTS, and the last frame's is its own PTS.

    Encoders put the first decode time before the first picture, or composition offsets below zero. Both go wrong:
    the one cannot be said in tfdt without an edit list, the other makes ffmpeg shift every picture of the file. So the
    delay that reordering needs is built up between the first two pictures and given back at the last one; between them
    frames are decoded at the times at which pictures are shown, so that players see a steady rate.
    """
    shown = sorted(presentation_times)
    rank = {pts: index for index, pts in enumerate(shown)}
    delay = max(index - rank[pts] for index, pts in enumerate(presentation_times))
    if delay == 0:
        return shown
    # Frames 0 to `delay` share the time between the first two pictures; from there on one waits for the other.
    first, second = shown[0], shown[1]
    times = [first + (second - first) * index // (delay + 1) for index in range(delay + 1)]
    times += shown[1 : len(shown) - delay]
    return [*times[:-1], presentation_times[-1]]
