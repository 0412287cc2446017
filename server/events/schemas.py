"""Series, events, rooms, tracks and links over HTTP. Hashes and epochs never leave the tables."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from server.events.links import NewLink
from server.events.models import Event, EventLink, Room, Series, Track
from server.events.pictures import picture_url

Id = Annotated[str, Meta(description="An opaque id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e7f"])]
Slug = Annotated[
    str,
    Meta(
        description="Lower-case letters, digits and hyphens; unique among its siblings, usable where a path takes an "
        "id. Made of the title when left out.",
        examples=["seminar-2027"],
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=300, examples=["Seminar 2027"])]
Subtitle = Annotated[str, Meta(max_length=300, examples=["Moving pictures, still slides"])]
Description = Annotated[
    str, Meta(max_length=50_000, description="Plain text; empty lines part paragraphs.", examples=["Two days."])
]
SeriesRef = Annotated[str, Meta(description="Id or slug of a series.", examples=["seminar"])]
Day = Annotated[date, Meta(description="A date in the event's time zone.", examples=["2027-05-20"])]
TimeZone = Annotated[str, Meta(description="A name of the IANA time zone database.", examples=["Europe/Helsinki"])]
Languages = Annotated[list[str], Meta(max_length=20, description="BCP 47 tags.", examples=[["fi", "en"]])]
Hashtag = Annotated[str, Meta(max_length=100, description="Without the #.", examples=["seminar27"])]
Visibility = Annotated[
    str,
    Meta(
        description="public: listed for everybody; unlisted: for whoever has the address; closed: for those let in.",
        examples=["public"],
    ),
]
PublishLive = Annotated[
    bool,
    Meta(
        description="Recordings of live talks go public by themselves when the talk ends; otherwise they wait for an "
        "organiser to publish them.",
        examples=[True],
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Main hall"])]
TrackName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Media"])]
Position = Annotated[int, Meta(ge=0, le=100_000, description="Smaller comes first.", examples=[0])]
Color = Annotated[str, Meta(description="#rrggbb, or empty.", examples=["#0b7285"])]
EventColor = Annotated[str, Meta(description="The edition's colour, #rrggbb, or empty.", examples=["#0b7285"])]
LongText = Annotated[
    str, Meta(max_length=50_000, description="Plain text; empty lines part paragraphs.", examples=["Be kind."])
]
VenueName = Annotated[str, Meta(max_length=200, examples=["Werstas"])]
VenueAddress = Annotated[str, Meta(max_length=500, examples=["Väinö Linnan aukio 8, Tampere"])]
VenueUrl = Annotated[str, Meta(max_length=2000, examples=["https://venue.example/how-to-find-us"])]
TakesLinks = Annotated[
    bool,
    Meta(description="Anybody may suggest links; nothing is shown before an organiser took it.", examples=[True]),
]
DeletedAt = Annotated[
    datetime, Meta(description="Only there when deleted and still restorable.", examples=["2027-06-01T12:00:00Z"])
]


class LinkIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A typed link to add."""

    kind: Annotated[
        str,
        Meta(
            description="slides, blog, discussion, paper, photo, code, video, press or other.", examples=["discussion"]
        ),
    ]
    url: Annotated[str, Meta(max_length=2000, examples=["https://forum.example/t/seminar-2027/12"])]
    title: Annotated[str, Meta(max_length=300, examples=["Questions and answers"])] = ""

    def as_new(self) -> NewLink:
        """As the acts take it."""
        return NewLink(kind=self.kind, url=self.url, title=self.title)


class LinkOut(Struct, kw_only=True):
    """A typed link."""

    id: Id
    kind: Annotated[str, Meta(examples=["discussion"])]
    url: Annotated[str, Meta(examples=["https://forum.example/t/seminar-2027/12"])]
    title: Annotated[str, Meta(examples=["Questions and answers"])]


class SeriesIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A series to found."""

    title: Annotated[str, Meta(min_length=1, max_length=300, examples=["Seminar"])]
    slug: Annotated[str | None, Meta(examples=["seminar"])] = None
    description: Description = ""


class SeriesPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a series; what is left out stays."""

    title: Title | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class SeriesOut(Struct, kw_only=True):
    """The seminar that comes every year."""

    id: Id
    slug: Annotated[str, Meta(examples=["seminar"])]
    title: Annotated[str, Meta(examples=["Seminar"])]
    description: Description
    deleted_at: DeletedAt | UnsetType = UNSET


class SeriesBrief(Struct, kw_only=True):
    """The series an event belongs to."""

    id: Id
    slug: Annotated[str, Meta(examples=["seminar"])]
    title: Annotated[str, Meta(examples=["Seminar"])]


class EventIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """An event to open."""

    title: Title
    slug: Annotated[str | None, Meta(examples=["seminar-2027"])] = None
    series: SeriesRef | None = None
    subtitle: Subtitle = ""
    description: Description = ""
    starts_on: Day | None = None
    ends_on: Annotated[date, Meta(description="The last day.", examples=["2027-05-21"])] | None = None
    time_zone: TimeZone = "Europe/Helsinki"
    languages: Languages = []
    hashtag: Hashtag = ""
    visibility: Visibility = "public"
    publish_live: PublishLive = True
    color: EventColor = ""
    about: LongText = ""
    code_of_conduct: LongText = ""
    venue_name: VenueName = ""
    venue_address: VenueAddress = ""
    venue_url: VenueUrl = ""
    takes_links: TakesLinks = True


class EventPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of an event; what is left out stays."""

    title: Title | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    series: SeriesRef | UnsetType | None = UNSET
    subtitle: Subtitle | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    starts_on: Day | UnsetType | None = UNSET
    ends_on: Day | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    hashtag: Hashtag | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    publish_live: PublishLive | UnsetType = UNSET
    color: EventColor | UnsetType = UNSET
    about: LongText | UnsetType = UNSET
    code_of_conduct: LongText | UnsetType = UNSET
    venue_name: VenueName | UnsetType = UNSET
    venue_address: VenueAddress | UnsetType = UNSET
    venue_url: VenueUrl | UnsetType = UNSET
    takes_links: TakesLinks | UnsetType = UNSET


class EventOut(Struct, kw_only=True):
    """One edition."""

    id: Id
    slug: Slug
    title: Title
    subtitle: Subtitle
    description: Description
    series: SeriesBrief | None
    starts_on: Day | None
    ends_on: Annotated[date, Meta(description="The last day.", examples=["2027-05-21"])] | None
    time_zone: TimeZone
    languages: Languages
    hashtag: Hashtag
    visibility: Visibility
    publish_live: PublishLive
    color: EventColor
    about: LongText
    code_of_conduct: LongText
    venue_name: VenueName
    venue_address: VenueAddress
    venue_url: VenueUrl
    takes_links: TakesLinks
    logo: Annotated[
        str | None,
        Meta(description="Where its logo (WebP) is.", examples=["/pictures/01979c5e2b7a/01979c5e2b7b.webp"]),
    ]
    links: list[LinkOut]
    deleted_at: DeletedAt | UnsetType = UNSET


class RoomIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A room to add."""

    name: Name
    slug: Annotated[str | None, Meta(examples=["main-hall"])] = None
    description: Annotated[str, Meta(max_length=10_000, examples=["Second floor, 200 seats."])] = ""
    position: Position | None = None


class RoomPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a room; what is left out stays."""

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=10_000, examples=["Second floor, 200 seats."])] | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class RoomOut(Struct, kw_only=True):
    """A room of an event."""

    id: Id
    event: Annotated[str, Meta(description="The event's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e70"])]
    slug: Annotated[str, Meta(examples=["main-hall"])]
    name: Name
    description: Annotated[str, Meta(examples=["Second floor, 200 seats."])]
    position: Position
    deleted_at: DeletedAt | UnsetType = UNSET


class TrackIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A track to add."""

    name: TrackName
    slug: Annotated[str | None, Meta(examples=["media"])] = None
    description: Annotated[str, Meta(max_length=10_000, examples=["All about codecs."])] = ""
    color: Color = ""
    position: Position | None = None


class TrackPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a track; what is left out stays."""

    name: TrackName | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=10_000, examples=["All about codecs."])] | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class TrackOut(Struct, kw_only=True):
    """A thread of sessions through an event."""

    id: Id
    event: Annotated[str, Meta(description="The event's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e70"])]
    slug: Annotated[str, Meta(examples=["media"])]
    name: TrackName
    description: Annotated[str, Meta(examples=["All about codecs."])]
    color: Color
    position: Position
    deleted_at: DeletedAt | UnsetType = UNSET


def changes_in(patch: Struct) -> dict[str, Any]:
    """The fields that were sent."""
    found = {name: getattr(patch, name) for name in patch.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def series_out(series: Series) -> SeriesOut:
    """A row as the API shows it."""
    return SeriesOut(
        id=series.id,
        slug=series.slug,
        title=series.title,
        description=series.description,
        deleted_at=series.deleted_at or UNSET,
    )


def link_out(link: EventLink) -> LinkOut:
    """A row as the API shows it."""
    return LinkOut(id=link.id, kind=link.kind, url=link.url, title=link.title)


def event_out(event: Event, series: Series | None, links: list[EventLink]) -> EventOut:
    """An event with its series and links as the API shows it."""
    return EventOut(
        id=event.id,
        slug=event.slug,
        title=event.title,
        subtitle=event.subtitle,
        description=event.description,
        series=SeriesBrief(id=series.id, slug=series.slug, title=series.title) if series else None,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        time_zone=event.time_zone,
        languages=event.languages,
        hashtag=event.hashtag,
        visibility=event.visibility,
        publish_live=event.publish_live,
        color=event.color,
        about=event.about,
        code_of_conduct=event.code_of_conduct,
        venue_name=event.venue_name,
        venue_address=event.venue_address,
        venue_url=event.venue_url,
        takes_links=event.takes_links,
        logo=picture_url(event.id, event.logo_id) if event.logo_id else None,
        links=[link_out(link) for link in links],
        deleted_at=event.deleted_at or UNSET,
    )


def room_out(room: Room) -> RoomOut:
    """A row as the API shows it."""
    return RoomOut(
        id=room.id,
        event=room.event_id,
        slug=room.slug,
        name=room.name,
        description=room.description,
        position=room.position,
        deleted_at=room.deleted_at or UNSET,
    )


def track_out(track: Track) -> TrackOut:
    """A row as the API shows it."""
    return TrackOut(
        id=track.id,
        event=track.event_id,
        slug=track.slug,
        name=track.name,
        description=track.description,
        color=track.color,
        position=track.position,
        deleted_at=track.deleted_at or UNSET,
    )
