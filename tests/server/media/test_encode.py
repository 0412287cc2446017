"""Chunks: at every moment the encode shows the picture the source shows, keyframes stand on the grid, nothing is lost
unnoticed."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from server.media.chunks import Chunk, plan_chunks
from server.media.encode import Thumbnails, encode_chunk
from server.media.ffmpeg import Ffmpeg, look_at
from server.media.ladder import choose_rungs
from server.media.probe import probe
from server.media.refusals import ProcessFailed, SourceCutShort
from tests.clips import clip, run_ffmpeg
from tests.server.media.encoding import Encoded, any_ffmpeg, encode_all, programs, sample, wrongly_shown
from tests.server.media.serve import ObjectServer

pytestmark = pytest.mark.ffmpeg
SMALL = {"width": 320, "height": 180, "seconds": 9}
NEWEST = look_at(programs()[-1])


def keyframes(path: Path) -> list[Fraction]:
    """Times of the keyframes of a file."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.video[0])
        return [Fraction(p.pts * p.time_base) for p in packets if p.is_keyframe and p.pts is not None]


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.video[0]))


@any_ffmpeg
@pytest.mark.parametrize(
    ("name", "rate"), [("bars", "30000/1001"), ("mpegts", "25"), ("flv", "25"), ("mkv", "30000/1001"), ("vfr", "25")]
)
async def test_every_moment_is_right(name: str, rate: str, program: Ffmpeg, tmp_path: Path) -> None:
    source = clip(name, **{**SMALL, "seconds": 6, "rate": rate})
    encoded = await encode_all(source, tmp_path, program, chunk_ms=4_000)
    assert wrongly_shown(encoded, source) == []
    assert all(result.frames_decoded == result.packets and not result.lost_ms for result in encoded.chunks)
    assert keyframes(encoded.files["180p"]) == [0, 4]


@pytest.mark.parametrize(
    ("name", "rate"),
    [("webm_without_duration", "25"), ("bars", "1"), ("delayed_audio", "25"), ("video_only", "24"), ("ten_bit", "25"),
     ("odd", "25"), ("portrait", "25"), ("anamorphic", "25"), ("interlaced", "25")],
)  # fmt: skip
async def test_awkward_sources_too(name: str, rate: str, tmp_path: Path) -> None:
    source = clip(name, **{**SMALL, "seconds": 5, "rate": rate})
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert wrongly_shown(encoded, source) == []
    picture = frames(next(iter(encoded.files.values())))[0]
    assert picture.format.name == "yuv420p" and picture.width % 2 == 0 and picture.height % 2 == 0
    assert not picture.interlaced_frame


@any_ffmpeg
async def test_all_rungs_storyboard_and_proof(program: Ffmpeg, tmp_path: Path) -> None:
    source = str(clip("bars", width=640, height=360, seconds=6))
    info = await probe(source)
    rungs = choose_rungs(640, 360, Fraction(25), short_sides=(360, 180))
    board = Thumbnails(every_ms=4_000, width=160, height=90)
    seen: list[float] = []
    chunk = Chunk(0, 0, 6_000, 0)
    results = []
    for attempt in ("once", "twice"):
        folder = tmp_path / attempt
        folder.mkdir()
        results.append(
            await encode_chunk(
                source, info, rungs, chunk, folder, program=program, thumbnails=board, on_progress=seen.append
            )
        )
    first, second = results
    assert [(rung.name, rung.codecs) for rung in first.rungs] == [("360p", "avc1.64001E"), ("180p", "avc1.64000C")]
    for rung in first.rungs:
        assert [(s.number, s.duration_ticks) for s in rung.segments] == [(0, 360_000), (1, 180_000)]
        assert rung.frames == 150
    assert [thumb.at_ms for thumb in first.thumbnails] == [0, 4_000]
    assert Image.open(first.thumbnails[0].path).size == (160, 90)
    # The same order gives the same bytes: a chunk may be made by anyone, any number of times.
    assert [rung.sha256 for rung in first.rungs] == [rung.sha256 for rung in second.rungs]
    assert all(0 <= value < 1 for value in seen)


