"""Sponsors, pictures, suggested links and copies of editions over HTTP."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from server.events.links import NewLink
from server.events.models import EventPicture, LinkSuggestion, Sponsor
from server.events.pictures import picture_url
from server.events.schemas import Day, Id, Title
from server.events.sponsors import NewSponsor

LinkKind = Annotated[
    str,
    Meta(description="slides, blog, discussion, paper, photo, code, video, press or other.", examples=["blog"]),
]
LinkUrl = Annotated[str, Meta(max_length=2000, examples=["https://blog.example/what-i-learned"])]
LinkTitle = Annotated[str, Meta(max_length=300, examples=["What I learned at the seminar"])]


class PictureOut(Struct, kw_only=True):
    """A picture that was drawn anew."""

    id: Id
    url: Annotated[str, Meta(examples=["/pictures/01979c5e2b7a/01979c5e2b7b.webp"])]
    width_px: Annotated[int, Meta(examples=[480])]
    height_px: Annotated[int, Meta(examples=[120])]
    size_bytes: Annotated[int, Meta(examples=[9_120])]


class SponsorIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A sponsor in the list that replaces the present one."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Kaupunki Oy"])]
    url: Annotated[str, Meta(max_length=2000, examples=["https://kaupunki.example"])] = ""
    tier: Annotated[str, Meta(max_length=60, examples=["Main sponsor"])] = ""
    picture: Annotated[str | None, Meta(description="The id of one of the event's pictures.", examples=[None])] = None

    def as_new(self) -> NewSponsor:
        """As the acts take it."""
        return NewSponsor(name=self.name, url=self.url, tier=self.tier, picture=self.picture)


class SponsorOut(Struct, kw_only=True):
    """Who supports the event."""

    id: Id
    name: Annotated[str, Meta(examples=["Kaupunki Oy"])]
    url: Annotated[str, Meta(examples=["https://kaupunki.example"])]
    tier: Annotated[str, Meta(examples=["Main sponsor"])]
    picture: Annotated[str | None, Meta(description="The id of its picture.", examples=[None])]
    logo: Annotated[str | None, Meta(description="Where its picture is.", examples=[None])]


class SuggestionIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A link somebody suggests."""

    kind: LinkKind
    url: LinkUrl
    title: LinkTitle = ""
    by_name: Annotated[
        str, Meta(max_length=120, description="Who suggests it; only organisers see it.", examples=["Aino"])
    ] = ""

    def as_new(self) -> NewLink:
        """As the acts take it."""
        return NewLink(kind=self.kind, url=self.url, title=self.title)


class SuggestedOut(Struct, kw_only=True):
    """What whoever suggests a link is told."""

    url: LinkUrl
    state: Annotated[str, Meta(description="Always waiting: what was decided is nobody else's.", examples=["waiting"])]


class SuggestionOut(Struct, kw_only=True):
    """A suggestion, for organisers."""

    id: Id
    kind: LinkKind
    url: LinkUrl
    title: LinkTitle
    by_name: Annotated[str, Meta(examples=["Aino"])]
    state: Annotated[str, Meta(description="waiting, taken or refused.", examples=["waiting"])]
    created_at: Annotated[datetime, Meta(examples=["2027-05-21T09:00:00Z"])]


class TakeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How the link is to be shown; what is left out stays as suggested."""

    kind: LinkKind | None = None
    title: LinkTitle | None = None


class CopyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The new edition, and what goes over from the old one."""

    title: Title
    slug: Annotated[str | None, Meta(examples=["seminar-2028"])] = None
    starts_on: Day | None = None
    ends_on: Annotated[date, Meta(description="The last day.", examples=["2028-05-19"])] | None = None
    parts: Annotated[
        list[str] | None,
        Meta(
            description="Some of rooms, tracks, look (colour and logo), venue, about, code_of_conduct, sponsors, "
            "organisers. Left out: all but sponsors.",
            examples=[["rooms", "tracks", "look"]],
        ),
    ] = None


def picture_out(picture: EventPicture) -> PictureOut:
    """A row as the API shows it."""
    return PictureOut(
        id=picture.id,
        url=picture_url(picture.event_id, picture.id),
        width_px=picture.width_px,
        height_px=picture.height_px,
        size_bytes=picture.size_bytes,
    )


def sponsor_out(sponsor: Sponsor) -> SponsorOut:
    """A row as the API shows it."""
    return SponsorOut(
        id=sponsor.id,
        name=sponsor.name,
        url=sponsor.url,
        tier=sponsor.tier,
        picture=sponsor.picture_id,
        logo=picture_url(sponsor.event_id, sponsor.picture_id) if sponsor.picture_id else None,
    )


def suggestion_out(row: LinkSuggestion) -> SuggestionOut:
    """A row as its event's organisers see it."""
    return SuggestionOut(
        id=row.id,
        kind=row.kind,
        url=row.url,
        title=row.title,
        by_name=row.by_name,
        state=row.state,
        created_at=row.created_at,
    )
