"""Encode the sound, whole: measured, one gain, AAC; segments are stored while the encoder runs. May run twice."""

import asyncio
import hashlib
import os
import time
from pathlib import Path
from typing import Any

from server.core.storage import ObjectStore
from server.media.audio import AudioSegment, encode_audio, measure_loudness
from server.media.ffmpeg import find_ffmpeg
from server.media.refusals import MediaError
from server.media.source_info import SourceInfo
from server.recordings.assemble import note_audio
from server.recordings.better import is_making
from server.recordings.jobs import EncodeAudio
from server.recordings.keys import init_name, recording_prefix, rendition_path, segment_name
from server.recordings.models import Recording, Source
from server.recordings.plan import AUDIO_NAME, info_of
from workers.chunks import look_at_source
from workers.recordings import SOURCE_URL_S, source_of, tell
from workers.runtime import Work, handles
from workers.scratch import scratch_directory

# Two segments are enough for a player to begin; afterwards the row is written every other second.
FIRST_NOTE = 2
NOTE_EVERY_S = 2.0


@handles(EncodeAudio)
async def encode(job: EncodeAudio, work: Work) -> None:
    """Encode the sound; what is stored is noted on the way, the whole in the transaction that ends the job."""
    async with work.read() as db:
        recording, source = await source_of(db, job.recording, job.generation)
    if not is_making(recording, job.generation):
        return
    info = info_of(source)
    name = f"{recording.id}-g{job.generation}-audio"
    with scratch_directory(work.runtime.scratch, name) as folder:
        keeper = SegmentKeeper(work, recording.id, job.generation, info)
        try:
            await _encode(work, source, info, folder, keeper)
        except MediaError:
            await look_at_source(work.store, source)
            raise
    async with work.transaction(last=True) as db:
        tell(db, work.runtime, await keeper.note(db, complete=True))


async def _encode(work: Work, source: Source, info: SourceInfo, folder: Path, keeper: "SegmentKeeper") -> None:
    url = await work.store.presign(source.key, expires_s=SOURCE_URL_S)
    program = find_ffmpeg(work.runtime.ffmpeg or None)
    loudness = await measure_loudness(url, info, program=program)
    await encode_audio(
        url, info, loudness, folder, program=program, on_init=keeper.take_init, on_segment=keeper.take_segment
    )


class SegmentKeeper:
    """Stores each segment as it comes and notes, now and then, how many are there."""

    def __init__(self, work: Work, recording_id: str, generation: int, info: SourceInfo) -> None:
        self._work, self._store = work, work.store
        self._recording_id, self._generation = recording_id, generation
        self._total_ticks = max(info.duration_ms * 48, 1)
        self._prefix = recording_prefix(recording_id)
        self._segments: list[tuple[int, int]] = []
        self._init, self._codecs = "", ""
        self._ticks, self._noted_at = 0, 0.0

    async def take_init(self, init: bytes, codecs: str) -> None:
        """Store the init before the first segment."""
        self._init, self._codecs = init_name(hashlib.sha256(init).hexdigest()), codecs
        await self._put(self._store, self._init, init, "video/mp4")

    async def take_segment(self, segment: AudioSegment) -> None:
        """Store one segment; note those that are there when it is time."""
        data = await asyncio.to_thread(Path(segment.path).read_bytes)
        await self._put(self._store, segment_name(segment.number), data, "video/iso.segment")
        await asyncio.to_thread(os.unlink, segment.path)
        self._segments.append((segment.duration_ticks, segment.size_bytes))
        self._ticks += segment.duration_ticks
        self._work.progress(self._ticks / self._total_ticks)
        due = time.monotonic() - self._noted_at > NOTE_EVERY_S
        if len(self._segments) == FIRST_NOTE or (len(self._segments) > FIRST_NOTE and due):
            async with self._work.transaction() as db:
                tell(db, self._work.runtime, await self.note(db, complete=False))
            self._noted_at = time.monotonic()

    async def note(self, db: Any, *, complete: bool) -> Recording | None:
        """Write how many segments are stored."""
        return await note_audio(
            db,
            self._recording_id,
            self._generation,
            segments=[list(row) for row in self._segments],
            codecs=self._codecs,
            init=self._init,
            complete=complete,
        )

    async def _put(self, store: ObjectStore, name: str, data: bytes, content_type: str) -> None:
        path = rendition_path(self._generation, AUDIO_NAME, name)
        await store.put(self._prefix + path, data, content_type=content_type)
