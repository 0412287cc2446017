"""Which stretches between keyframes are worth decoding, told by the sizes of their packets alone."""

from dataclasses import dataclass

import pytest

from server.media.slidematch.read import Stretch


@dataclass
class Packet:
    """What the reader looks at in a packet of the demuxer."""

    size: int
    is_keyframe: bool = False


def stretch(sizes: list[int], keys: tuple[int, ...] = (0,)) -> Stretch:
    """A stretch of such packets, 40 ms apart."""
    made = Stretch()
    for index, size in enumerate(sizes):
        made.add(Packet(size, index in keys), index * 40)
    return made


NOISE = [9_000 + 700 * (index % 5) for index in range(100)]


@pytest.mark.parametrize(
    ("sizes", "keys", "answer"),
    [
        ([50_000, *NOISE], (0,), False),
        ([50_000, *NOISE[:40], 31_000, *NOISE[40:]], (0,), True),
        ([50_000, *[60] * 50, 900, *[60] * 50], (0,), False),
        ([50_000, *[60] * 50, 48_000, *[60] * 50], (0, 51), True),
        ([50_000] * 20, tuple(range(20)), False),
        ([50_000], (0,), False),
    ],
)
def test_a_change_is_a_packet_that_stands_out(sizes: list[int], keys: tuple[int, ...], answer: bool) -> None:
    assert stretch(sizes, keys).has_spike() is answer


def test_what_is_behind_us_does_not_count() -> None:
    made = stretch([50_000, *NOISE[:40], 31_000, *NOISE[40:]])
    assert made.has_spike(40 * 40) and not made.has_spike(41 * 40)
