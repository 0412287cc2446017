"""Fragmented MP4 as ffmpeg writes it: the init (ftyp, moov) and the fragments (moof, mdat) of one track."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from server.media.boxes import BadBox, Box, Fields, header_size
from server.media.fmp4_codec import Codec, read_codec

# Top-level boxes that carry nothing a segment needs.
IGNORED = frozenset({"ftyp", "styp", "free", "skip", "sidx", "mfra", "prft", "emsg", "uuid", "wide", "udta", "meta"})
MAX_MOOV_BYTES = 16 * 1024 * 1024
MAX_SAMPLES = 1_000_000
NON_SYNC = 0x00010000


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit (ISO/IEC 14496-12 §8.6.6): length in movie ticks, start in media ticks (-1: nothing is shown)."""

    length: int
    media_time: int


@dataclass(frozen=True, slots=True)
class Init:
    """What the moov says of the one track."""

    track: int
    handler: str
    timescale: int
    movie_timescale: int
    codec: Codec
    edits: tuple[Edit, ...] = ()
    default_duration: int = 0
    default_size: int = 0
    default_flags: int = 0

    @property
    def is_video(self) -> bool:
        """True for pictures, False for sound."""
        return self.handler == "vide"

    @property
    def shift(self) -> Fraction:
        """Seconds to add to a composition time to get the time it is presented at, as the edit list says.

        Empty edits delay, the first real edit says which media time comes first (ffmpeg writes the one for a start
        that is not zero, the other for B-frames and encoder priming).
        """
        delay = Fraction(0)
        for edit in self.edits:
            if edit.media_time >= 0:
                return delay - Fraction(edit.media_time, self.timescale)
            delay += Fraction(edit.length, self.movie_timescale)
        return delay


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame in decode order; times in ticks of the track, before the edit list."""

    dts: int
    pts: int
    duration: int
    is_sync: bool
    data: memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof with its mdat."""

    sequence: int
    samples: tuple[Sample, ...]


class FragmentReader:
    """Reads a fragmented MP4 as it arrives, holding no more than the box that is not complete yet."""

    def __init__(self) -> None:
        self.init: Init | None = None
        self._rest = b""
        self._position = 0
        self._moof: tuple[int, Box] | None = None
        self._next_dts = 0

    def feed(self, data: bytes) -> list[Fragment]:
        """Take the next bytes (any number); give the fragments they complete. Raises BadBox."""
        view = memoryview(self._rest + data) if self._rest else memoryview(data)
        at = 0
        fragments: list[Fragment] = []
        while (head := header_size(view[at:])) is not None:
            kind, length, size = head
            self._check_top_level(kind, size)
            if at + size > len(view):
                break
            whole = Box(kind, self._position + at, size, view[at + length : at + size])
            fragments += self._take(whole)
            at += size
        self._rest = bytes(view[at:])
        self._position += at
        return fragments

    def close(self) -> None:
        """Say that no more bytes come; a box cut off in the middle is a BadBox."""
        if self._rest or self._moof is not None:
            raise BadBox("the file ends in the middle of a fragment")
        if self.init is None:
            raise BadBox("no 'moov' box: this is not an MP4 file")

    def _check_top_level(self, kind: str, size: int) -> None:
        if kind not in IGNORED and kind not in ("moov", "moof", "mdat"):
            raise BadBox(f"'{kind!s}' is no box of a fragmented MP4 file")
        if size == 0:
            raise BadBox(f"box '{kind}' has no length: the file was not written as fragments")
        if kind in ("moov", "moof") and size > MAX_MOOV_BYTES:
            raise BadBox(f"box '{kind}' of {size} bytes is larger than any recording needs")

    def _take(self, whole: Box) -> list[Fragment]:
        if whole.kind == "moov":
            if self.init is not None:
                raise BadBox("a second 'moov' box")
            self.init = read_moov(whole)
        elif whole.kind == "moof":
            if self.init is None:
                raise BadBox("a 'moof' box before the 'moov' box")
            self._moof = (whole.start, whole)
        elif whole.kind == "mdat":
            return self._take_mdat(whole)
        return []

    def _take_mdat(self, mdat: Box) -> list[Fragment]:
        if self.init is None or self._moof is None:
            raise BadBox("an 'mdat' box without a 'moof' box before it: the file was not written as fragments")
        moof_start, moof = self._moof
        self._moof = None
        # Sample bytes are copied once, so that a reader never keeps what came before alive.
        body = memoryview(bytes(mdat.payload))
        header = mdat.size - len(body)
        fragment = _Moof(self.init, moof, moof_start, mdat.start + header, body).read(self._next_dts)
        if fragment.samples:
            self._next_dts = fragment.samples[-1].dts + fragment.samples[-1].duration
        return [fragment]


