"""Was the whole range read and decoded? Exit code 0 proves nothing: ffmpeg ends with 0 when the storage goes away in
the middle, and when half of the packets cannot be decoded.

While a chunk is encoded ffmpeg also writes down the time of every packet it read and of every picture it decoded,
before any is dropped. This compares the two lists with each other and with what probing found. Pure.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median

# Half a millisecond: times kept in milliseconds round a picture to before the border it belongs to.
SLACK_US = 500
# Shorter pauses are nothing to tell anyone about.
LEAST_GAP_US = 200_000


def read_times_us(framecrc: str) -> list[int]:
    """The presentation times, in µs, of what ffmpeg's framecrc muxer listed; lines without a time are passed over."""
    base = Fraction(1, 90_000)
    times: list[int] = []
    for line in framecrc.splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.partition(":")[2].strip())
        elif not line.startswith("#"):
            fields = line.split(",")
            if len(fields) > 2 and fields[2].strip().lstrip("-").isdigit():
                times.append(round(int(fields[2]) * base * 1_000_000))
    return sorted(times)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a range was read and decoded. Times in µs of the source's clock.

    `frames` and `packets` count those in the range; `reached_us` is the last packet or picture seen, also beyond it;
    `lost` are the stretches (start, end) whose packets gave no picture, `gaps` those without any picture at all, which
    mean a loss only when something was said to be damaged: screen recorders write nothing while nothing changes.
    """

    frames: int
    packets: int
    first_frame_us: int | None
    reached_us: int | None
    lost: tuple[tuple[int, int], ...]
    gaps: tuple[tuple[int, int], ...] = ()


def coverage(
    frame_times_us: Sequence[int], packet_times_us: Sequence[int], start_us: int, end_us: int, usual_gap_us: int
) -> Coverage:
    """Compare pictures with packets in [start_us, end_us). Both lists are sorted and may reach beyond the range.

    A single packet without a picture is normal (VP8's hidden reference frames, a picture coded as two fields); two or
    more in a row, over a time of more than two pictures, are a loss.
    """
    frames = _within(frame_times_us, start_us, end_us)
    packets = _within(packet_times_us, start_us, end_us)
    usual = max(usual_gap_us, round(median([b - a for a, b in pairwise(packets)])) if len(packets) > 2 else 0)
    # Both ends count as pictures: what is missing up to them is missing.
    marks = [start_us, *frames, end_us]
    lost, gaps = [], []
    for before, after in pairwise(marks):
        at_start, at_end = before == start_us, after == end_us
        inside = [time for time in packets if before - SLACK_US <= time < after - SLACK_US]
        own = 0 if at_start and (not frames or frames[0] > start_us + SLACK_US) else 1
        if len(inside) - own >= 2 and after - before > 2.5 * usual:
            lost.append((inside[0] if at_start else before + usual, inside[-1] + usual if at_end else after))
        if after - before > max(2.5 * usual, LEAST_GAP_US):
            gaps.append((before + (0 if at_start else usual), after))
    seen = [times[-1] for times in (frame_times_us, packet_times_us) if times]
    return Coverage(
        len(frames), len(packets), frames[0] if frames else None, max(seen, default=None), tuple(lost), tuple(gaps)
    )


def was_cut_short(found: Coverage, end_us: int, source_end_us: int, usual_gap_us: int) -> bool:
    """True when reading stopped before the end of the range although the source, as probed, goes on."""
    expected_us = min(end_us, source_end_us) - SLACK_US
    # The last packet starts one picture before the end; two more allow for rounding and an uneven rate.
    return found.reached_us is None or found.reached_us < expected_us - 3 * usual_gap_us


def _within(times: Sequence[int], start_us: int, end_us: int) -> Sequence[int]:
    return times[bisect_left(times, start_us - SLACK_US) : bisect_left(times, end_us - SLACK_US)]
