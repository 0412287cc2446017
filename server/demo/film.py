"""Film a drawn talk: its slides, the speaker's camera picture over or beside them, and the voice, as one MP4.

Two runs of ffmpeg: the camera's loop from raw pictures, then everything together. The slides are still pictures and the
presets the fastest ones, so a minute and a quarter at 720p costs a few seconds of one processor.
"""

import subprocess
from pathlib import Path

from server.demo.figure import pictures
from server.demo.programme import Item
from server.demo.slides import THEMES, Theme, draw_slide
from server.demo.voice import Voice, speak, write_wave

RATE = 25
LOOP_S = 16
FILM_HEIGHT = 720
SLIDE_S = 9.4  # not a whole number of segments, as in life
PITCHES_HZ = {"paper": 205.0, "night": 118.0}


class FilmingFailed(RuntimeError):
    """ffmpeg could not make the demo film; the text holds its last words."""


def film_talk(item: Item, ffmpeg: str, folder: Path, *, height: int = FILM_HEIGHT, keyframes: int = 250) -> Path:
    """Make the talk's recording in the folder unless it is there; 16:9, 25 frames a second. Blocks for seconds.

    `keyframes` is the distance between two of them, in frames.
    """
    path = folder / f"{item.slug}.mp4"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    theme, width = THEMES[item.look], height * 16 // 9
    voice = speak(LOOP_S, pitch_hz=PITCHES_HZ[item.look], seed=len(item.slug))
    write_wave(voice, folder / f"{item.slug}.wav")
    _film_camera(theme, voice, ffmpeg, folder / f"{item.slug}.camera.mkv", height)
    stills = _draw_stills(item, theme, folder, width, height)
    part = folder / f"{item.slug}.part.mp4"
    _run(_film_arguments(ffmpeg, item, theme, stills, folder, part, height, keyframes), b"")
    part.rename(path)
    for scrap in [*stills, folder / f"{item.slug}.wav", folder / f"{item.slug}.camera.mkv"]:
        scrap.unlink()
    return path


def _draw_stills(item: Item, theme: Theme, folder: Path, width: int, height: int) -> list[Path]:
    """The slides at the size they have in the picture: all of it, or three quarters beside the camera."""
    if theme.camera == "side":
        width, height = width * 3 // 4 // 2 * 2, height * 3 // 4 // 2 * 2
    paths = []
    for number, slide in enumerate(item.slides, 1):
        path = folder / f"{item.slug}.{number}.png"
        draw_slide(slide, theme, width, height, number=number).save(path, compress_level=1)
        paths.append(path)
    return paths


def _camera_size(height: int) -> tuple[int, int]:
    return height * 4 // 9 // 2 * 2, height // 3 // 2 * 2


def _film_camera(theme: Theme, voice: Voice, ffmpeg: str, path: Path, height: int) -> None:
    """The camera's loop: drawn pictures with the noise of a cheap sensor."""
    width, tall = _camera_size(height)
    arguments = [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{width}x{tall}",
        "-framerate", str(RATE), "-i", "pipe:0",
        "-vf", "noise=alls=4:allf=t,format=yuv420p",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", f"file:{path}",
    ]  # fmt: skip
    _run(arguments, b"".join(pictures(theme, voice.mouth, width, tall)))


def _film_arguments(
    ffmpeg: str, item: Item, theme: Theme, stills: list[Path], folder: Path, path: Path, height: int, keyframes: int
) -> list[str]:
    """The command that puts slides, camera and voice together."""
    arguments = [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    for still in stills:
        # one picture a slide: the frames between are made by the fps filter below
        arguments += ["-loop", "1", "-framerate", "1/2", "-t", f"{SLIDE_S}", "-i", f"file:{still}"]
    arguments += ["-stream_loop", "-1", "-i", f"file:{folder / item.slug}.camera.mkv"]
    arguments += ["-stream_loop", "-1", "-i", f"file:{folder / item.slug}.wav"]
    slides = len(stills)
    return [
        *arguments,
        "-filter_complex", _graph(theme, slides, height),
        "-map", "[v]", "-map", f"{slides + 1}:a",
        "-t", f"{SLIDE_S * slides:.3f}",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", str(keyframes),
        "-c:a", "aac", "-b:a", "96k", "-ar", "48000",
        "-movflags", "+faststart", f"file:{path}",
    ]  # fmt: skip


def _graph(theme: Theme, slides: int, height: int) -> str:
    """Slides one after the other, the camera laid over a corner or beside them."""
    joined = "".join(f"[{number}:v]format=yuv420p,setsar=1,fps={RATE},trim=duration={SLIDE_S}[s{number}];"
                     for number in range(slides))  # fmt: skip
    chain = "".join(f"[s{number}]" for number in range(slides)) + f"concat=n={slides}:v=1:a=0"
    if theme.camera == "side":
        # slides above left, camera below right, the rest in the paper's colour
        colour = "0x{:02x}{:02x}{:02x}".format(*(part // 2 for part in theme.paper))
        page = f"pad={height * 16 // 9}:{height}:0:{height // 16 // 2 * 2}:{colour}"
        return f"{joined}{chain},{page}[p];[p][{slides}:v]overlay=W-w:H-h[v]"
    return f"{joined}{chain}[p];[p][{slides}:v]overlay=W-w-W/50:H-h-W/50[v]"


def _run(arguments: list[str], piped: bytes) -> None:
    """Run ffmpeg with bytes on its input; raises FilmingFailed."""
    done = subprocess.run(arguments, input=piped, capture_output=True, timeout=300, check=False)
    if done.returncode:
        raise FilmingFailed(done.stderr.decode(errors="replace")[-600:])
