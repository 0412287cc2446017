"""Read a programme in whatever format it comes: decided by its content, never by its name alone."""

import gzip
import zlib
from typing import Any

import msgspec

from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.read_json import is_schedule, read_schedule
from server.sessions.formats.read_xml import read_schedule_xml
from server.sessions.formats.refused import BadProgramme, EmptyFile, FileTooLarge, IsBroken

MOST_BYTES = 64 * 1024 * 1024


def read_programme(data: bytes, *, name: str = "", base_url: str = "", time_zone: str = "UTC") -> ReadProgramme:
    """What the bytes of a file say. `base_url` is where it came from, `time_zone` the event's own (IANA).

    Raises BadProgramme (formats/refused.py), and nothing else, whatever the bytes are.
    """
    data = _unpacked(data)
    if not data.strip(b"\x00\xef\xbb\xbf\xfe\xff \t\r\n"):
        raise EmptyFile
    if _looks_like_xml(data):
        return read_schedule_xml(data, base_url=base_url, time_zone=time_zone)
    document = _json_of(data)
    if is_schedule(document):
        return read_schedule(document, base_url=base_url, time_zone=time_zone)
    raise BadProgramme


def _looks_like_xml(data: bytes) -> bool:
    return data[:200].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _unpacked(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MOST_BYTES + 1)
        except (zlib.error, gzip.BadGzipFile):
            raise IsBroken("The file is packed with gzip and cannot be unpacked; fetch it again.") from None
    if len(data) > MOST_BYTES:
        raise FileTooLarge(f"The file is larger than {MOST_BYTES // 2**20} MiB; programmes are far smaller.")
    return data


def _json_of(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        raise IsBroken("The file is no valid JSON; it may be cut off. Export or download it again.") from None
