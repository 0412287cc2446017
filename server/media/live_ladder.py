"""The rungs of a broadcast and what its encoders are told: sizes, frame rate, rate control, level. Pure arithmetic.

Sizes, peak rates and levels are the recording ladder's (media/ladder.py). What differs is the effort: a picture must be
out long before the next one comes in, in every rung.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from server.media.ladder import Rung, capped_rate, choose_rungs
from server.media.live import AUDIO, AUDIO_RATE, VIDEO_TIMESCALE, Layout, Track, grid_of

HEIGHTS = (1080, 720, 360)
PRESET = "veryfast"
CRF = 23
AUDIO_KBPS = 128
AUDIO_CODECS = "mp4a.40.2"
# What a room gets whose encoder does not say. 30: most software encoders' default.
USUAL_SIZE = (1280, 720)
USUAL_RATE = Fraction(30)
# Below this, parts of whole frames would differ by more than the 85 % rule allows (RFC 8216bis 4.4.4.9).
LEAST_RATE = 20
# Rates measured from jittery times are one of these when within a hundredth.
COMMON_RATES = (Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30))
# The grid of a broadcast without pictures: see Layout.
SOUND_GRID_RATE = Fraction(25)


class LiveRung(msgspec.Struct, frozen=True):
    """A track of pictures as its encoder is told: a rung, and under which name it goes."""

    track: Track
    level: str
    buffer_kbit: int
    crf: int = CRF
    preset: str = PRESET


def layout_of(
    width: int, height: int, frame_rate: str, *, has_video: bool = True, short_sides: Sequence[int] = HEIGHTS
) -> Layout:
    """The tracks and grid for a first picture of `width` × `height` square pixels; 0 and "" where it is not known.

    There always is sound: an encoder that sends none now may do so later.
    """
    sound = Track(
        name=AUDIO, kind="audio", codecs=AUDIO_CODECS, timescale=AUDIO_RATE, peak_kbps=AUDIO_KBPS
    )  # fmt: skip
    if not has_video:
        return Layout(
            tracks=(sound,), frame_rate=_text(SOUND_GRID_RATE), part_frames=grid_of(SOUND_GRID_RATE)
        )  # fmt: skip
    rate = grid_rate(frame_rate)
    size = (width, height) if width > 0 and height > 0 else USUAL_SIZE
    rungs = choose_rungs(*size, rate, short_sides=tuple(short_sides) or HEIGHTS)
    tracks = (*(_track(rung, rate) for rung in rungs), sound)
    return Layout(tracks=tracks, frame_rate=_text(rate), part_frames=grid_of(rate))


def grid_rate(frame_rate: str) -> Fraction:
    """The broadcast's frame rate for an input's: capped (50 → 25, 60 → 30), a common one where it nearly is."""
    try:
        said = Fraction(frame_rate)
    except (ValueError, ZeroDivisionError):
        said = USUAL_RATE
    rate = capped_rate(said) if said > 0 else USUAL_RATE
    while rate < LEAST_RATE:
        rate *= 2
    near = min(COMMON_RATES, key=lambda common: abs(common - rate))
    if abs(near - rate) <= near / 100:
        exact = [common for common in COMMON_RATES if common == rate]
        return exact[0] if exact else near
    return Fraction(round(rate))


def rungs_of(layout: Layout) -> list[LiveRung]:
    """What the encoder of each picture track is told, highest first; the level is the one CODECS promises."""
    return [
        LiveRung(track=track, level=_level_in(track.codecs), buffer_kbit=track.peak_kbps)
        for track in layout.tracks
        if track.kind == "video"
    ]


def _track(rung: Rung, rate: Fraction) -> Track:
    idc = round(Fraction(rung.level) * 10)
    return Track(
        name=rung.name,
        kind="video",
        # High profile without constraints (ISO/IEC 14496-15 Annex E): what x264 writes for it.
        codecs=f"avc1.6400{idc:02X}",
        timescale=VIDEO_TIMESCALE,
        peak_kbps=rung.peak_kbps,
        width=rung.width,
        height=rung.height,
        frame_rate=_text(rate),
    )


def _level_in(codecs: str) -> str:
    idc = int(codecs[-2:], 16)
    return f"{idc // 10}.{idc % 10}"


def _text(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"
