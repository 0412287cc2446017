"""Segments joined into one MP4: every picture at its time, across encoders, holes and reordered pictures."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from server.media.boxes import BadBox
from server.media.fmp4 import cut_chunk, read_fragments, write_init_for
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.probe import probe
from tests.clips import clip, ffmpeg_exe
from tests.frame_code import read_codes
from tests.server.recordings.on_air import OTHERS, Bytes, shot

pytestmark = pytest.mark.ffmpeg
FFMPEGS = [path for path in (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe()) if path]
S = 90_000


def _write(path: Path, pieces: list[tuple[str, Bytes, int]]) -> Path:
    joiner = Mp4Joiner()
    body = b"".join([joiner.add(track, one.init, one.data, shift=shift) for track, one, shift in pieces])
    tail = joiner.finish()
    path.write_bytes(joiner.head() + body + tail)
    assert len(joiner.head()) == HEAD_BYTES
    return path


def _both(segments: list[dict[str, Bytes]], shift_s: int = 0) -> list[tuple[str, Bytes, int]]:
    rates = {"180p": S, "audio": 48_000}
    return [(track, one, shift_s * rates[track]) for row in segments for track, one in row.items()]


@pytest.mark.parametrize("ffmpeg", FFMPEGS)
async def test_two_encoders_make_one_file_that_every_ffmpeg_reads_whole(ffmpeg: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "talk.mp4", _both(shot(OTHERS)))
    done = subprocess.run(
        [ffmpeg, "-hide_banner", "-nostdin", "-xerror", "-loglevel", "error", "-i", str(path), "-map", "0:v",
         "-fps_mode", "passthrough", "-copyts", "-enc_time_base", "1:90000", "-f", "framemd5", "pipe:1"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    times = [int(line.split(",")[2]) for line in done.stdout.splitlines() if not line.startswith("#")]
    # (Its parser, which knows the first sample entry only, grumbles about the second; the decoder is told.)
    assert times == [number * 3600 for number in range(600)]


async def test_pictures_and_sound_are_where_they_were(tmp_path: Path) -> None:
    path = _write(tmp_path / "talk.mp4", _both(shot(OTHERS)[1:5], shift_s=-4))
    assert [code for _time, code in read_codes(path)] == list(range(100, 500))
    info = await probe(str(path))
    assert info.video is not None and (info.video.start_us, info.video.seek) == (0, "index")
    assert abs(info.duration_ms - 16_000) < 50 and abs(info.audio[0].start_us) < 22_000
    with av.open(str(path)) as media:
        media.seek(9_000_000, backward=True)
        assert next(media.decode(video=0)).time in (8.0, 9.0), "the index leads to a keyframe near by"
    with av.open(str(path)) as media:
        assert abs(sum(frame.samples for frame in media.decode(audio=0)) / 48_000 - 16) < 0.1


async def test_a_hole_is_closed_up(tmp_path: Path) -> None:
    first, _left_out, third = shot(OTHERS)[:3]
    path = _write(tmp_path / "talk.mp4", [*_both([first]), *_both([third], shift_s=-4)])
    codes = read_codes(path)
    assert [code for _time, code in codes] == [*range(100), *range(200, 300)]
    assert [time for time, _code in codes] == [Fraction(number, 25) for number in range(200)]


async def test_reordered_pictures_keep_their_times(tmp_path: Path) -> None:
    source = clip("bars", seconds=24, width=320, height=180)
    encoded = subprocess.run(
        [ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-copyts", "-t", "8", "-i", str(source), "-an",
         "-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-force_key_frames", "expr:gte(t,n_forced*4)",
         "-video_track_timescale", "90000", "-movie_timescale", "90000",
         "-movflags", "+frag_keyframe+default_base_moof+empty_moov+delay_moov", "-f", "mp4", "pipe:1"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    init, fragments = read_fragments(encoded)
    cut = cut_chunk(init, fragments, [0, 4 * S, 8 * S], 1)
    pieces = [("v", Bytes(write_init_for(init), one.data, one.end - one.start), 0) for one in cut]
    codes = read_codes(_write(tmp_path / "talk.mp4", pieces))
    assert codes == [(Fraction(number, 25), number) for number in range(200)]


async def test_nothing_to_join_and_tracks_of_two_kinds_are_refused() -> None:
    with pytest.raises(BadBox):
        Mp4Joiner().finish()
    joiner, row = Mp4Joiner(), shot(OTHERS)[0]
    joiner.add("180p", row["180p"].init, row["180p"].data, shift=0)
    with pytest.raises(BadBox):
        joiner.add("180p", row["audio"].init, row["audio"].data, shift=0)
