"""Probing: what is found of each kind of source, and what is refused in words."""

import wave
from pathlib import Path

import msgspec
import pytest

from server.media.probe import probe
from server.media.process import Limits
from server.media.refusals import (
    AbsurdDimensions,
    Broken,
    EmptyFile,
    Encrypted,
    MediaError,
    NoStreams,
    NotMedia,
    Refused,
    TooManyStreams,
    Unreachable,
)
from server.media.source_info import SourceInfo
from tests.clips import clip, run_ffmpeg
from tests.server.media.encoding import sample
from tests.server.media.serve import ObjectServer

pytestmark = pytest.mark.ffmpeg
SMALL = {"width": 320, "height": 180, "seconds": 3}


async def look(name: str, **more: object) -> SourceInfo:
    return await probe(str(clip(name, **{**SMALL, **more})))


async def test_an_ordinary_file() -> None:
    info = await look("bars")
    assert info.container == "mov" and info.duration_ms == 3000 and info.origin_us == 0 and not info.warnings
    video = info.video
    assert video is not None
    assert (video.codec, video.width, video.height, video.frame_rate) == ("h264", 320, 180, "25/1")
    assert (video.display_width, video.display_height, video.rotation) == (320, 180, 0)
    assert not video.is_variable and not video.interlaced and video.seek == "index"
    assert [(sound.codec, sound.sample_rate) for sound in info.audio] == [("aac", 48000)]


async def test_it_survives_json() -> None:
    info = await look("bars")
    assert msgspec.json.decode(msgspec.json.encode(info), type=SourceInfo) == info


async def test_shapes() -> None:
    rotated = (await look("rotated")).video
    assert rotated is not None
    assert (rotated.display_width, rotated.display_height) == (180, 320) and rotated.rotation in (90, 270)
    wide = (await look("anamorphic")).video
    assert wide is not None and (wide.display_width, wide.display_height) == (427, 180)
    portrait = (await look("portrait")).video
    assert portrait is not None and (portrait.display_width, portrait.display_height) == (180, 320)


@pytest.mark.parametrize("rate", ["30000/1001", "50/1", "1/1"])
async def test_rates(rate: str) -> None:
    video = (await look("bars", rate=rate)).video
    assert video is not None and video.frame_rate == rate


@pytest.mark.parametrize("name", ["mkv", "flv", "mpegts", "webm_without_duration"])
async def test_containers_agree_on_length_and_rate(name: str) -> None:
    info = await look(name)
    assert abs(info.duration_ms - 3000) <= 25
    assert info.video is not None and info.video.frame_rate == "25/1"
    assert info.video.start_us == info.origin_us


async def test_uneven_times_are_noticed() -> None:
    video = (await look("vfr")).video
    assert video is not None and video.is_variable and video.longest_gap_ms > 500


async def test_ten_bits_and_interlaced() -> None:
    deep = (await look("ten_bit")).video
    assert deep is not None and deep.bits == 10
    fields = (await look("interlaced")).video
    assert fields is not None and fields.interlaced


async def test_only_sound() -> None:
    info = await look("audio_only")
    assert info.video is None and info.main_audio is not None


async def test_cover_art_is_no_video(tmp_path: Path) -> None:
    cover, sound = tmp_path / "cover.jpg", tmp_path / "talk.mp3"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", f"file:{cover}")
    run_ffmpeg(
        "-f", "lavfi", "-i", "sine=d=2", "-i", f"file:{cover}", "-map", "0", "-map", "1", "-c:v", "mjpeg",
        "-disposition:v", "attached_pic", f"file:{sound}",
    )  # fmt: skip
    info = await probe(str(sound))
    assert info.video is None and len(info.audio) == 1


async def test_times_before_the_picture_count(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    whole = f"file:{clip('bars', **SMALL)}"
    run_ffmpeg("-itsoffset", "2", "-i", whole, "-i", whole, "-map", "0:v", "-map", "1:a", "-c", "copy", f"file:{path}")
    info = await probe(str(path))
    assert info.video is not None
    assert 1_990_000 <= info.video.start_us - info.origin_us <= 2_030_000
    assert info.duration_ms >= 5000


async def test_hdr_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=128x96:d=1", "-pix_fmt", "yuv420p10le", "-c:v", "libx264", "-x264-params",
        "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", f"file:{path}",
    )  # fmt: skip
    video = (await probe(str(path))).video
    assert video is not None and (video.hdr, video.matrix, video.bits) == ("pq", "bt2020nc", 10)