async def still_with_a_cursor(path: Path, x: int) -> None:
    """A still page on which a thin text cursor blinks twice a second at column x."""
    page = path.with_suffix(".png")
    image = Image.new("RGB", (640, 360), "white")
    image.paste((40, 60, 120), (0, 0, 640, 60))
    image.save(page)
    run_ffmpeg(
        "-loop", "1", "-framerate", "25", "-t", "9", "-i", f"file:{page}",
        "-vf", f"drawbox=x={x}:y=200:w=2:h=16:color=black:t=fill:enable='lt(mod(n,15),7)'",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", f"file:{path}",
    )  # fmt: skip


@pytest.mark.parametrize("x", [2, 300])
async def test_a_blinking_cursor_never_freezes(x: int, tmp_path: Path) -> None:
    source = tmp_path / "page.mp4"
    await still_with_a_cursor(source, x)
    encoded = await encode_all(source, tmp_path, NEWEST, sides=(360,), chunk_ms=4_000)
    shown = frames(encoded.files["360p"])
    # Two changes each 0.6 s, a picture a second at least, keyframes: far from 225, and no change missing.
    assert 30 <= len(shown) <= 75
    lit = {Fraction(f.pts * f.time_base): sum(bytes(f.planes[0])[(205 * f.planes[0].line_size) + x :][:2]) < 200
           for f in shown}  # fmt: skip
    for number in range(225):
        at = Fraction(number, 25)
        now = max(time for time in lit if time <= at)
        assert lit[now] == (number % 15 < 7), number


async def test_a_still_picture_costs_a_picture_a_second(tmp_path: Path) -> None:
    source = tmp_path / "still.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "color=c=teal:s=320x180:d=9:r=25", "-c:v", "libx264", f"file:{source}")
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert sum(result.frames_decoded for result in encoded.chunks) == 225
    assert sum(result.rungs[0].frames for result in encoded.chunks) <= 12
    assert keyframes(encoded.files["180p"]) == [0, 4, 8]


def offset(path: Path, picture_s: float, picture_length_s: float = 9) -> Path:
    """The bars with the picture moved against the sound, and cut to a length."""
    whole = f"file:{clip('bars', **SMALL)}"
    run_ffmpeg(
        "-itsoffset", str(picture_s), "-t", str(picture_length_s), "-i", whole, "-i", whole, "-map", "0:v", "-map",
        "1:a", "-c", "copy", f"file:{path}",
    )  # fmt: skip
    return path


