"""A picture that says when it was taken: raw numbered frames in real time into an encoder, their moments remembered.

What a viewer's page reads back from its pixels, less the moment of that picture, is the delay from glass to glass.
"""

import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.clips import ffmpeg_exe
from tests.frame_code import CODE_BITS, STRIP

WHITE, BLACK, GREY = b"\xeb", b"\x10", b"\x80"


def code_bits(number: int) -> list[bool]:
    """The cells of a picture's number: 16 bits, then the check sum of its nibbles (tests/frame_code.py)."""
    check = sum(number >> 4 * n & 15 for n in range(4)) % 16
    return [bool((number | check << 16) >> n & 1) for n in range(CODE_BITS)]


class Pictures:
    """Frames of one size as yuv420p: a noisy block that wanders over grey, the number's cells along the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._frame = bytearray(GREY * (width * height * 3 // 2))
        self._strip = max(8, height // STRIP // 2 * 2)
        side = height // 4
        self._side = side
        self._noise = [random.Random(n).randbytes(side) for n in range(side)]

    def draw(self, number: int) -> bytearray:
        """The frame of this number; valid until the next one is drawn."""
        self._wander(number - 1, clear=True)
        self._wander(number, clear=False)
        cells = [WHITE if bit else BLACK for bit in code_bits(number)]
        edges = [self.width * n // CODE_BITS for n in range(CODE_BITS + 1)]
        row = b"".join(cell * (edges[n + 1] - edges[n]) for n, cell in enumerate(cells))
        self._frame[: self.width * self._strip] = row * self._strip
        return self._frame

    def _wander(self, number: int, *, clear: bool) -> None:
        left = 4 * number % (self.width - self._side)
        for line, noise in enumerate(self._noise):
            at = (self.height // 2 + line) * self.width + left
            self._frame[at : at + self._side] = GREY * self._side if clear else noise


class Clock(threading.Thread):
    """Sends frames to an encoder at their moments; `taken[n]` is the wall time of frame n in seconds."""

    def __init__(self, target: str, *, width: int, height: int, rate: int, bitrate_kbps: int) -> None:
        super().__init__(daemon=True)
        self.taken: list[float] = []
        self._rate = rate
        self._pictures = Pictures(width, height)
        self._stopping = threading.Event()
        self.process = subprocess.Popen(
            [
                ffmpeg_exe(), "-hide_banner", "-loglevel", "error",
                "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{width}x{height}",
                "-framerate", str(rate), "-i", "pipe:0",
                "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000",
                "-map", "0:v", "-map", "1:a",
                # As OBS sends it: constant rate, a keyframe every two seconds, no look-ahead
                "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", str(2 * rate),
                "-b:v", f"{bitrate_kbps}k", "-maxrate", f"{bitrate_kbps}k", "-bufsize", f"{bitrate_kbps}k",
                "-x264-params", "nal-hrd=cbr", "-c:a", "aac", "-b:a", "128k", "-f", "flv", target,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self) -> None:
        """Until stopped, or until the encoder is gone."""
        assert self.process.stdin is not None
        started = time.monotonic()
        number = 0
        with suppress(OSError):
            while not self._stopping.wait(max(0.0, started + number / self._rate - time.monotonic())):
                self.taken.append(time.time())
                self.process.stdin.write(self._pictures.draw(number))
                number += 1
        with suppress(OSError):
            self.process.stdin.close()

    def stop(self) -> None:
        """End the stream and wait for the encoder."""
        self._stopping.set()
        self.join()
        self.process.terminate()
        self.process.wait()


@contextmanager
def clock(target: str, *, width: int, height: int, rate: int = 25, bitrate_kbps: int = 3000) -> Iterator[Clock]:
    """A clock that is sent while the block lasts."""
    made = Clock(target, width=width, height=height, rate=rate, bitrate_kbps=bitrate_kbps)
    made.start()
    try:
        yield made
    finally:
        made.stop()
