"""Search over HTTP."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta, Struct

from server.events.fields import zone_of
from server.search.follow import IndexState
from server.search.hits import Hit, TalkHits
from server.search.query import Answer
from server.search.related import Like
from server.sessions.queries import Item

Id = Annotated[str, Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e7f"])]
Marks = Annotated[
    list[tuple[int, int]],
    Meta(description="Where the matches are in the text: [start, end) in characters.", examples=[[[4, 13]]]),
]


class ThingOut(Struct, kw_only=True):
    """An event, room, track or speaker: what it is called."""

    id: Id
    slug: Annotated[str, Meta(examples=["seminar-2027"])]
    name: Annotated[str, Meta(examples=["Seminar 2027"])]


class HitOut(Struct, kw_only=True):
    """One passage that answers, and where it opens."""

    part: Annotated[
        str, Meta(description="speaker, abstract, link, page (of the slides) or caption.", examples=["caption"])
    ]
    text: Annotated[str, Meta(description="The sentence.", examples=["The manual is read when it is too late."])]
    marks: Marks
    language: Annotated[str, Meta(description="Of the text; may be empty.", examples=["en"])]
    at_ms: Annotated[
        int | None,
        Meta(description="When it is said or shown in the recording; null where there is none.", examples=[95_000]),
    ]
    end_ms: Annotated[int | None, Meta(description="Milliseconds.", examples=[99_800])]
    deck: Annotated[int | None, Meta(description="Of a page: which of the session's decks, from 1.", examples=[1])]
    page: Annotated[int | None, Meta(description="Its number, from 1.", examples=[12])]
    url: Annotated[str, Meta(examples=["/seminar-2027/sessions/still-slides?t=1m35s"])]


class FoundOut(Struct, kw_only=True):
    """A talk that answers, with its best hits."""

    id: Id
    title: Annotated[str, Meta(examples=["Still slides, moving pictures"])]
    title_marks: Marks
    event: ThingOut
    room: ThingOut | None
    track: ThingOut | None
    speakers: list[ThingOut]
    language: Annotated[str, Meta(examples=["en"])]
    starts_at: Annotated[datetime | None, Meta(examples=["2027-05-20T10:00:00+03:00"])]
    url: Annotated[str, Meta(examples=["/seminar-2027/sessions/still-slides"])]
    hits: list[HitOut]
    hit_count: Annotated[int, Meta(description="Passages of the talk with words that were asked for.", examples=[7])]
    score: Annotated[float, Meta(description="Only to be compared in one answer.", examples=[7.25])]


class RelatedOut(Struct, kw_only=True):
    """A talk like another one."""

    id: Id
    title: Annotated[str, Meta(examples=["Still slides, moving pictures"])]
    event: ThingOut
    speakers: list[ThingOut]
    starts_at: Annotated[datetime | None, Meta(examples=["2027-05-20T10:00:00+03:00"])]
    url: Annotated[str, Meta(examples=["/seminar-2027/sessions/still-slides"])]
    score: Annotated[float, Meta(description="Only to be compared in one answer.", examples=[0.41])]


class FacetOut(Struct, kw_only=True):
    """One value to narrow to: it goes into the parameter of the facet's name."""

    value: Annotated[str, Meta(examples=["seminar-2027"])]
    name: Annotated[str, Meta(examples=["Seminar 2027"])]
    count: Annotated[int, Meta(description="Answers that have it.", examples=[3])]


class FacetsOut(Struct, kw_only=True):
    """What the answers can be narrowed to, the most frequent first."""

    event: list[FacetOut]
    room: list[FacetOut]
    track: list[FacetOut]
    speaker: list[FacetOut]
    language: list[FacetOut]
    has: Annotated[list[FacetOut], Meta(description="video, slides, captions.")]


class SearchOut(Struct, kw_only=True):
    """Answers, the best first."""

    items: list[FoundOut]
    next: str | None
    total: Annotated[int, Meta(description="Talks that answer.", examples=[3])]
    facets: FacetsOut
    mended: Annotated[
        dict[str, str],
        Meta(description="Words that were taken for typing errors, and for what.", examples=[{"capions": "captions"}]),
    ]
    complete: Annotated[
        bool, Meta(description="False when no talk has all that was asked for: these have most of it.", examples=[True])
    ]


