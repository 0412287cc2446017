"""How a broadcast stands in Redis, in one place: its keys, and the bytes of rows, heads and messages.

    live:{broadcast}:state   hash: epoch, meta, msn, part, last, ended
    live:{broadcast}:heads   hash: "{msn}.{part}" → Head of every row that is kept
    live:{broadcast}:inits   hash: "{track}/{name}" → bytes
    live:{broadcast}:row:{msn}.{part}   Published: the row with its bytes, exactly as it was published

On the channel `live:{room}` go rows (msgpack) and notes (JSON objects, first byte "{", which no msgpack map begins
with): opened, reload, ended (of a broadcast), doors (who may see the event has changed), dropped (see models).
"""

from datetime import datetime

import msgspec

from server.media.live import TARGET_DURATION_S, Layout, Row

TTL_S = 6 * 3600  # nothing stays for ever, whatever happens to its writer
LEAST_WINDOW_S = 32  # parts stay fetchable for 3 target durations after they were listed for 3; one more of each


class Share(msgspec.Struct, frozen=True, array_like=True):
    """What a head says of a track's piece: its duration in the track's ticks, keyframe first, its size."""

    duration: int
    independent: bool
    size_bytes: int


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A row without its bytes: what a playlist needs of it. Fields as in media.live.Row."""

    msn: int
    part: int
    last: bool
    start: int
    wall: datetime
    discontinuity: bool
    slate: bool
    inits: dict[str, str]
    pieces: dict[str, Share]


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What does not change while a broadcast lasts."""

    room_id: str
    event_id: str
    broadcast_id: str
    layout: Layout
    window_s: float


class Published(msgspec.Struct, frozen=True, array_like=True):
    """A row as it is stored and published."""

    broadcast_id: str
    epoch: int
    row: Row


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A message that carries no media."""

    kind: str
    broadcast: str = ""
    visibility: str = ""  # of doors (events/doors.py)
    access_epoch: int = 0


_packer = msgspec.msgpack.Encoder()
_published = msgspec.msgpack.Decoder(Published)
_heads = msgspec.msgpack.Decoder(Head)
_metas = msgspec.msgpack.Decoder(Meta)
_notes = msgspec.json.Decoder(Note)


def head_of(row: Row) -> Head:
    """The row without its bytes."""
    return Head(
        msn=row.msn,
        part=row.part,
        last=row.last,
        start=row.start,
        wall=row.wall,
        discontinuity=row.discontinuity,
        slate=row.slate,
        inits=row.inits,
        pieces={
            track: Share(piece.duration, piece.independent, len(piece.data)) for track, piece in row.pieces.items()
        },
    )


def follows(head: Head | Row, before: Head | Row) -> bool:
    """Whether a row may stand after another: the next part, or the first of the next segment.

    A segment that was not closed ends where a discontinuity begins the next.
    """
    if head.part:
        return head.msn == before.msn and head.part == before.part + 1 and not before.last
    return head.msn == before.msn + 1 and (before.last or head.discontinuity)


def window_segments(window_s: float) -> int:
    """How many segments the window holds."""
    return -(-int(max(window_s, LEAST_WINDOW_S)) // TARGET_DURATION_S)


def pack(value: Published | Head | Meta) -> bytes:
    """As bytes."""
    return _packer.encode(value)


def read_published(data: bytes) -> Published:
    """A stored or published row."""
    return _published.decode(data)


def read_head(data: bytes) -> Head:
    """A stored head."""
    return _heads.decode(data)


def read_meta(data: bytes) -> Meta:
    """What does not change."""
    return _metas.decode(data)


def read_message(data: bytes) -> Published | Note:
    """A message of the room's channel; raises msgspec.DecodeError."""
    try:
        return _notes.decode(data) if data[:1] == b"{" else _published.decode(data)
    except UnicodeDecodeError as error:  # msgspec does not make it one of its own
        raise msgspec.DecodeError(str(error)) from error


def note(kind: str, broadcast_id: str = "") -> bytes:
    """A message that carries no media, as bytes."""
    return msgspec.json.encode({"kind": kind, "broadcast": broadcast_id})


def room_channel(room_id: str) -> str:
    """Where rows and notes of a room are published."""
    return f"live:{room_id}"


def state_key(broadcast_id: str) -> str:
    """The state of a broadcast."""
    return f"live:{broadcast_id}:state"


def heads_key(broadcast_id: str) -> str:
    """The heads of the rows that are kept."""
    return f"live:{broadcast_id}:heads"


def inits_key(broadcast_id: str) -> str:
    """The inits of a broadcast."""
    return f"live:{broadcast_id}:inits"


def row_key(broadcast_id: str, msn: int, part: int) -> str:
    """One row with its bytes."""
    return f"live:{broadcast_id}:row:{msn}.{part}"
