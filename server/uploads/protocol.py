"""tus 1.0.0 in values: core, creation, creation-with-upload, creation-defer-length, checksum, expiration, termination.

Pure: headers to values and back, every check with its own error. Specification: https://tus.io/protocols/resumable-upload
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from server.uploads.errors import (
    BadChecksum,
    BadContentType,
    BadHeader,
    BadMetadata,
    BadPurpose,
    BadSession,
    BadVersion,
    Concatenation,
    EmptyFile,
    FileTooLarge,
)

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "creation-defer-length", "checksum", "expiration", "termination")
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
CONTENT_TYPE = "application/offset+octet-stream"
PURPOSES = ("recording", "slides", "captions")

# What a page of another origin may send and read (Fetch §3.3); tus-js-client and Uppy need all of them.
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Concat",
    "Upload-Defer-Length",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-CSRF-Token",
    "X-HTTP-Method-Override",
    "X-Request-ID",
    "X-Requested-With",
)
RESPONSE_HEADERS = (
    "Location",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Defer-Length",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-Request-Id",
)

_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # visible ASCII without space and comma
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SLOT = re.compile(r"(?:new|[0-9a-f]{32})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
METADATA_MAX_CHARS = 8000


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What Upload-Metadata says, and its text as sent (HEAD echoes it)."""

    session: str
    purpose: str
    filename: str
    language: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Creation:
    """What a POST asks for. `length_bytes` is None while deferred; `has_body` with creation-with-upload."""

    length_bytes: int | None
    metadata: Metadata
    has_body: bool


@dataclass(frozen=True)
class Checksum:
    """The digest a request's bytes must have."""

    algorithm: str
    digest: bytes

    def hasher(self) -> Any:
        """A hash object to feed the bytes into."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def fits(self, hasher: Any) -> bool:
        """Whether the bytes fed have the digest."""
        return hmac.compare_digest(hasher.digest(), self.digest)


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What a PATCH announces. `size_bytes` is None for a body of unknown size."""

    offset_bytes: int
    size_bytes: int | None
    length_bytes: int | None
    checksum: Checksum | None


def check_version(headers: Mapping[str, str]) -> None:
    """Raise BadVersion unless Tus-Resumable names the version spoken here."""
    if headers.get("tus-resumable") != VERSION:
        raise BadVersion


