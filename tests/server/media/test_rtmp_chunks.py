"""The chunk stream against bytes made by hand (RTMP specification 1.0, §5.3)."""

import pytest

from server.media.rtmp_chunks import (
    MAX_CHUNK_STREAMS,
    MAX_MESSAGE_BYTES,
    BadRtmp,
    ChunkReader,
    Message,
    write_chunks,
)


def full(number: int, time: int, length: int, kind: int, stream: int = 1) -> bytes:
    """A header of type 0."""
    return (
        bytes([number]) + time.to_bytes(3, "big") + length.to_bytes(3, "big") + bytes([kind]) + bytes([stream, 0, 0, 0])
    )


def delta(number: int, time: int, length: int, kind: int) -> bytes:
    """A header of type 1."""
    return bytes([0x40 | number]) + time.to_bytes(3, "big") + length.to_bytes(3, "big") + bytes([kind])


def time_only(number: int, time: int) -> bytes:
    return bytes([0x80 | number]) + time.to_bytes(3, "big")


def same(number: int) -> bytes:
    return bytes([0xC0 | number])


SIZE_4 = full(2, 0, 4, 1, 0) + bytes([0, 0, 0, 4])
EXT = b"\xff\xff\xff"
STAMP = b"\x01\x02\x03\x04"