async def test_chapters_and_subtitles(tmp_path: Path) -> None:
    marks, words, path = tmp_path / "marks.txt", tmp_path / "words.srt", tmp_path / "talk.mkv"
    marks.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Start\n"
                     "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Käsitteet\n")  # fmt: skip
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nHei\n")
    run_ffmpeg(
        "-i", f"file:{clip('bars', **SMALL)}", "-i", f"file:{marks}", "-i", f"file:{words}", "-map", "0", "-map", "2",
        "-map_metadata", "1", "-c", "copy", "-metadata:s:s:0", "language=fin", f"file:{path}",
    )  # fmt: skip
    info = await probe(str(path))
    assert [(c.start_ms, c.title) for c in info.chapters] == [(0, "Start"), (1000, "Käsitteet")]
    assert [sub.language for sub in info.subtitles] == ["fin"]


async def test_a_file_cut_off_is_as_long_as_what_is_there() -> None:
    info = await look("truncated", seconds=6)
    assert 2_500 < info.duration_ms < 5_500
    assert {warning.code for warning in info.warnings} == {"media.truncated"}


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("empty", EmptyFile, "empty"),
        ("not_media", NotMedia, "not a video"),
        ("playlist_in_disguise", NotMedia, "names other files"),
        ("encrypted", Encrypted, "protected"),
        ("without_index", Broken, "index"),
    ],
)
async def test_refused_in_words(name: str, kind: type[MediaError], word: str) -> None:
    with pytest.raises(kind, match=word):
        await look(name)


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n", "ffconcat version 1.0\nfile x.ts\n",
     "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "<MPD></MPD>", "%PDF-1.7\n"],
)  # fmt: skip
async def test_files_that_name_others_are_not_followed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talk.mp4"
    path.write_text(text)
    with pytest.raises(NotMedia):
        await probe(str(path))


async def test_a_picture_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "photo.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", "-f", "image2", "-c:v", "png", f"file:{path}")
    with pytest.raises(NotMedia, match="picture"):
        await probe(str(path))


async def test_a_name_is_never_an_option(tmp_path: Path) -> None:
    path = tmp_path / "-i concat:x|y.mp4"
    path.write_bytes(clip("bars", **SMALL).read_bytes())
    assert (await probe(str(path))).duration_ms == 3000


async def test_too_many_streams_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.mkv"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=0.1", *(["-map", "0:a"] * 70), "-c:a", "pcm_s16le", f"file:{path}")
    with pytest.raises(TooManyStreams, match="70 streams"):
        await probe(str(path))


async def test_absurd_pictures_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.avi"
    run_ffmpeg("-f", "lavfi", "-i", "color=s=16400x16:d=0.1", "-c:v", "mjpeg", f"file:{path}")
    with pytest.raises(AbsurdDimensions, match="16400"):
        await probe(str(path))


async def test_a_reader_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(Refused, match="longer than"):
        await probe(str(clip("bars", **SMALL)), limits=Limits(wall_s=0.01, grace_s=0.5))


async def test_a_reader_that_dies_refuses_the_file() -> None:
    with pytest.raises(Broken, match="crash"):
        await probe(str(clip("bars", **SMALL)), limits=Limits(cpu_s=0, wall_s=20))


async def test_over_http_with_ranges() -> None:
    path = clip("bars", **SMALL)
    with ObjectServer(path).running() as server:
        assert await probe(server.object_url) == await probe(str(path))


async def test_a_storage_that_is_away_is_not_the_files_fault() -> None:
    with ObjectServer(clip("bars", **SMALL)).running() as server:
        url = server.object_url
    with pytest.raises(Unreachable) as caught:
        await probe(url)
    assert caught.value.retryable and "secret" not in caught.value.detail


async def test_an_empty_object_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "nothing.mp4"
    path.write_bytes(b"")
    with ObjectServer(path).running() as server, pytest.raises(EmptyFile):
        await probe(server.object_url)


async def test_plain_wav(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(32_000))
    info = await probe(str(path))
    assert info.duration_ms == 2000 and info.audio[0].channels == 1


async def test_real_samples() -> None:
    with pytest.raises(NoStreams):
        await probe(str(sample("opencast-nostreams.mp4")))
    webm = await probe(str(sample("esuppod-video_test_encodage_transcription.webm")))
    assert webm.duration_ms == 10_599 and webm.video is not None and webm.video.codec == "vp8"
    squeezed = (await probe(str(sample("autoeditor-SAR-2by3.mp4")))).video
    assert squeezed is not None and (squeezed.display_width, squeezed.display_height) == (640, 540)
    attached = await probe(str(sample("autoeditor-testsrc_with_attachment.mkv")))
    assert attached.video is not None and len(attached.audio) == 1
    slow = (await probe(str(sample("opencast-scene-change.mov")))).video
    assert slow is not None and slow.rate <= 1
