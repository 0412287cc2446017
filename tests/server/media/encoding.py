"""Encoding a whole source in chunks, as the workers do, and reading what would be shown; for the media tests."""

import os
import shutil
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import pytest

from server.media.chunks import plan_chunks
from server.media.encode import ChunkResult, Thumbnails, encode_chunk
from server.media.ffmpeg import Ffmpeg, look_at
from server.media.ladder import choose_rungs
from server.media.probe import probe
from server.media.source_info import SourceInfo
from tests.clips import ffmpeg_exe
from tests.frame_code import frame_code


def programs() -> list[str]:
    """Every ffmpeg that must work: the one on PATH and the wheel's."""
    found = {str(Path(path).resolve()): path for path in (shutil.which("ffmpeg"), ffmpeg_exe()) if path}
    return list(found.values())


def named(path: str) -> str:
    """A test's name for a program."""
    return f"ffmpeg-{look_at(path).version[0]}"


any_ffmpeg = pytest.mark.parametrize("program", [look_at(path) for path in programs()], ids=map(named, programs()))


def sample(name: str) -> Path:
    """A real file of SEMMA_SAMPLES; the test is skipped without them."""
    folder = os.environ.get("SEMMA_SAMPLES")
    if not folder:
        pytest.skip("SEMMA_SAMPLES does not name a folder of real samples")
    path = Path(folder) / "media" / name
    if not path.exists():
        pytest.skip(f"SEMMA_SAMPLES has no media/{name}")
    return path


@dataclass(frozen=True)
class Encoded:
    """A source encoded in full: what probing said, the chunks' results, one playable file a rung."""

    info: SourceInfo
    chunks: list[ChunkResult]
    files: dict[str, Path]

    def shown(self, rung: str | None = None) -> list[tuple[Fraction, int | None]]:
        """What the top rung, or the named one, shows: times and the frame numbers in the pictures."""
        return read_pictures(self.files[rung or next(iter(self.files))])


async def encode_all(
    source: Path | str,
    workdir: Path,
    program: Ffmpeg,
    *,
    sides: tuple[int, ...] = (180,),
    chunk_ms: int = 8_000,
    thumbnails: Thumbnails | None = None,
) -> Encoded:
    """Probe, plan and encode every chunk; joins each rung's segments to one file."""
    info = await probe(str(source))
    assert info.video is not None
    video = info.video
    rungs = choose_rungs(video.display_width, video.display_height, video.rate, short_sides=sides, preset="ultrafast")
    files = {rung.name: workdir / f"{rung.name}-whole.mp4" for rung in rungs}
    results: list[ChunkResult] = []
    for chunk in plan_chunks(info.duration_ms, chunk_ms):
        folder = workdir / f"chunk-{chunk.position}"
        folder.mkdir(parents=True)
        result = await encode_chunk(str(source), info, rungs, chunk, folder, program=program, thumbnails=thumbnails)
        for output in result.rungs:
            if not results:
                files[output.name].write_bytes(output.init)
            else:
                assert output.init == next(o.init for o in results[0].rungs if o.name == output.name)
            with files[output.name].open("ab") as file:
                for segment in output.segments:
                    file.write(Path(segment.path).read_bytes())
        results.append(result)
    return Encoded(info, results, files)


def read_pictures(path: Path | str) -> list[tuple[Fraction, int | None]]:
    """Every picture that can be decoded: its time in seconds and the number in it. Damage is passed over."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            found += [(Fraction(f.pts * f.time_base), frame_code(f)) for f in frames if f.pts is not None]  # type: ignore[operator]
    return found


def source_pictures(source: Path | str, info: SourceInfo) -> list[tuple[Fraction, int | None]]:
    """The source's pictures in recording time."""
    origin = Fraction(info.origin_us, 1_000_000)
    return [(at - origin, code) for at, code in sorted(read_pictures(source), key=lambda row: row[0])]


def wrongly_shown(
    encoded: Encoded, source: Path | str, rung: str | None = None
) -> list[tuple[float, int | None, int | None]]:
    """Every moment at which the encode starts to show another picture than the source shows then.

    Empty when all is right. Judged at each picture of both (so that dropped ones are judged too), 3 ms after it, which
    allows for times in whole milliseconds.
    """
    mine, theirs = encoded.shown(rung), source_pictures(source, encoded.info)
    end = Fraction(encoded.info.duration_ms, 1000)
    wrong = []
    for at in sorted({at for at, _ in mine} | {at for at, _ in theirs}):
        moment = at + Fraction(3, 1000)
        if not 0 <= moment < end:
            continue
        shown, meant = _at(mine, moment), _at(theirs, moment)
        if shown != meant:
            wrong.append((float(at), shown, meant))
    return wrong


def _at(pictures: list[tuple[Fraction, int | None]], moment: Fraction) -> int | None:
    """The picture on screen; before the first one, that one."""
    return pictures[max(0, bisect_right([at for at, _ in pictures], moment) - 1)][1]
