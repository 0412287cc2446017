"""An event's small pictures: its logo and those of its sponsors, drawn anew and stored under the event."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from server.core.db import Db
from server.core.ids import new_id
from server.core.removals import remove_later
from server.core.runtime import Runtime
from server.core.storage import ObjectStore
from server.events.errors import PictureTooLarge, PictureUnreadable, TooManyPictures
from server.events.models import Event, EventPicture, Sponsor
from server.media.logo import MAX_BYTES, Logo, LogoUnreadable, draw_logo
from server.media.refusals import ProcessTimedOut

PICTURES = "pictures/"
MOST = 200


def event_pictures_prefix(event_id: str) -> str:
    """Where an event's pictures are stored."""
    return f"{PICTURES}{event_id}/"


def picture_key(picture: EventPicture) -> str:
    """Where a picture is stored."""
    return f"{event_pictures_prefix(picture.event_id)}{picture.id}.webp"


def picture_url(event_id: str, picture_id: str) -> str:
    """Where everybody gets it: logos stand on doors too, so they are no secret."""
    return f"/pictures/{event_id}/{picture_id}.webp"


async def read_picture(data: bytes) -> Logo:
    """Draw what was sent anew, outside of any transaction; raises PictureTooLarge or PictureUnreadable."""
    if len(data) > MAX_BYTES:
        raise PictureTooLarge
    if not data:
        raise PictureUnreadable("Nothing was sent. The body of the request is the picture's file.")
    try:
        return await draw_logo(data)
    except (LogoUnreadable, ProcessTimedOut) as error:
        raise PictureUnreadable(error.detail) from None


async def store_picture(store: ObjectStore, event_id: str, logo: Logo) -> EventPicture:
    """Store the object first; the row is for the caller's transaction. An object without a row is an orphan's end."""
    picture = EventPicture(
        id=new_id(),
        event_id=event_id,
        width_px=logo.width_px,
        height_px=logo.height_px,
        size_bytes=len(logo.webp),
    )
    await store.put(picture_key(picture), logo.webp, content_type="image/webp")
    return picture


async def keep_picture(db: Db, runtime: Runtime, event: Event, picture: EventPicture) -> None:
    """Add the row; pictures nobody names any more make way. Raises TooManyPictures."""
    pictures = list(await db.scalars(select(EventPicture).where(EventPicture.event_id == event.id)))
    named = {event.logo_id, *await db.scalars(select(Sponsor.picture_id).where(Sponsor.event_id == event.id))}
    if len([one for one in pictures if one.id in named]) >= MOST:
        raise TooManyPictures
    await _drop(db, runtime, _unused(pictures, named))
    db.add(picture)
    await db.flush()


def _unused(pictures: Sequence[EventPicture], named: set[str | None]) -> list[EventPicture]:
    """All but the newest few that nobody names: somebody may just be about to."""
    return sorted((one for one in pictures if one.id not in named), key=lambda one: one.id)[:-20]


async def _drop(db: Db, runtime: Runtime, pictures: Sequence[EventPicture]) -> None:
    for picture in pictures:
        await remove_later(
            db,
            picture_key(picture),
            reason="picture replaced",
            owner_id=f"picture:{picture.id}",
            after_s=runtime.limits.token_overlap_s,
        )
        await db.execute(delete(EventPicture).where(EventPicture.id == picture.id))


async def pictures_of(db: Db, event_ids: Sequence[str]) -> dict[str, EventPicture]:
    """The pictures of events by their ids."""
    if not event_ids:
        return {}
    rows = await db.scalars(select(EventPicture).where(EventPicture.event_id.in_(event_ids)))
    return {row.id: row for row in rows}


async def own_picture(db: Db, event: Event, picture_id: str) -> EventPicture:
    """A picture of this event; raises PictureUnreadable when it is another's or none."""
    picture = await db.get(EventPicture, picture_id)
    if picture is None or picture.event_id != event.id:
        raise PictureUnreadable("There is no such picture of this event; send it first.")
    return picture
