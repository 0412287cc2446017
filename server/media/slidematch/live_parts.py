"""What the child that follows a room is given, and in which order: parts of a live stream, the newest first of all.

Parts are not queued. What waits is the group of pictures that is on now, at most two seconds of it; whoever is slower
than that misses groups, and is never behind.
"""

import asyncio
from typing import BinaryIO

import msgspec

from server.media.slidematch.results import DeckPage, Region

LENGTH_BYTES = 4
LONGEST_PART = 64 << 20
LONGEST_GROUP = 8  # a group of pictures has four parts


class LivePart(msgspec.Struct, frozen=True, array_like=True):
    """Half a second of one rendition. `number` counts without a hole where the parts are complete; `is_key` when a
    keyframe comes first. `start` is media time in 90 kHz ticks, `wall_us` when that was (µs since 1970)."""

    number: int
    is_key: bool
    start: int
    wall_us: int
    init: bytes
    data: bytes


class LiveOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told at its start."""

    pages: tuple[DeckPage, ...]
    known: tuple[Region, ...] = ()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """From media time `at` (90 kHz ticks; `wall_us` as in LivePart) on this page is shown, or none."""

    at: int
    wall_us: int
    page: int | None
    confidence: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the child says: that it is ready, that it cannot begin, or what it saw in a part."""

    ready: bool = False
    refused: str = ""
    seen: int = 0
    told: tuple[Told, ...] = ()
    regions: tuple[Region, ...] = ()


class Waiting:
    """The group of pictures that is on now, as far as it was published, and how far it was looked at."""

    def __init__(self) -> None:
        self.skipped = 0
        self._group: list[LivePart] = []
        self._taken = 0
        self._there = asyncio.Event()

    def add(self, part: LivePart) -> None:
        """A part was published. With a keyframe, what still waits is not looked at any more."""
        if part.is_key or len(self._group) >= LONGEST_GROUP:
            self.skipped += len(self._group) - self._taken
            self._group, self._taken = [], 0
        self._group.append(part)
        self._there.set()

    async def take(self) -> LivePart:
        """The next part, once there is one."""
        while self._taken >= len(self._group):
            self._there.clear()
            await self._there.wait()
        self._taken += 1
        return self._group[self._taken - 1]

    def begin_again(self) -> None:
        """Whoever takes parts now has seen none: the present group comes once more."""
        self._taken = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(LivePart)


def pack_part(part: LivePart) -> bytes:
    """For the child's input."""
    body = _encoder.encode(part)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read_part(stream: BinaryIO) -> LivePart | None:
    """The next part from the parent, None at the end. Raises ValueError when it is longer than any part."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    if length > LONGEST_PART:
        raise ValueError(f"a part of {length} bytes")
    body = stream.read(length)
    return _decoder.decode(body) if len(body) == length else None
