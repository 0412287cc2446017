"""Sample media for tests, made with ffmpeg's test sources once a run.

`clip("bars", seconds=8)` answers the path of a file, made at the first call and kept until the run ends. Every picture
of most clips carries its own number as a row of black and white cells along the top (`tests/frame_code.py` reads it
back), so a test knows which source frame it looks at after any scaling and any encoder.
"""

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.frame_code import code_graph


@dataclass(frozen=True)
class Look:
    """What a clip looks like; sizes in pixels, rate in frames a second."""

    seconds: float = 6
    width: int = 640
    height: int = 360
    rate: str = "25"

    @property
    def frames(self) -> int:
        return round(self.seconds * Fraction(self.rate))


@functools.cache
def folder() -> Path:
    """The folder of this run's clips; removed at exit."""
    made = Path(tempfile.mkdtemp(prefix="semma-clips-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def ffmpeg_exe() -> str:
    """The newest ffmpeg at hand: the wheel's, else the one on PATH."""
    try:
        import imageio_ffmpeg
    except ImportError:
        found = shutil.which("ffmpeg")
        if found is None:
            raise RuntimeError("no ffmpeg: install the `embedded` extra or put ffmpeg on PATH") from None
        return found
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def run_ffmpeg(*arguments: str) -> None:
    """Run ffmpeg quietly; its last words are in the error when it fails."""
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg: {done.stderr[-800:]}")


_RECIPES: dict[str, Callable[[Path, Look], None]] = {}
_SUFFIXES: dict[str, str] = {}


def recipe(suffix: str) -> Callable[[Callable[[Path, Look], None]], Callable[[Path, Look], None]]:
    """Register the maker of the clip named like the function."""

    def register(make: Callable[[Path, Look], None]) -> Callable[[Path, Look], None]:
        _RECIPES[make.__name__], _SUFFIXES[make.__name__] = make, suffix
        return make

    return register


def clip(name: str, **look: Any) -> Path:
    """The clip of that name, made if this run has not made it: seconds=, width=, height=, rate=."""
    import tests.talk_clips  # noqa: F401 -- circular import: registers its recipes

    shown = Look(**look)
    path = folder() / (
        f"{name}-{shown.seconds:g}s-{shown.width}x{shown.height}-{shown.rate.replace('/', '_')}{_SUFFIXES[name]}"
    )
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        _RECIPES[name](part, shown)
        part.rename(path)
    return path


def names() -> list[str]:
    """All clips there are."""
    return sorted(_RECIPES)


X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac", "-b:a", "96k", "-ar", "48000"]


def _picture(look: Look, base: str | None = None) -> str:
    """Colour bars that move (or another source) with the frame's number along the top, as [v]."""
    bars = base or f"testsrc2=s={look.width}x{look.height}:r={look.rate}"
    code = code_graph(look.width, look.height, look.rate)
    return f"{bars}[b];{code}[c];[b][c]overlay=0:0:format=yuv444,format=yuv420p[v]"


def beeps(look: Look) -> str:
    return f"sine=frequency=440:beep_factor=4:sample_rate=48000:duration={look.seconds}[a]"


def _both(path: Path, look: Look, *options: str, base: str | None = None) -> None:
    graph = f"{_picture(look, base)};{beeps(look)}"
    frames = ["-frames:v", str(look.frames)]
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", "-map", "[a]", *frames, *X264, *AAC, *options, f"file:{path}")


def _picture_only(path: Path, look: Look, *options: str, base: str | None = None) -> None:
    frames = ["-frames:v", str(look.frames)]
    run_ffmpeg("-filter_complex", _picture(look, base), "-map", "[v]", *frames, *X264, *options, f"file:{path}")


@recipe(".mp4")
def bars(path: Path, look: Look) -> None:
    """Moving colour bars, a beep each second, numbered frames, a long group of pictures."""
    _both(path, look)


@recipe(".mp4")
def faststart(path: Path, look: Look) -> None:
    """The same with its index in front."""
    _both(path, look, "-movflags", "+faststart")


@recipe(".mp4")
def video_only(path: Path, look: Look) -> None:
    """No sound."""
    _picture_only(path, look)


@recipe(".m4a")
def audio_only(path: Path, look: Look) -> None:
    """No picture."""
    run_ffmpeg("-filter_complex", beeps(look), "-map", "[a]", *AAC, f"file:{path}")


@recipe(".mp4")
def silence(path: Path, look: Look) -> None:
    """A sound track with nothing on it."""
    graph = f"{_picture(look)};anullsrc=r=48000:cl=stereo:d={look.seconds}[a]"
    run_ffmpeg(
        "-filter_complex", graph, "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames), *X264, *AAC,
        f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def delayed_audio(path: Path, look: Look) -> None:
    """The sound starts 1.5 s after the picture."""
    whole = clip("bars", seconds=look.seconds, width=look.width, height=look.height, rate=look.rate)
    run_ffmpeg(
        "-i", f"file:{whole}", "-itsoffset", "1.5", "-i", f"file:{whole}", "-map", "0:v", "-map", "1:a", "-c", "copy",
        f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def vfr(path: Path, look: Look) -> None:
    """Frames come at uneven times, as phones and screen recorders write them."""
    uneven = "select='not(eq(mod(n\\,7)\\,3))*not(between(mod(n\\,50)\\,30\\,44))'"
    graph = f"{_picture(look)};[v]{uneven}[u];{beeps(look)}"
    run_ffmpeg(
        "-filter_complex", graph, "-map", "[u]", "-map", "[a]", "-fps_mode", "passthrough", *X264, *AAC,
        "-t", str(look.seconds), f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def portrait(path: Path, look: Look) -> None:
    """Taller than wide."""
    tall = Look(look.seconds, min(look.width, look.height), max(look.width, look.height), look.rate)
    _both(path, tall)


@recipe(".mp4")
def odd(path: Path, look: Look) -> None:
    """Odd width and height, which 4:2:0 cannot hold."""
    uneven = Look(look.seconds, look.width - 1, look.height - 1, look.rate)
    graph = _picture(uneven).replace("format=yuv420p", "format=yuv444p")
    run_ffmpeg(
        "-filter_complex", f"{graph};{beeps(look)}", "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames),
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv444p", *AAC, f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def rotated(path: Path, look: Look) -> None:
    """Landscape frames with a note to turn them by a quarter, as phones write them."""
    whole = clip("bars", seconds=look.seconds, width=look.width, height=look.height, rate=look.rate)
    run_ffmpeg("-display_rotation", "90", "-i", f"file:{whole}", "-c", "copy", f"file:{path}")


@recipe(".mp4")
def anamorphic(path: Path, look: Look) -> None:
    """Pixels that are not square (4:3)."""
    graph = _picture(look).replace("format=yuv420p[v]", "format=yuv420p,setsar=4/3[v]")
    run_ffmpeg(
        "-filter_complex", f"{graph};{beeps(look)}", "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames),
        *X264, *AAC, f"file:{path}",
    )  # fmt: skip


@recipe(".mkv")
def ten_bit(path: Path, look: Look) -> None:
    """Ten bits a sample."""
    _both(path, look, "-pix_fmt", "yuv420p10le")


@recipe(".mp4")
def interlaced(path: Path, look: Look) -> None:
    """Two fields a frame, top first."""
    _both(path, look, "-flags", "+ildct+ilme", "-x264opts", "tff=1")


@recipe(".mp4")
def surround(path: Path, look: Look) -> None:
    """Six channels of sound."""
    _both(path, look, "-ac", "6")


@recipe(".ts")
def mpegts(path: Path, look: Look) -> None:
    """A transport stream, which starts at 1.4 s and has no index."""
    _both(path, look, "-f", "mpegts")


@recipe(".mkv")
def mkv(path: Path, look: Look) -> None:
    """Matroska: times in whole milliseconds."""
    _both(path, look)


@recipe(".flv")
def flv(path: Path, look: Look) -> None:
    """Flash video: times in whole milliseconds."""
    _both(path, look)


@recipe(".webm")
def webm_without_duration(path: Path, look: Look) -> None:
    """What a browser's recorder writes: no length, no index."""
    graph = f"{_picture(look)};{beeps(look)}"
    run_ffmpeg(
        "-filter_complex", graph, "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames),
        "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-c:a", "libopus",
        "-f", "webm", "-live", "1", f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def truncated(path: Path, look: Look) -> None:
    """Ends in the middle, with the index of all of it in front."""
    whole = clip("faststart", seconds=look.seconds, width=look.width, height=look.height, rate=look.rate)
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])


@recipe(".mp4")
def without_index(path: Path, look: Look) -> None:
    """Ends before its index, so nothing can be read from it."""
    whole = clip("bars", seconds=look.seconds, width=look.width, height=look.height, rate=look.rate)
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@recipe(".mp4")
def encrypted(path: Path, look: Look) -> None:
    """Samples encrypted with a key nobody has."""
    key = "0123456789abcdef" * 2
    _both(path, look, "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)


@recipe(".mp4")
def not_media(path: Path, look: Look) -> None:
    """Text under a video's name."""
    path.write_text("These are the minutes of a meeting, not a film.\n" * 200)


@recipe(".mp4")
def playlist_in_disguise(path: Path, look: Look) -> None:
    """A list of other files under a video's name."""
    path.write_text("ffconcat version 1.0\nfile secret.ts\n")


@recipe(".mp4")
def empty(path: Path, look: Look) -> None:
    """Nothing at all."""
    path.write_bytes(b"")
