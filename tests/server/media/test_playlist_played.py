"""Playlists and segments together, as ffmpeg plays them: the proof that what is written is what is meant."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from server.media import fmp4
from server.media.playlist import (
    Map,
    MediaPlaylist,
    MediaSegment,
    MultivariantPlaylist,
    Rendition,
    Start,
    Variant,
    average_bandwidth,
    peak_bandwidth,
    target_duration,
)
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_bandwidths, check_presentation
from tests.server.media.test_fmp4 import FFMPEGS, SPARSE, encode, encode_audio, shown

pytestmark = pytest.mark.ffmpeg


def write_rendition(
    folder: Path, name: str, init: fmp4.Init, segments: list[fmp4.Segment]
) -> list[tuple[int, Fraction]]:
    """Init, segments and playlist into `folder`; the sizes and durations."""
    (folder / f"{name}-init.mp4").write_bytes(fmp4.write_init_for(init))
    listed = []
    for segment in segments:
        (folder / f"{name}-{segment.sequence}.m4s").write_bytes(segment.data)
        start = Map(uri=f"{name}-init.mp4")
        listed.append(MediaSegment(uri=f"{name}-{segment.sequence}.m4s", duration=segment.duration, map=start))
    playlist = MediaPlaylist(
        target_duration=target_duration([segment.duration for segment in segments]),
        playlist_type="VOD",
        start=Start(),
        segments=tuple(listed),
        ended=True,
    )
    (folder / f"{name}.m3u8").write_text(playlist.text())
    return [(len(segment.data), segment.duration) for segment in segments]


@pytest.fixture(scope="module")
def presentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 s of two video chunks and 10 s of sound."""
    folder = tmp_path_factory.mktemp("presentation")
    segments: list[fmp4.Segment] = []
    for start in (0, 8):
        video, fragments = fmp4.read_fragments(encode(FFMPEGS[0], start, start + 8, SPARSE))
        borders = [(start + step) * 90_000 for step in (0, 4, 8)]
        segments += fmp4.cut_chunk(video, fragments, borders, len(segments) + 1)
    sizes = {"v.m3u8": write_rendition(folder, "v", video, segments)}
    audio, fragments = fmp4.read_fragments(encode_audio(FFMPEGS[0]))
    cut = fmp4.cut_chunk(audio, fragments, [0, 192_000, 384_000, 481_280], 1)
    sizes["a.m3u8"] = write_rendition(folder, "a", audio, cut)
    variant = Variant(
        uri="v.m3u8", codecs=(video.codec.name, audio.codec.name), resolution=(96, 54), frame_rate=Fraction(25),
        audio="sound", bandwidth=sum(peak_bandwidth(rows, 4) for rows in sizes.values()),
        average_bandwidth=sum(average_bandwidth(rows) for rows in sizes.values()),
    )  # fmt: skip
    sound = Rendition(type="AUDIO", group_id="sound", name="Sound", default=True, channels="1", uri="a.m3u8")
    text = MultivariantPlaylist(variants=(variant,), renditions=(sound,)).text()
    (folder / "index.m3u8").write_text(text)
    assert check_bandwidths(text, sizes, 4) == []
    return folder


def test_all_playlists_pass_the_checker(presentation: Path) -> None:
    texts = {path.name: path.read_text() for path in presentation.glob("*.m3u8")}
    assert {name: check_playlist(text) for name, text in texts.items()} == {name: [] for name in texts}
    findings = check_presentation(texts["index.m3u8"], texts)
    assert [finding.code for finding in findings] == ["set.duration"], "the sound was made shorter than the pictures"


@pytest.mark.parametrize("ffmpeg", FFMPEGS)
def test_ffmpeg_plays_the_multivariant_playlist(ffmpeg: str, presentation: Path) -> None:
    source = ["-i", str(presentation / "index.m3u8")]
    command = [ffmpeg, "-nostdin", "-loglevel", "error", *source, "-map", "0", "-fps_mode", "passthrough",
               "-copyts", "-enc_time_base", "1:90000", "-f", "framemd5", "pipe:1"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True)
    rows = [line.split(",") for line in done.stdout.decode().splitlines() if not line.startswith("#")]
    assert done.stderr == b""
    assert {int(row[0]) for row in rows} == {0, 1}, "one picture and one sound, nothing twice"
    whole = (presentation / "v-init.mp4").read_bytes()
    whole += b"".join((presentation / f"v-{number}.m4s").read_bytes() for number in range(1, 5))
    pictures = [int(row[2]) for row in rows if len(row) > 3 and int(row[4]) == 96 * 54 * 3 // 2]
    assert pictures == shown(ffmpeg, whole)
