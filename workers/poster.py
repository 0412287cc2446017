"""The still picture shown before playing: a frame of the talk, or drawn where there is no picture. May run twice."""

import asyncio
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from server.media.ffmpeg import find_ffmpeg
from server.media.still import make_poster
from server.recordings.jobs import MakePoster
from server.recordings.keys import poster_path, recording_prefix
from server.recordings.models import CANCELLED, FAILED
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
        recording, source = await source_of(db, job.recording)
        session = await db.get_one(Session, recording.session_id)
    if recording.generation != job.generation or recording.state in (CANCELLED, FAILED):
        return
    info = info_of(source)
    if info.video is None:
        picture = await asyncio.to_thread(draw_poster, session.title)
    else:
        with scratch_directory(work.runtime.scratch, f"{recording.id}-poster") as folder:
            url = await work.store.presign(source.key, expires_s=SOURCE_URL_S)
            program = find_ffmpeg(work.runtime.ffmpeg or None)
            made = await make_poster(url, info, folder / "poster.jpg", program=program)
            picture = await asyncio.to_thread(Path(made).read_bytes)
    path = poster_path(job.generation)
    await work.store.put(recording_prefix(recording.id) + path, picture, content_type="image/jpeg")
    async with work.transaction(last=True) as db:
        recording, _source = await source_of(db, job.recording)
        if recording.generation == job.generation:
            recording.poster_key = path
            recording.version += 1
            tell(db, work.runtime, recording)


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
