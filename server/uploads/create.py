"""Begin an upload: rights, size and purpose are asked here, once."""

from datetime import timedelta

from server.accounts.actor import Actor
from server.accounts.policy import Subject, require
from server.core.changes import announce
from server.core.clock import now
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.storage import part_size_for
from server.uploads.changes import change_of
from server.uploads.desk import Desk, Target
from server.uploads.errors import BadPurpose, BadSession, DoNotRecord
from server.uploads.models import Upload
from server.uploads.protocol import Creation, Metadata
from server.uploads.queries import ACTION_OF
from server.uploads.store import file_key


async def create_upload(desk: Desk, actor: Actor, asked: Creation) -> Upload:
    """A new upload at offset 0, with its multipart begun.

    Raises BadPurpose, BadSession, DoNotRecord, Unauthenticated, Forbidden, StorageAway.
    """
    target = await _target_of(desk, actor, asked.metadata)
    runtime = desk.runtime
    # The parts of a file whose length comes later must do for the longest one.
    part_size = part_size_for(asked.length_bytes or runtime.limits.upload_max_bytes)
    upload_id = new_id()
    key = file_key(upload_id)
    upload = Upload(
        id=upload_id,
        event_id=target.event_id,
        session_id=target.session_id,
        user_id=actor.user_id,
        link_id=actor.link_id,
        purpose=asked.metadata.purpose,
        filename=asked.metadata.filename,
        language=asked.metadata.language,
        metadata_text=asked.metadata.text,
        length_bytes=asked.length_bytes,
        part_size_bytes=part_size,
        key=key,
        # A crash before the commit leaves an empty multipart without a row; housekeeping sweeps it.
        multipart_id=await runtime.store.begin_multipart(key),
        expires_at=now() + timedelta(seconds=runtime.limits.upload_expires_s),
    )
    async with runtime.database.write() as db:
        db.add(upload)
        await db.flush()
        if (herald := desk.heralds.get(upload.purpose)) is not None:
            await herald.begun(db, upload.id, upload.session_id)
        announce(db, runtime.redis, event_id=upload.event_id, change=change_of(upload))
    return upload


async def _target_of(desk: Desk, actor: Actor, metadata: Metadata) -> Target:
    """The session the upload is for, if the asker may upload this for it."""
    if metadata.purpose not in desk.consumers:
        raise BadPurpose(f"Uploads for {metadata.purpose} are not taken here yet.")
    async with desk.runtime.database.read() as db:
        target = await desk.locate(db, metadata.session)
    if target is None:
        raise BadSession
    subject = Subject(event_id=target.event_id, visibility=target.visibility, session_id=target.session_id)
    try:
        require(actor, ACTION_OF[metadata.purpose], subject)
    except NotFound:
        raise BadSession from None
    if target.do_not_record and metadata.purpose == "recording":
        raise DoNotRecord
    return target
