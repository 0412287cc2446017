"""What holds for the rows of every broadcast, whatever happened in it."""

from collections.abc import Sequence
from fractions import Fraction

from server.media.fmp4 import read_fragments
from server.media.fmp4_read import Fragment
from server.media.live import AUDIO_FRAME, AUDIO_RATE, VIDEO_TIMESCALE, Row
from server.media.segmenter import Segmenter


def read(segmenter: Segmenter, rows: Sequence[Row], track: str) -> list[Fragment]:
    """The fragments of a track as a player reads them: init, then every part."""
    init = segmenter.inits[track, rows[0].inits[track]]
    return read_fragments(init + b"".join(row.pieces[track].data for row in rows))[1]


def check(segmenter: Segmenter, rows: Sequence[Row], start: int = 0) -> None:
    """Numbers, lengths and times of all rows from media time `start` on (90 kHz ticks)."""
    target = segmenter.layout.part_target
    expected, part = rows[0].msn, 0
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        assert (row.msn, row.part) == (expected, part)
        closes = following is None or following.part == 0
        assert row.last or not closes or following is None or following.discontinuity
        expected, part = (row.msn + 1, 0) if closes else (row.msn, row.part + 1)
        for track in segmenter.layout.tracks:
            length = Fraction(row.pieces[track.name].duration, track.timescale)
            assert length <= target
            # RFC 8216bis 4.4.4.9: at least 85 % of PART-TARGET, the last of a segment apart.
            assert closes or length >= target * Fraction(85, 100), (row.msn, row.part, track.name, float(length))
    for track in segmenter.layout.tracks:
        at = round(Fraction(start * track.timescale, VIDEO_TIMESCALE))
        sequence = 0
        for row, fragment in zip(rows, read(segmenter, rows, track.name), strict=True):
            piece = row.pieces[track.name]
            assert fragment.sequence > sequence
            sequence = fragment.sequence
            assert fragment.samples[0].dts == fragment.samples[0].pts == at
            for sample in fragment.samples:
                assert sample.dts == at
                assert sample.duration > 0
                at += sample.duration
            assert at - fragment.samples[0].dts == piece.duration
            assert piece.independent == fragment.samples[0].is_sync
            # Never further from the pictures than half a frame of sound.
            drift = Fraction(fragment.samples[0].pts, track.timescale) - Fraction(row.start, VIDEO_TIMESCALE)
            assert abs(drift) <= Fraction(AUDIO_FRAME, 2 * AUDIO_RATE) + Fraction(1, VIDEO_TIMESCALE)
