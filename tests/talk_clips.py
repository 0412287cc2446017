"""Clips that look like talks: slides, a camera's picture in the corner, a pointer, a cursor."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.clips import AAC, X264, Look, beeps, folder, recipe, run_ffmpeg


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


def stills(look: Look, count: int) -> list[Path]:
    """The slides of these clips as pictures, for decks that fit them; a clip shows the first ones."""
    return _slides(look, count)


def _talk(
    path: Path, look: Look, still: list[Path], layers: str, extra: Sequence[str] = (), options: Sequence[str] = ()
) -> None:
    """Slides changing evenly under moving layers; `layers` turns [s] into [v]."""
    inputs: list[str] = []
    for slide in still:
        each = look.seconds / len(still)
        inputs += ["-loop", "1", "-framerate", look.rate, "-t", f"{each:.6f}", "-i", f"file:{slide}"]
    joined = "".join(f"[{n}:v]" for n in range(len(still)))
    graph = f"{joined}concat=n={len(still)}:v=1:a=0,format=yuv420p[s];{layers};{beeps(look)}"
    run_ffmpeg(
        *inputs, *extra, "-filter_complex", graph, "-map", "[v]", "-map", "[a]",
        "-frames:v", str(look.frames), *X264, "-crf", "14", *options, *AAC, f"file:{path}",
    )  # fmt: skip


@recipe(".mp4")
def slides(path: Path, look: Look) -> None:
    """A slide capture as screen recorders write it (no B-frames): stills, a new one every ten seconds or so."""
    _talk(path, look, _slides(look, max(2, round(look.seconds / 10))), "[s]null[v]", options=["-bf", "0"])


@recipe(".mp4")
def slides_reencoded(path: Path, look: Look) -> None:
    """The same out of a video editor: with B-frames, between which the edges of letters flicker."""
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
