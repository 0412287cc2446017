"""The encoder's half of RTMP, as bytes: what tests send to a session or to a port."""

from server.media.amf import Value, read_values, write_values
from server.media.rtmp_chunks import AUDIO, COMMAND, DATA, VIDEO, ChunkReader, Message, write_chunks
from server.media.rtmp_handshake import PACKET_BYTES

# What libx264 writes for 320x180 at 25 frames a second: an SPS and a PPS in an avcC.
AVC_CONFIG = bytes.fromhex("0142c00cffe100176742c00cda05067e7c0440000003004000000c83c50aa801000468ce0fc8")
AVC_CONFIG_TAG = b"\x17\0\0\0\0" + AVC_CONFIG
AAC_CONFIG_TAG = b"\xaf\0\x11\x90"
KEYFRAME = b"\x17\x01\0\0\0\0\0\0\x02\x65\x88"
PICTURE = b"\x27\x01\0\0\0\0\0\0\x02\x41\x9a"
SOUND = b"\xaf\x01\x21\x10\x04\x60\x8c\x1c"

HANDSHAKE = b"\x03" + bytes(8) + bytes(range(256)) * 5 + bytes(248) + bytes(PACKET_BYTES)


def message(kind: int, payload: bytes, *, at: int = 0, stream: int = 0, chunks: int = 3, size: int = 128) -> bytes:
    return write_chunks(Message(kind, stream, at, payload), chunk_stream=chunks, chunk_bytes=size)


def command(name: str, transaction: float, *values: Value, stream: int = 0) -> bytes:
    return message(COMMAND, write_values(name, transaction, *values), stream=stream)


def connect(app: str = "live", **more: Value) -> bytes:
    return command("connect", 1, {"app": app, "tcUrl": f"rtmp://localhost/{app}", "type": "nonprivate", **more})


def publish(key: str) -> bytes:
    return (
        command("releaseStream", 2, None, key)
        + command("FCPublish", 3, None, key)
        + command("createStream", 4, None)
        + command("publish", 5, None, key, "live", stream=1)
    )


def metadata(**values: Value) -> bytes:
    return message(DATA, write_values("@setDataFrame", "onMetaData", dict(values)), stream=1, chunks=4)


def video(payload: bytes, at: int = 0) -> bytes:
    return message(VIDEO, payload, at=at, stream=1, chunks=6)


def audio(payload: bytes, at: int = 0) -> bytes:
    return message(AUDIO, payload, at=at, stream=1, chunks=4)


def opening(key: str, app: str = "live") -> bytes:
    """Everything up to the publish command."""
    return HANDSHAKE + connect(app) + publish(key)


class Answers:
    """Reads what the server sends: the handshake, then messages."""

    def __init__(self) -> None:
        self._skip = 1 + 2 * PACKET_BYTES
        self._reader = ChunkReader()
        self.messages: list[Message] = []

    def feed(self, data: bytes) -> None:
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self.messages += self._reader.feed(data[skipped:])

    @property
    def commands(self) -> list[list[Value]]:
        return [read_values(each.payload) for each in self.messages if each.kind == COMMAND]

    @property
    def statuses(self) -> list[tuple[object, object]]:
        """(code, description) of every onStatus."""
        found = []
        for name, *rest in self.commands:
            if name == "onStatus" and isinstance(rest[2], dict):
                found.append((rest[2]["code"], rest[2]["description"]))
        return found
