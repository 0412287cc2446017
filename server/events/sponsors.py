"""Who supports an event: the whole list is replaced at once, in the order it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.events import fields
from server.events.errors import TextInvalid
from server.events.models import Event, Sponsor
from server.events.pictures import own_picture

MOST_SPONSORS = 100


@dataclass(frozen=True, kw_only=True)
class NewSponsor:
    """A sponsor as asked for; `picture` is the id of one of the event's pictures."""

    name: str
    url: str = ""
    tier: str = ""
    picture: str | None = None


def clean_sponsor(sponsor: NewSponsor) -> NewSponsor:
    """The sponsor as it may be stored; raises Invalid with a sentence."""
    return NewSponsor(
        name=fields.check_text("name", sponsor.name, most=200, required=True),
        url=fields.check_url(sponsor.url) if sponsor.url.strip() else "",
        tier=fields.check_text("tier", sponsor.tier, most=60),
        picture=sponsor.picture or None,
    )


async def replace_sponsors(db: Db, event: Event, sponsors: Sequence[NewSponsor]) -> None:
    """Make these the event's sponsors. Those that stay (by name) keep their ids."""
    if len(sponsors) > MOST_SPONSORS:
        raise TextInvalid(f"At most {MOST_SPONSORS} sponsors are kept.")
    wanted = [clean_sponsor(sponsor) for sponsor in sponsors]
    for picture in {sponsor.picture for sponsor in wanted if sponsor.picture}:
        await own_picture(db, event, picture)
    present = {row.name: row for row in await sponsors_of(db, event.id)}
    for position, sponsor in enumerate(wanted):
        row = present.pop(sponsor.name, None)
        if row is None:
            row = Sponsor(event_id=event.id)
            db.add(row)
        row.name, row.url, row.tier = sponsor.name, sponsor.url, sponsor.tier
        row.picture_id, row.position = sponsor.picture, position
    for left in present.values():
        left.deleted_at = now()
    event.version += 1
    await db.flush()


async def sponsors_of(db: Db, event_id: str) -> list[Sponsor]:
    """The sponsors shown, in order."""
    statement = select(Sponsor).where(Sponsor.event_id == event_id, Sponsor.deleted_at.is_(None))
    return list(await db.scalars(statement.order_by(Sponsor.position, Sponsor.id)))
