"""An edition's surroundings on its pages: looks, sponsors, and the editions before and after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.models import Event, EventPicture, LinkSuggestion, Series, Sponsor
from server.events.pictures import picture_url, pictures_of
from server.events.queries import visible_events
from server.events.sponsors import sponsors_of
from server.events.suggestions import WAITING
from server.web.looks import look_url
from server.web.shelves import event_card
from server.web.shown import EventCard


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture with the room it takes."""

    url: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SponsorView:
    """A sponsor; `id` is that of its picture, for the studio's form."""

    name: str
    url: str
    tier: str
    picture: PictureView | None = None
    picture_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around an edition's programme."""

    look: str = ""
    logo: PictureView | None = None
    sponsors: tuple[SponsorView, ...] = ()
    older: EventCard | None = None
    newer: EventCard | None = None
    venue_name: str = ""
    venue_address: str = ""
    venue_url: str = ""
    about: str = ""
    code_of_conduct: str = ""
    takes_links: bool = False
    languages: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether there is anything to read on the page about the edition."""
        return bool(self.about or self.code_of_conduct or self.venue_name or self.venue_address or self.sponsors)


def _view(picture: EventPicture | None) -> PictureView | None:
    if picture is None:
        return None
    url = picture_url(picture.event_id, picture.id)
    return PictureView(url=url, width_px=picture.width_px, height_px=picture.height_px)


def sponsor_view(sponsor: Sponsor, pictures: dict[str, EventPicture]) -> SponsorView:
    """A sponsor as pages show it."""
    return SponsorView(
        name=sponsor.name,
        url=sponsor.url,
        tier=sponsor.tier,
        picture=_view(pictures.get(sponsor.picture_id or "")),
        picture_id=sponsor.picture_id or "",
    )


def neighbours(editions: Sequence[Event], event: Event) -> tuple[Event | None, Event | None]:
    """The editions before and after this one, of those with a date (this one among them or not)."""
    if event.starts_on is None:
        return None, None
    dated = [(one.starts_on, one.id, one) for one in editions if one.starts_on and one.id != event.id]
    here = (event.starts_on, event.id)
    older = max((found for found in dated if found[:2] < here), default=None, key=lambda found: found[:2])
    newer = min((found for found in dated if found[:2] > here), default=None, key=lambda found: found[:2])
    return (older[2] if older else None), (newer[2] if newer else None)


async def series_of(db: Db, event: Event) -> Series | None:
    """The series of an event, unless it was deleted."""
    series = await db.get(Series, event.series_id) if event.series_id else None
    return None if series is None or series.deleted_at is not None else series


async def read_surroundings(db: Db, actor: Actor, event: Event, series: Series | None) -> Surroundings:
    """Three statements at most."""
    sponsors = await sponsors_of(db, event.id)
    needs_pictures = event.logo_id or any(sponsor.picture_id for sponsor in sponsors)
    pictures = await pictures_of(db, [event.id]) if needs_pictures else {}
    editions = list(await db.scalars(visible_events(actor).where(Event.series_id == series.id))) if series else []
    older, newer = neighbours(editions, event)
    return Surroundings(
        look=look_url(event.color),
        logo=_view(pictures.get(event.logo_id or "")),
        sponsors=tuple(sponsor_view(sponsor, pictures) for sponsor in sponsors),
        older=event_card(older) if older else None,
        newer=event_card(newer) if newer else None,
        venue_name=event.venue_name,
        venue_address=event.venue_address,
        venue_url=event.venue_url,
        about=event.about,
        code_of_conduct=event.code_of_conduct,
        takes_links=event.takes_links,
        languages=tuple(event.languages),
    )


async def count_suggestions(db: Db, event_id: str) -> int:
    """How many suggested links wait for a decision."""
    statement = select(func.count()).where(LinkSuggestion.event_id == event_id, LinkSuggestion.state == WAITING)
    return await db.scalar(statement) or 0
