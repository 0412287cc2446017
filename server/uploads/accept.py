"""The acts behind HEAD and PATCH: see how far an upload is, and go on from there."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from server.core.clock import now
from server.uploads.desk import Desk
from server.uploads.errors import (
    BadHeader,
    BeyondLength,
    Expired,
    Lost,
    OffsetMismatch,
    Terminated,
    UploadFailed,
    UploadNotFound,
)
from server.uploads.finish import fail_upload, finish_upload, is_whole
from server.uploads.hold import is_held, note_yield_asked, take_hold
from server.uploads.models import EXPIRED, FAILED, FINISHED, RECEIVING, TERMINATED, Upload
from server.uploads.protocol import Patch
from server.uploads.queries import find_upload
from server.uploads.receive import Receiver

# Longer than a hold lives without renewal: a writer that does not answer is dead, or is shut out by its fence.
LET_GO_WAIT_S = 8.0


def check_alive(upload: Upload) -> None:
    """Raise what says why this upload takes no more bytes; a finished one is fine."""
    if upload.state == TERMINATED:
        raise Terminated
    if upload.state == FAILED:
        raise UploadFailed(upload.error_detail, reason=upload.error_code)
    is_late = upload.state == RECEIVING and upload.expires_at is not None and upload.expires_at < now()
    if upload.state == EXPIRED or (is_late and not is_held(upload)):
        raise Expired


async def stand_of(desk: Desk, upload_id: str) -> Upload:
    """How far the upload is once nobody writes to it any more: whoever does is asked to save and let go.

    Somebody who asks how far an upload is wants to go on with it, and a request that still hangs on a dead connection
    would be in the way. A whole file that was not finished (a crash came between) is finished here.
    """
    upload = await wait_until_free(desk, upload_id)
    if is_whole(upload):
        upload = await finish_upload(desk, upload_id)
    return upload


async def wait_until_free(desk: Desk, upload_id: str) -> Upload:
    """The upload as soon as no writer holds it, or after LET_GO_WAIT_S; asks the writer to let go."""
    asked_fence, give_up_at, pause_s = 0, monotonic() + LET_GO_WAIT_S, 0.01
    while True:
        async with desk.runtime.database.read() as db:
            upload = await find_upload(db, upload_id)
        if upload is None:
            raise UploadNotFound
        if not is_held(upload) or upload.state != RECEIVING or monotonic() > give_up_at:
            return upload
        if asked_fence != upload.fence:
            asked_fence = upload.fence
            await desk.ask_to_let_go(upload_id, asked_fence)
            async with desk.runtime.database.write() as db:
                await note_yield_asked(db, upload_id, asked_fence)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.2)


async def accept_bytes(desk: Desk, upload_id: str, patch: Patch, chunks: AsyncIterator[bytes]) -> Upload:
    """Add the body to the upload and, when it is whole, finish it; returns the upload as it stands then.

    Raises OffsetMismatch, BeyondLength, ChecksumMismatch, Interrupted, Stalled, ClientGone, Gone kinds, StorageAway,
    and what the consumer of a whole file says against it.
    """
    upload = await stand_of(desk, upload_id)
    check_alive(upload)
    if patch.offset_bytes != upload.offset_bytes:
        raise OffsetMismatch(offset=upload.offset_bytes)
    length = _length_with(upload, patch)
    if length is not None and upload.offset_bytes + (patch.size_bytes or 0) > length:
        raise BeyondLength
    if upload.state == FINISHED:
        return upload
    async with desk.runtime.database.write() as db:
        hold = await take_hold(db, upload, length_bytes=length)
    try:
        offset = await Receiver(desk, hold, patch.checksum).run(chunks)
    except Lost as error:
        await fail_upload(desk, upload_id, error)  # or every further attempt would end here, too
        raise
    if offset == length:
        return await finish_upload(desk, upload_id)
    async with desk.runtime.database.read() as db:
        return await find_upload(db, upload_id) or upload


def _length_with(upload: Upload, patch: Patch) -> int | None:
    """The upload's length, which a PATCH may tell once when it was deferred (tus 1.0.0, §Creation)."""
    if patch.length_bytes is None:
        return upload.length_bytes
    if upload.length_bytes not in (None, patch.length_bytes):
        raise BadHeader(f"Upload-Length was {upload.length_bytes} before and cannot change.")
    if patch.length_bytes < upload.offset_bytes:
        raise BadHeader("Upload-Length is shorter than what has already come.")
    return patch.length_bytes
