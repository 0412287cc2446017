"""RTMP encoders, real ones and hand-made ones, against the real port."""

import asyncio
import os
from contextlib import suppress
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from server.live.feed import InputInfo
from server.live.rtmp_feed import MAX_QUEUED_BYTES
from server.live.rtmp_listener import Patience
from tests.server.live.rtmp_room import KEY, OTHER, HandEncoder, decoded, listening, push, source, until
from tests.server.media import rtmp_client as client

HASTY = Patience(publish_s=1, silent_s=0.5, taken_s=0.01, linger_s=0.2, waiting_per_address=2)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("rate", ["25", "30000/1001"])
async def test_ffmpeg_is_received_whole(rate: str) -> None:
    async with listening() as (reception, listener):
        code, words = await push(listener, *source(2, rate=rate))
        assert (code, words) == (0, "")
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    frames = 50 if rate == "25" else 60
    assert kept.infos[0] == InputInfo(
        has_video=True, has_audio=True, width=160, height=90,
        frame_rate="25/1" if rate == "25" else rate, video_codec="h264", audio_codec="aac",
    )  # fmt: skip
    shown = decoded(kept.file())
    assert len(shown.video_ms) == frames == kept.feed.video_frames
    steps = {b - a for a, b in pairwise(shown.video_ms)}
    assert steps == ({40} if rate == "25" else {33, 34})
    assert abs(shown.audio_ms[0] - shown.video_ms[0]) <= 150  # B-frames and the AAC encoder's first frame
    assert 90 <= len(shown.audio_ms) <= 97
    assert set(kept.generations) == {1}
    assert 300 <= kept.feed.keyframe_distance_ms <= 500
    assert sum(chunk.keyframe for chunk in kept.chunks) == -(-frames // 12)


@pytest.mark.ffmpeg
async def test_a_run_can_start_at_any_keyframe() -> None:
    async with listening() as (reception, listener):
        await push(listener, *source(2))
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    starts = [index for index, chunk in enumerate(kept.chunks) if chunk.can_start]
    assert len(starts) == 5
    whole = decoded(kept.file())
    for number, start in enumerate(starts):
        assert decoded(kept.file(start)).video_ms == whole.video_ms[number * 12 :]


@pytest.mark.ffmpeg
async def test_sound_alone_starts_anywhere() -> None:
    async with listening() as (reception, listener):
        code, words = await push(listener, "-f", "lavfi", "-i", "sine=sample_rate=48000:d=2", "-c:a", "aac")
        assert (code, words) == (0, "")
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    assert kept.infos[0] == InputInfo(has_video=False, has_audio=True, audio_codec="aac")
    assert all(chunk.can_start and chunk.has_audio and not chunk.has_video for chunk in kept.chunks)
    assert len(decoded(kept.file(20)).audio_ms) == len(kept.chunks) - 20


@pytest.mark.ffmpeg
async def test_pictures_alone_are_not_held_up() -> None:
    async with listening() as (reception, listener):
        await push(listener, *source(1), "-an")
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    assert kept.infos[0] is not None and not kept.infos[0].has_audio
    assert len(decoded(kept.file()).video_ms) == 25


@pytest.mark.ffmpeg
async def test_a_wrong_key_is_refused_in_words_and_not_logged() -> None:
    async with listening() as (reception, listener):
        with capture_logs() as lines:
            code, words = await push(listener, *source(1), path="live/semma_key_wrong")
            await until(lambda: lines)
    assert code != 0
    assert "This stream key is not valid" in words
    assert [key for key, _ in reception.asked] == ["semma_key_wrong"]
    assert reception.kept == []
    assert [line["reason"] for line in lines] == ["refused: live.key_refused"]
    assert "semma_key_wrong" not in str(lines)


@pytest.mark.ffmpeg
async def test_the_room_is_taken() -> None:
    async with listening() as (reception, listener):
        reception.is_taken = True
        code, words = await push(listener, *source(1))
    assert code != 0
    assert "Another encoder is sending to this room" in words


@pytest.mark.ffmpeg
async def test_two_encoders_at_once() -> None:
    async with listening() as (reception, listener):
        done = await asyncio.gather(
            push(listener, *source(1)), push(listener, *source(1, size="320x180"), path=f"live/{OTHER}")
        )
        assert done == [(0, ""), (0, "")]
        await until(lambda: len(reception.kept) == 2 and all(kept.is_over for kept in reception.kept))
    sizes = {kept.feed.admission.room_id: decoded(kept.file()).sizes for kept in reception.kept}
    assert sizes == {KEY: {(160, 90)}, OTHER: {(320, 180)}}


async def test_a_reader_that_does_not_read_holds_the_encoder_back() -> None:
    """Without end there is more to send; what is kept stays bounded, and nothing is lost once reading goes on."""
    async with listening() as (reception, listener):
        reception.reads.clear()
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(
            client.message(1, (1 << 20).to_bytes(4, "big"), chunks=2), client.video(client.AVC_CONFIG_TAG)
        )
        picture = client.message(9, client.PICTURE + os.urandom(100_000), stream=1, chunks=6, size=1 << 20)
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while sent < 400:
                encoder.writer.write(picture)
                await encoder.writer.drain()
                sent += 1

        flooding = asyncio.create_task(flood())
        (kept,) = await reception.feeds()
        await until(lambda: kept.feed.queued_bytes > MAX_QUEUED_BYTES)
        held = kept.feed.queued_bytes
        assert held < MAX_QUEUED_BYTES + 200_000
        # The kernel's buffers fill, then the encoder waits.
        stood: list[int] = []
        await until(lambda: stood.append(sent) or (len(stood) > 10 and stood[-1] == stood[-10]))
        assert kept.feed.queued_bytes == held and not flooding.done()
        reception.reads.set()
        await flooding
        await until(lambda: len(kept.chunks) == 400)
        encoder.cut()


async def test_dropping_tells_the_encoder_why() -> None:
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.video(client.AVC_CONFIG_TAG), client.audio(client.AAC_CONFIG_TAG))
        await encoder.send(client.video(client.KEYFRAME))
        (kept,) = await reception.feeds()
        await until(lambda: kept.chunks)
        kept.feed.drop("This key was revoked.")
        await encoder.hear_out()
        assert encoder.answers.statuses[-1] == ("NetStream.Publish.Denied", "This key was revoked.")
        await until(lambda: kept.is_over)


