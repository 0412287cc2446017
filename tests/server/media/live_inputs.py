"""What encoders send, as files: numbered pictures and a beep at each whole second, in FLV or MPEG-TS."""

from array import array
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache

import av

from tests.clips import folder, run_ffmpeg
from tests.frame_code import code_graph, frame_code

BEEP_S = 0.1


@cache
def encoded(
    *,
    rate: str = "25/1",
    seconds: float = 3,
    size: str = "320x180",
    video: bool = True,
    audio: bool = True,
    container: str = "flv",
    start: int = 0,
    base: str = "testsrc2",
    sound_s: float = 0,
    begins_s: float = 3,
) -> bytes:
    """The bytes of one input, with B-frames and a clock that begins at some seconds. `start` numbers the first picture.

    Another `base` ("color": black) has neither numbers nor beeps. `sound_s`: the sound ends so early.
    """
    is_numbered = base == "testsrc2"
    width, height = size.split("x")
    name = f"live-{rate}-{seconds}-{size}-{video}-{audio}-{start}-{base}-{sound_s}-{begins_s}.{container}".replace(
        "/", "_"
    )
    path = folder() / name
    options = []
    if video:
        picture = f"{base}=s={size}:r={rate}"
        if is_numbered:
            code = code_graph(int(width), int(height), rate, start=start)
            picture += f"[p];{code}[c];[p][c]overlay=0:0"
        options += ["-filter_complex", f"{picture},format=yuv420p[v]", "-map", "[v]"]
        options += ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "50"]
    if audio:
        beep = f"0.5*sin(2*PI*880*t)*lt(mod(t,1),{BEEP_S})" if is_numbered else "0"
        options += ["-filter_complex", f"aevalsrc='{beep}':s=48000:d={sound_s or seconds}[a]", "-map", "[a]"]
        options += ["-c:a", "aac", "-b:a", "96k"]
    run_ffmpeg(*options, "-t", str(seconds), "-output_ts_offset", str(begins_s), "-f", container, f"file:{path}")
    return path.read_bytes()


def pictures(data: Iterable[bytes]) -> Iterator[tuple[Fraction, int | None, bool]]:
    """Every picture of a track (init and parts): its time in seconds, its number, whether it is a keyframe."""
    path = folder() / "track.mp4"
    path.write_bytes(b"".join(data))
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None and frame.time_base is not None
            yield Fraction(frame.pts * frame.time_base), frame_code(frame), frame.key_frame


def brightness(data: Iterable[bytes]) -> list[float]:
    """The mean brightness of each column of a track's first picture."""
    path = folder() / "track.mp4"
    path.write_bytes(b"".join(data))
    with av.open(str(path)) as container:
        gray = next(container.decode(video=0)).reformat(format="gray")
        rows = [bytes(gray.planes[0])[y * gray.planes[0].line_size :][: gray.width] for y in range(gray.height)]
        return [sum(column) / gray.height for column in zip(*rows, strict=True)]


def sound(data: Iterable[bytes]) -> tuple[list[tuple[Fraction, int]], list[float], Fraction]:
    """The decoded sound of a track: time in seconds and samples of each frame, its left channel, and its beginning."""
    path = folder() / "track.mp4"
    path.write_bytes(b"".join(data))
    frames: list[tuple[Fraction, int]] = []
    samples = array("f")
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None and frame.time_base is not None
            frames.append((Fraction(frame.pts * frame.time_base), frame.samples))
            samples.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    return frames, samples.tolist(), frames[0][0]


def beeps(samples: list[float], begin: Fraction) -> list[float]:
    """When beeps begin: loud after a tenth of a second of silence."""
    found, loud_at = [], -48_000
    for number, value in enumerate(samples):
        if abs(value) > 0.1:
            if number - loud_at > 4_800:
                found.append(float(begin) + number / 48_000)
            loud_at = number
    return found
