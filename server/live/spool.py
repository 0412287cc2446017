"""The disk spool: closed segments that the object storage does not have yet, one file each, safe against a crash.

    spool/{broadcast}-{msn}.seg   magic, length of the head, head (JSON), then the bytes of inits and tracks

A file is written beside its name, flushed to the disk and renamed, and the folder is flushed: a file that has its name
is whole. Everything needed to finish a segment is in it, so neither Redis nor the process that wrote it is needed.
"""

import os
import struct
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger(__name__)

_MAGIC = b"SEMMASEG"
_HEAD = struct.Struct(">8sI")
_SUFFIX = ".seg"


class TrackBytes(msgspec.Struct, frozen=True):
    """A track's share of a segment: duration in its ticks, its init's name, and the bytes of both."""

    duration: int
    init_name: str
    init: bytes
    data: bytes


class ClosedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as it is archived; fields as in models.LiveSegment."""

    broadcast_id: str
    msn: int
    start: int
    duration: int
    wall: datetime
    discontinuity: bool
    slate: bool
    tracks: dict[str, TrackBytes]

    @property
    def size_bytes(self) -> int:
        """Bytes of media."""
        return sum(len(track.data) for track in self.tracks.values())


class _Share(msgspec.Struct, frozen=True):
    duration: int
    init_name: str
    init_bytes: int
    data_bytes: int


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    broadcast_id: str
    msn: int
    start: int
    duration: int
    wall: datetime
    discontinuity: bool
    slate: bool
    tracks: dict[str, _Share]


class Spool:
    """The folder. Its methods block on the disk: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> list[Path]:
        """Make the folder, remove what a crash left half written; the files that wait, oldest segments first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in self.folder.glob("*.part"):
            part.unlink(missing_ok=True)
        return sorted(self.folder.glob(f"*{_SUFFIX}"))

    def path_of(self, broadcast_id: str, msn: int) -> Path:
        """Where a segment's file is."""
        return self.folder / f"{broadcast_id}-{msn:08d}{_SUFFIX}"

    def write(self, segment: ClosedSegment) -> Path:
        """Keep a segment; on return it survives a crash of the machine. Writing it again does no harm.

        Raises OSError when the disk does not take it; nothing is left of it then.
        """
        path = self.path_of(segment.broadcast_id, segment.msn)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                for piece in _pieces(segment):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path

    def read(self, path: Path) -> ClosedSegment | None:
        """The segment in a file; None when the file cannot be read, which is said and leaves it where it is."""
        try:
            return _parse(path.read_bytes())
        except (OSError, ValueError, struct.error, msgspec.MsgspecError) as error:
            log.error("spool.unreadable", path=str(path), error=str(error))
            return None

    def remove(self, broadcast_id: str, msn: int) -> None:
        """The storage has it, or nobody may."""
        self.path_of(broadcast_id, msn).unlink(missing_ok=True)

    def newest_of(self, broadcast_id: str) -> ClosedSegment | None:
        """The last segment of a broadcast that still waits here."""
        found = sorted(self.folder.glob(f"{broadcast_id}-*{_SUFFIX}"))
        return self.read(found[-1]) if found else None


def _pieces(segment: ClosedSegment) -> list[bytes]:
    shares = {
        name: _Share(track.duration, track.init_name, len(track.init), len(track.data))
        for name, track in segment.tracks.items()
    }
    named = {name: getattr(segment, name) for name in _Head.__struct_fields__ if name != "tracks"}
    head = msgspec.json.encode(_Head(**named, tracks=shares))
    bodies = [piece for track in segment.tracks.values() for piece in (track.init, track.data)]
    return [_HEAD.pack(_MAGIC, len(head)), head, *bodies]


def _parse(data: bytes) -> ClosedSegment:
    magic, head_bytes = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise ValueError("not a spooled segment")
    at = _HEAD.size + head_bytes
    head = msgspec.json.decode(data[_HEAD.size : at], type=_Head)
    tracks = {}
    for name, share in head.tracks.items():
        end = at + share.init_bytes + share.data_bytes
        if end > len(data):
            raise ValueError("shorter than its head says")
        middle = at + share.init_bytes
        tracks[name] = TrackBytes(share.duration, share.init_name, data[at:middle], data[middle:end])
        at = end
    named = {name: getattr(head, name) for name in _Head.__struct_fields__ if name != "tracks"}
    return ClosedSegment(**named, tracks=tracks)