class IndexOut(Struct, kw_only=True):
    """How far the index is."""

    talks: Annotated[int, Meta(description="Talks in it.", examples=[120])]
    waiting: Annotated[int, Meta(description="Talks that changed since, or are indexed anew.", examples=[0])]
    working: Annotated[bool, Meta(description="Whether a worker is at it.", examples=[False])]
    progress: Annotated[float, Meta(description="0 to 1.", examples=[1.0])]


def moment(at_ms: int) -> str:
    """A time as the player's links have it: "1m35s"."""
    seconds = at_ms // 1000
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{value}{unit}" for value, unit in parts if value) or "0s"


def talk_url(item: Item) -> str:
    """Where a talk's page is."""
    return f"/{item.event.slug}/sessions/{item.session.slug}"


def hit_url(item: Item, hit: Hit) -> str:
    """Where a hit opens: at its second, or its page (which goes to where it is first shown, when that is known)."""
    if hit.page is not None:
        place = str(hit.page) if hit.deck in (None, 1) else f"{hit.deck}.{hit.page}"
        return f"{talk_url(item)}?{urlencode({'slide': place})}"
    return f"{talk_url(item)}?t={moment(hit.at_ms)}" if hit.at_ms is not None else talk_url(item)


def hit_out(item: Item, hit: Hit) -> HitOut:
    """A hit as the API shows it."""
    return HitOut(
        part=hit.part,
        text=hit.snippet.text,
        marks=list(hit.snippet.marks),
        language=hit.language,
        at_ms=hit.at_ms,
        end_ms=hit.end_ms,
        deck=hit.deck,
        page=hit.page,
        url=hit_url(item, hit),
    )


def found_out(item: Item, found: TalkHits) -> FoundOut:
    """A talk as the API shows it."""
    row, event = item.session, item.event
    return FoundOut(
        id=row.id,
        title=row.title,
        title_marks=list(found.title_marks),
        event=ThingOut(id=event.id, slug=event.slug, name=event.title),
        room=ThingOut(id=item.room.id, slug=item.room.slug, name=item.room.name) if item.room else None,
        track=ThingOut(id=item.track.id, slug=item.track.slug, name=item.track.name) if item.track else None,
        speakers=[ThingOut(id=one.id, slug=one.slug, name=one.name) for one in item.speakers],
        language=row.language,
        starts_at=row.starts_at.astimezone(zone_of(event.time_zone)) if row.starts_at else None,
        url=talk_url(item),
        hits=[hit_out(item, hit) for hit in found.hits],
        hit_count=found.count,
        score=found.score,
    )


def related_out(likes: Sequence[Like], items: Iterable[Item]) -> list[RelatedOut]:
    """Talks like a talk as the API shows them, in the order of `likes`."""
    by_id = {item.session.id: item for item in items}
    return [_related_out(by_id[like.session], like) for like in likes if like.session in by_id]


def _related_out(item: Item, like: Like) -> RelatedOut:
    row, event = item.session, item.event
    return RelatedOut(
        id=row.id,
        title=row.title,
        event=ThingOut(id=event.id, slug=event.slug, name=event.title),
        speakers=[ThingOut(id=one.id, slug=one.slug, name=one.name) for one in item.speakers],
        starts_at=row.starts_at.astimezone(zone_of(event.time_zone)) if row.starts_at else None,
        url=talk_url(item),
        score=like.score,
    )


def facets_out(answer: Answer) -> FacetsOut:
    """Facets as the API shows them."""

    def values(name: str) -> list[FacetOut]:
        return [FacetOut(value=one.value, name=one.name, count=one.count) for one in answer.facets.get(name, ())]

    return FacetsOut(
        event=values("event"),
        room=values("room"),
        track=values("track"),
        speaker=values("speaker"),
        language=values("language"),
        has=values("has"),
    )


def search_out(answer: Answer, items: Iterable[Item], after: str | None) -> SearchOut:
    """An answer as the API shows it; `items` are its sessions."""
    by_id = {item.session.id: item for item in items}
    return SearchOut(
        items=[found_out(by_id[talk.session], talk) for talk in answer.talks if talk.session in by_id],
        next=after,
        total=answer.total,
        facets=facets_out(answer),
        mended=dict(answer.mended),
        complete=not answer.is_loose,
    )


def index_out(state: IndexState) -> IndexOut:
    """The index's state as the API shows it."""
    return IndexOut(talks=state.talks, waiting=state.waiting, working=state.working, progress=round(state.progress, 3))
