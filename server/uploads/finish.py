"""A whole file becomes one object, and its consumer makes something of it, exactly once.

Every step can be repeated: whoever finds a whole file that is not finished (the request that brought the last byte, the
next HEAD, housekeeping) goes through all of them, and the one transaction at the end lets only one win.
"""

from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, delete, update

from server.core.changes import announce
from server.core.db import Db
from server.core.errors import Invalid, SemmaError
from server.core.removals import remove_later
from server.core.storage import ObjectMissing, Part
from server.uploads.changes import change_of
from server.uploads.desk import Desk, FinishedUpload
from server.uploads.errors import Lost, Refused, UploadNotFound
from server.uploads.hold import is_held, parts_of, tails_of, write_parts, write_tails
from server.uploads.models import FAILED, FINISHED, FINISHING, RECEIVING, Upload, UploadPart
from server.uploads.protocol import read_slot
from server.uploads.queries import find_upload
from server.uploads.store import prefix_of, put_part, tails_prefix

log = structlog.get_logger(__name__)


def is_whole(upload: Upload) -> bool:
    """Whether every byte is durable, nobody writes, and the file was not handed on yet."""
    at_end = upload.state in (RECEIVING, FINISHING) and upload.offset_bytes == upload.length_bytes
    return at_end and not is_held(upload)


async def finish_upload(desk: Desk, upload_id: str) -> Upload:
    """Join the parts and hand the file to its consumer; returns the upload as it stands then.

    Raises Refused with what the consumer says against the file, after failing the upload with it; StorageAway leaves it
    to be finished later.
    """
    async with desk.runtime.database.read() as db:
        upload = await find_upload(db, upload_id)
        if upload is None:
            raise UploadNotFound
        if not is_whole(upload):
            return upload
        parts = await parts_of(db, upload_id)
    try:
        await _join(desk, upload, await _close_last_part(desk, upload, parts))
        return await _hand_on(desk, upload)
    except SemmaError as error:
        if error.retryable:
            raise
        await fail_upload(desk, upload_id, error)
        raise Refused(error.detail, reason=error.code) from error


async def _close_last_part(desk: Desk, upload: Upload, parts: list[Part]) -> list[Part]:
    """All parts; a rest still in tails (its length came after its bytes) becomes the last one."""
    async with desk.runtime.database.read() as db:
        tails = await tails_of(db, upload.id)
    if not tails:
        return parts
    number = len(parts) + 1
    last = await put_part(
        desk.runtime.store,
        key=upload.key,
        multipart_id=upload.multipart_id or "",
        number=number,
        tails=tails,
        body=bytearray(),
    )
    async with desk.runtime.database.write() as db:
        await write_parts(db, upload.id, [last])
        await write_tails(db, upload.id, [])
    return [*parts, last]


async def _join(desk: Desk, upload: Upload, parts: list[Part]) -> None:
    """Make the parts one object of the right size; raises Lost. It may have been done before, and not noted."""
    store = desk.runtime.store
    try:
        await store.complete_multipart(upload.key, upload.multipart_id or "", parts)
    except (ObjectMissing, Invalid) as error:
        log.info("upload.not_joined", upload_id=upload.id, error=error.detail)
    try:
        size = (await store.head(upload.key)).size_bytes
    except ObjectMissing:
        raise Lost from None
    if size != upload.length_bytes:
        raise Lost


async def _hand_on(desk: Desk, upload: Upload) -> Upload:
    """Finished, and what its consumer makes of it, in one transaction; whoever comes second changes nothing."""
    async with desk.runtime.database.write() as db:
        if await _end(db, upload.id, FINISHED):
            result_id = await desk.consumers[upload.purpose](db, _described(upload))
            await db.execute(update(Upload).where(Upload.id == upload.id).values(result_id=result_id))
            await db.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))
            await remove_later(
                db, tails_prefix(upload.id), reason="upload finished", owner_id=f"{upload.id}/tails", after_s=0
            )
        fresh = await find_upload(db, upload.id)
        if fresh is None:
            raise UploadNotFound
        announce(db, desk.runtime.redis, event_id=fresh.event_id, change=change_of(fresh))
    return fresh


async def _end(db: Db, upload_id: str, state: str) -> bool:
    """Leave receiving or finishing for good; False when somebody else did."""
    ended = await db.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.state.in_((RECEIVING, FINISHING)))
        .values(state=state, held_until=None, expires_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(cast("CursorResult[Any]", ended).rowcount)


async def fail_upload(desk: Desk, upload_id: str, error: SemmaError) -> Upload:
    """End the upload with an error in words, and free what it stored."""
    ended = False
    async with desk.runtime.database.write() as db:
        if await _end(db, upload_id, FAILED):
            await db.execute(
                update(Upload).where(Upload.id == upload_id).values(error_code=error.code, error_detail=error.detail)
            )
            await write_tails(db, upload_id, [])
            await remove_later(db, prefix_of(upload_id), reason="upload failed", owner_id=upload_id, after_s=0)
            ended = True
        upload = await find_upload(db, upload_id)
        if upload is None:
            raise UploadNotFound
        if ended and (herald := desk.heralds.get(upload.purpose)) is not None:
            await herald.ended(db, upload_id)
        announce(db, desk.runtime.redis, event_id=upload.event_id, change=change_of(upload))
    return upload


def _described(upload: Upload) -> FinishedUpload:
    return FinishedUpload(
        id=upload.id,
        event_id=upload.event_id,
        session_id=upload.session_id,
        user_id=upload.user_id,
        link_id=upload.link_id,
        purpose=upload.purpose,
        filename=upload.filename,
        language=upload.language,
        key=upload.key,
        size_bytes=upload.length_bytes or 0,
        slot=read_slot(upload.metadata_text),
    )
