"""RTMP's chunk stream (Adobe's RTMP specification 1.0, §5.3): messages out of chunks, and chunks out of messages."""

import struct
from dataclasses import dataclass, field

# §5.4 and §7.1: message types.
SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_ACK_SIZE, SET_PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, DATA_AMF3, COMMAND_AMF3, DATA, COMMAND, AGGREGATE = 8, 9, 15, 17, 18, 20, 22

# A keyframe of 4K at 50 Mbit/s is well below this; a message that claims more is no picture.
MAX_MESSAGE_BYTES = 8 << 20
# Of all unfinished messages together. Encoders interleave one picture with one audio frame.
MAX_HELD_BYTES = 12 << 20
# Encoders use less than ten.
MAX_CHUNK_STREAMS = 64
EXTENDED = 0xFFFFFF
_HEADER_BYTES = (11, 7, 3, 0)  # §5.3.1.2, by the chunk's type
_WRAP = 0xFFFFFFFF


class BadRtmp(ValueError):
    """The bytes are no RTMP, or more than any encoder sends; the sentence says which."""

    code = "media.bad_rtmp"


@dataclass(frozen=True, slots=True)
class Message:
    """One RTMP message. `timestamp` is in milliseconds modulo 2**32."""

    kind: int
    stream: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class _ChunkStream:
    """What a chunk stream remembers from one header to the next, and the message that is not whole yet."""

    timestamp: int = 0
    step: int = 0  # the header's time field: a delta, or after type 0 the timestamp itself (§5.3.1.2.4)
    is_extended: bool = False
    length: int = 0
    kind: int = 0
    stream: int = 0
    partial: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Bytes in, whole messages out. Set Chunk Size and Abort are obeyed here and not handed on."""

    def __init__(self) -> None:
        self.chunk_bytes = 128  # §5.4.1
        self._streams: dict[int, _ChunkStream] = {}
        self._current: _ChunkStream | None = None
        self._left = 0  # of the chunk whose header was read
        self._rest = b""
        self._held = 0

    @property
    def held_bytes(self) -> int:
        """What is kept of unfinished messages."""
        return self._held + len(self._rest)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete."""
        buffer = self._rest + data if self._rest else data
        messages: list[Message] = []
        at = 0
        while at < len(buffer):
            current = self._current
            if current is None:
                after = self._read_header(buffer, at)
                if after is None:
                    break
                at = after
                continue
            taken = buffer[at : at + self._left]
            at += len(taken)
            current.partial += taken
            self._held += len(taken)
            self._left -= len(taken)
            if not self._left:
                self._end_chunk(current, messages)
        self._rest = buffer[at:]
        return messages

    def _end_chunk(self, current: _ChunkStream, messages: list[Message]) -> None:
        self._current = None
        if self._held > MAX_HELD_BYTES:
            raise BadRtmp(f"more than {MAX_HELD_BYTES} bytes of unfinished messages")
        if len(current.partial) < current.length:
            return
        message = Message(current.kind, current.stream, current.timestamp, bytes(current.partial))
        self._forget(current)
        if message.kind in (SET_CHUNK_SIZE, ABORT):
            self._obey(message)
        else:
            messages.append(message)

    def _obey(self, message: Message) -> None:
        if len(message.payload) < 4:
            raise BadRtmp("a protocol control message is too short")
        (value,) = struct.unpack_from(">I", message.payload)
        if message.kind == ABORT:
            if value in self._streams:
                self._forget(self._streams[value])
        elif not 1 <= value <= 0x7FFFFFFF:
            raise BadRtmp(f"a chunk size of {value} bytes")
        else:
            self.chunk_bytes = value

    def _forget(self, stream: _ChunkStream) -> None:
        """Let go of what is there of a stream's message."""
        self._held -= len(stream.partial)
        stream.partial = bytearray()

    def _read_header(self, buffer: bytes, at: int) -> int | None:
        """Read a chunk's header; where its payload starts, or None when more bytes are needed."""
        form, number = buffer[at] >> 6, buffer[at] & 0x3F
        start = at + (number + 2 if number < 2 else 1)  # §5.3.1.1: one, two or three bytes
        end = start + _HEADER_BYTES[form]
        if len(buffer) < end:
            return None
        if number < 2:
            number = 64 + buffer[at + 1] + (buffer[at + 2] << 8 if number else 0)
        stream = self._stream(number, form)
        step = int.from_bytes(buffer[start : start + 3], "big") if form < 3 else stream.step
        is_extended = step == EXTENDED if form < 3 else stream.is_extended
        is_more = form == 3 and bool(stream.partial)
        if is_extended:
            if len(buffer) < end + 4:
                return None
            (value,) = struct.unpack_from(">I", buffer, end)
            # §5.3.1.3: chunks of type 3 repeat it; encoders that do not are told by the value.
            if not is_more or value == stream.step:
                end += 4
                step = value
        if not is_more:
            self._begin(stream, form, step, is_extended, buffer[start : start + _HEADER_BYTES[form]])
        self._left = min(self.chunk_bytes, stream.length - len(stream.partial))
        self._current = stream if self._left else None  # an empty message says nothing
        return end

    def _stream(self, number: int, form: int) -> _ChunkStream:
        stream = self._streams.get(number)
        if stream is None:
            if form:
                raise BadRtmp(f"chunk stream {number} begins without a full header")
            if len(self._streams) >= MAX_CHUNK_STREAMS:
                raise BadRtmp(f"more than {MAX_CHUNK_STREAMS} chunk streams")
            stream = self._streams[number] = _ChunkStream()
        return stream

    def _begin(self, stream: _ChunkStream, form: int, step: int, is_extended: bool, fields: bytes) -> None:
        """Start a message with the header's fields; what it leaves out is as it was."""
        self._forget(stream)
        stream.step, stream.is_extended = step, is_extended
        stream.timestamp = step if form == 0 else (stream.timestamp + step) & _WRAP
        if form < 2:
            stream.length, stream.kind = int.from_bytes(fields[3:6], "big"), fields[6]
        if form == 0:
            (stream.stream,) = struct.unpack_from("<I", fields, 7)  # §5.3.1.2.1: little endian, alone of all
        if stream.length > MAX_MESSAGE_BYTES:
            raise BadRtmp(f"a message of {stream.length} bytes; at most {MAX_MESSAGE_BYTES} are taken")


def write_chunks(message: Message, *, chunk_stream: int, chunk_bytes: int) -> bytes:
    """A message as chunks: a full header, then continuations. `chunk_stream` is 2 to 63."""
    is_extended = message.timestamp >= EXTENDED
    extra = struct.pack(">I", message.timestamp) if is_extended else b""
    time = EXTENDED if is_extended else message.timestamp
    payload = message.payload
    sizes = time.to_bytes(3, "big") + len(payload).to_bytes(3, "big")
    parts = [bytes([chunk_stream]), sizes, bytes([message.kind]), struct.pack("<I", message.stream), extra]
    for at in range(0, len(payload), chunk_bytes):
        if at:
            parts += [bytes([0xC0 | chunk_stream]), extra]
        parts.append(payload[at : at + chunk_bytes])
    return b"".join(parts)
