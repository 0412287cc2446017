"""SRT: real callers at real doors. Who knows the passphrase is a feed of its room; the door opens again after each."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from server.live.feed import Admission, Chunk, Feed, InputInfo, RoomTaken
from server.live.srt import SrtListeners
from server.live.srt_doors import OpenDoor
from server.media.ffmpeg import Ffmpeg, find_ffmpeg
from tests.clips import ffmpeg_exe
from tests.frame_code import read_codes
from tests.live.encoder import Encoder, Sent
from tests.waiting import soon

pytestmark = pytest.mark.ffmpeg

PASSPHRASE = "abcdefghijkl"


@dataclass
class Audience:
    """Stands in for the rooms: keeps what every caller sent."""

    feeds: list[Feed] = field(default_factory=list)
    chunks: list[list[tuple[Chunk, bytes, InputInfo | None]]] = field(default_factory=list)
    ended: int = 0
    is_taken: bool = False

    async def admit(self, stream_key: str, *, peer: str) -> Admission:
        raise AssertionError("SRT callers show no stream key")

    async def serve(self, feed: Feed) -> None:
        if self.is_taken:
            raise RoomTaken
        self.feeds.append(feed)
        self.chunks.append([])
        mine = self.chunks[-1]
        async for chunk in feed.chunks():
            mine.append((chunk, feed.header(), feed.info()))
        self.ended += 1

    async def has(self, caller: int, chunks: int) -> None:
        async def look() -> bool:
            return len(self.chunks) > caller and len(self.chunks[caller]) >= chunks

        await soon(look, what=f"{chunks} chunks of caller {caller}")

    async def has_starts(self, caller: int, count: int) -> None:
        async def look() -> bool:
            return len([chunk for chunk, _header, _info in self.chunks[caller] if chunk.can_start]) >= count

        await soon(look, what=f"{count} keyframes of caller {caller}")

    async def has_ended(self, callers: int) -> None:
        async def look() -> bool:
            return self.ended >= callers

        await soon(look, what=f"the end of {callers} callers")


@dataclass
class Doors:
    """One door, and what is listened with."""

    listeners: SrtListeners
    audience: Audience
    door: OpenDoor
    changed: asyncio.Event

    async def read(self) -> Sequence[OpenDoor]:
        return [self.door]

    def target(self, passphrase: str | None = None, port: int = 0) -> str:
        return f"srt://127.0.0.1:{port or self.door.port}?passphrase={passphrase or self.door.passphrase}&pbkeylen=16"


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs() -> list[Ffmpeg]:
    """Every ffmpeg here that speaks SRT."""
    found = {program.path: program for program in (find_ffmpeg(), find_ffmpeg(ffmpeg_exe()))}
    return [program for program in found.values() if "srt" in program.protocols]


@asynccontextmanager
async def opened(program: Ffmpeg) -> AsyncIterator[Doors]:
    admission = Admission(event_id="e", room_id="r", role="main", key_id="d")
    door = OpenDoor(port=free_udp_port(), passphrase=PASSPHRASE, admission=admission)
    audience, changed = Audience(), asyncio.Event()
    doors: Doors

    async def read() -> Sequence[OpenDoor]:
        return [doors.door]

    listeners = SrtListeners(audience, program, read, host="127.0.0.1", changed=changed)
    doors = Doors(listeners, audience, door, changed)
    running = asyncio.create_task(listeners.run())
    try:
        yield doors
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(params=programs(), ids=lambda program: program.version_text.split("-")[0])
async def doors(request: pytest.FixtureRequest) -> AsyncIterator[Doors]:
    async with opened(request.param) as made:
        yield made


async def called(doors: Doors, caller: int, **sent: object) -> Encoder:
    """An encoder that got through. A caller that comes before the listener is up gives up, so it tries again."""
    encoder = Encoder(doors.target(), Sent(**sent))  # type: ignore[arg-type]

    async def through() -> bool:
        if not encoder.running:
            encoder.start()
        return len(doors.audience.chunks) > caller and bool(doors.audience.chunks[caller])

    await soon(through, what="a caller to get through")
    return encoder


async def test_callers_come_one_after_the_other_as_feeds(doors: Doors, tmp_path: Path) -> None:
    encoder = await called(doors, 0, rate="30000/1001")
    await doors.audience.has_starts(0, 3)
    await asyncio.to_thread(encoder.kill)
    await doors.audience.has_ended(1)
    info = doors.audience.chunks[0][0][2]
    assert info is not None
    assert (info.has_video, info.has_audio, info.width, info.height) == (True, True, 320, 180)
    assert (info.frame_rate, info.video_codec, info.audio_codec) == ("30000/1001", "h264", "aac")
    # A run that begins in the middle, with the header, shows every picture from there on.
    chunks = doors.audience.chunks[0]
    starts = [place for place, (chunk, _header, _info) in enumerate(chunks) if chunk.can_start]
    assert len(starts) >= 2
    begun = starts[1]
    path = tmp_path / "run.ts"
    path.write_bytes(chunks[begun][1] + b"".join(chunk.data for chunk, _header, _info in chunks[begun:]))
    numbers = [number for _at, number in read_codes(path)]
    assert numbers[:10] == list(range(numbers[0] or 0, (numbers[0] or 0) + 10))
    assert (numbers[0] or 0) % 60 == 0
    again = await called(doors, 1, audio=False)
    await asyncio.to_thread(again.kill)
    second = doors.audience.chunks[1][0][2]
    assert second is not None and (second.has_video, second.has_audio) == (True, False)


async def test_a_wrong_passphrase_is_refused_and_a_new_one_counts_for_the_next_caller(doors: Doors) -> None:
    first = await called(doors, 0)
    doors.door = replace(doors.door, passphrase="another passphrase")
    doors.changed.set()
    before = len(doors.audience.chunks[0])
    await doors.audience.has(0, before + 20)  # who is connected stays
    await asyncio.to_thread(first.kill)
    await doors.audience.has_ended(1)
    wrong = Encoder(doors.target(PASSPHRASE)).start()
    code, _said = await asyncio.to_thread(wrong.ended, 30)
    assert code != 0
    assert len(doors.audience.feeds) == 1
    right = await called(doors, 1)
    assert "another passphrase" not in " ".join(feed.peer for feed in doors.audience.feeds)
    await asyncio.to_thread(right.kill)


async def test_who_is_dropped_or_refused_is_sent_away(doors: Doors) -> None:
    encoder = await called(doors, 0)
    doors.audience.feeds[0].drop("The broadcast has ended.")
    code, _said = await asyncio.to_thread(encoder.ended, 30)
    assert code != 0
    doors.audience.is_taken = True

    async def refused() -> bool:
        refusing = Encoder(doors.target()).start()
        return (await asyncio.to_thread(refusing.ended, 30))[0] != 0

    assert await refused()
    assert len(doors.audience.feeds) == 1
