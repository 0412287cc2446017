"""Lines, attribute lists and attribute values of HLS playlists (RFC 8216bis 4.1, 4.2): reading and writing them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

MAX_INTEGER = 2**64 - 1

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^,\s"]*)')
_INTEGER = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"0[xX][0-9A-F]+")
_FLOAT = re.compile(r"[0-9]+(\.[0-9]+)?")
_SIGNED_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_QUOTED = re.compile(r'"[^"\r\n]*"')
_ENUMERATED = re.compile(r'[^",\s]+')
_RESOLUTION = re.compile(r"([0-9]{1,20})x([0-9]{1,20})")
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?", re.ASCII
)


class PlaylistError(ValueError):
    """The text is no playlist, or one of its lines cannot be read."""

    code = "media.playlist"

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"line {line}: {sentence}")
        self.line = line
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One line that matters: a tag (name without '#', and what follows the colon) or a URI (no name)."""

    number: int
    tag: str
    value: str

    @property
    def is_uri(self) -> bool:
        """True for a line that names a resource."""
        return not self.tag


def read_lines(text: str) -> Iterator[Line]:
    """Tags and URIs of a playlist; blank lines and comments are passed over (RFC 8216bis 4.1)."""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if raw.startswith("#EXT"):
            tag, _, value = raw[1:].partition(":")
            yield Line(number, tag, value)
        elif raw and not raw.startswith("#"):
            yield Line(number, "", raw)


def read_attributes(line: Line) -> dict[str, str]:
    """The attribute list of a tag, values as they stand (quotes kept). Raises PlaylistError (RFC 8216bis 4.2)."""
    found: dict[str, str] = {}
    at = 0
    while True:
        match = _ATTRIBUTE.match(line.value, at)
        if match is None:
            raise PlaylistError(line.number, f"{line.tag}: no attribute can be read at '{line.value[at : at + 20]}'")
        if match[1] in found:
            raise PlaylistError(line.number, f"{line.tag}: {match[1]} is there twice")
        found[match[1]] = match[2]
        at = match.end()
        if at == len(line.value):
            return found
        if line.value[at] != ",":
            raise PlaylistError(line.number, f"{line.tag}: a comma is missing after {match[1]}")
        at += 1


def is_of_type(value: str, kind: str) -> bool:
    """Whether an attribute value is of the type named as in RFC 8216bis 4.2."""
    if kind == "decimal-integer":
        return _INTEGER.fullmatch(value) is not None and int(value) <= MAX_INTEGER
    patterns = {
        "hexadecimal-sequence": _HEX,
        "decimal-floating-point": _FLOAT,
        "signed-decimal-floating-point": _SIGNED_FLOAT,
        "quoted-string": _QUOTED,
        "enumerated-string": _ENUMERATED,
        "decimal-resolution": _RESOLUTION,
    }
    return patterns[kind].fullmatch(value) is not None


def read_integer(text: str, line: Line) -> int:
    """A decimal-integer. Raises PlaylistError."""
    if not is_of_type(text, "decimal-integer"):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is no whole number")
    return int(text)


def read_number(text: str, line: Line, signed: bool = False) -> Fraction:
    """A decimal-floating-point number, exactly. Raises PlaylistError."""
    if len(text) > 40 or not is_of_type(text, f"{'signed-' if signed else ''}decimal-floating-point"):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is no decimal number")
    return Fraction(text)


def read_quoted(text: str, line: Line) -> str:
    """The inside of a quoted-string. Raises PlaylistError."""
    if not is_of_type(text, "quoted-string"):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is not in quotes")
    return text[1:-1]


def read_yes_no(text: str, line: Line) -> bool:
    """YES or NO. Raises PlaylistError."""
    if text not in ("YES", "NO"):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is neither YES nor NO")
    return text == "YES"


def read_resolution(text: str, line: Line) -> tuple[int, int]:
    """Width and height in pixels. Raises PlaylistError."""
    match = _RESOLUTION.fullmatch(text)
    if match is None:
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is no resolution such as 1280x720")
    return int(match[1]), int(match[2])


def read_date_time(text: str, line: Line) -> datetime:
    """A date and time (RFC 8216bis 4.4.4.6); without a zone it is taken as UTC. Raises PlaylistError."""
    match = _DATE_TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        zone = match[4] or "+00:00"
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}.{(match[3] or '0')[:6].ljust(6, '0')}{zone}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PlaylistError(line.number, f"{line.tag}: '{text[:40]}' is no date and time with a zone") from None


def has_zone(text: str) -> bool:
    """Whether a date and time says its zone."""
    match = _DATE_TIME.fullmatch(text)
    return match is not None and match[4] is not None


def quoted(text: str) -> str:
    """A quoted-string; what cannot stand in one is a ValueError."""
    if re.search(r'["\r\n]', text):
        raise ValueError("a quoted string of a playlist has no quotes and no line breaks")
    return f'"{text}"'


def quoted_name(text: str) -> str:
    """A quoted-string for people: straight quotes become curly ones, control characters spaces."""
    return quoted(re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).replace('"', "\u201d").strip())


def decimal(value: Fraction, places: int) -> str:
    """A number with a fixed count of decimals, rounded half to even."""
    scaled = round(abs(value) * 10**places)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def date_time(moment: datetime) -> str:
    """A moment in UTC to the millisecond, as EXT-X-PROGRAM-DATE-TIME has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def tag(name: str, *attributes: str) -> str:
    """One tag line of an attribute list; empty attributes are left out."""
    return f"#{name}:" + ",".join(attribute for attribute in attributes if attribute)
