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

from PIL import Image, ImageDraw, ImageFont

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


def _beeps(look: Look) -> str:
    return f"sine=frequency=440:beep_factor=4:sample_rate=48000:duration={look.seconds}[a]"


def _both(path: Path, look: Look, *options: str, base: str | None = None) -> None:
    graph = f"{_picture(look, base)};{_beeps(look)}"
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
    run_ffmpeg("-filter_complex", _beeps(look), "-map", "[a]", *AAC, f"file:{path}")


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
    graph = f"{_picture(look)};[v]{uneven}[u];{_beeps(look)}"
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
        "-filter_complex", f"{graph};{_beeps(look)}", "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames),
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
        "-filter_complex", f"{graph};{_beeps(look)}", "-map", "[v]", "-map", "[a]", "-frames:v", str(look.frames),
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
    graph = f"{_picture(look)};{_beeps(look)}"
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


def _draw_slide(path: Path, look: Look, number: int) -> None:
    """One slide as a still picture: a title, lines of text, a figure."""
    image = Image.new("RGB", (look.width, look.height), "white")
    draw = ImageDraw.Draw(image)
    unit = look.height / 18
    colour = ("#20407a", "#7a2040", "#207a50", "#6a5a10")[number % 4]
    draw.rectangle((0, unit * 1.5, look.width, unit * 3.6), fill=colour)
    draw.text((unit, unit * 1.8), f"Slide {number + 1}: what we measured", "white", ImageFont.load_default(unit * 1.4))
    for line in range(6):
        text = f"{line + 1}. what we found: rooms, people and cables"
        draw.text((unit * 1.5, unit * (5 + 1.8 * line)), text, "#222", ImageFont.load_default(unit))
    for bar in range(5):
        left, height = look.width - unit * (9 - 1.6 * bar), unit * (2 + (bar * 7 + number * 5) % 6)
        draw.rectangle((left, unit * 13 - height, left + unit, unit * 13), fill=colour)
    image.save(path)


def _slides(look: Look, count: int) -> list[Path]:
    made = [folder() / f"slide-{look.width}x{look.height}-{number}.png" for number in range(count)]
    for number, path in enumerate(made):
        if not path.exists():
            _draw_slide(path, look, number)
    return made


def _talk(path: Path, look: Look, still: list[Path], layers: str, extra: list[str] | None = None) -> None:
    """Slides changing evenly under moving layers; `layers` turns [s] into [v]."""
    inputs: list[str] = []
    for slide in still:
        each = look.seconds / len(still)
        inputs += ["-loop", "1", "-framerate", look.rate, "-t", f"{each:.6f}", "-i", f"file:{slide}"]
    joined = "".join(f"[{n}:v]" for n in range(len(still)))
    graph = f"{joined}concat=n={len(still)}:v=1:a=0,format=yuv420p[s];{layers};{_beeps(look)}"
    run_ffmpeg(
        *inputs, *(extra or []), "-filter_complex", graph, "-map", "[v]", "-map", "[a]",
        "-frames:v", str(look.frames), *X264, "-crf", "14", *AAC, f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def slides(path: Path, look: Look) -> None:
    """A slide capture: still pictures, a new one every ten seconds or so, nothing else."""
    _talk(path, look, _slides(look, max(2, round(look.seconds / 10))), "[s]null[v]")


@recipe(".mp4")
def noisy_speaker(path: Path, look: Look) -> None:
    """A still slide with a camera picture in the corner: sensor noise, a swaying head, a mouth that opens."""
    width, height = look.width // 6 // 2 * 2, look.height // 4 // 2 * 2
    head, mouth = height // 2, max(4, height // 12)
    size = f"s={width}x{height}:r={look.rate}"
    camera = (
        f"color=0x6a7078:{size}[room];color=0xc09070:s={head * 3 // 4}x{head}:r={look.rate}[head];"
        f"color=0x501818:s={head // 3}x{mouth}:r={look.rate}[mouth];"
        f"[room][head]overlay=x='(W-w)/2+sin(2*t)*W/40':y='(H-h)/2+sin(3*t)*H/60'[h];"
        f"[h][mouth]overlay=x='(W-w)/2+sin(2*t)*W/40':y='H*0.62+sin(3*t)*H/60+abs(sin(9*t))*H/40',"
        f"noise=alls=10:allf=t[cam]"
    )
    _talk(path, look, _slides(look, 2), f"{camera};[s][cam]overlay=W-w-10:H-h-10,format=yuv420p[v]")


@recipe(".mp4")
def soft_speaker(path: Path, look: Look) -> None:
    """The same speaker in poor light: little contrast, hardly any noise, small slow movements."""
    width, height = look.width // 6 // 2 * 2, look.height // 4 // 2 * 2
    size = f"s={width}x{height}:r={look.rate}"
    camera = (
        f"color=0x585c60:{size}[room];color=0x6a625c:s={height * 3 // 8}x{height // 2}:r={look.rate}[head];"
        f"color=0x5c5450:s={height // 6}x{max(4, height // 14)}:r={look.rate}[mouth];"
        f"[room][head]overlay=x='(W-w)/2+sin(t)*W/50':y='(H-h)/2'[h];"
        f"[h][mouth]overlay=x='(W-w)/2+sin(t)*W/50':y='H*0.6+sin(7*t)*H/60',noise=alls=2:allf=t[cam]"
    )
    _talk(path, look, _slides(look, 1), f"{camera};[s][cam]overlay=W-w-10:H-h-10,format=yuv420p[v]")


@recipe(".mp4")
def pointer(path: Path, look: Look) -> None:
    """A still slide over which a mouse pointer wanders, resting now and then."""
    arrow = folder() / "pointer.png"
    if not arrow.exists():
        image = Image.new("RGBA", (14, 20))
        shape = [(1, 1), (1, 16), (5, 13), (8, 19), (10, 18), (7, 12), (12, 12)]
        ImageDraw.Draw(image).polygon(shape, "black", "white")
        image.save(arrow)
    moving = "x='W*(0.5+0.3*sin(max(0\\,mod(t\\,4)-1)*2.094))':y='H*(0.5+0.2*cos(max(0\\,mod(t\\,4)-1)*2.094))'"
    extra = ["-loop", "1", "-framerate", look.rate, "-i", f"file:{arrow}"]
    _talk(path, look, _slides(look, 1), f"[s][1:v]overlay={moving}:shortest=1,format=yuv420p[v]", extra)


@recipe(".mp4")
def cursor(path: Path, look: Look) -> None:
    """A still page of text with a blinking cursor."""
    tall = max(12, look.height // 45)
    bar = f"color=black:s=2x{tall}:r={look.rate}[bar]"
    blink = "enable='lt(mod(t\\,1.06)\\,0.53)'"
    _talk(path, look, _slides(look, 1), f"{bar};[s][bar]overlay=W*0.3:H*0.5:{blink}:shortest=1,format=yuv420p[v]")
