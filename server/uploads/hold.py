"""Who may write to an upload: one request at a time, by a number in the row.

Every writer takes a fence one above the last; whatever it records afterwards is refused once somebody else has taken a
higher one. The database alone decides that. `held_until` only tells others that somebody is at work; a writer renews it
while it lives, and `yield_asked` (or, faster, a message) makes it stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, select, update

from server.core.clock import now
from server.core.db import Db
from server.core.storage import Part
from server.uploads.errors import Interrupted
from server.uploads.models import FINISHING, RECEIVING, Upload, UploadPart, UploadTail

HOLD_S = 6.0


@dataclass(frozen=True)
class Tail:
    """Bytes of an upload from `start_bytes` on, kept as one small object."""

    start_bytes: int
    size_bytes: int
    key: str

    @property
    def end_bytes(self) -> int:
        """Where the next byte goes."""
        return self.start_bytes + self.size_bytes


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One request's right to write, and where it begins."""

    upload_id: str
    event_id: str
    session_id: str
    fence: int
    key: str
    multipart_id: str
    part_size_bytes: int
    offset_bytes: int
    length_bytes: int | None
    tails: tuple[Tail, ...]


def is_held(upload: Upload) -> bool:
    """Whether a writer is at work, as far as the row tells."""
    return upload.held_until is not None and upload.held_until > now()


def _changed(result: Any) -> bool:
    return bool(cast("CursorResult[Any]", result).rowcount)


async def take_hold(db: Db, upload: Upload, *, length_bytes: int | None) -> Hold:
    """Become the writer of this upload as it was read; raises Interrupted when it moved meanwhile."""
    taken = await db.execute(
        update(Upload)
        .where(
            Upload.id == upload.id,
            Upload.fence == upload.fence,
            Upload.offset_bytes == upload.offset_bytes,
            Upload.state == RECEIVING,
        )
        .values(
            fence=upload.fence + 1,
            held_until=now() + timedelta(seconds=HOLD_S),
            length_bytes=length_bytes,
        )
        .execution_options(synchronize_session=False)
    )
    if not _changed(taken):
        raise Interrupted
    return Hold(
        upload_id=upload.id,
        event_id=upload.event_id,
        session_id=upload.session_id,
        fence=upload.fence + 1,
        key=upload.key,
        multipart_id=upload.multipart_id or "",
        part_size_bytes=upload.part_size_bytes,
        offset_bytes=upload.offset_bytes,
        length_bytes=length_bytes,
        tails=tuple(await tails_of(db, upload.id)),
    )


async def tails_of(db: Db, upload_id: str) -> list[Tail]:
    """The tails of an upload, in order."""
    rows = await db.scalars(
        select(UploadTail).where(UploadTail.upload_id == upload_id).order_by(UploadTail.start_bytes)
    )
    return [Tail(row.start_bytes, row.size_bytes, row.key) for row in rows]


async def parts_of(db: Db, upload_id: str) -> list[Part]:
    """The whole parts of an upload, in order."""
    rows = await db.scalars(select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.number))
    return [Part(row.number, row.size_bytes, row.etag) for row in rows]


async def record_progress(
    db: Db,
    hold: Hold,
    *,
    offset_bytes: int,
    parts: Sequence[Part],
    tails: Sequence[Tail] | None,
    expires_s: int,
    release: bool,
) -> bool:
    """Write down what became durable, all in one: offset, whole parts, tails (None: as they were).

    `release` ends the hold; at the upload's length it also ends receiving. Returns whether somebody asks this writer
    to let go. Raises Interrupted when it is the writer no more; nothing is recorded then.
    """
    moment = now()
    values: dict[str, Any] = {
        "offset_bytes": offset_bytes,
        "held_until": None if release else moment + timedelta(seconds=HOLD_S),
        "expires_at": moment + timedelta(seconds=expires_s),
    }
    if release and offset_bytes == hold.length_bytes:
        values["state"] = FINISHING
    ours = (Upload.id == hold.upload_id, Upload.fence == hold.fence, Upload.state == RECEIVING)
    changed = await db.execute(
        update(Upload).where(*ours).values(**values).execution_options(synchronize_session=False)
    )
    if not _changed(changed):
        raise Interrupted
    await write_parts(db, hold.upload_id, parts)
    if tails is not None:
        await write_tails(db, hold.upload_id, tails)
    asked = await db.scalar(select(Upload.yield_asked).where(Upload.id == hold.upload_id))
    return (asked or 0) >= hold.fence


async def write_parts(db: Db, upload_id: str, parts: Sequence[Part]) -> None:
    """Record whole parts; one that is there already, left by a finish that was broken off, is replaced."""
    if not parts:
        return
    numbers = [part.number for part in parts]
    await db.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id, UploadPart.number.in_(numbers)))
    rows = [
        {"upload_id": upload_id, "number": part.number, "size_bytes": part.size_bytes, "etag": part.etag}
        for part in parts
    ]
    await db.execute(insert(UploadPart), rows)


async def write_tails(db: Db, upload_id: str, tails: Sequence[Tail]) -> None:
    """Replace the tails recorded of an upload."""
    await db.execute(delete(UploadTail).where(UploadTail.upload_id == upload_id))
    if tails:
        await db.execute(
            insert(UploadTail),
            [
                {
                    "upload_id": upload_id,
                    "start_bytes": tail.start_bytes,
                    "size_bytes": tail.size_bytes,
                    "key": tail.key,
                }
                for tail in tails
            ],
        )


async def note_yield_asked(db: Db, upload_id: str, fence: int) -> None:
    """Ask the writer with this fence to let go, in case the message does not reach it."""
    await db.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.fence == fence)
        .values(yield_asked=fence)
        .execution_options(synchronize_session=False)
    )