# name, bytes, messages as (kind, stream, timestamp, payload)
TABLE = [
    ("type 0", full(3, 1000, 3, 8) + b"abc", [(8, 1, 1000, b"abc")]),
    ("type 1 keeps the stream", full(3, 1000, 1, 8) + b"a" + delta(3, 23, 2, 9) + b"bc",
     [(8, 1, 1000, b"a"), (9, 1, 1023, b"bc")]),
    ("type 2 keeps length and kind", full(3, 1000, 2, 8, 5) + b"ab" + time_only(3, 40) + b"cd",
     [(8, 5, 1000, b"ab"), (8, 5, 1040, b"cd")]),
    ("type 3 repeats the delta", full(3, 1000, 1, 8) + b"a" + time_only(3, 40) + b"b" + same(3) + b"c" + same(3) + b"d",
     [(8, 1, 1000, b"a"), (8, 1, 1040, b"b"), (8, 1, 1080, b"c"), (8, 1, 1120, b"d")]),
    ("type 3 after type 0 takes its time as the delta", full(3, 20, 1, 8) + b"a" + same(3) + b"b",
     [(8, 1, 20, b"a"), (8, 1, 40, b"b")]),
    ("type 3 continues", full(3, 7, 130, 9) + b"x" * 128 + same(3) + b"yz", [(9, 1, 7, b"x" * 128 + b"yz")]),
    ("interleaved", full(3, 7, 130, 9) + b"x" * 128 + full(4, 8, 2, 8) + b"so" + same(3) + b"yz",
     [(8, 1, 8, b"so"), (9, 1, 7, b"x" * 128 + b"yz")]),
    ("two unfinished at once",
     SIZE_4 + full(3, 1, 6, 9) + b"aaaa" + full(4, 2, 6, 8) + b"bbbb" + same(3) + b"AA" + same(4) + b"BB",
     [(9, 1, 1, b"aaaaAA"), (8, 1, 2, b"bbbbBB")]),
    ("chunk size changes in the middle of a message",
     full(3, 7, 140, 9) + b"x" * 128 + SIZE_4 + same(3) + b"1234" + same(3) + b"5678" + same(3) + b"9abc",
     [(9, 1, 7, b"x" * 128 + b"123456789abc")]),
    ("extended timestamp", full(3, 0xFFFFFF, 1, 8) + STAMP + b"a", [(8, 1, 0x01020304, b"a")]),
    ("extended in continuations", SIZE_4 + full(3, 0xFFFFFF, 6, 8) + STAMP + b"abcd" + same(3) + STAMP + b"ef",
     [(8, 1, 0x01020304, b"abcdef")]),
    ("extended, left out of continuations", SIZE_4 + full(3, 0xFFFFFF, 8, 8) + STAMP + b"abcd" + same(3) + b"efgh",
     [(8, 1, 0x01020304, b"abcdefgh")]),
    ("extended delta", full(3, 5, 1, 8) + b"a" + time_only(3, 0xFFFFFF) + b"\1\0\0\0" + b"b" + same(3) + b"\1\0\0\0c",
     [(8, 1, 5, b"a"), (8, 1, 0x01000005, b"b"), (8, 1, 0x02000005, b"c")]),
    ("time wraps at 32 bits", full(3, 0xFFFFFF, 1, 8) + b"\xff\xff\xff\xf0" + b"a" + time_only(3, 0x20) + b"b",
     [(8, 1, 0xFFFFFFF0, b"a"), (8, 1, 0x10, b"b")]),
    ("two-byte stream number", bytes([0x00, 6]) + full(0, 9, 1, 8)[1:] + b"a" + bytes([0xC0, 6]) + b"b",
     [(8, 1, 9, b"a"), (8, 1, 18, b"b")]),
    ("three-byte stream number", bytes([0x01, 1, 2]) + full(0, 9, 1, 8)[1:] + b"a", [(8, 1, 9, b"a")]),
    ("abort forgets",
     full(3, 7, 130, 9) + b"x" * 128 + full(2, 0, 4, 2, 0) + bytes([0, 0, 0, 3]) + full(3, 9, 1, 8) + b"a",
     [(8, 1, 9, b"a")]),
    ("empty messages say nothing", full(3, 7, 0, 9) + full(3, 8, 1, 9) + b"a", [(9, 1, 8, b"a")]),
    ("a header in the middle of a message begins anew", full(3, 7, 130, 9) + b"x" * 128 + full(3, 8, 1, 9) + b"a",
     [(9, 1, 8, b"a")]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "messages"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("step", [1, 5, 10_000])
def test_messages_from_chunks(data: bytes, messages: list[tuple[int, int, int, bytes]], step: int) -> None:
    reader = ChunkReader()
    found = [each for at in range(0, len(data), step) for each in reader.feed(data[at : at + step])]
    assert found == [Message(*each) for each in messages]
    assert reader.held_bytes == 0


REFUSED = [
    ("a continuation of nothing", same(3)),
    ("a delta to nothing", delta(3, 0, 1, 8)),
    ("chunk size 0", full(2, 0, 4, 1, 0) + bytes(4)),
    ("chunk size with the first bit set", full(2, 0, 4, 1, 0) + b"\x80\0\0\1"),
    ("a short control message", full(2, 0, 2, 1, 0) + bytes(2)),
    ("a message of 16 MB", full(3, 0, 0xFFFFFF, 9)),
    ("chunk streams without end", b"".join(full(3 + n, 0, 1, 8) + b"a" for n in range(MAX_CHUNK_STREAMS - 3))
     + b"".join(bytes([0, n]) + full(0, 0, 1, 8)[1:] + b"a" for n in range(4))),
]  # fmt: skip


@pytest.mark.parametrize("data", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_no_encoder_sends_is_refused(data: bytes) -> None:
    with pytest.raises(BadRtmp):
        ChunkReader().feed(data)


def test_unfinished_messages_together_are_bounded() -> None:
    reader = ChunkReader()
    reader.feed(full(2, 0, 4, 1, 0) + (1 << 20).to_bytes(4, "big"))
    with pytest.raises(BadRtmp):
        for number in range(3, 60):
            reader.feed(full(number, 0, MAX_MESSAGE_BYTES, 9) + bytes(1 << 20))
    assert reader.held_bytes < 14 << 20


@pytest.mark.parametrize("time", [0, 0xFFFFFE, 0xFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("length", [1, 127, 128, 129, 1000])
def test_written_chunks_read_back(time: int, length: int) -> None:
    message = Message(9, 1, time, bytes(n % 251 for n in range(length)))
    assert ChunkReader().feed(write_chunks(message, chunk_stream=6, chunk_bytes=128)) == [message]