@any_ffmpeg
async def test_a_picture_that_starts_late_is_shown_from_the_start(program: Ffmpeg, tmp_path: Path) -> None:
    source = offset(tmp_path / "late.mkv", 5)
    encoded = await encode_all(source, tmp_path, program, chunk_ms=4_000)
    assert wrongly_shown(encoded, source) == []
    assert keyframes(encoded.files["180p"]) == list(range(0, -(-encoded.info.duration_ms // 1000), 4))
    assert encoded.chunks[0].frames_decoded <= 1


async def test_a_picture_that_ends_early_stays(tmp_path: Path) -> None:
    source = offset(tmp_path / "short.mkv", 0, 3)
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert encoded.info.duration_ms >= 8_990
    assert wrongly_shown(encoded, source) == []
    assert encoded.chunks[-1].frames_decoded == 0 and encoded.chunks[-1].lost_ms == 0


async def test_a_long_pause_between_pictures(tmp_path: Path) -> None:
    source = tmp_path / "pause.mkv"
    run_ffmpeg(
        "-i", f"file:{clip('bars', **SMALL)}", "-vf", "setpts='PTS+if(gt(N,40),11.4/TB,0)'", "-fps_mode", "passthrough",
        "-an", "-c:v", "libx264", "-preset", "veryfast", f"file:{source}",
    )  # fmt: skip
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert wrongly_shown(encoded, source) == []
    assert not any(result.lost_ms for result in encoded.chunks)


async def test_fifty_pictures_a_second_become_twenty_five(tmp_path: Path) -> None:
    source = clip("bars", **{**SMALL, "seconds": 5, "rate": "50"})
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert [code for _, code in encoded.shown()] == list(range(0, 250, 2))


async def test_rotation_is_baked_in(tmp_path: Path) -> None:
    source = clip("rotated", **{**SMALL, "seconds": 3})
    encoded = await encode_all(source, tmp_path, NEWEST)
    upright, mine = tmp_path / "upright.png", tmp_path / "mine.png"
    run_ffmpeg("-i", f"file:{source}", "-frames:v", "1", f"file:{upright}")
    run_ffmpeg("-i", f"file:{encoded.files['180p']}", "-frames:v", "1", f"file:{mine}")
    one, other = Image.open(upright).convert("RGB"), Image.open(mine).convert("RGB")
    assert other.size == one.size == (180, 320)
    assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 8


async def test_hdr_becomes_sdr(tmp_path: Path) -> None:
    source = tmp_path / "hdr.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=128x96:d=1", "-pix_fmt", "yuv420p10le", "-c:v", "libx264", "-x264-params",
        "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", f"file:{source}",
    )  # fmt: skip
    for path in programs():
        folder = tmp_path / str(look_at(path).version[0])
        folder.mkdir()
        encoded = await encode_all(source, folder, look_at(path))
        picture = frames(next(iter(encoded.files.values())))[0]
        assert (picture.format.name, picture.color_trc, picture.colorspace) == ("yuv420p", 1, 1)


def damage(path: Path, source: Path, start: float, end: float) -> Path:
    """A copy with the bytes between two fractions of its length overwritten."""
    data = bytearray(source.read_bytes())
    first, last = int(len(data) * start), int(len(data) * end)
    data[first:last] = bytes((n * 7919) & 255 for n in range(first, last))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
async def test_a_damaged_source_becomes_what_can_be_saved(suffix: str, tmp_path: Path) -> None:
    whole = tmp_path / f"whole{suffix}"
    bars = f"file:{clip('bars', **SMALL)}"
    run_ffmpeg("-i", bars, "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "copy", f"file:{whole}")
    source = damage(tmp_path / f"damaged{suffix}", whole, 0.4, 0.6)
    encoded = await encode_all(source, tmp_path, NEWEST, chunk_ms=4_000)
    assert 400 < sum(result.lost_ms for result in encoded.chunks) < 6_000
    assert {w.code for result in encoded.chunks for w in result.warnings} == {"media.damaged"}
    assert keyframes(encoded.files["180p"]) == [0, 4, 8]


async def test_a_chunk_without_any_picture_is_black(tmp_path: Path) -> None:
    source = damage(tmp_path / "damaged.mp4", clip("bars", **SMALL), 0.02, 0.85)
    info = await probe(str(source))
    assert info.video is not None
    rungs = choose_rungs(320, 180, info.video.rate, preset="ultrafast")
    result = await encode_chunk(str(source), info, rungs, Chunk(1, 4_000, 8_000, 1), tmp_path, program=NEWEST)
    assert len(result.rungs[0].segments) == 1 and result.lost_ms > 3_000


async def test_a_read_that_stops_is_not_taken_for_the_end(tmp_path: Path) -> None:
    with ObjectServer(clip("mkv", **SMALL)).running() as server:
        info = await probe(server.object_url)
        assert info.video is not None
        rungs = choose_rungs(320, 180, info.video.rate, preset="ultrafast")
        server.sent, server.stop_after = 0, len(server.data) // 2
        with pytest.raises(ProcessFailed) as caught:
            await encode_chunk(server.object_url, info, rungs, Chunk(0, 0, 8_000, 0), tmp_path, program=NEWEST)
    assert isinstance(caught.value, SourceCutShort) and caught.value.retryable
    assert "secret" not in caught.value.detail


async def test_without_a_picture_there_is_nothing_to_encode(tmp_path: Path) -> None:
    source = str(clip("audio_only", seconds=3))
    info = await probe(source)
    with pytest.raises(ValueError, match="without a picture"):
        await encode_chunk(source, info, [], plan_chunks(3000)[0], tmp_path, program=NEWEST)


@pytest.mark.parametrize(
    "name",
    ["opencast-scene-change.mov", "opencast-vonly.mov", "moviepy-no_duration.webm", "autoeditor-SAR-2by3.mp4",
     "autoeditor-testsrc_with_attachment.mkv", "autoeditor-test_yuv422p.mp4", "mp4parse-no_timescale.mp4",
     "libwebm-block_ends_beyond_cluster.mkv", "srs-bbb.flv"],
)  # fmt: skip
async def test_real_samples(name: str, tmp_path: Path) -> None:
    encoded: Encoded = await encode_all(sample(name), tmp_path, NEWEST)
    end = Fraction(encoded.info.duration_ms, 1000)
    assert keyframes(encoded.files["180p"]) == [Fraction(at) for at in range(0, int(-(-end // 1)), 4)]
