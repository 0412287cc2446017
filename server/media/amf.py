"""AMF0, the values of RTMP commands and of FLV metadata (Action Message Format 0, Adobe 2007): read and written.

Numbers and dates are floats, objects and ECMA arrays dicts, null and undefined None. Made for input that nobody vouches
for: depth and count are limited, and anything odd is a BadAmf.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "bool | float | str | list[Value] | dict[str, Value] | None"

MAX_DEPTH = 16
MAX_VALUES = 4096  # of one message; a long keyframe index in onMetaData has some hundreds

# §2.1: the type markers.
NUMBER, BOOLEAN, STRING, OBJECT = 0x00, 0x01, 0x02, 0x03
NULL, UNDEFINED, ECMA_ARRAY, OBJECT_END = 0x05, 0x06, 0x08, 0x09
STRICT_ARRAY, DATE, LONG_STRING, UNSUPPORTED, XML, TYPED_OBJECT = 0x0A, 0x0B, 0x0C, 0x0D, 0x0F, 0x10


class BadAmf(ValueError):
    """The bytes are no AMF0, or more of it than any encoder sends."""

    code = "media.bad_amf"


class EcmaArray(dict[str, Value]):
    """A dict that is written as an ECMA array, as onMetaData wants it (FLV specification, E.4.4.2)."""


def read_values(data: bytes) -> list[Value]:
    """All values of a message, one after the other."""
    reader = _Reader(data)
    values: list[Value] = []
    while reader.at < len(data):
        values.append(reader.value(0))
    return values


def write_values(*values: Value) -> bytes:
    """The values one after the other."""
    return b"".join(_written(value) for value in values)


class _Reader:
    """A cursor over AMF0."""

    def __init__(self, data: bytes) -> None:
        self.at = 0
        self._data = data
        self._left = MAX_VALUES

    def value(self, depth: int) -> Value:
        self._left -= 1
        if self._left < 0:
            raise BadAmf(f"more than {MAX_VALUES} values in one message")
        if depth > MAX_DEPTH:
            raise BadAmf(f"values nested deeper than {MAX_DEPTH}")
        marker = self._take(1)[0]
        if marker in (OBJECT, ECMA_ARRAY, STRICT_ARRAY, TYPED_OBJECT):
            return self._compound(marker, depth)
        return self._simple(marker)

    def _simple(self, marker: int) -> Value:
        if marker == NUMBER:
            return self._number()
        if marker == BOOLEAN:
            return self._take(1) != b"\0"
        if marker == STRING:
            return self._text(2)
        if marker in (LONG_STRING, XML):
            return self._text(4)
        if marker in (NULL, UNDEFINED, UNSUPPORTED):
            return None
        if marker == DATE:
            moment = self._number()
            self._take(2)  # §2.13: a time zone that must be ignored
            return moment
        raise BadAmf(f"values of type 0x{marker:02x} are not read here")

    def _compound(self, marker: int, depth: int) -> Value:
        if marker == STRICT_ARRAY:
            (count,) = struct.unpack(">I", self._take(4))
            if count > self._left:
                raise BadAmf(f"an array of {count} values")
            return [self.value(depth + 1) for _ in range(count)]
        if marker == TYPED_OBJECT:
            self._text(2)  # §2.18: the class name
        elif marker == ECMA_ARRAY:
            self._take(4)  # §2.10: an approximate count
        return self._pairs(depth)

    def _pairs(self, depth: int) -> dict[str, Value]:
        """Names and values up to the end marker. Some encoders leave the marker out at the end of the message."""
        pairs: dict[str, Value] = {}
        while self.at < len(self._data):
            name = self._text(2)
            if not name and self._data[self.at : self.at + 1] == b"\x09":
                self.at += 1
                break
            pairs[name] = self.value(depth + 1)
        return pairs

    def _number(self) -> float:
        (number,) = struct.unpack(">d", self._take(8))
        return float(number)

    def _text(self, size: int) -> str:
        length = int.from_bytes(self._take(size), "big")
        return self._take(length).decode("utf-8", "replace")

    def _take(self, length: int) -> bytes:
        taken = self._data[self.at : self.at + length]
        if len(taken) < length:
            raise BadAmf("the message ends in the middle of a value")
        self.at += length
        return taken


def _written(value: Value) -> bytes:
    if value is None:
        return bytes([NULL])
    if isinstance(value, bool):
        return bytes([BOOLEAN, value])
    if isinstance(value, int | float):
        return struct.pack(">Bd", NUMBER, value)
    if isinstance(value, str):
        return _written_text(value)
    if isinstance(value, Mapping):
        head = struct.pack(">BI", ECMA_ARRAY, len(value)) if isinstance(value, EcmaArray) else bytes([OBJECT])
        pairs = b"".join(_name(name) + _written(inner) for name, inner in value.items())
        return head + pairs + b"\0\0\x09"
    if isinstance(value, Sequence):
        return struct.pack(">BI", STRICT_ARRAY, len(value)) + b"".join(_written(inner) for inner in value)
    raise TypeError(f"{type(value).__name__} has no form in AMF0")


def _name(name: str) -> bytes:
    raw = name.encode()[:0xFFFF]
    return struct.pack(">H", len(raw)) + raw


def _written_text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 0xFFFF:
        return struct.pack(">BI", LONG_STRING, len(raw)) + raw
    return struct.pack(">BH", STRING, len(raw)) + raw
