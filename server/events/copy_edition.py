"""A new edition set up like an earlier one: its rooms, tracks, looks and words, never its programme or its media.

Pictures are objects of their event, so they are stored anew between reading the old edition and writing the new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from server.accounts.grants import give_grant
from server.accounts.models import Grant
from server.accounts.queries import ORGANISER
from server.core.db import Db
from server.core.storage import ObjectMissing, ObjectStore
from server.events.editions import create_event
from server.events.errors import TextInvalid
from server.events.models import Event, EventPicture, Room, Sponsor, Track
from server.events.pictures import picture_key, pictures_of, store_picture
from server.events.queries import rooms_of, tracks_of
from server.events.sponsors import sponsors_of
from server.media.logo import Logo

PARTS = ("rooms", "tracks", "look", "venue", "about", "code_of_conduct", "sponsors", "organisers")
# Last year's sponsors are asked anew; everything else is what people expect to find again.
USUAL_PARTS = tuple(part for part in PARTS if part != "sponsors")


@dataclass(frozen=True, kw_only=True)
class OldEdition:
    """What of an edition goes over."""

    event: Event
    parts: frozenset[str]
    rooms: Sequence[Room] = ()
    tracks: Sequence[Track] = ()
    sponsors: Sequence[Sponsor] = ()
    organisers: Sequence[str] = ()
    pictures: Mapping[str, EventPicture] = field(default_factory=dict)


def check_parts(parts: Sequence[str]) -> frozenset[str]:
    """Names of parts; raises TextInvalid for one that there is not."""
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise TextInvalid(f"“{unknown[0]}” is nothing that is copied; use some of {', '.join(PARTS)}.")
    return frozenset(parts)


async def read_old(db: Db, event: Event, parts: frozenset[str]) -> OldEdition:
    """Read what goes over."""
    sponsors = await sponsors_of(db, event.id) if "sponsors" in parts else []
    wanted = {sponsor.picture_id for sponsor in sponsors} | ({event.logo_id} if "look" in parts else set())
    pictures = await pictures_of(db, [event.id])
    grants = select(Grant.user_id).where(Grant.event_id == event.id, Grant.role == ORGANISER)
    return OldEdition(
        event=event,
        parts=parts,
        rooms=await rooms_of(db, event.id) if "rooms" in parts else [],
        tracks=await tracks_of(db, event.id) if "tracks" in parts else [],
        sponsors=sponsors,
        organisers=list(await db.scalars(grants)) if "organisers" in parts else [],
        pictures={key: row for key, row in pictures.items() if key in wanted},
    )


async def store_pictures(store: ObjectStore, old: OldEdition, event_id: str) -> dict[str, EventPicture]:
    """Store the old edition's pictures for the new one; rows by the old ids. A missing object is left out."""
    made = {}
    for key, picture in old.pictures.items():
        try:
            webp = await store.get(picture_key(picture))
        except ObjectMissing:
            continue
        logo = Logo(webp=webp, width_px=picture.width_px, height_px=picture.height_px)
        made[key] = await store_picture(store, event_id, logo)
    return made


async def write_new(
    db: Db,
    old: OldEdition,
    pictures: Mapping[str, EventPicture],
    *,
    event_id: str,
    title: str,
    slug: str | None,
    starts_on: date | None,
    ends_on: date | None,
    organiser_id: str | None,
) -> Event:
    """Open the new edition in the same series, unlisted until its organisers show it."""
    before = old.event
    event = await create_event(
        db,
        event_id=event_id,
        title=title,
        slug=slug,
        series=before.series_id,
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=before.time_zone,
        languages=before.languages,
        visibility="closed" if before.visibility == "closed" else "unlisted",
        publish_live=before.publish_live,
        organiser_id=organiser_id,
        **_words(old),
    )
    event.logo_id = _id_of(pictures.get(before.logo_id or "")) if "look" in old.parts else None
    db.add_all(pictures.values())
    db.add_all(_places(old, event_id))
    db.add_all(_supporters(old, event_id, pictures))
    await db.flush()
    for user_id in set(old.organisers) - {organiser_id}:
        await give_grant(db, user_id=user_id, role=ORGANISER, event_id=event_id)
    return event


def _words(old: OldEdition) -> dict[str, Any]:
    before = old.event
    found: dict[str, Any] = {"takes_links": before.takes_links}
    if "look" in old.parts:
        found["color"] = before.color
    if "venue" in old.parts:
        found |= {name: getattr(before, name) for name in ("venue_name", "venue_address", "venue_url")}
    for name in ("about", "code_of_conduct"):
        if name in old.parts:
            found[name] = getattr(before, name)
    return found


def _places(old: OldEdition, event_id: str) -> list[Room | Track]:
    rooms: list[Room | Track] = [
        Room(event_id=event_id, slug=room.slug, name=room.name, description=room.description, position=room.position)
        for room in old.rooms
    ]
    return rooms + [
        Track(
            event_id=event_id,
            slug=track.slug,
            name=track.name,
            description=track.description,
            color=track.color,
            position=track.position,
        )
        for track in old.tracks
    ]


def _supporters(old: OldEdition, event_id: str, pictures: Mapping[str, EventPicture]) -> list[Sponsor]:
    return [
        Sponsor(
            event_id=event_id,
            name=sponsor.name,
            url=sponsor.url,
            tier=sponsor.tier,
            picture_id=pictures[sponsor.picture_id].id
            if sponsor.picture_id and sponsor.picture_id in pictures
            else None,
            position=sponsor.position,
        )
        for sponsor in old.sponsors
    ]


def _id_of(picture: EventPicture | None) -> str | None:
    return picture.id if picture else None
