"""The sample media are what they say."""

import av
import pytest

from tests.clips import clip, run_ffmpeg
from tests.frame_code import read_codes

pytestmark = pytest.mark.ffmpeg


@pytest.mark.parametrize("name", ["bars", "mkv", "flv", "mpegts", "portrait", "odd", "ten_bit", "anamorphic"])
def test_every_frame_carries_its_number(name: str) -> None:
    assert [number for _at, number in read_codes(clip(name, seconds=2))] == list(range(50))


def test_numbers_survive_scaling_and_coarse_encoding() -> None:
    source = clip("bars", seconds=2)
    small = source.with_name("small.mp4")
    run_ffmpeg("-i", str(source), "-vf", "scale=256:144", "-crf", "32", "-an", str(small))
    assert [number for _at, number in read_codes(small)] == list(range(50))


def test_uneven_times_leave_numbers_out() -> None:
    found = [number for _at, number in read_codes(clip("vfr", seconds=4))]
    assert found == sorted(set(found))  # type: ignore[type-var]
    assert 50 < len(found) < 100


def test_a_clip_is_made_once() -> None:
    path = clip("audio_only", seconds=1)
    made = path.stat().st_mtime_ns
    assert clip("audio_only", seconds=1).stat().st_mtime_ns == made
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