async def test_a_cut_connection_ends_the_feed_after_what_came() -> None:
    async with listening() as (reception, listener):
        reception.reads.clear()
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.video(client.AVC_CONFIG_TAG), client.audio(client.AAC_CONFIG_TAG))
        await encoder.send(*(client.video(client.KEYFRAME, at=n * 40) for n in range(10)))
        (kept,) = await reception.feeds()
        await until(lambda: kept.feed.video_frames == 10)
        encoder.cut()
        reception.reads.set()
        await until(lambda: kept.is_over)
        assert len(kept.chunks) == 10


async def test_steps_of_the_encoders_clock_do_not_reach_the_room() -> None:
    stamps = [0, 40, 80, 3_600_120, 3_600_160, 200, 240, 0xFFFF0000, 0xFFFF0028]
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.video(client.AVC_CONFIG_TAG), client.audio(client.AAC_CONFIG_TAG))
        await encoder.send(*(client.video(client.KEYFRAME, at) for at in stamps))
        (kept,) = await reception.feeds()
        await until(lambda: len(kept.chunks) == len(stamps))
        encoder.cut()
    times = [int.from_bytes(chunk.data[4:7], "big") for chunk in kept.chunks]
    assert [b - a for a, b in pairwise(times)] == [40] * (len(stamps) - 1)
    assert kept.feed.clock_jumps == 3


async def test_what_cannot_be_decoded_is_not_handed_on() -> None:
    """Pictures and sounds before their configuration."""
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.video(client.KEYFRAME, 0), client.audio(client.SOUND, 0), client.video(b"\x17", 0))
        await encoder.send(client.video(client.AVC_CONFIG_TAG, 40), client.video(client.PICTURE, 40))
        await encoder.send(client.audio(client.AAC_CONFIG_TAG, 40), client.video(client.KEYFRAME, 80))
        (kept,) = await reception.feeds()
        await until(lambda: len(kept.chunks) == 2)
        encoder.cut()
    assert [chunk.can_start for chunk in kept.chunks] == [False, True]


