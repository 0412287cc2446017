"""The poster: one meaningful picture of the recording, found cheaply.

Four moments are looked at, each by its keyframe alone, in one process; where that gives nothing, at all pictures from
there on, and at last at the first picture. The picture that makes the largest JPEG at the
same quality has the most in it: that passes over black, fades, and empty walls without any image analysis.
"""

from pathlib import Path
from typing import Any

import ffmpeg

from server.media.chunk_command import colours_of, tonemap
from server.media.ffmpeg import Ffmpeg, find_ffmpeg, safe_input_options, source_name
from server.media.process import Limits, run
from server.media.refusals import BadOutput, ProcessFailed
from server.media.source_info import SourceInfo

# Not the first seconds (countdowns, people sitting down), not the end (applause, credits).
MOMENTS = (0.06, 0.2, 0.4, 0.65)
LONG_SIDE = 1_280
STILL_LIMITS = Limits(memory_bytes=6 << 30, cpu_s=120, file_bytes=64 << 20, wall_s=120)


def poster_size(info: SourceInfo) -> tuple[int, int]:
    """Width and height of the poster in pixels: as displayed, at most 1280 on the long side, even."""
    assert info.video is not None
    width, height = info.video.display_width, info.video.display_height
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


async def make_poster(
    source: str,
    info: SourceInfo,
    path: Path,
    *,
    program: Ffmpeg | None = None,
    limits: Limits = STILL_LIMITS,
) -> Path:
    """Write the poster to `path` (JPEG; its folder is used for candidates). Raises BadOutput when nothing decodes."""
    if info.video is None:
        raise ValueError("a source without a picture has no poster")
    program = program or find_ffmpeg()
    for moments, keyframes_only in ((MOMENTS, True), (MOMENTS, False), ((0.0,), False)):
        try:
            await run(_command(source, info, path, program, moments, keyframes_only), limits=limits)
        except ProcessFailed:
            if moments != MOMENTS:
                raise
        found = [one for one in _candidates(path) if one.exists() and one.stat().st_size]
        if found:
            max(found, key=lambda one: one.stat().st_size).replace(path)
            for one in _candidates(path):
                one.unlink(missing_ok=True)
            return path
    raise BadOutput("no picture for the poster could be decoded")


def _candidates(path: Path) -> list[Path]:
    return [path.with_name(f"{path.stem}-{number}.jpg") for number in range(len(MOMENTS))]


def _command(
    source: str, info: SourceInfo, path: Path, program: Ffmpeg, moments: tuple[float, ...], keyframes_only: bool
) -> list[str]:
    video = info.video
    assert video is not None
    outputs = []
    for moment, candidate in zip(moments, _candidates(path), strict=False):
        options: dict[str, Any] = safe_input_options(source) | {"threads": 1, "an": None}
        if keyframes_only:
            options["skip_frame"] = "nokey"
        at_us = video.start_us + round((video.end_us - video.start_us) * moment)
        if at_us > video.start_us:
            options |= {"ss": f"{at_us / 1_000_000:.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
        outputs.append(_still(ffmpeg.input(source_name(source), **options), info, candidate, program))
    merged = ffmpeg.merge_outputs(*outputs).global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error")
    return [str(word) for word in ffmpeg.compile(merged, cmd=program.path, overwrite_output=True)]


def _still(source: Any, info: SourceInfo, path: Path, program: Ffmpeg) -> Any:
    video = info.video
    assert video is not None
    width, height = poster_size(info)
    picture = source[str(video.index)]
    if video.interlaced:
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
    picture = picture.filter("scale", w=width, h=height, flags="bicubic")
    if video.hdr and program.can_tonemap:
        picture = tonemap(picture, video)
    # JPEG is full range BT.601 by its own definition (JFIF).
    picture = picture.filter("scale", in_color_matrix=colours_of(video), out_color_matrix="smpte170m", out_range="pc")
    return (
        picture.filter("format", pix_fmts="yuvj420p")
        .filter("setsar", sar="1")
        .output(f"file:{path}", f="image2", update=1, vframes=1, **{"c:v": "mjpeg", "q:v": 4})
    )
