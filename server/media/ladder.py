"""Which rungs a recording gets: sizes, frame rate, rate control and H.264 level. Pure arithmetic.

Rungs are named by their short side, so a portrait video has the same ladder as a landscape one. Nothing is ever
enlarged: a source smaller than every rung gets one rung of its own size.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

SHORT_SIDES = (1080, 720, 480, 360)

# x264's `medium`, constant quality under a cap: a talk is encoded once and watched for years, and most of its
# pictures are never encoded at all. Faster presets spend more bytes for the same picture, slower ones gain little.
PRESET = "medium"
CRF = 23
# Peak rate for 16:9 at 30 frames a second, by short side; other shapes by their area. The cap only meets noise and fast
# motion: a slide with a speaker stays at a tenth of it.
PEAK_KBPS = {2160: 16_000, 1440: 8_500, 1080: 5_000, 720: 2_800, 480: 1_400, 360: 800, 240: 400, 144: 200}
# Talks gain nothing above 30 frames a second, and 50 or 60 cost almost double. Multiples are halved, so that every
# frame kept stays at its own time.
MAX_FRAME_RATE = 30
MIN_SIDE = 16

# H.264 Table A-1: level, macroblocks a second, macroblocks a frame, macroblocks in the decoded picture buffer, and
# the High profile's kbit/s (1.25 times the table's).
LEVELS = (
    ("1", 1_485, 99, 396, 80),
    ("1.1", 3_000, 396, 900, 240),
    ("1.2", 6_000, 396, 2_376, 480),
    ("1.3", 11_880, 396, 2_376, 960),
    ("2", 11_880, 396, 2_376, 2_500),
    ("2.1", 19_800, 792, 4_752, 5_000),
    ("2.2", 20_250, 1_620, 8_100, 5_000),
    ("3", 40_500, 1_620, 8_100, 12_500),
    ("3.1", 108_000, 3_600, 18_000, 17_500),
    ("3.2", 216_000, 5_120, 20_480, 25_000),
    ("4", 245_760, 8_192, 32_768, 25_000),
    ("4.1", 245_760, 8_192, 32_768, 62_500),
    ("4.2", 522_240, 8_704, 34_816, 62_500),
    ("5", 589_824, 22_080, 110_400, 168_750),
    ("5.1", 983_040, 36_864, 184_320, 300_000),
    ("5.2", 2_073_600, 36_864, 184_320, 300_000),
)
# `medium` uses 3 reference frames, and B-pyramids hold one more.
REFERENCE_FRAMES = 4


class Rung(msgspec.Struct, frozen=True):
    """One rung of the ladder: what the video encoder is told. `frame_rate` is "25/1", a cap and not a grid."""

    name: str
    width: int
    height: int
    frame_rate: str
    level: str
    crf: int
    peak_kbps: int
    buffer_kbit: int
    preset: str = PRESET

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.frame_rate)


def choose_rungs(
    width: int,
    height: int,
    frame_rate: Fraction,
    *,
    short_sides: Sequence[int] = SHORT_SIDES,
    max_frame_rate: int = MAX_FRAME_RATE,
    crf: int = CRF,
    preset: str = PRESET,
) -> list[Rung]:
    """The rungs for pictures of `width` × `height` square pixels as displayed, highest first; never empty."""
    rate = capped_rate(frame_rate, max_frame_rate)
    short = min(width, height)
    sides = sorted({side for side in short_sides if side <= short}, reverse=True)
    # 1078 lines are 1080 to everyone but arithmetic, and 700 lines are shown better as 700 than as 480.
    if not sides or (sides[0] < short * 0.85 and short < max(short_sides)):
        sides.insert(0, short)
    rungs = []
    for side in sides:
        size = _size(width, height, side)
        peak = _peak_kbps(size[0] * size[1])
        rungs.append(
            Rung(
                name=f"{_even(side)}p",
                width=size[0],
                height=size[1],
                frame_rate=f"{rate.numerator}/{rate.denominator}",
                level=level_for(size[0], size[1], rate, peak),
                crf=crf,
                peak_kbps=peak,
                # Two seconds at the peak: short enough for players' start-up, long enough for a change of slide.
                buffer_kbit=2 * peak,
                preset=preset,
            )
        )
    return rungs


def capped_rate(frame_rate: Fraction, cap: int = MAX_FRAME_RATE) -> Fraction:
    """The frame rate to encode: 50 → 25, 60000/1001 → 30000/1001, 25 → 25; odd ones above the cap become the cap."""
    # Rates measured from jittery times exceed 30 by a little; those are left alone.
    limit = Fraction(cap) * Fraction(102, 100)
    for divisor in (1, 2, 3, 4):
        if frame_rate / divisor <= limit and (divisor == 1 or frame_rate / divisor >= Fraction(cap) * Fraction(3, 4)):
            return frame_rate / divisor
    return Fraction(cap)


def _size(width: int, height: int, short_side: int) -> tuple[int, int]:
    scale = Fraction(short_side, min(width, height))
    return _even(width * scale), _even(height * scale)


def _even(length: Fraction | int) -> int:
    """The nearest even number (4:2:0 needs them), not below MIN_SIDE, and never up for a length that is whole."""
    if Fraction(length).denominator == 1:
        return max(MIN_SIDE, int(length) // 2 * 2)
    return max(MIN_SIDE, round(Fraction(length) / 2) * 2)


def _peak_kbps(area: int) -> int:
    """Interpolated on area between the rows of PEAK_KBPS, so that a wide or tall picture gets its share."""
    rows = sorted((side * side * 16 // 9, kbps) for side, kbps in PEAK_KBPS.items())
    if area <= rows[0][0]:
        return rows[0][1]
    for (low, low_kbps), (high, high_kbps) in pairwise(rows):
        if area <= high:
            return low_kbps + (high_kbps - low_kbps) * (area - low) // (high - low)
    return rows[-1][1]


def level_for(width: int, height: int, rate: Fraction, peak_kbps: int) -> str:
    """The lowest H.264 level (Table A-1) that allows this size, rate and peak with our reference frames.

    Given explicitly, because with variable timing x264 guesses it from the time base.
    """
    blocks = -(-width // 16) * -(-height // 16)
    for level, per_second, per_frame, in_buffer, kbps in LEVELS:
        # A side may be at most sqrt(8 × MaxFS) macroblocks long (A.3.1).
        longest = max(-(-width // 16), -(-height // 16))
        if (
            blocks <= per_frame
            and blocks * rate <= per_second
            and blocks * REFERENCE_FRAMES <= in_buffer
            and longest * longest <= 8 * per_frame
            and peak_kbps <= kbps
        ):
            return level
    return LEVELS[-1][0]
