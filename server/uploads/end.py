"""Ends that bring no file: terminated by its owner, expired, swept; and whole files nobody finished.

The row says first that it is over, together with what is to be removed; then the storage is told. A crash in between
leaves work for the next round of housekeeping, never bytes that count.
"""

from datetime import timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, and_, or_, select, update

from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.errors import SemmaError
from server.core.removals import remove_later
from server.uploads.accept import wait_until_free
from server.uploads.changes import change_of
from server.uploads.desk import Desk
from server.uploads.errors import AlreadyUsed
from server.uploads.finish import finish_upload
from server.uploads.hold import write_tails
from server.uploads.models import EXPIRED, FINISHED, FINISHING, RECEIVING, TERMINATED, Upload
from server.uploads.queries import find_upload
from server.uploads.store import prefix_of

log = structlog.get_logger(__name__)

# A multipart is begun just before its row is written, and a stray one harms nobody for so long.
STRAY_AFTER = timedelta(hours=1)
# The request that brought the last byte finishes the file itself, within seconds.
UNFINISHED_AFTER = timedelta(seconds=15)


async def terminate_upload(desk: Desk, upload_id: str) -> None:
    """End the upload and free its bytes (tus 1.0.0, §Termination); a writer is stopped. Raises AlreadyUsed."""
    upload = await wait_until_free(desk, upload_id)
    if upload.state == FINISHED:
        raise AlreadyUsed
    await _end(desk, upload, TERMINATED, reason="upload terminated")


async def _end(desk: Desk, upload: Upload, state: str, *, reason: str) -> bool:
    """Shut every writer out, note what is to be removed, abort the multipart; False when it had ended already."""
    async with desk.runtime.database.write() as db:
        if not await _shut(db, upload, state):
            return False
        await write_tails(db, upload.id, [])
        await remove_later(db, prefix_of(upload.id), reason=reason, owner_id=upload.id, after_s=0)
        if (herald := desk.heralds.get(upload.purpose)) is not None:
            await herald.ended(db, upload.id)
        fresh = await find_upload(db, upload.id)
        if fresh is not None:
            announce(db, desk.runtime.redis, event_id=fresh.event_id, change=change_of(fresh))
    if upload.multipart_id:
        await desk.runtime.store.abort_multipart(upload.key, upload.multipart_id)
    return True


async def _shut(db: Db, upload: Upload, state: str) -> bool:
    ended = await db.execute(
        update(Upload)
        .where(Upload.id == upload.id, Upload.state == RECEIVING)
        .values(state=state, fence=Upload.fence + 1, held_until=None)
        .execution_options(synchronize_session=False)
    )
    return bool(cast("CursorResult[Any]", ended).rowcount)


async def sweep_uploads(desk: Desk) -> dict[str, int]:
    """One round of housekeeping: finish whole files, expire late ones, abort stray multiparts; returns counts."""
    return {
        "finished": await finish_left_over(desk),
        "expired": await expire_late(desk),
        "aborted": await abort_stray(desk),
    }


async def finish_left_over(desk: Desk, *, most: int = 20) -> int:
    """Finish whole files whose last request did not live to do it."""
    moment = now()
    async with desk.runtime.database.read() as db:
        ids = await db.scalars(
            select(Upload.id)
            .where(
                Upload.state.in_((RECEIVING, FINISHING)),
                Upload.offset_bytes == Upload.length_bytes,
                Upload.updated_at < moment - UNFINISHED_AFTER,
                or_(Upload.held_until.is_(None), Upload.held_until < moment),
            )
            .limit(most)
        )
        found = list(ids)
    count = 0
    for upload_id in found:
        try:
            count += (await finish_upload(desk, upload_id)).state == FINISHED
        except SemmaError as error:
            log.warning("upload.not_finished", upload_id=upload_id, code=error.code, detail=error.detail)
        except Exception as error:  # one file's trouble must not keep the others waiting
            log.error("upload.not_finished", upload_id=upload_id, exc_info=error)
    return count


async def expire_late(desk: Desk, *, most: int = 100) -> int:
    """End uploads that were not finished in time."""
    moment = now()
    async with desk.runtime.database.read() as db:
        late = list(
            await db.scalars(
                select(Upload)
                .where(
                    Upload.state == RECEIVING,
                    Upload.expires_at < moment,
                    or_(Upload.length_bytes.is_(None), Upload.offset_bytes < Upload.length_bytes),
                    or_(Upload.held_until.is_(None), Upload.held_until < moment),
                )
                .limit(most)
            )
        )
    return sum([await _end(desk, upload, EXPIRED, reason="upload expired") for upload in late])


async def abort_stray(desk: Desk) -> int:
    """Abort multiparts that no unfinished upload knows: those of ended uploads, and those without a row."""
    before = now() - STRAY_AFTER
    strays = [one for one in await desk.runtime.store.open_multiparts("uploads/") if one.initiated < before]
    if not strays:
        return 0
    async with desk.runtime.database.read() as db:
        known = set(
            await db.scalars(
                select(Upload.multipart_id).where(
                    and_(
                        Upload.multipart_id.in_([one.upload_id for one in strays]),
                        Upload.state.in_((RECEIVING, FINISHING)),
                    )
                )
            )
        )
    aborted = 0
    for one in strays:
        if one.upload_id not in known:
            await desk.runtime.store.abort_multipart(one.key, one.upload_id)
            aborted += 1
    return aborted
