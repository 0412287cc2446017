"""A speaker's screen on air: pages in real time into an encoder, and the moment at which each one came on.

with projecting(target, deck) as projector:
    shown_at = projector.show(3)        # page 3 from now on; the moment (s since 1970) of its first picture
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np

from tests.clips import ffmpeg_exe
from tests.slide_films.decks import Deck

RATE = 25


class Projector(threading.Thread):
    """Sends pictures to an encoder at their moments."""

    def __init__(self, target: str, deck: Deck, *, page: int, width: int, height: int, bitrate_kbps: int) -> None:
        super().__init__(daemon=True)
        self._deck, self._size = deck, (width, height)
        self._frame = self._draw(page)
        self._wanted: bytes | None = None
        self._came, self._came_at = threading.Event(), 0.0
        self._stopping = threading.Event()
        self.process = subprocess.Popen(
            [
                ffmpeg_exe(), "-hide_banner", "-loglevel", "error",
                "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{width}x{height}",
                "-framerate", str(RATE), "-i", "pipe:0",
                "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-map", "0:v", "-map", "1:a",
                "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(2 * RATE),
                "-b:v", f"{bitrate_kbps}k", "-maxrate", f"{bitrate_kbps}k", "-bufsize", f"{bitrate_kbps}k",
                "-c:a", "aac", "-b:a", "64k", "-f", "flv", target,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def show(self, page: int) -> float:
        """From the next picture on this page; the moment of that picture, in seconds since 1970."""
        self._came.clear()
        self._wanted = self._draw(page)
        assert self._came.wait(10), "the encoder takes no pictures"
        return self._came_at

    def run(self) -> None:
        """Until stopped, or until the encoder is gone."""
        assert self.process.stdin is not None
        started, number = time.monotonic(), 0
        with suppress(BrokenPipeError, ValueError):
            while not self._stopping.wait(max(0.0, started + number / RATE - time.monotonic())):
                wanted, self._wanted = self._wanted, None
                if wanted is not None:
                    self._frame = wanted
                    self._came_at = time.time()
                    self._came.set()
                self.process.stdin.write(self._frame)
                self.process.stdin.flush()
                number += 1

    def stop(self) -> None:
        """The cable is pulled."""
        self._stopping.set()
        self.process.kill()
        self.process.wait()

    def _draw(self, page: int) -> bytes:
        drawn = cv2.resize(self._deck.draw(page, self._size[0]), self._size)
        return np.ascontiguousarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2YUV_I420)).tobytes()


@contextmanager
def projecting(
    target: str, deck: Deck, *, page: int = 1, width: int = 640, height: int = 360, bitrate_kbps: int = 800
) -> Iterator[Projector]:
    """A projector while the block lasts."""
    projector = Projector(target, deck, page=page, width=width, height=height, bitrate_kbps=bitrate_kbps)
    projector.start()
    try:
        yield projector
    finally:
        projector.stop()
