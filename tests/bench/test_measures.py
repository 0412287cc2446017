"""The measures measure: a frozen picture is found, an equal one is equal, goals are read, CPU is counted."""

import subprocess
import sys

import pytest

from tests.bench.pictures import Size, worst_block
from tests.bench.results import meets
from tests.clips import clip, ffmpeg_exe, folder, run_ffmpeg
from tests.frame_code import read_codes

SIZE = Size(640, 360, "25")


@pytest.mark.ffmpeg
def test_equal_pictures_have_no_worst_block() -> None:
    source = clip("soft_speaker", seconds=2)
    found = worst_block(ffmpeg_exe(), source, source, SIZE)
    assert found.frames == 50
    assert max(found.worst, found.worst_half_second) <= 1  # the scaler rounds


@pytest.mark.ffmpeg
def test_a_cursor_that_froze_is_found_where_it_is() -> None:
    source = clip("cursor", seconds=2)
    frozen = folder() / "frozen.mp4"
    # the first picture only, as if every later one had been dropped as a repeat
    run_ffmpeg("-i", str(source), "-frames:v", "1", "-an", str(folder() / "first.png"))
    run_ffmpeg("-loop", "1", "-framerate", "1", "-t", "2", "-i", str(folder() / "first.png"), "-crf", "1", str(frozen))
    found = worst_block(ffmpeg_exe(), source, frozen, SIZE)
    assert found.worst >= 10
    x, y = found.block
    assert x <= 640 * 0.3 <= x + 16
    assert abs(y - 180) <= 16


@pytest.mark.ffmpeg
def test_left_out_frames_are_shown_as_a_player_shows_them() -> None:
    """Every repeat dropped: the same picture stays on, so nothing differs but what the encoder did to it."""
    source = clip("slides", seconds=4)
    sparse = folder() / "sparse.mp4"
    run_ffmpeg(
        "-i", str(source), "-an", "-vf", "mpdecimate=hi=64:lo=32:frac=0.01", "-fps_mode", "passthrough", "-crf", "4",
        str(sparse),
    )  # fmt: skip
    assert len(read_codes(sparse)) < 50
    assert worst_block(ffmpeg_exe(), source, sparse, SIZE).worst <= 6


@pytest.mark.parametrize(
    ("value", "goal", "met"), [(1.1, "<= 1.10", True), (1.11, "<= 1.10", False), (0.7, ">= 0.7", True)]
)
def test_goals(value: float, goal: str, met: bool) -> None:
    assert meets(value, goal) is met


def test_an_unknown_group_is_said() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.bench", "speed"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "transcode, upload, api" in done.stderr
