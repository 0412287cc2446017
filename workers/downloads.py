"""Make a file to download: segments to scratch as one file, copied into a progressive one, verified, stored. May run
twice: what is stored has the same name and the same bytes.
"""

import asyncio
from pathlib import Path
from typing import Any

from server.core.changes import announce
from server.core.db import Db
from server.core.runtime import Runtime
from server.media.boxes import BadBox
from server.media.captions import Cue, shift_cues, write_srt
from server.media.chapters import write_ffmetadata
from server.media.download import CaptionFile, DownloadOrder, make_download, write_tags
from server.media.ffmpeg import find_ffmpeg
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.live import VIDEO_TIMESCALE
from server.media.process import Progress
from server.media.refusals import Refused
from server.playback.downloads import SOUND, Ingredients, can_be_made, download_key, media_type_of, suffix_of
from server.playback.downloads_keep import (
    MAKING,
    ingredients_for,
    note_failed,
    note_ready,
    order_for_podcasts,
    podcast_recordings,
    retire,
    retire_of_session,
    retire_stale,
)
from server.playback.jobs import MakeDownload
from server.playback.models import CaptionTrack, Download
from server.recordings.live_list import shown_live
from server.recordings.pieces import Piece, encoded_pieces, live_pieces
from server.recordings.queries import renditions_and_chunks
from server.session_media import read_talk_chapters
from workers.fetch_pieces import fetched
from workers.put import put_file
from workers.runtime import Work, handles, on_failure
from workers.scratch import scratch_directory

# Shares of the whole: fetched, copied, stored.
_FETCHED, _COPIED = 0.5, 0.8


class MixedEncoders(Refused):
    """One MP4 track has one set of decoder parameters that every player understands."""

    code = "downloads.mixed_encoders"


