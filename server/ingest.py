"""Composition root of the ingest process: takes encoders, runs one ffmpeg a room, writes what viewers see.

`semma ingest`. One process for all rooms; a second one that takes a broadcast over fences the first out (live/window).
Told to stop (SIGTERM), it closes what is open and ends; what is on air goes on in the next process.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog
import uvloop

from server.core.db import Db
from server.core.live_bus import Bus
from server.core.log import configure_logging
from server.core.notify import tell_alive, tell_ready
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings, read_settings
from server.events.models import Event
from server.live.archive import Archive
from server.live.equipment import Equipment
from server.live.follow import follow_room
from server.live.keep import may_keep
from server.live.rooms import Rooms
from server.live.rtmp_listener import RtmpListener
from server.live.spool import Spool
from server.live.srt import SrtListeners
from server.live.srt_doors import OpenDoor, every_door
from server.media.ffmpeg import Ffmpeg, find_ffmpeg
from server.process import make_runtime
from server.room_programme import ROOM_PROGRAMME
from server.slides.live_watch import LiveSlides
from server.web.languages import LANGUAGES, catalogue

log = structlog.get_logger(__name__)

_ALIVE_S = 10.0
_ENHANCED_FLV = (6, 1)  # the first ffmpeg that reads it


def main() -> None:
    """Run until asked to stop."""
    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format, process="ingest")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))


async def _run(settings: Settings) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with ingesting(settings) as ingest:
        log.info("ingest.ready", rtmp_port=ingest.rtmp_port)
        tell_ready()
        while not asked.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ALIVE_S):
                    await asked.wait()
            tell_alive()
        log.info("ingest.stopping")


class Ingest:
    """What is running, for whoever started it."""

    def __init__(self, runtime: Runtime, rooms: Rooms, rtmp_port: int) -> None:
        self.runtime, self.rooms, self.rtmp_port = runtime, rooms, rtmp_port


@contextlib.asynccontextmanager
async def ingesting(settings: Settings) -> AsyncIterator[Ingest]:
    """Take encoders while the block lasts."""
    async with contextlib.AsyncExitStack() as stack:
        ringer = Ringer(settings.redis_url)
        stack.callback(ringer.close)
        runtime = make_runtime(settings, ringer, threads=12)
        stack.push_async_callback(runtime.database.close)
        stack.push_async_callback(runtime.redis.aclose)
        stack.callback(runtime.store.close)
        bus = Bus(settings.redis_url)
        stack.push_async_callback(bus.close)
        ffmpeg = find_ffmpeg(settings.ffmpeg or None)
        slides = LiveSlides(runtime)
        stack.push_async_callback(slides.close)
        rooms = Rooms(_equip(settings, runtime, bus, ffmpeg, slides))
        await rooms.open()
        stack.push_async_callback(rooms.close)
        rtmp = _rtmp(settings, rooms, ffmpeg)
        await rtmp.start()
        stack.push_async_callback(rtmp.close)
        srt = SrtListeners(rooms, ffmpeg, lambda: _doors(runtime), host=settings.host, changed=rooms.srt_changed)
        stack.push_async_callback(_ended, asyncio.create_task(srt.run(), name="srt"))
        yield Ingest(runtime, rooms, rtmp.port)


def _rtmp(settings: Settings, rooms: Rooms, ffmpeg: Ffmpeg) -> RtmpListener:
    """The RTMP port. HEVC and AV1 in FLV (enhanced RTMP) are for an ffmpeg that reads them."""
    proxies = [proxy.strip() for proxy in settings.trusted_proxies.split(",") if proxy.strip()]
    takes_enhanced = ffmpeg.version >= _ENHANCED_FLV
    return RtmpListener(
        rooms, host=settings.host, port=settings.rtmp_port, takes_enhanced=takes_enhanced, proxies=proxies
    )


def _equip(settings: Settings, runtime: Runtime, bus: Bus, ffmpeg: Ffmpeg, slides: LiveSlides) -> Equipment:
    """What the rooms work with."""

    async def keeps(db: Db, broadcast_id: str, start: datetime, end: datetime) -> bool:
        return await may_keep(db, ROOM_PROGRAMME, broadcast_id, start, end)

    async def follow(broadcast_id: str, *, moment: datetime, away_since: datetime | None) -> bool:
        return await follow_room(runtime, ROOM_PROGRAMME, broadcast_id, moment=moment, away_since=away_since)

    async def slate_texts(event_id: str) -> Sequence[str]:
        async with runtime.database.read() as db:
            event = await db.get(Event, event_id)
        return slate_lines(event.languages if event else [])

    return Equipment(
        runtime=runtime,
        bus=bus,
        archive=Archive(runtime.database, runtime.store, Spool(settings.spool_path), keeps=keeps),
        ffmpeg=ffmpeg,
        heights=settings.live_heights,
        window_s=settings.live_window_s,
        slate_folder=settings.data_dir / "slates",
        slate_texts=slate_texts,
        follow=follow,
        passthrough=settings.live_passthrough,
        look_on=slides.look_on,
    )


def slate_lines(languages: Sequence[str]) -> list[str]:
    """What the slate says, in the event's languages as far as they are spoken here; in English otherwise."""
    spoken = [language for language in languages if language in LANGUAGES] or [LANGUAGES[0]]
    lines = []
    for language in spoken:
        _ = catalogue(language).gettext
        lines.append(str(_("We will be right back")))
    return lines


async def _doors(runtime: Runtime) -> Sequence[OpenDoor]:
    async with runtime.database.read() as db:
        return await every_door(db, runtime.keyring, srt_port=runtime.srt_port)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    main()