def read_number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that is a non-negative whole number of at most 18 digits; None when absent; raises BadHeader."""
    text = headers.get(name.lower())
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadHeader(f"{name} must be a whole number of bytes.")
    return int(text)


def read_creation(headers: Mapping[str, str], *, max_bytes: int) -> Creation:
    """What a POST asks for; raises the error of the first thing that is wrong."""
    check_version(headers)
    if "upload-concat" in headers:
        raise Concatenation
    length = _length_of(headers, max_bytes=max_bytes)
    has_body = headers.get("content-type", "").split(";")[0].strip().lower() == CONTENT_TYPE
    if not has_body and (read_number(headers, "Content-Length") or 0) > 0:
        raise BadContentType
    return Creation(length_bytes=length, metadata=read_metadata(headers.get("upload-metadata", "")), has_body=has_body)


def _length_of(headers: Mapping[str, str], *, max_bytes: int) -> int | None:
    """Upload-Length, or None when Upload-Defer-Length says that it comes later."""
    length = read_number(headers, "Upload-Length")
    deferred = headers.get("upload-defer-length")
    if deferred is not None:
        if deferred != "1":
            raise BadHeader("Upload-Defer-Length can only be 1.")
        if length is not None:
            raise BadHeader("Send Upload-Length or Upload-Defer-Length, not both.")
        return None
    if length is None:
        raise BadHeader("Upload-Length is missing: send the file's size, or `Upload-Defer-Length: 1`.")
    check_length(length, max_bytes=max_bytes)
    return length


def check_length(length_bytes: int, *, max_bytes: int) -> None:
    """Raise EmptyFile or FileTooLarge."""
    if length_bytes == 0:
        raise EmptyFile
    if length_bytes > max_bytes:
        raise FileTooLarge(
            f"The file has {length_bytes:,} bytes; this server takes at most {max_bytes:,}.", max_bytes=max_bytes
        )


def read_patch(headers: Mapping[str, str], *, max_bytes: int) -> Patch:
    """What a PATCH announces; raises the error of the first thing that is wrong."""
    check_version(headers)
    if headers.get("content-type", "").split(";")[0].strip().lower() != CONTENT_TYPE:
        raise BadContentType
    offset = read_number(headers, "Upload-Offset")
    if offset is None:
        raise BadHeader("Upload-Offset is missing: say where these bytes begin.")
    length = read_number(headers, "Upload-Length")
    if length is not None:
        check_length(length, max_bytes=max_bytes)
    return Patch(
        offset_bytes=offset,
        size_bytes=read_number(headers, "Content-Length"),
        length_bytes=length,
        checksum=read_checksum(headers.get("upload-checksum")),
    )


def read_checksum(text: str | None) -> Checksum | None:
    """Upload-Checksum: an algorithm and a base64 digest; None when absent; raises BadChecksum."""
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadChecksum(f"Upload-Checksum must be made with one of {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadChecksum(f"Upload-Checksum must be `{algorithm}` and the digest in base64.")
    return Checksum(algorithm, digest)


def read_pairs(text: str) -> dict[str, str]:
    """Upload-Metadata as a mapping; a key without a value has the empty one. Raises BadMetadata."""
    if len(text) > METADATA_MAX_CHARS:
        raise BadMetadata(f"Upload-Metadata must not be longer than {METADATA_MAX_CHARS} characters.")
    pairs: dict[str, str] = {}
    for item in text.split(",") if text.strip() else []:
        key, _, encoded = item.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise BadMetadata
        if key in pairs:
            raise BadMetadata(f"Upload-Metadata names {key} twice.")
        try:
            pairs[key] = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise BadMetadata(f"The value of {key} in Upload-Metadata is not base64 of UTF-8 text.") from None
    return pairs


def read_metadata(text: str) -> Metadata:
    """What Upload-Metadata must and may say; raises BadMetadata, BadSession or BadPurpose."""
    pairs = read_pairs(text)
    session = pairs.get("session", "").strip()
    if not session or len(session) > 100:
        raise BadSession("Say in Upload-Metadata which `session` this file belongs to.")
    purpose = pairs.get("purpose", "").strip() or "recording"
    if purpose not in PURPOSES:
        raise BadPurpose(f"`purpose` must be one of {', '.join(PURPOSES)}.")
    language = pairs.get("language", "").strip()
    if language and (len(language) > 20 or not _LANGUAGE.fullmatch(language)):
        raise BadMetadata("`language` must be a language tag such as fi or pt-BR.")
    read_slot(text)
    # Uppy says `name`; both it and tus-js-client examples send `filename`.
    filename = plain_filename(pairs.get("filename") or pairs.get("name") or "")
    return Metadata(session=session, purpose=purpose, filename=filename, language=language, text=text)


def read_slot(text: str) -> str:
    """What Upload-Metadata says the file replaces (`slot`): the empty text, `new`, or an id; raises BadMetadata."""
    slot = read_pairs(text).get("slot", "").strip()
    if not _SLOT.fullmatch(slot):
        raise BadMetadata("`slot` must be the slot of a deck as the API names it, or `new` for one more.")
    return slot


def plain_filename(text: str) -> str:
    """The last path component without control characters, at most 300 characters; shown to people, never a path."""
    return _CONTROL.sub("", text).replace("\\", "/").rsplit("/", 1)[-1].strip()[:300]


def format_expires(moment: datetime) -> str:
    """Upload-Expires: an HTTP date (RFC 9110 §5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def describe_server(*, max_bytes: int) -> dict[str, str]:
    """The headers of an OPTIONS answer. Tus-Resumable does not belong to it, and does no harm."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def describe_upload(
    *, offset_bytes: int, length_bytes: int | None, metadata_text: str = "", expires_at: datetime | None = None
) -> dict[str, str]:
    """The headers that say how far an upload is: those of a HEAD answer."""
    headers = {"Upload-Offset": str(offset_bytes)}
    if length_bytes is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(length_bytes)
    if metadata_text:
        headers["Upload-Metadata"] = metadata_text
    if expires_at is not None:
        headers["Upload-Expires"] = format_expires(expires_at)
    return headers
