"""tus headers, read and written: every rule with what breaks it, and whatever else may come."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import SemmaError
from server.uploads import protocol
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

MAX = 1000
TUS = {"tus-resumable": "1.0.0"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


META = {"upload-metadata": f"session {b64('s1')}"}
PATCH = TUS | {"content-type": "application/offset+octet-stream", "upload-offset": "0"}


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"upload-length": "1"} | META, BadVersion),
        ({"tus-resumable": "0.2.2", "upload-length": "1"} | META, BadVersion),
        (TUS | META, BadHeader),
        (TUS | META | {"upload-length": "-1"}, BadHeader),
        (TUS | META | {"upload-length": "1.5"}, BadHeader),
        (TUS | META | {"upload-length": "٣"}, BadHeader),
        (TUS | META | {"upload-length": ""}, BadHeader),
        (TUS | META | {"upload-length": "9" * 19}, BadHeader),
        (TUS | META | {"upload-defer-length": "2"}, BadHeader),
        (TUS | META | {"upload-defer-length": "1", "upload-length": "3"}, BadHeader),
        (TUS | META | {"upload-length": "0"}, EmptyFile),
        (TUS | META | {"upload-length": "1001"}, FileTooLarge),
        (TUS | META | {"upload-length": "9", "upload-concat": "partial"}, Concatenation),
        (TUS | META | {"upload-length": "9", "content-length": "4"}, BadContentType),
        (TUS | {"upload-length": "9"}, BadSession),
        (TUS | {"upload-length": "9", "upload-metadata": "session"}, BadSession),
        (TUS | {"upload-length": "9", "upload-metadata": "session ###"}, BadMetadata),
        (TUS | {"upload-length": "9", "upload-metadata": f"session {b64('a')},session {b64('b')}"}, BadMetadata),
        (TUS | {"upload-length": "9", "upload-metadata": f"session {b64('a')},"}, BadMetadata),
        (TUS | {"upload-length": "9", "upload-metadata": f"session {b64('a')},x /w=="}, BadMetadata),
        (TUS | {"upload-length": "9", "upload-metadata": f"session {b64('a')},purpose {b64('mining')}"}, BadPurpose),
        (TUS | {"upload-length": "9", "upload-metadata": f"session {b64('a')},language {b64('?')}"}, BadMetadata),
        (TUS | {"upload-length": "9", "upload-metadata": "k " + "A" * 8001}, BadMetadata),
    ],
)
def test_a_post_that_cannot_be_used(headers: dict[str, str], error: type[SemmaError]) -> None:
    with pytest.raises(error) as raised:
        protocol.read_creation(headers, max_bytes=MAX)
    assert raised.value.detail.endswith(".")


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        (PATCH | {"tus-resumable": "2.0.0"}, BadVersion),
        (PATCH | {"content-type": "application/octet-stream"}, BadContentType),
        (TUS | {"upload-offset": "0"}, BadContentType),
        (PATCH | {"upload-offset": "x"}, BadHeader),
        (TUS | {"content-type": "application/offset+octet-stream"}, BadHeader),
        (PATCH | {"upload-length": "0"}, EmptyFile),
        (PATCH | {"upload-length": "1001"}, FileTooLarge),
        (PATCH | {"upload-checksum": "crc32 AAAA"}, BadChecksum),
        (PATCH | {"upload-checksum": "sha1"}, BadChecksum),
        (PATCH | {"upload-checksum": "sha1 ###"}, BadChecksum),
        (PATCH | {"upload-checksum": "sha256 " + b64("short")}, BadChecksum),
    ],
)
def test_a_patch_that_cannot_be_used(headers: dict[str, str], error: type[SemmaError]) -> None:
    with pytest.raises(error):
        protocol.read_patch(headers, max_bytes=MAX)


def test_what_a_post_says() -> None:
    path = b64("C:\\x\\a b.vtt")
    text = f"session {b64('s1')},purpose {b64('captions')},language {b64('pt-BR')},filename {path},k"
    asked = protocol.read_creation(TUS | {"upload-length": "7", "upload-metadata": text}, max_bytes=MAX)
    assert asked == protocol.Creation(
        length_bytes=7,
        has_body=False,
        metadata=protocol.Metadata(session="s1", purpose="captions", filename="a b.vtt", language="pt-BR", text=text),
    )


def test_uppy_names_the_file_name_and_leaves_the_purpose_out() -> None:
    name = b64("../e\x00vil.mp4")
    said = protocol.read_metadata(f"session {b64('s1')},name {name},filetype {b64('video/mp4')}")
    assert (said.filename, said.purpose) == ("evil.mp4", "recording")


@pytest.mark.parametrize("algorithm", protocol.ALGORITHMS)
def test_checksums_fit_their_bytes_only(algorithm: str) -> None:
    import hashlib

    digest = base64.b64encode(hashlib.new(algorithm, b"abc").digest()).decode()
    checksum = protocol.read_checksum(f"{algorithm} {digest}")
    assert checksum is not None
    for body, fits in ((b"abc", True), (b"abd", False), (b"", False)):
        hasher = checksum.hasher()
        hasher.update(body)
        assert checksum.fits(hasher) is fits


def test_expiry_is_an_http_date() -> None:
    moment = datetime(2026, 11, 23, 21, 5, 9, tzinfo=UTC)
    assert protocol.format_expires(moment) == "Mon, 23 Nov 2026 21:05:09 GMT"


KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1, max_size=20)


@given(st.dictionaries(KEYS, st.text(max_size=40), max_size=8))
def test_metadata_comes_back_as_it_was(pairs: dict[str, str]) -> None:
    assert protocol.read_pairs(",".join(f"{key} {b64(value)}" for key, value in pairs.items())) == pairs


NAMES = st.sampled_from(
    [
        "tus-resumable",
        "upload-length",
        "upload-defer-length",
        "upload-metadata",
        "upload-offset",
        "upload-checksum",
        "upload-concat",
        "content-type",
        "content-length",
    ]
)
VALUES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    st.sampled_from(["1.0.0", "1", "0", "100", "application/offset+octet-stream", META["upload-metadata"]]),
)


@given(st.dictionaries(NAMES, VALUES))
def test_whatever_comes_is_read_or_refused_in_words(headers: dict[str, str]) -> None:
    readers: list[Any] = [protocol.read_creation, protocol.read_patch]
    for read in readers:
        try:
            read(headers, max_bytes=MAX)
        except SemmaError as error:
            assert error.code.startswith("upload.")
            assert error.detail
