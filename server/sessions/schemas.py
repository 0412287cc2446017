"""Sessions and speakers over HTTP."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from server.events.fields import zone_of
from server.events.schemas import DeletedAt, Id, LinkIn, LinkOut
from server.sessions.media import CaptionsBrief, DeckBrief, RecordingBrief, SessionMedia
from server.sessions.models import Speaker
from server.sessions.queries import Item
from server.sessions.speakers import SpeakerRef

EventId = Annotated[str, Meta(description="The event's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e70"])]
Guid = Annotated[
    str,
    Meta(
        max_length=200,
        description="The same in every export and import of the programme; unique in the event.",
        examples=["01979c5e-2b7a-7c3d-9e1f-2a3b4c5d6e7f"],
    ),
]
Code = Annotated[str, Meta(max_length=100, description="The submission's code elsewhere.", examples=["AB3XYZ"])]
Slug = Annotated[
    str,
    Meta(
        description="Lower-case letters, digits and hyphens; unique in the event, made of the title when left out.",
        examples=["still-slides-moving-pictures"],
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=500, examples=["Still slides, moving pictures"])]
Subtitle = Annotated[str, Meta(max_length=500, examples=["What a codec sees in a lecture"])]
Abstract = Annotated[str, Meta(max_length=20_000, description="Plain text.", examples=["A talk about doing less."])]
Description = Annotated[
    str, Meta(max_length=100_000, description="Plain text, longer.", examples=["We measure what a still slide costs."])
]
Kind = Annotated[str, Meta(min_length=1, max_length=60, examples=["talk"])]
Language = Annotated[str, Meta(max_length=20, description="A BCP 47 tag, or empty.", examples=["en"])]
Licence = Annotated[str, Meta(max_length=200, description="An SPDX name or words.", examples=["CC-BY-4.0"])]
DoNotRecord = Annotated[bool, Meta(description="Neither recorded nor shown afterwards.", examples=[False])]
State = Annotated[str, Meta(description="confirmed, tentative or cancelled.", examples=["confirmed"])]
Room = Annotated[str, Meta(description="Id or slug of a room of the event.", examples=["main-hall"])]
Track = Annotated[str, Meta(description="Id or slug of a track of the event.", examples=["media"])]
StartsAt = Annotated[
    datetime,
    Meta(tz=True, description="RFC 3339 with offset; answered in the event's.", examples=["2027-05-20T10:00:00+03:00"]),
]
DurationMs = Annotated[int, Meta(ge=1000, description="Milliseconds.", examples=[1_800_000])]
SpeakerName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada Öhman"])]


class SpeakerIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A speaker of a session: `id` (or slug), or `name` of somebody known or new."""

    id: Annotated[str, Meta(examples=["ada-ohman"])] | None = None
    name: Annotated[str, Meta(max_length=200, examples=["Ada Öhman"])] | None = None

    def as_ref(self) -> SpeakerRef:
        """As the acts take it."""
        return SpeakerRef(id=self.id, name=self.name)


class SpeakerOfSession(Struct, kw_only=True):
    """Who speaks; more at /api/v1/speakers/{id}."""

    id: Id
    name: SpeakerName


class SessionFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """A session to add to an event."""

    title: Title
    slug: Annotated[str | None, Meta(examples=["still-slides-moving-pictures"])] = None
    guid: Guid | None = None
    code: Code = ""
    subtitle: Subtitle = ""
    abstract: Abstract = ""
    description: Description = ""
    kind: Kind = "talk"
    language: Language = ""
    licence: Licence = ""
    do_not_record: DoNotRecord = False
    state: State = "confirmed"
    room: Room | None = None
    track: Track | None = None
    starts_at: StartsAt | None = None
    duration_ms: DurationMs | None = None
    speakers: Annotated[list[SpeakerIn], Meta(max_length=50, description="In order.")] = []
    links: Annotated[list[LinkIn], Meta(max_length=100, description="In order.")] = []


class SessionIn(SessionFields, kw_only=True, forbid_unknown_fields=True):
    """A session to add to the event it names."""

    event: Annotated[str, Meta(description="Id or slug of the event.", examples=["seminar-2027"])]


class SessionPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a session; what is left out stays, lists are replaced whole."""

    title: Title | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    subtitle: Subtitle | UnsetType = UNSET
    abstract: Abstract | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    licence: Licence | UnsetType = UNSET
    do_not_record: DoNotRecord | UnsetType = UNSET
    state: State | UnsetType = UNSET
    room: Room | UnsetType | None = UNSET
    track: Track | UnsetType | None = UNSET
    starts_at: StartsAt | UnsetType | None = UNSET
    duration_ms: DurationMs | UnsetType | None = UNSET
    speakers: list[SpeakerIn] | UnsetType = UNSET
    links: list[LinkIn] | UnsetType = UNSET


class SessionOut(Struct, kw_only=True):
    """One item of the programme with its talk metadata and what there is to watch and read."""

    id: Id
    event: EventId
    guid: Guid
    code: Code
    slug: Slug
    title: Title
    subtitle: Subtitle
    abstract: Abstract
    description: Description
    kind: Kind
    language: Language
    speakers: list[SpeakerOfSession]
    track: Annotated[str | None, Meta(description="The track's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e72"])]
    room: Annotated[str | None, Meta(description="The room's id.", examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e71"])]
    starts_at: StartsAt | None
    duration_ms: Annotated[int | None, Meta(description="Milliseconds.", examples=[1_800_000])]
    licence: Licence
    do_not_record: DoNotRecord
    state: State
    links: list[LinkOut]
    recording: RecordingBrief | None
    slides: DeckBrief | None
    captions: list[CaptionsBrief]
    deleted_at: DeletedAt | UnsetType = UNSET


class SpeakerNew(Struct, kw_only=True, forbid_unknown_fields=True):
    """A speaker to add."""

    name: SpeakerName
    slug: Annotated[str | None, Meta(examples=["ada-ohman"])] = None
    biography: Annotated[str, Meta(max_length=20_000, examples=["Measures codecs."])] = ""
    affiliation: Annotated[str, Meta(max_length=200, examples=["University of Turku"])] = ""


class SpeakerPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a speaker; what is left out stays."""

    name: SpeakerName | UnsetType = UNSET
    slug: Annotated[str, Meta(examples=["ada-ohman"])] | UnsetType = UNSET
    biography: Annotated[str, Meta(max_length=20_000, examples=["Measures codecs."])] | UnsetType = UNSET
    affiliation: Annotated[str, Meta(max_length=200, examples=["University of Turku"])] | UnsetType = UNSET


class SpeakerOut(Struct, kw_only=True):
    """Somebody who speaks, the same across editions."""

    id: Id
    slug: Annotated[str, Meta(examples=["ada-ohman"])]
    name: SpeakerName
    biography: Annotated[str, Meta(examples=["Measures codecs."])]
    affiliation: Annotated[str, Meta(examples=["University of Turku"])]
    deleted_at: DeletedAt | UnsetType = UNSET


_NO_MEDIA = SessionMedia()


def session_out(item: Item, media: SessionMedia | None) -> SessionOut:
    """A session as the API shows it."""
    row = item.session
    media = media or _NO_MEDIA
    return SessionOut(
        id=row.id,
        event=row.event_id,
        guid=row.guid,
        code=row.code,
        slug=row.slug,
        title=row.title,
        subtitle=row.subtitle,
        abstract=row.abstract,
        description=row.description,
        kind=row.kind,
        language=row.language,
        speakers=[SpeakerOfSession(id=speaker.id, name=speaker.name) for speaker in item.speakers],
        track=item.track.id if item.track else None,
        room=item.room.id if item.room else None,
        starts_at=row.starts_at.astimezone(zone_of(item.event.time_zone)) if row.starts_at else None,
        duration_ms=row.duration_ms,
        licence=row.licence,
        do_not_record=row.do_not_record,
        state=row.state,
        links=links_out(item),
        recording=media.recording,
        slides=media.slides,
        captions=media.captions,
        deleted_at=row.deleted_at or UNSET,
    )


def links_out(item: Item) -> list[LinkOut]:
    """The links of a session as the API shows them."""
    return [LinkOut(id=link.id, kind=link.kind, url=link.url, title=link.title) for link in item.links]


def speaker_out(speaker: Speaker) -> SpeakerOut:
    """A row as the API shows it."""
    return SpeakerOut(
        id=speaker.id,
        slug=speaker.slug,
        name=speaker.name,
        biography=speaker.biography,
        affiliation=speaker.affiliation,
        deleted_at=speaker.deleted_at or UNSET,
    )
