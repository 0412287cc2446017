"""Bytes as they come: unpacked, told apart, and decoded."""

import codecs
import json
import zlib
from typing import Any

import msgspec

from server.sessions.formats.notes import Notes
from server.sessions.formats.refused import EmptyFile, FileTooLarge, IsBroken, IsOtherFile, IsWebPage

MOST_BYTES = 64 * 1024 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "This is a ZIP or Office file. Unpack it, or save the spreadsheet as CSV, and bring that."),
    (b"\xd0\xcf\x11\xe0", "This is an old Office file. Save the spreadsheet as CSV and bring that."),
    (b"%PDF-", "This is a PDF. Programmes are read from schedule.json, schedule.xml, iCalendar or CSV files."),
    (b"\x89PNG", "This is a picture. Programmes are read from schedule.json, schedule.xml, iCalendar or CSV files."),
    (
        b"\xff\xd8\xff",
        "This is a picture. Programmes are read from schedule.json, schedule.xml, iCalendar or CSV files.",
    ),
)
_PAGE = ("<!doctype html", "<html", "<head", "<body", "<script")


def unpacked(data: bytes) -> bytes:
    """The bytes, unpacked when they are gzip. Raises EmptyFile, FileTooLarge, IsBroken or IsOtherFile."""
    if data[:2] == b"\x1f\x8b":
        data = _gunzipped(data)
    if len(data) > MOST_BYTES:
        raise FileTooLarge(f"The file is larger than {MOST_BYTES // 2**20} MiB; programmes are far smaller.")
    if not data[:4096].strip(b"\x00\xef\xbb\xbf\xfe\xff \t\r\n") and not data.strip(b"\x00\xef\xbb\xbf\xfe\xff \t\r\n"):
        raise EmptyFile
    for beginning, says in _OTHER_FILES:
        if data.startswith(beginning):
            raise IsOtherFile(says)
    return data


def _gunzipped(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = unpacker.decompress(data, MOST_BYTES + 1)
    except zlib.error:
        raise IsBroken("The file is packed with gzip and cannot be unpacked; fetch it again.") from None
    if len(whole) <= MOST_BYTES and not unpacker.eof:
        raise IsBroken("The file is packed with gzip and is cut off; fetch it again.")
    return whole


def beginning_of(data: bytes) -> str:
    """The first words, in whatever encoding: enough to tell formats apart."""
    return data[:1000].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").decode("latin-1").lower()


def refuse_web_page(beginning: str) -> None:
    """Raise IsWebPage when the file begins as HTML does."""
    if beginning.startswith(_PAGE) or (beginning.startswith("<!--") and "<html" in beginning):
        raise IsWebPage


def text_of(data: bytes, notes: Notes) -> str:
    """The text: by its byte order mark, else UTF-8, else as Windows writes western European letters, which is noted."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").lstrip("\ufeff")
    if b"\x00" in data[:4]:
        order = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
        return data.decode(order, errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        notes.add("import.encoding", "The file is not in UTF-8; it was read as Windows-1252.")
        return data.decode("cp1252", errors="replace")


def json_of(data: bytes, notes: Notes) -> Any:
    """Parsed JSON. Raises IsBroken, saying where it stops making sense."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass  # stricter than most: what follows takes other encodings, NaN and bare control characters
    try:
        return json.loads(text_of(data, notes), strict=False)
    except json.JSONDecodeError as error:
        says = f"The JSON stops making sense at line {error.lineno}, column {error.colno} ({error.msg.lower()}); "
        raise IsBroken(says + "the file may be cut off. Export or download it again.") from None
    except (RecursionError, ValueError):
        raise IsBroken("The JSON is nested too deeply, or holds a number that is too long. Export it again.") from None
