"""Tables of live rooms: stream keys, SRT doors, broadcasts, which session had which stretch, segments."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion

MAIN, BACKUP = "main", "backup"
ON_AIR, ENDED = "on_air", "ended"


class StreamKey(HasId, HasTimes, Base):
    """What an RTMP encoder shows to be let into a room; only its hash is kept.

    A rotation makes a new key and lets the older ones of the same role run out at `expires_at`; a revoked key drops its
    publisher at once.
    """

    __tablename__ = "stream_keys"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(8), default=MAIN)  # main | backup (hot standby)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))  # its last four characters, to tell keys apart
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SrtDoor(HasId, HasTimes, Base):
    """The UDP port and passphrase of a room (main, and backup). The passphrase is encrypted: it must be read back."""

    __tablename__ = "srt_doors"
    __table_args__ = (UniqueConstraint("room_id", "role"),)

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(8), default=MAIN)
    number: Mapped[int] = mapped_column(unique=True)  # its port is SEMMA_SRT_PORT plus this
    passphrase_encrypted: Mapped[str] = mapped_column(Text)


class Broadcast(HasId, HasTimes, HasVersion, Base):
    """A room on air, from going live to its end, whatever the number of encoder connections. Also a recording's source:
    its id is the source's id."""

    __tablename__ = "broadcasts"
    __table_args__ = (Index("ix_broadcasts_room_id_state", "room_id", "state"),)

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default=ON_AIR)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # asked to end: by the organiser, or by the schedule
    closed_at: Mapped[datetime | None]  # ingest wrote the last segment: nothing is added any more
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)  # media.live.Layout as JSON
    # False: the schedule moves from talk to talk; True: the organiser does
    by_hand: Mapped[bool] = mapped_column(default=False)
    encoder: Mapped[str] = mapped_column(String(12), default="away")  # away | main | backup: who is on
    health: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # the traffic light: {"light", "notes": [{code, detail}]}


class Stretch(HasId, HasTimes, HasVersion, Base):
    """The part of a broadcast that belongs to a session, in wall time; open while `ends_at` is None.

    Its borders can be moved later; the recording's cut follows.
    """

    __tablename__ = "broadcast_stretches"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    broadcast_id: Mapped[str] = mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    do_not_record: Mapped[bool] = mapped_column(default=False)


class LiveSegment(Base):
    """A closed segment of a broadcast: the index of its archive."""

    __tablename__ = "live_segments"

    broadcast_id: Mapped[str] = mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
    msn: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger)  # media time, 90 kHz ticks
    duration: Mapped[int] = mapped_column(BigInteger)  # of the grid, 90 kHz ticks: the next one starts where it ends
    wall: Mapped[datetime]
    discontinuity: Mapped[bool] = mapped_column(default=False)
    slate: Mapped[bool] = mapped_column(default=False)
    # {track: [duration in the track's ticks, size in bytes, init's name]}
    tracks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    archived_at: Mapped[datetime | None]  # its objects are in the storage
    dropped_at: Mapped[datetime | None]  # do-not-record: its objects were never kept, or are removed
