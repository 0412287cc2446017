"""Takes encoders over SRT: for every door an ffmpeg that listens for one caller, started again after each.

SRT's handshake and its encryption (libsrt, by the door's passphrase) are ffmpeg's; it hands the caller's bytes on as
they are. Who does not know the passphrase is refused by it. The passphrase stands in the process list, where users of
this machine can see it (ffmpeg takes it in no other way); it is in no log of ours.
"""

import asyncio
import contextlib
import urllib.parse
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import SemmaError
from server.live.feed import Reception
from server.live.srt_doors import OpenDoor
from server.live.srt_feed import SrtFeed
from server.media.ffmpeg import Ffmpeg
from server.media.process import Limits, start
from server.media.refusals import MediaError

log = structlog.get_logger(__name__)

LOOK_S = 5.0
LATENCY_MS = 200  # how long lost packets may be asked for again; an encoder may ask for more, the higher one counts
_READ_LIMITS = Limits(cpu_s=30 * 24 * 3600, file_bytes=1 << 20, grace_s=0)
_AGAIN_S = (0.2, 1.0, 5.0)  # before listening again; the port may be somebody else's
_LEFT_S = 3.0  # a caller of whom nothing came for so long is gone: the door must be free for its return

ReadDoors = Callable[[], Awaitable[Sequence[OpenDoor]]]


class SrtListeners:
    """All doors. `read_doors` gives what should be open now, `changed` is set when that has become something else."""

    def __init__(
        self, reception: Reception, ffmpeg: Ffmpeg, read_doors: ReadDoors, *, host: str, changed: asyncio.Event
    ) -> None:
        self._reception, self._ffmpeg, self._read_doors = reception, ffmpeg, read_doors
        self._host, self._changed = host, changed
        self._open: dict[str, _Door] = {}

    async def run(self) -> None:
        """Keep the doors as they should be, until cancelled."""
        if "srt" not in self._ffmpeg.protocols:
            log.warning("srt.unavailable", ffmpeg=self._ffmpeg.path, detail="This ffmpeg was built without SRT.")
            return
        try:
            while True:
                try:
                    await self._settle(await self._read_doors())
                except (SemmaError, SQLAlchemyError, OSError) as error:
                    log.warning("srt.doors_not_read", error=str(error))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._changed.wait()
                self._changed.clear()
        finally:
            await asyncio.gather(*(door.close() for door in self._open.values()), return_exceptions=True)

    async def _settle(self, wanted: Sequence[OpenDoor]) -> None:
        doors = {door.admission.key_id: door for door in wanted}
        for key_id in [key_id for key_id in self._open if key_id not in doors]:
            await self._open.pop(key_id).close()
        for key_id, door in doors.items():
            if key_id not in self._open:
                self._open[key_id] = _Door(self._reception, self._ffmpeg, door, host=self._host)
            else:
                self._open[key_id].become(door)


class _Door:
    """One port: caller after caller."""

    def __init__(self, reception: Reception, ffmpeg: Ffmpeg, door: OpenDoor, *, host: str) -> None:
        self._reception, self._ffmpeg, self._door, self._host = reception, ffmpeg, door, host
        self._feed: SrtFeed | None = None
        self._renew = asyncio.Event()
        self._task = asyncio.create_task(self._open(), name=f"srt:{door.port}")

    def become(self, door: OpenDoor) -> None:
        """Another passphrase or port: for the next caller; who is connected stays."""
        if door != self._door:
            self._door = door
            if self._feed is None:
                self._renew.set()

    async def close(self) -> None:
        """Listen no more."""
        if self._feed is not None:
            self._feed.drop("The door was closed.")
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _open(self) -> None:
        failures = 0
        while True:
            self._renew.clear()
            try:
                came = await self._one_caller()
            except (MediaError, OSError) as error:
                log.warning("srt.failed", port=self._door.port, error=type(error).__name__)
                came = False
            except Exception:
                log.exception("srt.failed", port=self._door.port)
                came = False
            failures = 0 if came or self._renew.is_set() else failures + 1
            if failures:
                await asyncio.sleep(_AGAIN_S[min(failures, len(_AGAIN_S)) - 1])

    async def _one_caller(self) -> bool:
        """Listen until one caller has come and left; whether one came."""
        door = self._door
        feed, came = SrtFeed(door.admission, f"srt:{door.port}"), asyncio.Event()

        async def take(data: bytes) -> None:
            came.set()
            await feed.take(data)

        async with start(listen_argv(self._ffmpeg, door, host=self._host), limits=_READ_LIMITS) as child:
            reading = asyncio.ensure_future(child.communicate(on_bytes=take))
            waiting = [asyncio.ensure_future(event.wait()) for event in (came, self._renew)]
            try:
                await asyncio.wait({reading, *waiting}, return_when=asyncio.FIRST_COMPLETED)
                if came.is_set():
                    await self._serve(feed, reading)
                elif reading.done():
                    log.info("srt.nobody", port=door.port, code=child.returncode)
            finally:
                for task in (reading, *waiting):
                    task.cancel()
                await asyncio.gather(reading, *waiting, return_exceptions=True)
        return came.is_set()

    async def _serve(self, feed: SrtFeed, reading: asyncio.Future[None]) -> None:
        """Let the room have the caller, until either has enough."""
        said = {"room": feed.admission.room_id, "role": feed.admission.role, "peer": feed.peer}
        log.info("srt.publishing", **said)
        self._feed = feed
        serving = asyncio.ensure_future(self._reception.serve(feed))
        leaving: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(feed.dropped.wait()),
            asyncio.ensure_future(feed.fell_silent(_LEFT_S)),
        ]
        everybody: set[asyncio.Future[Any]] = {serving, reading, *leaving}
        try:
            await asyncio.wait(everybody, return_when=asyncio.FIRST_COMPLETED)
            feed.finish()
            await asyncio.wait({serving})
            serving.result()
        except SemmaError as refusal:
            log.info("srt.refused", **said, code=refusal.code)
        finally:
            self._feed = None
            feed.finish()
            for task in (serving, *leaving):
                task.cancel()
            await asyncio.gather(serving, *leaving, return_exceptions=True)
            log.info("srt.left", **said, reason=feed.drop_reason)


def listen_argv(ffmpeg: Ffmpeg, door: OpenDoor, *, host: str) -> list[str]:
    """The command line that listens at a door and writes what its caller sends to standard output, byte for byte."""
    shown = f"[{host}]" if ":" in host else host
    options = {
        "mode": "listener",
        "passphrase": door.passphrase,
        "pbkeylen": "16",  # AES-128; a caller that asks for more gets it
        "latency": str(LATENCY_MS * 1000),  # µs
        "transtype": "live",
    }
    return [
        ffmpeg.path,
        "-nostdin",  # it would read our terminal's keys
        "-hide_banner",
        *("-loglevel", "error"),
        *("-protocol_whitelist", "srt"),  # the input may open nothing else
        *("-f", "data"),  # not looked into: the bytes as they are, at once
        *("-i", f"srt://{shown}:{door.port}?{urllib.parse.urlencode(options)}"),
        *("-map", "0"),
        *("-c", "copy"),
        *("-flush_packets", "1"),  # a part must not wait in a buffer
        *("-f", "data"),
        "pipe:1",
    ]