async def test_an_encoder_that_stops_may_finish_its_sentence() -> None:
    """ffmpeg sends FCUnpublish and deleteStream one after the other, and fails when the second cannot be sent."""
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.command("FCUnpublish", 6, None, KEY))
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
        for _ in range(20):
            await encoder.send(client.command("deleteStream", 7, None, 1))
        assert encoder.writer.transport.is_closing() is False
        encoder.writer.write_eof()
        await encoder.hear_out()
        assert encoder.answers.statuses[-1][0] == "NetStream.Unpublish.Success"


async def test_a_room_that_ends_sends_the_encoder_away() -> None:
    async with listening() as (reception, listener):
        reception.ends_at_once = True
        encoder = await HandEncoder.connect(listener, client.opening(KEY))
        await encoder.hear_out()
        assert encoder.answers.statuses[-1] == ("NetStream.Publish.Denied", "The broadcast has ended.")


async def test_closing_the_listener_sends_everybody_away() -> None:
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        (kept,) = await reception.feeds()
        waiting = await HandEncoder.connect(listener)
        await listener.close()
        await encoder.hear_out()
        await waiting.hear_out()
        assert "restarted" in str(encoder.answers.statuses[-1][1])
        await until(lambda: kept.is_over)


async def test_a_new_configuration_begins_a_new_generation() -> None:
    other = client.AVC_CONFIG_TAG[:5] + bytes.fromhex(
        "0142c01fffe100166742c01fda014016ec04400000fa40003a9803c60ca801000468ce0fc8"
    )
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.metadata(width=1, videocodecid=7, audiocodecid=10))
        await encoder.send(client.video(client.AVC_CONFIG_TAG), client.audio(client.AAC_CONFIG_TAG))
        await encoder.send(client.video(client.KEYFRAME, 0), client.video(client.PICTURE, 40))
        await encoder.send(client.video(client.AVC_CONFIG_TAG), client.video(client.PICTURE, 80))  # the same again
        await encoder.send(client.video(other), client.video(client.KEYFRAME, 120), client.audio(client.SOUND, 120))
        (kept,) = await reception.feeds()
        await until(lambda: len(kept.chunks) == 5)
        encoder.cut()
    assert kept.generations == [1, 1, 1, 2, 2]
    assert [chunk.can_start for chunk in kept.chunks] == [True, False, False, True, False]
    sizes = [(info.width, info.height) for info in kept.infos if info]
    assert sizes == [(320, 180)] * 3 + [(1280, 720)] * 2
    assert client.AVC_CONFIG_TAG in kept.headers[2] and other in kept.headers[3]


async def test_sound_that_comes_late_is_a_change() -> None:
    async with listening() as (reception, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(client.metadata(videocodecid=7, audiocodecid=10), client.video(client.AVC_CONFIG_TAG))
        await encoder.send(*(client.video(client.KEYFRAME, at=n * 100) for n in range(10)))
        (kept,) = await reception.feeds()
        await until(lambda: kept.feed.video_frames == 10)
        assert kept.feed.info() is None  # less than a second: the sound may still come
        await encoder.send(client.video(client.KEYFRAME, 1000))
        await until(lambda: len(kept.chunks) == 11)
        await encoder.send(client.audio(client.AAC_CONFIG_TAG, 1100), client.audio(client.SOUND, 1100))
        await encoder.send(client.video(client.KEYFRAME, 1100))
        await until(lambda: len(kept.chunks) == 13)
        encoder.cut()
    assert [info.has_audio for info in kept.infos if info] == [False] * 11 + [True] * 2
    assert kept.generations == [1] * 11 + [2] * 2
    assert client.AAC_CONFIG_TAG in kept.headers[11]


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (
            client.video(b"\x1c\0\0\0\0hvcC"),
            "The encoder sends pictures as HEVC (H.265); set its video encoder to H.264.",
        ),
        (client.video(b"\x90hvc1hvcC"), "The encoder sends pictures as HEVC (H.265); set its video encoder to H.264."),
        (client.audio(b"\x90Opushead"), "The encoder sends sound as Opus; set its audio encoder to AAC."),
    ],
)
async def test_a_codec_that_is_not_read_is_refused_in_words(first: bytes, sentence: str) -> None:
    async with listening() as (_, listener):
        encoder = await HandEncoder.publishing(listener)
        await encoder.send(first)
        await encoder.hear_out()
        assert encoder.answers.statuses[-1] == ("NetStream.Publish.Denied", sentence)


