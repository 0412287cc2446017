"""Transport streams cut where a run may begin: from ffmpeg, in pieces of any size, broken, with a clock that steps."""

import random
from fractions import Fraction
from pathlib import Path

import av
import pytest

from server.media.mpegts import PACKET, Piece, TransportReader
from tests.clips import clip, run_ffmpeg

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Four seconds at 29.97 frames with a keyframe each second and sound."""
    path = tmp_path_factory.mktemp("ts") / "stream.ts"
    source = clip("bars", seconds=4, width=320, height=180, rate="30000/1001")
    run_ffmpeg("-i", f"file:{source}", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30",
               "-keyint_min", "30", "-c:a", "aac", f"file:{path}")  # fmt: skip
    return path.read_bytes()


def read(data: bytes, size: int = 1 << 16) -> tuple[TransportReader, list[Piece]]:
    reader = TransportReader()
    return reader, [piece for at in range(0, len(data), size) for piece in reader.feed(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 100, 1316, 1 << 20])
def test_every_packet_goes_through_and_keyframes_begin_pieces(stream: bytes, size: int) -> None:
    reader, pieces = read(stream, size)
    assert b"".join(piece.data for piece in pieces) == stream
    assert all(len(piece.data) % PACKET == 0 for piece in pieces)
    assert sum(piece.keyframe for piece in pieces) == 4
    assert not any(piece.jump for piece in pieces)
    assert (reader.video_codec, reader.audio_codec) == ("h264", "aac")
    assert (reader.width, reader.height, reader.rate) == (320, 180, Fraction(30000, 1001))


def test_what_begins_at_a_keyframe_with_the_tables_can_be_decoded(stream: bytes, tmp_path: Path) -> None:
    reader, pieces = read(stream)
    place = [number for number, piece in enumerate(pieces) if piece.keyframe][2]
    path = tmp_path / "from.ts"
    path.write_bytes(reader.tables + b"".join(piece.data for piece in pieces[place:]))
    with av.open(str(path)) as container:
        frames = [frame.key_frame for frame in container.decode(video=0)]
    assert frames[0] and len(frames) == 60


def test_it_finds_packets_again_after_a_loss(stream: bytes) -> None:
    rng = random.Random(1)
    at = len(stream) // 2
    broken = stream[:at] + rng.randbytes(777) + stream[at + 500 :]
    _reader, pieces = read(broken, 1316)
    found = b"".join(piece.data for piece in pieces)
    assert stream[: at - PACKET] in found
    assert stream[-100 * PACKET :] in found


def test_a_clock_that_steps_is_told(stream: bytes, tmp_path: Path) -> None:
    source, later = tmp_path / "a.ts", tmp_path / "b.ts"
    source.write_bytes(stream)
    run_ffmpeg("-i", f"file:{source}", "-c", "copy", "-output_ts_offset", "100", f"file:{later}")
    for joined in (stream + later.read_bytes(), later.read_bytes() + stream):
        _reader, pieces = read(joined)
        assert [piece.keyframe for piece in pieces if piece.jump] == [True]


def test_nothing_that_is_sent_raises(stream: bytes) -> None:
    rng = random.Random(7)
    for _ in range(150):
        data = bytearray(stream[: 60 * PACKET])
        for _ in range(rng.randrange(1, 60)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        _reader, pieces = read(bytes(data), rng.choice([1, 188, 1000, 1 << 16]))
        assert sum(len(piece.data) for piece in pieces) <= len(data)
    _reader, pieces = read(rng.randbytes(100_000), 5000)
    _reader, pieces = read(b"\x47" * 100_000, 5000)


def test_sound_alone_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sound.ts"
    run_ffmpeg("-f", "lavfi", "-i", "sine", "-t", "1", "-c:a", "aac", f"file:{path}")
    reader, pieces = read(path.read_bytes())
    assert reader.has_tables
    assert (reader.video_codec, reader.audio_codec) == ("", "aac")
    assert any(piece.has_audio for piece in pieces) and not any(piece.has_video for piece in pieces)