@handles(MakeDownload)
async def make(job: MakeDownload, work: Work) -> None:
    """Make the file unless it is there or nobody wants it any more."""
    async with work.read() as db:
        row = await db.get(Download, job.download)
        made_of = await ingredients_for(db, row.recording_id, read_talk_chapters) if row is not None else None
        if row is None or row.state != MAKING:
            return
        if made_of is None or not can_be_made(made_of.recording) or made_of.fingerprint(row.rung) != row.fingerprint:
            pieces, made_of = [], None
        else:
            pieces = await _pieces(db, made_of, row.rung)
    if made_of is None:
        await _let_go(work, row.id)
        return
    work.on_beat = _carry(row.id, work.runtime)
    total = sum(piece.size_bytes for piece in pieces)
    with scratch_directory(work.runtime.scratch, f"{row.id}-download", room_bytes=2 * total) as folder:
        target = folder / f"file{suffix_of(row.rung)}"
        order = await _order(work, made_of, row.rung, pieces, folder)

        def note(time_us: int) -> None:
            work.progress(_FETCHED + (_COPIED - _FETCHED) * min(1.0, time_us / max(order.duration_us, 1)))

        program = find_ffmpeg(work.runtime.ffmpeg or None)
        await make_download(order, target, program=program, note=Progress("out_time_us", note))
        key = download_key(row.recording_id, row.fingerprint, row.rung)
        size_bytes = await put_file(work.store, key, target, media_type_of(row.rung))
    await _finish(work, row.id, key, size_bytes, order.duration_us // 1000)


async def _let_go(work: Work, download_id: str) -> None:
    """The recording is gone, or other captions came meanwhile: whoever still wants a file asks for the new one."""
    async with work.transaction(last=True) as db:
        row = await db.get(Download, download_id)
        if row is not None:
            await retire(db, [row], after_s=0)


async def _finish(work: Work, download_id: str, key: str, size_bytes: int, duration_ms: int) -> None:
    overlap_s = work.runtime.limits.token_overlap_s
    async with work.transaction(last=True) as db:
        row = await db.get(Download, download_id)
        if row is not None:
            await note_ready(db, row, size_bytes=size_bytes, duration_ms=duration_ms, overlap_s=overlap_s)
            tell(db, work.runtime, row)
    if row is None:  # taken off while it was made
        await work.store.delete(key)


def _carry(download_id: str, runtime: Runtime) -> Any:
    async def carry(db: Db, share: float) -> None:
        row = await db.get(Download, download_id)
        if row is not None and share > row.progress:
            row.progress = share
            tell(db, runtime, row)

    return carry


def tell(db: Db, runtime: Runtime, row: Download) -> None:
    """Tell the event's listeners after the commit."""
    change = {
        "kind": "download",
        "id": row.id,
        "session": row.session_id,
        "rung": row.rung,
        "state": row.state,
        "progress": round(row.progress, 3),
        "public": True,  # whoever waits for it hears of it
    }
    announce(db, runtime.redis, event_id=row.event_id, change=change)


async def _pieces(db: Db, made_of: Ingredients, rung: str) -> list[Piece]:
    renditions, chunks = await renditions_and_chunks(db, made_of.recording)
    wanted = [one for one in renditions if one.kind == "audio" or one.name == rung]
    live = shown_live(made_of.recording)
    if live is not None:
        return await live_pieces(db, live, [one.name for one in wanted])
    return encoded_pieces(made_of.recording, wanted, chunks)


async def _order(work: Work, made_of: Ingredients, rung: str, pieces: list[Piece], folder: Path) -> DownloadOrder:
    """Everything ffmpeg reads, as files in the folder."""
    media = folder / "joined.mp4"
    samples = await _join(work, pieces, media)
    live, duration_ms = shown_live(made_of.recording), made_of.recording.duration_ms or 0
    start_us, duration_us = 0, duration_ms * 1000
    if live is not None:
        start_us, end_us = (ticks * 1_000_000 // VIDEO_TIMESCALE for ticks in live.clip)
        duration_us = end_us - start_us
    metadata = folder / "metadata.txt"
    chapters = write_ffmetadata(made_of.chapters, max(duration_us // 1000, 1))
    metadata.write_text(write_tags(made_of.tags, chapters), encoding="utf-8")
    return DownloadOrder(
        media=media,
        metadata=metadata,
        captions=() if rung == SOUND else _captions(made_of.captions, duration_us // 1000, folder),
        samples=samples,
        start_us=start_us,
        duration_us=duration_us,
        cut=live is not None,
    )


async def _join(work: Work, pieces: list[Piece], path: Path) -> dict[str, int]:
    """The segments as one file; returns how many samples it has, by handler. Raises MixedEncoders, SourceGone."""
    joiner, done = Mp4Joiner(), 0
    with path.open("wb") as file:
        file.write(bytes(HEAD_BYTES))
        async for piece, init, data in fetched(work.store, pieces):
            try:
                body = joiner.add(piece.track, init, data, shift=piece.shift)
            except BadBox as error:
                raise Refused(f"A stored segment is damaged: {error}.") from error
            await asyncio.to_thread(file.write, body)
            done += 1
            work.progress(_FETCHED * done / len(pieces))
        file.write(joiner.finish())
        file.seek(0)
        file.write(joiner.head())
    if joiner.most_entries > 1:
        raise MixedEncoders(
            "Parts of this recording come from encoders that differ, which does not fit into one file. "
            "After a live talk that is over once its better encode is there."
        )
    return joiner.samples


def _captions(tracks: Any, duration_ms: int, folder: Path) -> tuple[CaptionFile, ...]:
    files = []
    for number, track in enumerate(tracks):
        cues = shift_cues(_cues_of(track), 0, duration_ms)
        if cues:
            path = folder / f"captions-{number}.srt"
            path.write_text(write_srt(cues), encoding="utf-8")
            files.append(CaptionFile(path=path, language=track.language, label=track.label or track.language))
    return tuple(files)


def _cues_of(track: CaptionTrack) -> list[Cue]:
    return [Cue(start, end, text, settings=settings) for start, end, text, settings in track.cues]


@on_failure(MakeDownload)
async def make_failed(db: Db, runtime: Runtime, job: MakeDownload, code: str, detail: str) -> None:
    """Say on the row why there is no file."""
    row = await note_failed(db, job.download, code=code, detail=detail)
    if row is not None:
        tell(db, runtime, row)


async def drop_downloads(work: Work, session_id: str) -> None:
    """Of a talk that may not be recorded any more no file stays."""
    async with work.transaction() as db:
        await retire_of_session(db, session_id)


async def order_podcast_of(work: Work, session_id: str) -> None:
    """What is published is made ahead for the podcasts of its event, if it has some."""
    async with work.transaction() as db:
        recordings = await podcast_recordings(db, session_id=session_id)
        await order_for_podcasts(db, recordings, read_talk_chapters)


async def look_after_downloads(runtime: Runtime) -> int:
    """Hourly: retire what would be made differently now, make ahead what podcasts miss. Returns how many went."""
    async with runtime.database.write() as db:
        gone = await retire_stale(db, read_talk_chapters, overlap_s=runtime.limits.token_overlap_s)
    async with runtime.database.read() as db:
        recordings = await podcast_recordings(db)
    for recording_id in recordings:
        async with runtime.database.write() as db:
            await order_for_podcasts(db, [recording_id], read_talk_chapters)
    return gone