@pytest.mark.ffmpeg
async def test_enhanced_rtmp_is_passed_on_when_ffmpeg_can_read_it() -> None:
    async with listening(takes_enhanced=True) as (reception, listener):
        hevc = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx265", "-preset", "ultrafast"]
        code, words = await push(listener, *hevc, "-x265-params", "log-level=none", "-pix_fmt", "yuv420p")
        assert code == 0, words
        (kept,) = await reception.feeds()
        await until(lambda: kept.is_over)
    assert kept.infos[0] is not None and kept.infos[0].video_codec == "hevc"
    assert (kept.infos[0].width, kept.infos[0].frame_rate) == (160, "25/1")  # as the metadata says
    assert len(decoded(kept.file()).video_ms) == 25


async def test_silent_idle_and_surplus_connections_are_let_go() -> None:
    async with listening(HASTY) as (reception, listener):
        publisher = await HandEncoder.publishing(listener)
        idle = await HandEncoder.connect(listener)
        half = await HandEncoder.connect(listener, client.HANDSHAKE + client.connect())
        await half.hear()
        surplus = await HandEncoder.connect(listener)
        await surplus.hear_out()  # at once: two wait already
        await asyncio.gather(publisher.hear_out(), idle.hear_out(), half.hear_out())
        await until(lambda: reception.kept[0].is_over)
        again = await HandEncoder.publishing(listener)
        again.cut()


LINES = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 1935\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    (b"", "127.0.0.1"),
]


@pytest.mark.parametrize(("line", "peer"), LINES, ids=[row[1] for row in LINES])
async def test_a_proxy_says_whom_it_speaks_for(line: bytes, peer: str) -> None:
    async with listening(proxies=["127.0.0.1"]) as (reception, listener):
        encoder = await HandEncoder.connect(listener, line + client.opening("wrong"))
        await encoder.hear_out()
        assert reception.asked == [("wrong", peer)]


async def test_nobody_else_is_believed() -> None:
    bad = [b"PROXY TCP4 192.0.2.999 1.1.1.1 1 1\r\n", b"PROXY TCP4 \r\n", b"PROXY " + b"x" * 200_000]
    async with listening(proxies=["127.0.0.1"]) as (reception, proxied), listening() as (others, direct):
        for line in bad:
            encoder = await HandEncoder.connect(proxied, line + client.opening("wrong"))
            with suppress(ConnectionError):
                await encoder.hear_out()
        encoder = await HandEncoder.connect(direct, LINES[0][0] + client.opening("wrong"))
        with suppress(ConnectionError):
            await encoder.hear_out()
        assert reception.asked == others.asked == []


async def test_nonsense_does_not_disturb_others() -> None:
    async with listening() as (reception, listener):
        publisher = await HandEncoder.publishing(listener)
        for data in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000), client.HANDSHAKE + os.urandom(5000)):
            other = await HandEncoder.connect(listener, b"\x03" + data if data[0] > 3 else data)
            other.writer.write_eof()
            await other.hear_out()
        flood = await HandEncoder.connect(listener, client.HANDSHAKE + client.connect())
        flood.writer.write(client.video(bytes(200_000)))
        with suppress(ConnectionError):
            await flood.hear_out()
        await publisher.send(client.video(client.AVC_CONFIG_TAG), client.audio(client.AAC_CONFIG_TAG))
        await publisher.send(client.video(client.KEYFRAME))
        await until(lambda: reception.kept[0].chunks)
        publisher.cut()
