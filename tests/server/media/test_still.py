"""The poster: a picture that shows something, of the right shape."""

from pathlib import Path

import pytest
from PIL import Image, ImageStat

from server.media.ffmpeg import Ffmpeg, look_at
from server.media.probe import probe
from server.media.still import make_poster
from tests.clips import clip, run_ffmpeg
from tests.server.media.encoding import any_ffmpeg, programs, sample

pytestmark = pytest.mark.ffmpeg
NEWEST = look_at(programs()[-1])


@any_ffmpeg
async def test_black_is_passed_over(program: Ffmpeg, tmp_path: Path) -> None:
    source = tmp_path / "mostly-black.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=320x180:d=10:r=10", "-vf", "drawbox=t=fill:color=black:enable='lt(t,6)'",
        "-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p", f"file:{source}",
    )  # fmt: skip
    poster = await make_poster(str(source), await probe(str(source)), tmp_path / "poster.jpg", program=program)
    picture = Image.open(poster)
    assert picture.size == (320, 180) and ImageStat.Stat(picture.convert("L")).stddev[0] > 20
    assert [path.name for path in tmp_path.glob("*.jpg")] == ["poster.jpg"]


@pytest.mark.parametrize(
    ("name", "size"), [("rotated", (180, 320)), ("anamorphic", (426, 180)), ("mpegts", (320, 180))]
)
async def test_shapes(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    source = str(clip(name, width=320, height=180, seconds=3))
    poster = await make_poster(source, await probe(source), tmp_path / "p.jpg", program=NEWEST)
    assert Image.open(poster).size == size


async def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    source = tmp_path / "large.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1920x1080:d=0.4", "-pix_fmt", "yuv420p", f"file:{source}")
    poster = await make_poster(str(source), await probe(str(source)), tmp_path / "p.jpg", program=NEWEST)
    assert Image.open(poster).size == (1280, 720)


async def test_sound_alone_has_none(tmp_path: Path) -> None:
    source = str(clip("audio_only", seconds=3))
    with pytest.raises(ValueError, match="without a picture"):
        await make_poster(source, await probe(source), tmp_path / "p.jpg", program=NEWEST)


async def test_real_samples(tmp_path: Path) -> None:
    for name in ("esuppod-video_test_encodage_transcription.webm", "opencast-scene-change.mov", "srs-bbb.flv"):
        source = str(sample(name))
        poster = await make_poster(source, await probe(source), tmp_path / "p.jpg", program=NEWEST)
        assert ImageStat.Stat(Image.open(poster).convert("L")).stddev[0] > 10
