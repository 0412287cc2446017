"""Range and conditional requests for stored objects (RFC 9110 §13, §14); pure."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$", re.I)


@dataclass(frozen=True)
class Span:
    """An inclusive range of bytes."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """The range lies wholly outside the object: 416."""


def wanted_span(header: str | None, *, size_bytes: int) -> Span | None:
    """The span a Range header asks for; None for the whole object.

    A header that is malformed, of another unit, or asks for several ranges is ignored, as RFC 9110 §14.2 allows.
    Raises Unsatisfiable.
    """
    found = _ONE_RANGE.match(header or "")
    if found is None or (not found[1] and not found[2]):
        return None
    if not found[1]:  # suffix range: the last n bytes
        length = int(found[2])
        if length == 0 or size_bytes == 0:
            raise Unsatisfiable
        return Span(max(size_bytes - length, 0), size_bytes - 1)
    first = int(found[1])
    last = int(found[2]) if found[2] else size_bytes - 1
    if found[2] and last < first:
        return None
    if first >= size_bytes:
        raise Unsatisfiable
    return Span(first, min(last, size_bytes - 1))


def range_applies(if_range: str | None, *, etag: str) -> bool:
    """Whether If-Range still lets the Range count (RFC 9110 §13.1.5: strong comparison; dates are not used here)."""
    return if_range is None or if_range.strip() == f'"{etag}"'