def read_fragments(data: bytes) -> tuple[Init, list[Fragment]]:
    """A whole fragmented MP4 of one track. Raises BadBox when it is anything else."""
    reader = FragmentReader()
    fragments = reader.feed(data)
    reader.close()
    assert reader.init is not None
    return reader.init, fragments


def read_moov(moov: Box) -> Init:
    """The one track of a moov, with what mvex says of its fragments."""
    traks = [child for child in moov.children() if child.kind == "trak"]
    if len(traks) != 1:
        raise BadBox(f"{len(traks)} tracks where one is expected: write each rung and the audio to its own output")
    trak = traks[0]
    media_timescale = _timescale(trak.get("mdia", "mdhd"))
    handler = _handler(trak.get("mdia", "hdlr"))
    track = _track_id(trak.get("tkhd"))
    duration, size, flags = _trex(moov, track)
    return Init(
        track=track,
        handler=handler,
        timescale=media_timescale,
        movie_timescale=_timescale(moov.get("mvhd")),
        codec=read_codec(trak.get("mdia", "minf", "stbl", "stsd")),
        edits=_edits(trak.find("edts", "elst")),
        default_duration=duration,
        default_size=size,
        default_flags=flags,
    )


def _timescale(header: Box) -> int:
    fields = Fields(header)
    version, _ = fields.version_and_flags()
    fields.skip(16 if version == 1 else 8)
    timescale = fields.u32()
    if timescale == 0:
        raise BadBox(f"'{header.kind}' has a timescale of zero")
    return timescale


def _track_id(tkhd: Box) -> int:
    fields = Fields(tkhd)
    version, _ = fields.version_and_flags()
    fields.skip(16 if version == 1 else 8)
    return fields.u32()


def _handler(hdlr: Box) -> str:
    kind = bytes(hdlr.payload[8:12]).decode("latin-1")
    if kind not in ("vide", "soun"):
        raise BadBox(f"a track of handler '{kind}' is neither video nor audio")
    return kind


