"""Live rooms: whether encoders reach this machine, and what still waits for the object storage."""

import os
import socket
from datetime import timedelta

from sqlalchemy import func, select

from server.core.clock import now
from server.core.db import Database
from server.core.settings import Settings
from server.doctor.findings import Finding, note, ok, wrong
from server.live.models import ON_AIR, Broadcast, LiveSegment
from server.media.ffmpeg import find_ffmpeg
from server.media.refusals import NoFfmpeg
from server.supervise.checks import CannotStart, check_port

# A segment is in the storage seconds after it is closed; a look between the two is no finding.
_LATE = timedelta(minutes=2)
_PATIENCE_S = 3.0
_RTMP_VERSION = b"\x03"  # first byte of either side's handshake (Adobe's RTMP specification 5.2.2)
_C1_BYTES = 1536


def look_at_ingest(settings: Settings) -> list[Finding]:
    """The doors for encoders, without the engines."""
    return [_rtmp(settings), _srt(settings)]


def _rtmp(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.rtmp_port}"
    try:
        check_port(settings.host, settings.rtmp_port, "SEMMA_RTMP_PORT")
    except CannotStart as error:
        if _speaks_rtmp(settings.rtmp_port):
            return ok("rtmp", f"encoders are taken on {where}")
        return wrong("rtmp", error.detail, "Stop the other program, or choose another port with SEMMA_RTMP_PORT.")
    except OSError as error:
        return wrong("rtmp", f"{where}: {error}", "Set SEMMA_HOST to an address of this machine.")
    return ok("rtmp", f"{where} is free: no ingest runs on this machine")


def _speaks_rtmp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as line:
            line.sendall(_RTMP_VERSION + bytes(_C1_BYTES))
            return line.recv(1) == _RTMP_VERSION
    except OSError:
        return False


def _srt(settings: Settings) -> Finding:
    try:
        has_srt = "srt" in find_ffmpeg(settings.ffmpeg or None).protocols
    except NoFfmpeg:
        has_srt = False  # said of ffmpeg itself already
    if has_srt:
        return ok("srt", f"UDP from port {settings.srt_port} upwards, two a room")
    return note("srt", "this ffmpeg cannot listen", "Rooms take RTMP only: install an ffmpeg with libsrt.")


async def look_at_archive(settings: Settings, database: Database) -> list[Finding]:
    """What is on air, and segments that should long be in the object storage. Needs a database with its tables."""
    async with database.read() as db:
        unfinished = select(Broadcast.id).where(Broadcast.closed_at.is_(None))
        on_air = await db.scalar(select(func.count()).where(Broadcast.state == ON_AIR)) or 0
        late, since = (
            await db.execute(
                select(func.count(), func.min(LiveSegment.wall)).where(
                    LiveSegment.broadcast_id.in_(unfinished),  # a broadcast is closed once all of it is stored
                    LiveSegment.archived_at.is_(None),
                    LiveSegment.dropped_at.is_(None),
                    LiveSegment.wall < now() - _LATE,
                )
            )
        ).one()
    files = _spooled(settings)
    counts = {"on_air": on_air, "spooled": files, "late": late}
    says = f"{on_air} on air, {files} segments in the spool {settings.spool_path}"
    if settings.spool_path.exists() and not os.access(settings.spool_path, os.W_OK):
        return [wrong("live", f"{says}, which cannot be written", "Make it writable for ingest's user.", **counts)]
    if late:
        advice = "Look whether the object storage answers and `semma ingest` runs; it stores them by itself then."
        return [note("live", f"{says}; {late} wait for the storage since {since:%Y-%m-%d %H:%M} UTC", advice, **counts)]
    return [ok("live", says, **counts)]


def _spooled(settings: Settings) -> int:
    return sum(1 for _file in settings.spool_path.glob("*.seg"))
