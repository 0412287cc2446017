"""Which passages of a talk have a word: a set of small numbers as one big integer, and as few bytes. Pure.

A list of numbers is shorter where there are few, but takes long to read: it is kept where it is much shorter.

Sets of bits make counting, intersecting and "in the one beside it" single steps of the interpreter.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator

_LIST, _BITS = b"\x00", b"\x01"
MOST = 60_000  # numbers are below this: two bytes hold one


def bits_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def members(bits: int) -> Iterator[int]:
    """The numbers of a set, rising."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def span(start: int, end: int) -> int:
    """The set of all numbers from start up to, not including, end."""
    return (1 << end) - (1 << start) if end > start else 0


def pack(bits: int) -> bytes:
    """As bytes: a list of two-byte numbers when that is less than a quarter of all bits."""
    size = (bits.bit_length() + 7) // 8
    if bits.bit_count() * 8 < size:
        return _LIST + _little(array("H", members(bits))).tobytes()
    return _BITS + bits.to_bytes(size, "little")


def unpack(data: bytes) -> int:
    """The set `pack` made these bytes of."""
    if data[0]:
        return int.from_bytes(data[1:], "little")
    found = 0
    for at in range(1, len(data), 2):
        found |= 1 << (data[at] | data[at + 1] << 8)
    return found


def _little(numbers: "array[int]") -> "array[int]":
    """Two-byte numbers as they are kept, whatever this machine's order of bytes."""
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers
