"""Find uploads, as far as the asker may know of them.

Rights are asked when an upload is made. After that its URL belongs to whoever made it (signed in again, or by another
token of theirs) and to everybody who may upload the same for the same session; for anybody else it does not exist. It
is no capability URL: it stands in logs and lists.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from server.accounts.actor import Actor
from server.accounts.policy import SCOPE_OF, Action, Subject, can
from server.core.db import Db
from server.core.errors import Unauthenticated
from server.uploads.errors import UploadNotFound
from server.uploads.models import Upload

ACTION_OF = {
    "recording": Action.UPLOAD_RECORDING,
    "slides": Action.UPLOAD_SLIDES,
    "captions": Action.UPLOAD_CAPTIONS,
}


def is_theirs(actor: Actor, upload: Upload) -> bool:
    """Whether the asker made this upload, and may use this way of asking for uploads."""
    if actor.scopes is not None and SCOPE_OF[ACTION_OF[upload.purpose]] not in actor.scopes:
        return False
    by_user = actor.user_id is not None and actor.user_id == upload.user_id
    return by_user or (actor.link_id is not None and actor.link_id == upload.link_id)


def may_touch(actor: Actor, upload: Upload) -> bool:
    """Whether the upload exists for this asker."""
    subject = Subject(event_id=upload.event_id, session_id=upload.session_id)
    return is_theirs(actor, upload) or can(actor, ACTION_OF[upload.purpose], subject)


async def find_upload(db: Db, upload_id: str) -> Upload | None:
    """The upload as it stands now."""
    return await db.get(Upload, upload_id, populate_existing=True)


async def get_upload(db: Db, actor: Actor, upload_id: str) -> Upload:
    """The upload if the asker may know of it; raises Unauthenticated or UploadNotFound."""
    if not actor.is_known:
        raise Unauthenticated
    upload = await find_upload(db, upload_id)
    if upload is None or not may_touch(actor, upload):
        raise UploadNotFound
    return upload


def visible_uploads(actor: Actor) -> ColumnElement[bool]:
    """The uploads the asker may list: their own, and those of events they organise."""
    if actor.scopes is not None and not actor.scopes & {"read", "upload"}:
        return false()
    if actor.is_admin:
        return true()
    return or_(
        Upload.event_id.in_(actor.organiser_of),
        and_(Upload.user_id.is_not(None), Upload.user_id == actor.user_id),
        and_(Upload.link_id.is_not(None), Upload.link_id == actor.link_id),
    )


async def list_uploads(
    db: Db,
    actor: Actor,
    *,
    event_id: str | None,
    session_id: str | None,
    state: str | None,
    before_id: str | None,
    limit: int,
) -> Sequence[Upload]:
    """Uploads, newest first; ids sort by time of making."""
    wanted = [visible_uploads(actor)]
    if event_id is not None:
        wanted.append(Upload.event_id == event_id)
    if session_id is not None:
        wanted.append(Upload.session_id == session_id)
    if state is not None:
        wanted.append(Upload.state == state)
    if before_id is not None:
        wanted.append(Upload.id < before_id)
    return (await db.scalars(select(Upload).where(*wanted).order_by(Upload.id.desc()).limit(limit))).all()
