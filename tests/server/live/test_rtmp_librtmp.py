"""librtmp, the library that OBS and many other encoders send with, against the real port."""

import asyncio
import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server.live.rtmp_listener import RtmpListener
from tests.clips import clip, run_ffmpeg
from tests.server.live.rtmp_room import KEY, decoded, listening, until

NAME = ctypes.util.find_library("rtmp")
pytestmark = pytest.mark.skipif(NAME is None, reason="librtmp is not installed")


def flv_file(seconds: float) -> bytes:
    """A finished FLV, as librtmp takes it."""
    source = clip("bars", seconds=seconds, width=320, height=180)
    target = source.with_suffix(".flv")
    run_ffmpeg("-i", str(source), "-c", "copy", "-flvflags", "no_duration_filesize", f"file:{target}")
    return target.read_bytes()


@contextmanager
def session(url: str) -> Iterator[tuple[ctypes.CDLL, ctypes.c_void_p]]:
    """A client of librtmp that wants to publish."""
    lib = ctypes.CDLL(NAME)
    lib.RTMP_Alloc.restype = ctypes.c_void_p
    client = ctypes.c_void_p(lib.RTMP_Alloc())
    address = ctypes.create_string_buffer(url.encode())  # librtmp keeps pointers into it
    lib.RTMP_Init(client)
    try:
        assert lib.RTMP_SetupURL(client, address)
        lib.RTMP_EnableWrite(client)
        yield lib, client
    finally:
        lib.RTMP_Close(client)
        lib.RTMP_Free(client)


def send(listener: RtmpListener, key: str, data: bytes) -> bool:
    """Connect, publish, write; whether librtmp was content."""
    with session(f"rtmp://127.0.0.1:{listener.port}/live/{key}") as (lib, client):
        if not lib.RTMP_Connect(client, None) or not lib.RTMP_ConnectStream(client, 0):
            return False
        for at in range(0, len(data), 4096):
            piece = data[at : at + 4096]
            if lib.RTMP_Write(client, piece, len(piece)) <= 0:
                return False
        return True


async def test_librtmp_is_received_whole() -> None:
    data = flv_file(2)
    async with listening() as (reception, listener):
        assert await asyncio.to_thread(send, listener, KEY, data)
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    sent, got = decoded(data), decoded(kept.file())
    assert len(got.video_ms) == len(sent.video_ms) == 50
    assert [at - got.video_ms[0] for at in got.video_ms] == [at - sent.video_ms[0] for at in sent.video_ms]
    assert len(got.audio_ms) == len(sent.audio_ms)


async def test_librtmp_hears_that_its_key_is_wrong() -> None:
    async with listening() as (reception, listener):
        assert not await asyncio.to_thread(send, listener, "wrong", b"")
    assert reception.kept == []
