"""Compare what is shown with the source at the same instant: the worst block, and VMAF.

Frames that an encoder left out are restored first, as a player shows them: the last one stays until the next one's
time. All arithmetic over pixels is ffmpeg's; no numerical library is needed.
"""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

BLOCK = 16


@dataclass(frozen=True)
class Size:
    """Picture size in pixels and frames a second."""

    width: int
    height: int
    rate: str

    @property
    def blocks(self) -> tuple[int, int]:
        """Columns and rows of 16 × 16 blocks, the last ones padded."""
        return -(-self.width // BLOCK), -(-self.height // BLOCK)


@dataclass(frozen=True)
class WorstBlock:
    """The block that differs most: mean absolute difference of luma, 0 … 255, at one instant and over half a second."""

    worst: float
    at_s: float
    block: tuple[int, int]
    worst_half_second: float
    half_second_at_s: float
    half_second_block: tuple[int, int]
    frames: int


def _inputs(source: Path, shown: Path) -> list[str]:
    return ["-i", f"file:{source}", "-i", f"file:{shown}"]


def _aligned(size: Size) -> str:
    """Both pictures on one grid of instants from zero, at the source's size."""
    # The samples are compared, not their labels: ffmpeg would convert one side's colours where the tags differ.
    same = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    grid = f"setpts=PTS-STARTPTS,{same},fps={size.rate}"
    return f"[0:v]{grid}[source];[1:v]{grid},scale={size.width}:{size.height}:flags=bicubic[shown]"


def worst_block(ffmpeg: str, source: Path, shown: Path, size: Size) -> WorstBlock:
    """The worst 16 × 16 block of luma over all instants."""
    columns, rows = size.blocks
    graph = (
        f"{_aligned(size)};[source]format=yuv420p,extractplanes=y[a];[shown]format=yuv420p,extractplanes=y[b];"
        f"[a][b]blend=all_mode=difference:shortest=1,"
        f"pad={columns * BLOCK}:{rows * BLOCK},scale={columns}:{rows}:flags=area,split[now][long];"
        f"[long]tmix=frames=12[mean];[now][mean]vstack[out]"
    )
    command = [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", *_inputs(source, shown), "-filter_complex", graph,
        "-map", "[out]", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1",
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return _find_worst(done.stdout, columns, rows, size)


def _find_worst(data: bytes, columns: int, rows: int, size: Size) -> WorstBlock:
    count = columns * rows
    frames = [data[start : start + 2 * count] for start in range(0, len(data), 2 * count)]
    if not frames:
        raise AssertionError("nothing to compare: one of the two has no picture")
    now = max(range(len(frames)), key=lambda n: max(frames[n][:count]))
    mean = max(range(len(frames)), key=lambda n: max(frames[n][count:]))
    now_block, mean_block = frames[now][:count], frames[mean][count:]
    numerator, _, denominator = size.rate.partition("/")
    rate = int(numerator) / int(denominator or 1)

    def place(block: bytes) -> tuple[int, int]:
        row, column = divmod(block.index(max(block)), columns)
        return column * BLOCK, row * BLOCK

    return WorstBlock(
        worst=max(now_block),
        at_s=round(now / rate, 2),
        block=place(now_block),
        worst_half_second=max(mean_block),
        half_second_at_s=round(mean / rate, 2),
        half_second_block=place(mean_block),
        frames=len(frames),
    )


def vmaf(ffmpeg: str, source: Path, shown: Path, size: Size, *, every: int = 3) -> dict[str, float]:
    """VMAF of every third frame: mean and lowest. `ffmpeg` must have libvmaf."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        graph = f"{_aligned(size)};[shown][source]libvmaf=n_threads=2:n_subsample={every}:log_fmt=json:log_path={log}"
        command = [
            ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", *_inputs(source, shown), "-lavfi", graph,
            "-f", "null", "-",
        ]  # fmt: skip
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
        pooled = json.loads(log.read_text())["pooled_metrics"]["vmaf"]
    return {"mean": round(pooled["mean"], 2), "min": round(pooled["min"], 2)}
