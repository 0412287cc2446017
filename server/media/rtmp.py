"""A publisher's RTMP connection without its socket: bytes in, events and bytes out (RTMP specification 1.0).

The listener feeds what it read to `receive`, acts on the events, and sends what `take_output` has. A `PublishRequest`
waits for `accept` or `refuse`; media is handed on from then. Everything that is no RTMP is a BadRtmp.
"""

import struct
from dataclasses import dataclass, field
from typing import Literal

from server.media import rtmp_commands as commands
from server.media.amf import BadAmf, Value, read_values
from server.media.rtmp_chunks import (
    AGGREGATE,
    AUDIO,
    COMMAND,
    COMMAND_AMF3,
    DATA,
    DATA_AMF3,
    SET_CHUNK_SIZE,
    USER_CONTROL,
    VIDEO,
    WINDOW_ACK_SIZE,
    BadRtmp,
    ChunkReader,
    Message,
    write_chunks,
)
from server.media.rtmp_commands import MESSAGE_STREAM, Command
from server.media.rtmp_handshake import Handshake

_CONTROL_CHUNKS, _COMMAND_CHUNKS, _STREAM_CHUNKS = 2, 3, 5  # §5.4 wants 2 for control; the others are ours to choose
_TAG_HEADER_BYTES = 11
_OUTPUT_LIMIT_BYTES = 1 << 20  # of answers nobody fetched


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """An encoder wants to send. The key is not shown in logs."""

    stream_key: str = field(repr=False)
    app: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or sound message; `payload` is the body of an FLV tag. `timestamp` in ms modulo 2**32."""

    kind: Literal["audio", "video"]
    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """onMetaData: what the encoder says of its stream."""

    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Unpublish:
    """The encoder says that it is done."""


Event = PublishRequest | Media | Metadata | Unpublish


class RtmpSession:
    """One connection's state. `state` goes connecting → connected → asked → publishing → ended."""

    def __init__(self) -> None:
        self.state = "connecting"
        self.received_bytes = 0
        self._handshake = Handshake()
        self._reader = ChunkReader()
        self._output: list[bytes] = []
        self._output_bytes = 0
        self._chunk_bytes = 128
        self._window = commands.OUR_WINDOW_BYTES
        self._acknowledged = 0
        self._app = ""
        self._tc_url = ""

    @property
    def held_bytes(self) -> int:
        """Memory kept for messages that are not whole."""
        return self._reader.held_bytes

    @property
    def is_connected(self) -> bool:
        """Whether a connect was answered."""
        return self.state != "connecting"

    def receive(self, data: bytes) -> list[Event]:
        """The events in what was read. Raises BadRtmp."""
        self.received_bytes += len(data)
        if not self._handshake.is_done:
            reply, data = self._handshake.feed(data)
            self._put(reply)
        events: list[Event] = []
        for message in self._reader.feed(data):
            events += self._handle(message)
        if self.received_bytes - self._acknowledged >= self._window // 2 and self.is_connected:
            self._acknowledged = self.received_bytes
            self._send(commands.acknowledgement(self.received_bytes))
        return events

    def take_output(self) -> bytes:
        """What is to be sent by now."""
        output = b"".join(self._output)
        self._output, self._output_bytes = [], 0
        return output

    def accept(self) -> None:
        """Answer a publish request: send."""
        self.state = "publishing"
        self._send(commands.user_control(commands.STREAM_BEGIN, MESSAGE_STREAM))
        self._send(commands.status("status", "NetStream.Publish.Start", "Publishing."))

    def refuse(self, description: str, code: str = "NetStream.Publish.BadName") -> None:
        """Answer a publish request, or end a stream, with an error in words. The connection is to be closed then."""
        if not self.is_connected:
            return
        self.state = "ended"
        self._send(commands.status("error", code, description))

    def _handle(self, message: Message) -> list[Event]:
        if message.kind in (AUDIO, VIDEO):
            return self._media(message)
        if message.kind in (COMMAND, COMMAND_AMF3):
            return self._command(commands.read_command(message, message.kind == COMMAND_AMF3))
        if message.kind in (DATA, DATA_AMF3):
            return self._data(message)
        if message.kind == AGGREGATE:
            return [event for part in _split(message) for event in self._handle(part)]
        if message.kind == WINDOW_ACK_SIZE and len(message.payload) >= 4:
            (window,) = struct.unpack_from(">I", message.payload)
            self._window = max(4096, min(window, commands.OUR_WINDOW_BYTES))
        elif message.kind == USER_CONTROL and message.payload[:2] == struct.pack(">H", commands.PING_REQUEST):
            self._send(commands.user_control(commands.PING_RESPONSE, message.payload[2:6]))
        return []  # acknowledgements, shared objects and whatever else: nothing to do

    def _media(self, message: Message) -> list[Event]:
        if self.state not in ("asked", "publishing"):
            return []
        kind: Literal["audio", "video"] = "audio" if message.kind == AUDIO else "video"
        return [Media(kind, message.timestamp, message.payload)]

    def _data(self, message: Message) -> list[Event]:
        """@setDataFrame onMetaData {…} (FLV specification, E.5), or without the first word."""
        if self.state not in ("asked", "publishing"):
            return []
        try:
            values = read_values(message.payload[1:] if message.kind == DATA_AMF3 else message.payload)
        except BadAmf:
            return []  # only what helps: a stream goes on without it
        if values[:1] == ["@setDataFrame"]:
            values = values[1:]
        if len(values) > 1 and values[0] == "onMetaData" and isinstance(values[1], dict):
            return [Metadata(values[1])]
        return []

    def _command(self, command: Command) -> list[Event]:
        if command.name == "connect":
            return self._connect(command)
        if not self.is_connected:
            raise BadRtmp("a command before connect")
        if command.name == "publish":
            return self._publish(command)
        if command.name in ("FCUnpublish", "deleteStream", "closeStream"):
            return self._unpublish(command)
        self._answer_politely(command)
        return []

    def _connect(self, command: Command) -> list[Event]:
        if self.is_connected:
            raise BadRtmp("a second connect")
        fields = command.fields()
        app, tc_url = fields.get("app"), fields.get("tcUrl")
        self._app = app if isinstance(app, str) else ""
        self._tc_url = tc_url if isinstance(tc_url, str) else ""
        for message in commands.connect_answers(command.transaction):
            self._send(message)
            if message.kind == SET_CHUNK_SIZE:  # holds from the next message on
                self._chunk_bytes = commands.OUR_CHUNK_BYTES
        self.state = "connected"
        return []

    def _publish(self, command: Command) -> list[Event]:
        if self.state != "connected":
            raise BadRtmp("a second publish on one connection")
        self.state = "asked"
        return [PublishRequest(commands.stream_key(command.text(1), self._app, self._tc_url), self._app)]

    def _unpublish(self, command: Command) -> list[Event]:
        if command.name == "FCUnpublish":
            self._send(commands.answer("onFCUnpublish", 0, None, {"code": "NetStream.Unpublish.Success"}))
        if self.state not in ("asked", "publishing"):
            return []
        self.state = "ended"
        self._send(commands.status("status", "NetStream.Unpublish.Success", "Stopped."))
        return [Unpublish()]

    def _answer_politely(self, command: Command) -> None:
        """Answer what Flash Media Server answers; encoders wait for some of it."""
        if command.name == "createStream":
            self._send(commands.answer("_result", command.transaction, None, MESSAGE_STREAM))
        elif command.name == "FCPublish":
            self._send(commands.answer("onFCPublish", 0, None, {"code": "NetStream.Publish.Start"}))
        elif command.name == "getStreamLength":
            self._send(commands.answer("_result", command.transaction, None, 0))
        elif command.name in ("play", "play2"):
            says = "Streams are only taken here; watch on the room's page."
            self._send(commands.status("error", "NetStream.Play.Failed", says, command.stream))
        elif command.transaction and not command.name.startswith("_"):
            self._send(commands.answer("_result", command.transaction, None))

    def _send(self, message: Message) -> None:
        stream = _STREAM_CHUNKS if message.stream else _COMMAND_CHUNKS if message.kind == COMMAND else _CONTROL_CHUNKS
        self._put(write_chunks(message, chunk_stream=stream, chunk_bytes=self._chunk_bytes))

    def _put(self, data: bytes) -> None:
        self._output.append(data)
        self._output_bytes += len(data)
        if self._output_bytes > _OUTPUT_LIMIT_BYTES:
            raise BadRtmp("more commands than can be answered")


def _split(message: Message) -> list[Message]:
    """The messages inside an aggregate (§7.1.6), on the aggregate's clock. They look like FLV tags."""
    parts: list[Message] = []
    payload = message.payload
    at, first = 0, 0
    while at + _TAG_HEADER_BYTES <= len(payload):
        kind = payload[at]
        length = int.from_bytes(payload[at + 1 : at + 4], "big")
        time = int.from_bytes(payload[at + 4 : at + 7], "big") | payload[at + 7] << 24
        first = time if not parts else first
        start = at + _TAG_HEADER_BYTES
        if start + length > len(payload) or kind == AGGREGATE:
            raise BadRtmp("an aggregate message does not hold what it says")
        stamp = (message.timestamp + time - first) & 0xFFFFFFFF
        parts.append(Message(kind, message.stream, stamp, payload[start : start + length]))
        at = start + length + 4  # the back pointer
    return parts
