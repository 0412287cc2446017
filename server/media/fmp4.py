"""Chunks as ffmpeg writes them become CMAF segments on the recording's timeline.

A chunk's own clock is not to be trusted: ffmpeg shifts it for B-frames and priming, and its durations are wrong where
frames were dropped. Only the presentation times, edit list applied, are. Every segment is written anew from them:
tfdt is the first PTS, the last sample lasts to where the next segment starts, and all chunks of a rendition share one
init.

    init, fragments = read_fragments(data)
    require_same_codec(codec_of(init_of_the_first_chunk), init.codec)
    segments = cut_chunk(init, fragments, borders=[a, a + 4 s, …, b], first_sequence=n)

ffmpeg keeps the absolute times given by `-copyts` only in the edit list, so it needs `delay_moov`
(`-movflags +frag_keyframe+default_base_moof+empty_moov+delay_moov`), and in whole ticks only with
`-video_track_timescale 90000 -movie_timescale 90000`. Without them give `shift`.

For a stream that is still being written (audio is encoded whole) feed a FragmentReader and a SegmentCutter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from server.media.boxes import BadBox, read_boxes
from server.media.fmp4_codec import Codec
from server.media.fmp4_read import Fragment, FragmentReader, Init, Sample, first_presented, read_fragments, read_moov
from server.media.fmp4_write import AUDIO_TIMESCALE, VIDEO_TIMESCALE, TimedSample, write_init, write_segment

__all__ = [
    "AUDIO_TIMESCALE",
    "VIDEO_TIMESCALE",
    "BadBox",
    "BadChunk",
    "Codec",
    "CodecChanged",
    "Fragment",
    "FragmentReader",
    "Init",
    "Sample",
    "Segment",
    "SegmentCutter",
    "codec_of",
    "cut_chunk",
    "first_presented",
    "presented_at",
    "read_fragments",
    "require_same_codec",
    "timescale_of",
    "write_init_for",
]


class BadChunk(ValueError):
    """The chunk is a proper file, but not what was ordered: times or keyframes are not where they must be."""

    code = "media.bad_chunk"


class CodecChanged(ValueError):
    """A chunk was encoded differently from the first one, so it cannot share its init."""

    code = "media.codec_changed"


@dataclass(frozen=True, slots=True)
class Segment:
    """One CMAF segment; times in ticks of `timescale` on the recording's timeline."""

    sequence: int
    start: int
    end: int
    timescale: int
    samples: int
    data: bytes = field(repr=False)

    @property
    def duration(self) -> Fraction:
        """How long it lasts, in seconds, exactly."""
        return Fraction(self.end - self.start, self.timescale)


def timescale_of(init: Init) -> int:
    """Ticks a second of what is written: 90,000 for video, for audio 48,000 or the rate it has."""
    if init.is_video:
        return VIDEO_TIMESCALE
    return init.codec.sample_rate or AUDIO_TIMESCALE


def write_init_for(init: Init) -> bytes:
    """The init (ftyp, moov) that all chunks of the rendition share: equal bytes for equal codecs."""
    return write_init(init.codec, timescale_of(init))


def codec_of(init: bytes) -> Codec:
    """The codec of an init as written by `write_init_for`. Raises BadBox."""
    for top in read_boxes(init):
        if top.kind == "moov":
            return read_moov(top).codec
    raise BadBox("no 'moov' box: this is not an init")


def require_same_codec(first: Codec, other: Codec) -> None:
    """Raise CodecChanged, saying what differs, unless segments of both can follow one init."""
    for name, label in (
        ("kind", "codec"), ("width", "width"), ("height", "height"), ("config", "decoder configuration"),
        ("shape", "pixel shape or colours"), ("channels", "channels"), ("sample_rate", "sample rate"),
    ):  # fmt: skip
        mine, theirs = getattr(first, name), getattr(other, name)
        if mine != theirs:
            mine, theirs = (value.hex() if isinstance(value, bytes) else value for value in (mine, theirs))
            raise CodecChanged(f"the {label} of this chunk is {theirs}, of the first chunk it is {mine}: encode again")


def presented_at(init: Init, sample: Sample) -> Fraction:
    """When the sample is presented, in seconds, on the file's own clock with its edit list applied."""
    return Fraction(sample.pts, init.timescale) + init.shift


