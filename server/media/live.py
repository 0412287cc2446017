"""The words of a live stream that its writer (ingest) and its readers (web processes) share.

A broadcast has tracks (its renditions: every rung, and the sound). Its media time runs without a hole from zero: what
an encoder sends and the slate that fills its absence stand one after the other on it. It is cut into segments of about
four seconds, these into parts of about half a second; the grid is one of whole frames, decided once a broadcast.

The unit that is published is a `Row`: the same part of every track at once. So all renditions always reach equally far,
and a segment begins, ends and is discontinuous in all of them together.
"""

from datetime import datetime
from fractions import Fraction
from itertools import pairwise

import msgspec

# Fixed for every broadcast: it must never change (RFC 8216bis 4.4.3.1); hls.js gives a blocked reload up at 0.8 of it.
TARGET_DURATION_S = 4
KEYFRAME_S = 2
PARTS_A_SEGMENT = 8
AUDIO = "audio"
AUDIO_RATE = 48_000
AUDIO_FRAME = 1024
VIDEO_TIMESCALE = 90_000


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One rendition of a broadcast. `frame_rate` is "25/1" for pictures; `peak_kbps` is what its encoder may use."""

    name: str
    kind: str  # video | audio
    codecs: str  # RFC 6381, "avc1.64001f"
    timescale: int
    peak_kbps: int
    width: int = 0
    height: int = 0
    frame_rate: str = ""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided once a broadcast: its tracks (highest rung first, sound last) and its grid in whole frames.

    `part_frames` are the frames of the parts of one segment, in order; keyframes stand at the start of the first part
    and of the one in the middle. A broadcast without a picture has no video track; its grid is that of 25 frames.
    """

    tracks: tuple[Track, ...]
    frame_rate: str
    part_frames: tuple[int, ...]

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.frame_rate)

    @property
    def segment_frames(self) -> int:
        """Frames of a whole segment."""
        return sum(self.part_frames)

    @property
    def part_target(self) -> Fraction:
        """PART-TARGET in seconds: the longest part any track can have. An audio part holds whole AAC frames."""
        video = Fraction(max(self.part_frames)) / self.rate
        frame = Fraction(AUDIO_FRAME, AUDIO_RATE)
        return max(video, -(-video // frame) * frame if any(t.kind == "audio" for t in self.tracks) else video)


class Piece(msgspec.Struct, frozen=True):
    """One track's share of a row, a CMAF chunk: `duration` in its ticks; independent when a keyframe comes first."""

    duration: int
    independent: bool
    data: bytes


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The same part of every track. `msn` counts segments from 1, `part` the parts of a segment from 0.

    `wall` is the moment at which the row's media began (PROGRAM-DATE-TIME of the segment is that of its part 0).
    `start` is its media time in 90 kHz ticks from the broadcast's start. `inits` names each track's init: it only
    changes where a segment starts with a discontinuity. `last` closes the segment.
    """

    msn: int
    part: int
    last: bool
    start: int
    wall: datetime
    discontinuity: bool
    slate: bool
    inits: dict[str, str]
    pieces: dict[str, Piece]


def grid_of(rate: Fraction) -> tuple[int, ...]:
    """Frames of the eight parts of a segment for a frame rate: as equal as whole frames allow, a keyframe every half.

    25 → 13 12 13 12 13 12 13 12 (100 frames, 4 s); 30 and 30000/1001 → eight times 15.
    """
    half = round(rate * KEYFRAME_S)
    borders = [-(-half * number // (PARTS_A_SEGMENT // 2)) for number in range(PARTS_A_SEGMENT // 2 + 1)]
    parts = tuple(end - start for start, end in pairwise(borders))
    return parts * 2
