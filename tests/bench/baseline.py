"""What a person would type instead: one ffmpeg command that makes the same rungs from a local file."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.media.chunks import SEGMENT_MS
from server.media.ladder import Rung


@dataclass(frozen=True)
class Bare:
    """What the bare command took and made."""

    cpu_s: float
    wall_s: float
    files: dict[str, Path]


def bare_arguments(
    ffmpeg: str, source: Path, rungs: Sequence[Rung], threads: int, folder: Path, *, audio: bool = True
) -> list[str]:
    """The command: one decode, every rung with Semma's own preset, rate control, keyframes and threads."""
    split = f"[0:v]split={len(rungs)}" + "".join(f"[i{n}]" for n in range(len(rungs)))
    scaled = [f"[i{n}]scale={rung.width}:{rung.height},format=yuv420p[o{n}]" for n, rung in enumerate(rungs)]
    arguments = [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-i", f"file:{source}"]
    arguments += ["-filter_complex", ";".join([split, *scaled])]
    for n, rung in enumerate(rungs):
        arguments += [
            "-map", f"[o{n}]",
            "-c:v", "libx264", "-preset", rung.preset, "-crf", str(rung.crf),
            "-maxrate", f"{rung.peak_kbps}k", "-bufsize", f"{rung.buffer_kbit}k",
            "-profile:v", "high", "-level", rung.level,
            "-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_MS / 1000:g})",
            "-threads", str(threads),
            f"file:{folder / rung.name}.mp4",
        ]  # fmt: skip
    if audio:
        arguments += ["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", f"file:{folder / 'audio.m4a'}"]
    return arguments


def encode_bare(
    ffmpeg: str, source: Path, rungs: Sequence[Rung], threads: int, folder: Path, *, audio: bool = True
) -> Bare:
    """Run it; CPU seconds of exactly that process, and where its files are."""
    started = time.monotonic()
    process = subprocess.Popen(
        bare_arguments(ffmpeg, source, rungs, threads, folder, audio=audio), stdin=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"the bare command ended with {process.returncode}")
    files = {rung.name: folder / f"{rung.name}.mp4" for rung in rungs}
    return Bare(usage.ru_utime + usage.ru_stime, time.monotonic() - started, files)
