"""One encoder's connection, as a listener hands it to a room: bytes of a container, and what the room must know of it.

The listeners (RTMP, SRT) know sockets and protocols, the room knows encoders and viewers; this is all they share.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from server.core.errors import Conflict, Forbidden

Container = Literal["flv", "mpegts"]


class KeyRefused(Forbidden):
    """The stream key is unknown, expired or revoked, or this address tried too often."""

    code = "live.key_refused"
    says = "This stream key is not valid; copy it again from the room's page in the studio."


class RoomTaken(Conflict):
    """Another encoder is sending to this room with the same key."""

    code = "live.room_taken"
    says = "Another encoder is sending to this room; stop it first, or use the backup key."


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A key (or SRT passphrase) that was checked: what it lets its bearer do."""

    event_id: str
    room_id: str
    role: str  # main | backup
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputInfo:
    """What is known of an input before it is decoded; zero and "" where it is not said. `video_config` is H.264's avcC
    payload, of containers that have one."""

    has_video: bool
    has_audio: bool
    width: int = 0
    height: int = 0
    frame_rate: str = ""  # "25/1", "30000/1001"
    video_codec: str = ""
    audio_codec: str = ""
    video_kbps: int = field(default=0, compare=False)
    video_config: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bytes of the container, whole packets. `can_start`: a run may begin here, after the feed's `header`."""

    data: bytes
    can_start: bool
    has_video: bool = True
    has_audio: bool = False
    keyframe: bool = False


class Feed(Protocol):
    """An encoder that was admitted. Made by a listener, used by one room."""

    container: Container
    admission: Admission
    peer: str

    def header(self) -> bytes:
        """What must stand before the first chunk of a run: FLV header, metadata, decoder configurations. May be b""."""

    def info(self) -> InputInfo | None:
        """What is known by now; None while too little has come to decide (a listener decides within a second)."""

    def chunks(self) -> AsyncIterator[Chunk]:
        """The chunks as they come; ends when the encoder has left. Not reading holds the encoder back (TCP)."""

    def drop(self, reason: str) -> None:
        """Send the encoder away (revoked key, ended broadcast)."""


class Reception(Protocol):
    """Where listeners bring encoders: made by the root, satisfied by live/rooms."""

    async def admit(self, stream_key: str, *, peer: str) -> Admission:
        """Check a stream key; raises KeyRefused. Counts and limits attempts by address; never logs the key."""

    async def serve(self, feed: Feed) -> None:
        """Take the feed to its room until it ends or is dropped; raises RoomTaken."""
