"""RTMP's commands (RTMP specification 1.0, §7.2): read from messages, and the server's answers to them."""

import struct
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from server.media.amf import BadAmf, Value, read_values, write_values
from server.media.rtmp_chunks import (
    ACKNOWLEDGEMENT,
    COMMAND,
    SET_CHUNK_SIZE,
    SET_PEER_BANDWIDTH,
    USER_CONTROL,
    WINDOW_ACK_SIZE,
    BadRtmp,
    Message,
)

MESSAGE_STREAM = 1  # the only one a publisher gets
OUR_CHUNK_BYTES = 60_000  # ffmpeg takes over the size the server announces; few big chunks are cheapest for both
OUR_WINDOW_BYTES = 2_500_000
_DYNAMIC = 2  # §5.4.5, limit type
STREAM_BEGIN, PING_REQUEST, PING_RESPONSE = 0, 6, 7  # §7.1.7


@dataclass(frozen=True, slots=True)
class Command:
    """A command message: name, transaction (0: wants no answer), and what follows."""

    name: str
    transaction: float
    arguments: list[Value]
    stream: int

    def text(self, index: int) -> str:
        """The argument at a place when it is text, else ""."""
        value = self.arguments[index] if index < len(self.arguments) else None
        return value if isinstance(value, str) else ""

    def fields(self) -> dict[str, Value]:
        """The command object, or nothing."""
        value = self.arguments[0] if self.arguments else None
        return value if isinstance(value, dict) else {}


def read_command(message: Message, is_amf3: bool) -> Command:
    """A command from its message. The AMF3 variant starts with a byte 0 and is AMF0 after it (§7.1.1)."""
    try:
        name, *rest = read_values(message.payload[1:] if is_amf3 else message.payload)
    except (BadAmf, ValueError) as error:
        raise BadRtmp(f"a command cannot be read: {error}") from error
    transaction = rest.pop(0) if rest else 0.0
    if not isinstance(name, str) or not isinstance(transaction, int | float):
        raise BadRtmp("a command without a name or a transaction")
    return Command(name, transaction, rest, message.stream)


def stream_key(publish_name: str, app: str, tc_url: str) -> str:
    """The key as encoders bring it: the publish name, or when that is empty what stands behind the application.

    OBS puts it into the name, or with an empty field behind the server's address (`rtmp://host/live/KEY`), which some
    encoders send as part of `app` and some only in `tcUrl`. A query (`?user=…&pass=…`) is not part of it.
    """
    name = _without_query(publish_name)
    if not name:
        name = _behind_application(_without_query(app)) or _behind_application(_path(tc_url))
    return unquote(name.rpartition("/")[2])


def _without_query(text: str) -> str:
    return text.partition("?")[0].strip().strip("/")


def _behind_application(path: str) -> str:
    return path.partition("/")[2]


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.strip("/")
    except ValueError:
        return ""


def answer(name: str, transaction: float, *values: Value, stream: int = 0) -> Message:
    """A command of ours: `_result`, `_error`, `onStatus`, …"""
    return Message(COMMAND, stream, 0, write_values(name, transaction, *values))


def status(level: str, code: str, description: str, stream: int = MESSAGE_STREAM) -> Message:
    """onStatus (§7.2.2): `level` is status or error."""
    details: dict[str, Value] = {"level": level, "code": code, "description": description}
    return answer("onStatus", 0, None, details, stream=stream)


def connect_answers(transaction: float) -> list[Message]:
    """What follows a connect (§7.2.1.1): the window, our chunk size, and the good news."""
    server: dict[str, Value] = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31}
    details: dict[str, Value] = {
        "level": "status",
        "code": "NetConnection.Connect.Success",
        "description": "Connected.",
        "objectEncoding": 0,
    }
    return [
        Message(WINDOW_ACK_SIZE, 0, 0, struct.pack(">I", OUR_WINDOW_BYTES)),
        Message(SET_PEER_BANDWIDTH, 0, 0, struct.pack(">IB", OUR_WINDOW_BYTES, _DYNAMIC)),
        Message(SET_CHUNK_SIZE, 0, 0, struct.pack(">I", OUR_CHUNK_BYTES)),
        answer("_result", transaction, server, details),
    ]


def connect_refusal(transaction: float, description: str) -> Message:
    """`_error` to a connect."""
    details: dict[str, Value] = {
        "level": "error",
        "code": "NetConnection.Connect.Rejected",
        "description": description,
    }
    return answer("_error", transaction, None, details)


def acknowledgement(received_bytes: int) -> Message:
    """§5.4.3: how much has come since the connection began, modulo 2**32."""
    return Message(ACKNOWLEDGEMENT, 0, 0, struct.pack(">I", received_bytes & 0xFFFFFFFF))


def user_control(event: int, value: int | bytes) -> Message:
    """§7.1.7: an event and its data."""
    data = value if isinstance(value, bytes) else struct.pack(">I", value)
    return Message(USER_CONTROL, 0, 0, struct.pack(">H", event) + data)