def _edits(elst: Box | None) -> tuple[Edit, ...]:
    if elst is None:
        return ()
    fields = Fields(elst)
    version, _ = fields.version_and_flags()
    edits = []
    for _index in range(_bounded(fields.u32(), fields.left() // 12, elst)):
        length, start = (fields.u64(), fields.i64()) if version == 1 else (fields.u32(), fields.i32())
        fields.skip(4)
        edits.append(Edit(length, start))
    return tuple(edits)


def _trex(moov: Box, track: int) -> tuple[int, int, int]:
    mvex = moov.find("mvex")
    if mvex is None:
        raise BadBox("no 'mvex' box: the file was not written as fragments")
    for child in mvex.children():
        if child.kind == "trex":
            fields = Fields(child, 4)
            found = fields.u32()
            fields.skip(4)
            if found == track:
                return fields.u32(), fields.u32(), fields.u32()
    return 0, 0, 0


def _bounded(count: int, room: int, owner: Box) -> int:
    """A table's count, refused when the box has no room for so many rows."""
    if count > room or count > MAX_SAMPLES:
        raise BadBox(f"box '{owner.kind}' says it has {count} rows but has room for {room}")
    return count


@dataclass(slots=True)
class _Defaults:
    """What tfhd and trex say of samples that do not speak for themselves (ISO/IEC 14496-12 §8.8.7)."""

    duration: int
    size: int
    flags: int
    base: int


@dataclass(frozen=True, slots=True)
class _Moof:
    """One moof being read against its mdat; positions are those of the whole file."""

    init: Init
    moof: Box
    moof_start: int
    body_start: int
    body: memoryview

    def read(self, next_dts: int) -> Fragment:
        """All samples of the track's trafs; `next_dts` is where they go on when there is no tfdt."""
        mfhd = Fields(self.moof.get("mfhd"), 4)
        samples: list[Sample] = []
        for traf in self.moof.children():
            if traf.kind == "traf":
                samples += self._read_traf(traf, samples[-1].dts + samples[-1].duration if samples else next_dts)
        return Fragment(mfhd.u32(), tuple(samples))

    def _read_traf(self, traf: Box, next_dts: int) -> list[Sample]:
        defaults = self._read_tfhd(traf.get("tfhd"))
        tfdt = traf.find("tfdt")
        dts = _read_tfdt(tfdt) if tfdt else next_dts
        samples: list[Sample] = []
        at = defaults.base
        for child in traf.children():
            if child.kind == "trun":
                read, dts, at = self._read_trun(child, defaults, dts, at)
                samples += read
        return samples

    def _read_tfhd(self, tfhd: Box) -> _Defaults:
        fields = Fields(tfhd)
        _, flags = fields.version_and_flags()
        if fields.u32() != self.init.track:
            raise BadBox("a fragment of a track that the moov does not have")
        # Without an explicit base the data of the only traf is counted from its moof (§8.8.7.1).
        base = fields.u64() if flags & 0x1 else self.moof_start
        if flags & 0x2:
            fields.skip(4)
        return _Defaults(
            duration=fields.u32() if flags & 0x8 else self.init.default_duration,
            size=fields.u32() if flags & 0x10 else self.init.default_size,
            flags=fields.u32() if flags & 0x20 else self.init.default_flags,
            base=base,
        )

    def _read_trun(self, trun: Box, defaults: _Defaults, dts: int, at: int) -> tuple[list[Sample], int, int]:
        """The samples of one run (§8.8.8), the decode time after them and the file position after their data."""
        fields = Fields(trun)
        _version, flags = fields.version_and_flags()
        count = fields.u32()
        at = defaults.base + fields.i32() if flags & 0x1 else at
        first_flags = fields.u32() if flags & 0x4 else None
        width = 4 * (flags >> 8 & 0xF).bit_count()
        # A run whose rows are empty is bounded by its data: no sample has less than a byte.
        _bounded(count, fields.left() // width if width else len(self.body), trun)
        samples: list[Sample] = []
        for index in range(count):
            duration = fields.u32() if flags & 0x100 else defaults.duration
            size = fields.u32() if flags & 0x200 else defaults.size
            own_flags = fields.u32() if flags & 0x400 else defaults.flags
            if index == 0 and first_flags is not None:
                own_flags = first_flags
            # Version 0 says unsigned, but writers put signed numbers there too; no real offset needs the top bit.
            offset = fields.i32() if flags & 0x800 else 0
            samples.append(Sample(dts, dts + offset, duration, not own_flags & NON_SYNC, self._slice(at, size)))
            dts += duration
            at += size
        return samples, dts, at

    def _slice(self, at: int, size: int) -> memoryview:
        start = at - self.body_start
        if start < 0 or start + size > len(self.body):
            raise BadBox("a sample lies outside the fragment's 'mdat' box")
        return self.body[start : start + size]


def _read_tfdt(tfdt: Box) -> int:
    fields = Fields(tfdt)
    version, _ = fields.version_and_flags()
    return fields.u64() if version == 1 else fields.u32()


def first_presented(fragments: Sequence[Fragment]) -> int:
    """The earliest composition time of all samples, in ticks of the track, before the edit list."""
    return min(sample.pts for fragment in fragments for sample in fragment.samples)
