"""ISO base media file format boxes (ISO/IEC 14496-12 §4.2): reading them from bytes and writing them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# A box nested deeper than this, or a table longer, is an attack and not a recording.
MAX_BOXES = 100_000


class BadBox(ValueError):
    """The bytes are not the boxes they claim to be."""

    code = "media.bad_box"


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-character type, where it starts, and its payload without the header."""

    kind: str
    start: int
    size: int
    payload: memoryview

    def children(self, skip: int = 0) -> Iterator["Box"]:
        """The boxes inside, after `skip` bytes of the box's own fields."""
        return read_boxes(self.payload[skip:])

    def find(self, *path: str) -> "Box | None":
        """The first box at a path of types below this one, or None."""
        here: Box | None = self
        for kind in path:
            here = next((child for child in here.children() if child.kind == kind), None) if here else None
        return here

    def get(self, *path: str) -> "Box":
        """As `find`; a missing box is a BadBox."""
        found = self.find(*path)
        if found is None:
            raise BadBox(f"a '{path[-1]}' box is missing inside '{self.kind}'")
        return found


def header_size(data: memoryview) -> tuple[str, int, int] | None:
    """Type, header length and total length of the box that starts `data`; None when more bytes are needed.

    A total length of 0 means "to the end of the file" (ISO/IEC 14496-12 §4.2.2).
    """
    if len(data) < 8:
        return None
    size, raw = struct.unpack_from(">I4s", data)
    head = 8
    if size == 1:
        if len(data) < 16:
            return None
        (size,) = struct.unpack_from(">Q", data, 8)
        head = 16
    kind = raw.decode("latin-1")
    if size != 0 and size < head:
        raise BadBox(f"box '{kind}' says it is {size} bytes long, shorter than its own header")
    return kind, head, size


def read_boxes(data: bytes | memoryview) -> Iterator[Box]:
    """All boxes of `data`, one after the other; a box cut off by the end is a BadBox."""
    view = memoryview(data)
    position = 0
    count = 0
    while position < len(view):
        head = header_size(view[position:])
        if head is None:
            raise BadBox(f"{len(view) - position} stray bytes after the last box")
        kind, length, size = head
        size = size or len(view) - position
        if position + size > len(view):
            raise BadBox(f"box '{kind}' is {size} bytes long but only {len(view) - position} are there")
        yield Box(kind, position, size, view[position + length : position + size])
        position += size
        count += 1
        if count > MAX_BOXES:
            raise BadBox(f"more than {MAX_BOXES} boxes beside each other")


class Fields:
    """A cursor over a payload's big-endian fields; running off its end is a BadBox."""

    def __init__(self, box: Box, start: int = 0) -> None:
        self._box = box
        self._at = start

    def _take(self, shape: str, length: int) -> int:
        if self._at + length > len(self._box.payload):
            raise BadBox(f"box '{self._box.kind}' ends in the middle of a field")
        (value,) = struct.unpack_from(shape, self._box.payload, self._at)
        self._at += length
        return int(value)

    def u8(self) -> int:
        """One unsigned byte."""
        return self._take(">B", 1)

    def u16(self) -> int:
        """Two bytes, unsigned."""
        return self._take(">H", 2)

    def u32(self) -> int:
        """Four bytes, unsigned."""
        return self._take(">I", 4)

    def i32(self) -> int:
        """Four bytes, signed."""
        return self._take(">i", 4)

    def u64(self) -> int:
        """Eight bytes, unsigned."""
        return self._take(">Q", 8)

    def i64(self) -> int:
        """Eight bytes, signed."""
        return self._take(">q", 8)

    def skip(self, length: int) -> None:
        """Pass over `length` bytes."""
        if self._at + length > len(self._box.payload):
            raise BadBox(f"box '{self._box.kind}' ends in the middle of a field")
        self._at += length

    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self._box.payload) - self._at

    def version_and_flags(self) -> tuple[int, int]:
        """The start of a FullBox (ISO/IEC 14496-12 §4.2.2)."""
        word = self.u32()
        return word >> 24, word & 0xFFFFFF


def box(kind: str, *parts: bytes | memoryview) -> bytes:
    """A box of the given parts, with a 64-bit length only when it needs one."""
    length = 8 + sum(len(part) for part in parts)
    if length > 0xFFFFFFFF:
        return b"".join([struct.pack(">I4sQ", 1, kind.encode("latin-1"), length + 8), *parts])
    return b"".join([struct.pack(">I4s", length, kind.encode("latin-1")), *parts])


def full_box(kind: str, version: int, flags: int, *parts: bytes | memoryview) -> bytes:
    """A FullBox: version and flags, then the parts."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)