def cut_chunk(
    init: Init, fragments: Sequence[Fragment], borders: Sequence[int], first_sequence: int, shift: int = 0
) -> list[Segment]:
    """All segments of one chunk.

    `borders` are ticks of the output track on the recording's timeline: where segments start, and last where the
    chunk ends, which is where the next chunk's first frame starts. `shift` ticks are added to the presentation times
    of the file: 0 when it was made with `-copyts` and its edit list (delay_moov) survived. Raises BadChunk.
    """
    cutter = SegmentCutter(init, borders[:-1], first_sequence, shift)
    segments = [segment for fragment in fragments for segment in cutter.push(fragment.samples)]
    return segments + cutter.finish(borders[-1])


class SegmentCutter:
    """Cuts one track into segments as its samples arrive, in decode order.

    Video: a segment starts at the keyframe that is at a border or the first one after it (half a millisecond early
    counts as at it). Audio: at the frame whose start is nearest to the border; frames before the first border are
    encoder priming and are left out. `borders` may be endless.
    """

    def __init__(self, init: Init, borders: Iterable[int], first_sequence: int, shift: int = 0) -> None:
        self._init = init
        self._timescale = timescale_of(init)
        self._borders = iter(borders)
        self._border = self._next_border()
        self._first = self._border or 0
        self._sequence = first_sequence
        self._shift = shift
        self._held: list[TimedSample] = []
        # Times kept in milliseconds (Matroska, FLV) may fall just before the border they belong to.
        self._slack = self._timescale // 2000
        self._moved = init.shift

    def push(self, samples: Iterable[Sample]) -> list[Segment]:
        """Take the next samples; give the segments that are complete with them. Raises BadChunk."""
        done: list[Segment] = []
        for sample in self._timed(samples):
            if not self._init.is_video and sample.pts < self._first - sample.duration // 2:
                continue
            if self._starts_segment(sample):
                sample = self._at_border(sample)
                if self._held:
                    done.append(self._close(sample.pts))
            elif not self._held:
                raise BadChunk(f"the first sample ({self._say(sample.pts)}) is not where the chunk starts")
            self._held.append(sample)
        return done

    def finish(self, end: int | None = None) -> list[Segment]:
        """The last segment, which lasts until `end`; without it the last sample lasts as long as it says."""
        if not self._held:
            return []
        return [self._close(end if end is not None else max(s.pts + s.duration for s in self._held))]

    def _next_border(self) -> int | None:
        return next(self._borders, None)

    def _timed(self, samples: Iterable[Sample]) -> Iterator[TimedSample]:
        """Times rescaled one by one from zero, so that rounding never adds up."""
        if self._init.timescale == self._timescale:
            offset = round(self._moved * self._timescale) + self._shift
            for sample in samples:
                yield TimedSample(sample.pts + offset, max(1, sample.duration), sample.is_sync, sample.data)
            return
        scale = Fraction(self._timescale, self._init.timescale)
        for sample in samples:
            pts = round(sample.pts * scale + self._moved * self._timescale) + self._shift
            yield TimedSample(pts, max(1, round(sample.duration * scale)), sample.is_sync, sample.data)

    def _starts_segment(self, sample: TimedSample) -> bool:
        if self._border is None:
            return False
        early = self._slack if self._init.is_video else sample.duration // 2
        if sample.pts < self._border - early:
            return False
        if not sample.is_sync:
            raise BadChunk(
                f"the frame at {self._say(sample.pts)} is the first after the border at {self._say(self._border)} "
                "but is no keyframe: force keyframes on the grid"
            )
        return True

    def _at_border(self, sample: TimedSample) -> TimedSample:
        """The first sample of a segment; the border after it becomes the next one."""
        border = self._border
        assert border is not None
        if self._init.is_video and sample.pts < border:
            sample = TimedSample(border, sample.duration, sample.is_sync, sample.data)
        early = self._slack if self._init.is_video else sample.duration // 2
        while self._border is not None and sample.pts >= self._border - early:
            self._border = self._next_border()
        return sample

    def _close(self, end: int) -> Segment:
        held, self._held = self._held, []
        start = held[0].pts
        times = sorted(sample.pts for sample in held)
        if times[0] != start or start < 0:
            raise BadChunk(f"a frame is shown before the keyframe at {self._say(start)}: groups of pictures must close")
        if times[-1] >= end:
            raise BadChunk(f"a frame at {self._say(times[-1])} lies at or after the end, {self._say(end)}")
        if any(one == two for one, two in pairwise(times)):
            raise BadChunk(f"two frames at the same time in the segment at {self._say(start)}")
        sequence, self._sequence = self._sequence, self._sequence + 1
        return Segment(sequence, start, end, self._timescale, len(held), write_segment(held, end, sequence))

    def _say(self, ticks: int) -> str:
        return f"{ticks / self._timescale:.3f} s"
