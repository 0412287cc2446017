"""A real encoder for tests of live: ffmpeg that sends numbered pictures and a tone in real time, over RTMP or SRT.

Every picture carries its number (tests/frame_code.py), so that what viewers and the archive show can be told exactly.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.clips import ffmpeg_exe
from tests.frame_code import code_graph


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What an encoder sends. `start` is the number of the first picture; `shift_s` moves its clock."""

    width: int = 320
    height: int = 180
    rate: str = "25"
    audio: bool = True
    start: int = 0
    keyframe_s: int = 2
    bitrate_kbps: int = 400
    shift_s: float = 0.0
    coding: tuple[str, ...] = ()  # more options of the encoder of pictures


def arguments(target: str, sent: Sent) -> list[str]:
    """The command line; `target` is rtmp://… or srt://…"""
    container = "flv" if target.startswith("rtmp") else "mpegts"
    picture = f"testsrc2=s={sent.width}x{sent.height}:r={sent.rate}"
    graph = (
        f"{picture}[p];{code_graph(sent.width, sent.height, sent.rate, start=sent.start)}[c];"
        "[p][c]overlay=0:0,format=yuv420p[v]"
    )
    audio = ["-f", "lavfi", "-re", "-i", "sine=frequency=440:sample_rate=48000"] if sent.audio else []
    rate = eval_rate(sent.rate)
    return [
        ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error",
        *audio,
        # The numbered pictures are made in real time by the graph itself
        "-filter_complex", f"{graph};[v]realtime[o]",
        "-map", "[o]", *(["-map", "0:a"] if sent.audio else []),
        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
        "-g", str(round(rate * sent.keyframe_s)), "-keyint_min", str(round(rate * sent.keyframe_s)),
        "-b:v", f"{sent.bitrate_kbps}k", "-maxrate", f"{sent.bitrate_kbps}k", "-bufsize", f"{sent.bitrate_kbps}k",
        *sent.coding,
        "-c:a", "aac", "-b:a", "96k",
        *(["-output_ts_offset", str(sent.shift_s)] if sent.shift_s else []),
        "-f", container, target,
    ]  # fmt: skip


def eval_rate(rate: str) -> float:
    """Frames a second of "25" or "30000/1001"."""
    above, _, below = rate.partition("/")
    return int(above) / int(below or 1)


@dataclass
class Encoder:
    """A running ffmpeg; `kill` is a cable that is pulled, `stop` an orderly end."""

    target: str
    sent: Sent = field(default_factory=Sent)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Encoder":
        self.process = subprocess.Popen(
            arguments(self.target, self.sent),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        return self

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Without a word, as when the machine dies."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """Orderly; what it complained of."""
        assert self.process is not None
        self.process.terminate()
        _out, errors = self.process.communicate()
        return errors.decode(errors="replace")

    def ended(self, timeout_s: float) -> tuple[int, str]:
        """Wait for its own end (refused, dropped): the code and its last words."""
        assert self.process is not None
        _out, errors = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, errors.decode(errors="replace")


@contextmanager
def sending(target: str, sent: Sent | None = None) -> Iterator[Encoder]:
    """An encoder while the block lasts."""
    encoder = Encoder(target, sent or Sent()).start()
    try:
        yield encoder
    finally:
        if encoder.running:
            encoder.kill()
