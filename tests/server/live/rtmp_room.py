"""A reception that writes down what listeners bring it, and encoders to send to them."""

import asyncio
import io
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av

from server.live.feed import Admission, Chunk, Feed, InputInfo, KeyRefused, RoomTaken
from server.live.rtmp_feed import RtmpFeed
from server.live.rtmp_listener import Patience, RtmpListener
from tests.clips import ffmpeg_exe
from tests.server.media import rtmp_client
from tests.waiting import soon

KEY = "semma_key_good"
OTHER = "semma_key_other"


@dataclass
class Kept:
    """One feed as a room saw it: header, info and generation at each chunk."""

    feed: RtmpFeed
    chunks: list[Chunk] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    infos: list[InputInfo | None] = field(default_factory=list)
    generations: list[int] = field(default_factory=list)
    is_over: bool = False

    def file(self, start: int = 0, stop: int | None = None) -> bytes:
        """What a run that begins at a chunk is fed."""
        return self.headers[start] + b"".join(chunk.data for chunk in self.chunks[start:stop])


@dataclass
class Reception:
    """Lets two keys in, keeps all chunks; `reads` can be cleared to stop reading."""

    kept: list[Kept] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    is_taken: bool = False
    ends_at_once: bool = False

    def __post_init__(self) -> None:
        self.reads.set()

    async def admit(self, stream_key: str, *, peer: str) -> Admission:
        self.asked.append((stream_key, peer))
        if stream_key not in (KEY, OTHER):
            raise KeyRefused
        return Admission(event_id="e", room_id=stream_key, role="main", key_id=stream_key)

    async def serve(self, feed: Feed) -> None:
        if self.is_taken:
            raise RoomTaken
        assert isinstance(feed, RtmpFeed)
        kept = Kept(feed)
        self.kept.append(kept)
        if self.ends_at_once:
            return
        await self.reads.wait()
        async for chunk in feed.chunks():
            kept.chunks.append(chunk)
            kept.headers.append(feed.header())
            kept.infos.append(feed.info())
            kept.generations.append(feed.generation)
            await self.reads.wait()
        kept.is_over = True

    async def feeds(self, count: int = 1) -> list[Kept]:
        """The feeds, once so many have come."""
        await until(lambda: len(self.kept) >= count)
        return self.kept


@asynccontextmanager
async def listening(patience: Patience | None = None, **more: Any) -> AsyncIterator[tuple[Reception, RtmpListener]]:
    reception = Reception()
    listener = RtmpListener(reception, host="127.0.0.1", port=0, patience=patience, **more)
    await listener.start()
    try:
        yield reception, listener
    finally:
        reception.reads.set()
        await listener.close()


async def until(condition: Callable[[], object], what: str = "") -> None:
    async def ask() -> bool:
        return bool(condition())

    await soon(ask, timeout_s=20, every_s=0.02, what=what)


async def push(listener: RtmpListener, *arguments: str, path: str = f"live/{KEY}", url: str = "") -> tuple[int, str]:
    """Let a real ffmpeg send (to another address, with `url`); its exit code and last words."""
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", *arguments]
    command += ["-f", "flv", url or f"rtmp://127.0.0.1:{listener.port}/{path}"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, words = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, words.decode()


def source(seconds: float = 2, size: str = "160x90", rate: str = "25") -> list[str]:
    """Moving bars with a keyframe each half second, and a tone."""
    return [
        "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}",
        "-f", "lavfi", "-i", f"sine=sample_rate=48000:d={seconds}",
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "12", "-pix_fmt", "yuv420p", "-c:a", "aac",
    ]  # fmt: skip


@dataclass
class Decoded:
    """Times in milliseconds, in the order of presentation."""

    video_ms: list[int]
    audio_ms: list[int]
    sizes: set[tuple[int, int]]


def decoded(file: bytes) -> Decoded:
    with av.open(io.BytesIO(file), format="flv") as container:
        found = Decoded([], [], set())
        for frame in container.decode():
            at_ms = round((frame.time or 0) * 1000)
            if isinstance(frame, av.VideoFrame):
                found.video_ms.append(at_ms)
                found.sizes.add((frame.width, frame.height))
            else:
                found.audio_ms.append(at_ms)
    return found


class HandEncoder:
    """An encoder made by hand: sends what it is told, hears what the server says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answers = rtmp_client.Answers()
        self.writer = writer
        self._reader = reader

    @classmethod
    async def connect(cls, listener: RtmpListener, data: bytes = b"") -> "HandEncoder":
        made = cls(*await asyncio.open_connection("127.0.0.1", listener.port))
        made.writer.write(data)
        return made

    @classmethod
    async def publishing(cls, listener: RtmpListener, key: str = KEY) -> "HandEncoder":
        """Connected, admitted, and told to send."""
        made = await cls.connect(listener, rtmp_client.opening(key))
        while not made.answers.statuses:
            await made.hear()
        assert made.answers.statuses[0][0] == "NetStream.Publish.Start"
        return made

    async def hear(self) -> bool:
        """Read once; False at the end."""
        data = await asyncio.wait_for(self._reader.read(65536), 20)
        self.answers.feed(data)
        return bool(data)

    async def hear_out(self) -> None:
        """Read until the server closes."""
        while await self.hear():
            pass

    async def send(self, *messages: bytes) -> None:
        self.writer.write(b"".join(messages))
        await asyncio.wait_for(self.writer.drain(), 20)

    def cut(self) -> None:
        """Pull the cable: the connection is reset."""
        self.writer.transport.abort()
