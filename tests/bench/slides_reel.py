"""A film as the worker hands it to the matcher: our own rendition of at most 720 lines, segments joined (ADR 0012)."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

from server.media.chunks import plan_chunks
from server.media.encode import chunk_length_ms, encode_chunk
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.ladder import choose_rungs
from server.media.probe import probe
from server.slides.sync_reel import MOST_LINES
from tests.bench.slides_cases import Case

TRACK = "video"


def as_rendition(case: Case, folder: Path) -> Case:
    """The same case with the rendition for its film; one made earlier stays."""
    path = folder / "reel.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_encode(case.path, path))
    return replace(case, path=str(path))


async def _encode(source: str, path: Path) -> None:
    """Chunk by chunk, as workers do, and joined as the worker that matches does."""
    info = await probe(source)
    assert info.video is not None
    rungs = choose_rungs(info.video.display_width, info.video.display_height, info.video.rate)
    rung = max((one for one in rungs if one.height <= MOST_LINES), key=lambda one: one.height)
    joiner, body, scratch = Mp4Joiner(), [bytes(HEAD_BYTES)], path.with_name("chunks")
    for chunk in plan_chunks(info.duration_ms, chunk_length_ms(info)):
        folder = scratch / str(chunk.position)
        folder.mkdir(parents=True)
        output = (await encode_chunk(source, info, [rung], chunk, folder)).rungs[0]
        for segment in output.segments:
            body.append(joiner.add(TRACK, output.init, Path(segment.path).read_bytes(), shift=0))
    body.append(joiner.finish())
    whole = b"".join(body)
    path.write_bytes(joiner.head() + whole[HEAD_BYTES:])
    shutil.rmtree(scratch)
