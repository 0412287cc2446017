"""The still picture shown before playing: a frame of the talk, or drawn where there is no picture. May run twice."""

import asyncio
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from server.core.db import Db
from server.live.models import LiveSegment
from server.live.storage_keys import init_path, segment_path
from server.media.ffmpeg import find_ffmpeg
from server.media.probe import probe
from server.media.source_info import SourceInfo
from server.media.still import make_poster
from server.recordings.better import keep_poster
from server.recordings.jobs import MakePoster
from server.recordings.keys import poster_path, recording_prefix
from server.recordings.live_list import BROADCAST, LiveList, shown_live
from server.recordings.models import CANCELLED, FAILED, Recording, Rendition
from server.recordings.plan import info_of
from server.sessions.models import Session
from workers.recordings import SOURCE_URL_S, source_of, tell
from workers.runtime import Work, handles
from workers.scratch import scratch_directory

SIZE = (1280, 720)
GROUND, INK = "#16324f", "#ffffff"


@handles(MakePoster)
async def make(job: MakePoster, work: Work) -> None:
    """Make and store the poster; a recording without one is still watchable, so its failure fails nothing else."""
    async with work.read() as db:
        recording, source = await source_of(db, job.recording, job.generation)
        session = await db.get_one(Session, recording.session_id)
        live = shown_live(recording) if job.generation == recording.generation else None
        sample = await _sample_of(db, recording, live) if live else None
    if job.generation not in (recording.generation, recording.next_generation):
        return
    if recording.state in (CANCELLED, FAILED):
        return
    if live is None and source.kind == BROADCAST:
        return  # the better encode was shown meanwhile and its joined file is let go: the poster of before stays
    with scratch_directory(work.runtime.scratch, f"{recording.id}-poster") as folder:
        if live is None:
            picture = await _picture_of(work, await _address(work, source.key), info_of(source), folder)
        elif sample is not None:
            path = folder / "segment.mp4"
            path.write_bytes(b"".join([await work.store.get(key) for key in sample]))
            picture = await _picture_of(work, str(path), await probe(str(path)), folder)
        else:
            picture = None
    if picture is None:
        picture = await asyncio.to_thread(draw_poster, session.title)
    path_below = poster_path(job.generation)
    await work.store.put(recording_prefix(recording.id) + path_below, picture, content_type="image/jpeg")
    async with work.transaction(last=True) as db:
        fresh = await db.get(Recording, job.recording, with_for_update=True)
        if fresh is not None and keep_poster(fresh, job.generation, path_below):
            tell(db, work.runtime, fresh)


async def _address(work: Work, key: str) -> str:
    return await work.store.presign(key, expires_s=SOURCE_URL_S)


async def _picture_of(work: Work, source: str, info: SourceInfo, folder: Path) -> bytes | None:
    """A frame as JPEG; None where there is only sound."""
    if info.video is None:
        return None
    made = await make_poster(source, info, folder / "poster.jpg", program=find_ffmpeg(work.runtime.ffmpeg or None))
    return await asyncio.to_thread(Path(made).read_bytes)


async def _sample_of(db: Db, recording: Recording, live: LiveList) -> tuple[str, str] | None:
    """Keys of init and segment of the highest rung, a third into the talk, not of the slate where that can be; None
    when there is no picture. Never the first or last segment of several: they may show another talk."""
    rung = await db.scalar(
        select(Rendition.name)
        .where(Rendition.recording_id == recording.id, Rendition.generation == recording.generation)
        .where(Rendition.kind == "video")
        .order_by(Rendition.position)
        .limit(1)
    )
    rows = (
        await db.scalars(
            select(LiveSegment)
            .where(LiveSegment.broadcast_id == live.broadcast)
            .where(LiveSegment.msn.between(live.runs[0][0], live.runs[-1][1]))
            .order_by(LiveSegment.slate, LiveSegment.msn)
        )
        if live.runs
        else ()
    )
    listed = [row for row in rows if live.lists(row.msn) and rung in row.tracks]
    inner = [row for row in listed if live.runs[0][0] < row.msn < live.runs[-1][1]] or listed
    if rung is None or not inner:
        return None
    shown = [row for row in inner if not row.slate] or inner
    row = shown[len(shown) // 3]
    return live.prefix + init_path(rung, row.tracks[rung][2]), live.prefix + segment_path(rung, row.msn)


def draw_poster(title: str) -> bytes:
    """A JPEG with the talk's title over a drawn wave, for talks that are only heard."""
    picture = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(picture)
    for number in range(64):
        height = 30 + (number * 37 % 23) * 6 + (number * 13 % 7) * 8
        left = number * 20 + 4
        draw.rounded_rectangle((left, 520 - height // 2, left + 10, 520 + height // 2), radius=5, fill="#2a5580")
    font = ImageFont.load_default(size=64)
    for number, line in enumerate(_wrapped(draw, title, font, SIZE[0] - 160)[:3]):
        draw.text((80, 120 + number * 84), line, fill=INK, font=font)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def _wrapped(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int
) -> list[str]:
    """The text broken at words into lines no wider than `width` pixels."""
    lines: list[str] = []
    for word in text.split():
        wider = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(wider, font=font) <= width:
            lines[-1] = wider
        else:
            lines.append(word)
    return lines
