"""Encode one chunk of the picture: read its range of the source, encode, verify, store, note. May run twice."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from server.core.db import Db
from server.core.storage import ObjectMissing, ObjectStore
from server.media.chunk_command import Thumbnails
from server.media.chunks import Chunk as PlannedChunk
from server.media.encode import ChunkResult, Thumbnail, encode_chunk
from server.media.ffmpeg import find_ffmpeg
from server.media.refusals import MediaError
from server.media.source_info import SourceInfo
from server.media.storyboard import GRID_MS, Storyboard, compose_sheet, plan_storyboard
from server.recordings.assemble import note_chunk, note_progress
from server.recordings.better import is_making
from server.recordings.jobs import EncodeChunk
from server.recordings.keys import (
    chunk_proof_path,
    init_name,
    recording_prefix,
    rendition_path,
    segment_name,
    sheet_path,
)
from server.recordings.models import Chunk, Recording, Source
from server.recordings.plan import info_of, rungs_of
from workers.put import put_all
from workers.recordings import SOURCE_URL_S, SourceGone, chunk_at, source_of, tell
from workers.runtime import Work, handles
from workers.scratch import scratch_directory


class ChunkProof(msgspec.Struct):
    """What is noted of a chunk, kept beside its files: written last, so it proves that all of them are stored."""

    segments: dict[str, list[tuple[int, int]]]
    details: dict[str, Any]


@handles(EncodeChunk)
async def encode(job: EncodeChunk, work: Work) -> None:
    """Encode the chunk unless its proof is stored already; note it in the same transaction that ends the job."""
    async with work.read() as db:
        recording, source = await source_of(db, job.recording, job.generation)
        chunk = await chunk_at(db, job.recording, job.generation, job.position)
    if chunk is None or not is_making(recording, job.generation):
        return

    async def carry(db: Db, share: float) -> None:
        tell(db, work.runtime, await note_progress(db, job.recording, chunk, share))

    work.on_beat = carry
    proof = await _stored_proof(work.store, recording, chunk)
    if proof is None:
        proof = await _make(work, recording, source, chunk)
    async with work.transaction(last=True) as db:
        noted = await note_chunk(
            db, job.recording, job.generation, job.position, segments=dict(proof.segments), details=proof.details
        )
        tell(db, work.runtime, noted)


def _proof_key(recording: Recording, chunk: Chunk) -> str:
    return recording_prefix(recording.id) + chunk_proof_path(chunk.generation, chunk.position)


async def _stored_proof(store: ObjectStore, recording: Recording, chunk: Chunk) -> ChunkProof | None:
    try:
        return msgspec.json.decode(await store.get(_proof_key(recording, chunk)), type=ChunkProof)
    except ObjectMissing:
        return None


async def _make(work: Work, recording: Recording, source: Source, chunk: Chunk) -> ChunkProof:
    """Encode and store one chunk."""
    name = f"{recording.id}-g{chunk.generation}-c{chunk.position}"
    with scratch_directory(work.runtime.scratch, name) as folder:
        result = await _encode(work, recording, source, chunk, folder)
        proof = await _store(work.store, recording, chunk, result, _board(info_of(source)))
    await work.store.put(_proof_key(recording, chunk), msgspec.json.encode(proof), content_type="application/json")
    return proof


async def _encode(work: Work, recording: Recording, source: Source, chunk: Chunk, folder: Path) -> ChunkResult:
    url = await work.store.presign(source.key, expires_s=SOURCE_URL_S)
    info = info_of(source)
    board = _board(info)
    planned = PlannedChunk(chunk.position, chunk.start_ms, chunk.end_ms, chunk.first_segment)
    try:
        return await encode_chunk(
            url,
            info,
            rungs_of(recording),
            planned,
            folder,
            program=find_ffmpeg(work.runtime.ffmpeg or None),
            threads=work.runtime.limits.encode_threads or os.cpu_count() or 2,
            thumbnails=Thumbnails(board.interval_ms, board.tile_width, board.tile_height),
            on_progress=work.progress,
        )
    except MediaError:
        await look_at_source(work.store, source)
        raise


async def look_at_source(store: ObjectStore, source: Source) -> None:
    """After a failed read: raise StorageAway when the storage is the cause, SourceGone when the object is."""
    try:
        await store.head(source.key)
        await store.get(source.key, first=0, last=0)
    except ObjectMissing:
        raise SourceGone from None


async def _store(
    store: ObjectStore, recording: Recording, chunk: Chunk, result: ChunkResult, board: Storyboard
) -> ChunkProof:
    """Put every file of the chunk."""
    generation = chunk.generation
    inits = {rung.name: init_name(hashlib.sha256(rung.init).hexdigest()) for rung in result.rungs}
    files: list[tuple[str, bytes | Path, str]] = []
    for rung in result.rungs:
        files.append((rendition_path(generation, rung.name, inits[rung.name]), rung.init, "video/mp4"))
        for item in rung.segments:
            path = rendition_path(generation, rung.name, segment_name(item.number))
            files.append((path, Path(item.path), "video/iso.segment"))
    sheet = await asyncio.to_thread(_sheet, board, result.thumbnails)
    if sheet is not None:
        files.append((sheet_path(generation, chunk.position), sheet[0], "image/jpeg"))
    await put_all(store, recording_prefix(recording.id), files)
    return ChunkProof(
        segments={rung.name: [(s.duration_ticks, s.size_bytes) for s in rung.segments] for rung in result.rungs},
        details={
            "init": inits,
            "codecs": {rung.name: rung.codecs for rung in result.rungs},
            "sha256": {rung.name: rung.sha256 for rung in result.rungs},
            "frames": {rung.name: rung.frames for rung in result.rungs},
            "frames_decoded": result.frames_decoded,
            "packets": result.packets,
            "warnings": [msgspec.to_builtins(warning) for warning in result.warnings],
            "sheet": None if sheet is None else sheet[1] | {"path": sheet_path(generation, chunk.position)},
        },
    )


def _board(info: SourceInfo) -> Storyboard:
    """How far apart and how large the storyboard's pictures are: on the 4 s grid, where no frame is dropped."""
    assert info.video is not None
    board = plan_storyboard(info.duration_ms, info.video.display_width, info.video.display_height)
    return replace(board, interval_ms=-(-board.interval_ms // GRID_MS) * GRID_MS)


def _sheet(board: Storyboard, thumbnails: Sequence[Thumbnail]) -> tuple[bytes, dict[str, Any]] | None:
    """The chunk's storyboard pictures as one sheet, and what the index needs to know of it."""
    if not thumbnails:
        return None
    count = len(thumbnails)
    own = replace(board, duration_ms=count * board.interval_ms, rows=-(-count // board.columns))
    return compose_sheet(own, 0, [Path(item.path).read_bytes() for item in thumbnails]), {
        "times_ms": [item.at_ms for item in thumbnails],
        "columns": own.columns,
        "width": own.tile_width,
        "height": own.tile_height,
    }
