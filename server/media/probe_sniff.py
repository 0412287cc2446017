"""Telling early, from the first bytes alone, what is certainly no recording, and saying why in words. Standard library
and PyAV's errors only: this runs in the probing child."""

import urllib.error
import urllib.request
from pathlib import Path

import av.error

HEAD_BYTES = 512
TIMEOUT_S = 30

# What people upload by mistake, by its first bytes.
MISTAKES = (
    (b"%PDF", "a PDF document. Upload it as the session's slides"),
    (b"PK\x03\x04", "a ZIP archive or an Office document. Upload the video itself, or the deck as slides"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"Rar!", "a RAR archive. Unpack it and upload the video"),
    (b"7z\xbc\xaf", "a 7z archive. Unpack it and upload the video"),
    (b"\x1f\x8b", "a compressed archive. Unpack it and upload the video"),
    (b"#EXTM3U", "a playlist that only names other files. Upload the video itself"),
    (b"ffconcat", "a list that only names other files. Upload the video itself"),
    (b"<?xml", "an XML document"),
    (b"<MPD", "a streaming manifest that only names other files. Upload the video itself"),
    (b"<!DOCTYPE", "a web page. The download of the video may have failed"),
    (b"<html", "a web page. The download of the video may have failed"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


class Refuse(Exception):
    """Ends probing with an answer for the uploader (or, for "unreachable", for the operator)."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


def sniff(source: str) -> int | None:
    """The size in bytes, None when the server does not say. Raises Refuse for empty files and known mistakes."""
    head, size = _remote_head(source) if source.startswith("http") else _local_head(source)
    if size == 0 or not head:
        raise Refuse("empty", "The file is empty: it has no bytes. Check the original and upload it again.")
    for start, what in MISTAKES:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start):
            raise Refuse("not_media", f"This is not a video or audio file but {what}.")
    return size


def _local_head(source: str) -> tuple[bytes, int]:
    path = Path(source.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES), path.stat().st_size
    except OSError as error:
        raise Refuse("unreachable", f"The source cannot be read: {error.strerror}.") from error


def _remote_head(source: str) -> tuple[bytes, int | None]:
    request = urllib.request.Request(source, headers={"Range": f"bytes=0-{HEAD_BYTES - 1}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            head = answer.read(HEAD_BYTES)
            total = (answer.headers.get("Content-Range") or "").rpartition("/")[2]
            length = total or answer.headers.get("Content-Length") or ""
            return head, int(length) if length.isdigit() else None
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return b"", 0
        raise Refuse("unreachable", f"The storage answered {error.code} when asked for the source.") from error
    except (OSError, ValueError) as error:
        raise Refuse("unreachable", f"The storage cannot be reached: {error}.") from error


def explain_open_error(source: str, error: BaseException) -> Refuse:
    """The Refuse that says why libav could not open the source."""
    network = (
        av.error.HTTPError,
        av.error.ConnectionRefusedError,
        av.error.ConnectionResetError,
        av.error.TimeoutError,
    )
    if isinstance(error, network) or (isinstance(error, av.error.OSError) and source.startswith("http")):
        return Refuse("unreachable", f"The source cannot be read from the storage: {error.strerror}.")
    if is_iso_media(source):
        return Refuse(
            "broken",
            "The recording was cut off before its index (moov) was written, so it cannot be played. Recover it with "
            "the recorder (many keep a copy), or record to MKV next time and upload that.",
        )
    return Refuse("not_media", "This is not a video or audio file of a kind that can be read.")


def is_iso_media(source: str) -> bool:
    """True when the first box is one that MP4 and MOV files start with (ISO/IEC 14496-12 §4.3)."""
    head, _ = _remote_head(source) if source.startswith("http") else _local_head(source)
    return head[4:8] in {b"ftyp", b"mdat", b"moov", b"free", b"skip", b"wide"}
