"""What of a session is searched, by part, read from the rows as they are now.

Who may see it is not said here: every part there is is indexed, and the question (queries.py) leaves out what its asker
may not see. Times are those of the recording that viewers are shown.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy import select

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.fields import zone_of
from server.playback.models import CaptionTrack
from server.playback.queries import caption_tracks_of_sessions
from server.search.bits import MOST
from server.search.fold import clean, fold, words
from server.search.stems import PLAIN, guess_language, language_of
from server.sessions.models import Session, Speaker
from server.sessions.queries import Item, read_items, visible_sessions
from server.slides.models import DeckPage
from server.slides.queries import pages_of, shown_of_sessions
from server.slides.sync_shown import read_beside

TITLE, SPEAKERS, ABSTRACT, LINKS, PAGES, CAPTIONS = range(6)
PARTS = ("title", "speaker", "abstract", "link", "page", "caption")
_EVERYTHING = Actor(is_admin=True)
_TAG = re.compile(r"<[^<>]*>")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of text, small enough to be shown: `language` is its tag, `at_ms` recording time, `deck` from 1."""

    text: str
    language: str
    at_ms: int | None = None
    end_ms: int | None = None
    deck: int | None = None
    page: int | None = None


@dataclass(kw_only=True)
class Document:
    """A session as it is indexed: passages of each part, in the order of PARTS."""

    session_id: str
    year: int | None
    language: str
    speakers: tuple[str, ...]
    parts: tuple[list[Passage], ...] = field(default_factory=lambda: tuple([] for _ in PARTS))

    @property
    def passages(self) -> Iterator[Passage]:
        """All of them, in order."""
        return (passage for part in self.parts for passage in part)

    @property
    def digest(self) -> str:
        """Names all of it: the same is not indexed twice."""
        told = [self.year, self.language, self.speakers, [[_told(one) for one in part] for part in self.parts]]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _told(one: Passage) -> tuple[object, ...]:
    return one.text, one.language, one.at_ms, one.end_ms, one.deck, one.page


async def read_documents(db: Db, session_ids: Sequence[str]) -> dict[str, Document]:
    """The sessions as they are to be indexed; those that are gone or deleted are left out."""
    statement = visible_sessions(_EVERYTHING, listed=False).where(Session.id.in_(list(session_ids)))
    items = await read_items(db, statement)
    found = [item.session.id for item in items]
    tracks = await caption_tracks_of_sessions(db, found)
    shown = await shown_of_sessions(db, found)
    # Links to pages count every deck that is shown, also those without pages (yet).
    decks = {
        session_id: [(place, deck) for place, deck in enumerate(one.decks, 1) if deck.rendering]
        for session_id, one in shown.items()
    }
    pages = await pages_of(db, [deck.id for one in decks.values() for _place, deck in one])
    people = await _affiliations(db, items)
    documents = {}
    for item in items:
        document = _talk(item, people)
        drawn = decks.get(item.session.id, [])
        times = await _page_times(db, item.session.id) if drawn else {}
        for place, deck in drawn:
            document.parts[PAGES].extend(_pages(pages.get(deck.id, []), place, times, document.language))
        for track in tracks.get(item.session.id, []):
            document.parts[CAPTIONS].extend(_cues(track))
        documents[item.session.id] = _cut(document)
    return documents


async def _affiliations(db: Db, items: Sequence[Item]) -> dict[str, str]:
    ids = {speaker.id for item in items for speaker in item.speakers}
    rows = await db.execute(select(Speaker.id, Speaker.affiliation).where(Speaker.id.in_(ids)))
    return {row.id: row.affiliation for row in rows if row.affiliation}


async def _page_times(db: Db, session_id: str) -> dict[tuple[str, int], tuple[int, int]]:
    """When each page is shown first, by (deck, page), and for a page that is only a build step, its slide."""
    beside = await read_beside(db, _EVERYTHING, session_id)
    slides = {(page.deck_id, page.number): page.slide for deck in beside.decks.pages.values() for page in deck}
    times: dict[tuple[str, int], tuple[int, int]] = {}
    of_slide: dict[tuple[str, int], tuple[int, int]] = {}
    for cue in sorted(beside.cues, key=lambda cue: cue.start_ms):
        if cue.page is not None:
            times.setdefault(cue.page, (cue.start_ms, cue.end_ms))
            of_slide.setdefault((cue.page[0], slides.get(cue.page, 0)), (cue.start_ms, cue.end_ms))
    for page, slide in slides.items():
        if page not in times and (page[0], slide) in of_slide:
            times[page] = of_slide[page[0], slide]
    return times


def _talk(item: Item, affiliations: dict[str, str]) -> Document:
    """What the programme says of a session."""
    row, event = item.session, item.event
    when = row.starts_at.astimezone(zone_of(event.time_zone)).date() if row.starts_at else event.starts_on
    told = f"{row.title}\n{row.subtitle}\n{row.abstract}\n{row.description}"
    tag = row.language or (event.languages[0] if len(event.languages) == 1 else "") or _guess(told, "")
    document = Document(
        session_id=row.id,
        year=when.year if when else None,
        language=row.language,
        speakers=tuple(speaker.id for speaker in item.speakers),
    )
    document.parts[TITLE].extend(Passage(clean(text), tag) for text in (row.title, row.subtitle) if text)
    for speaker in item.speakers:
        named = " · ".join(filter(None, (speaker.name, affiliations.get(speaker.id))))
        document.parts[SPEAKERS].append(Passage(clean(named), PLAIN))
    for text in (row.abstract, row.description):
        document.parts[ABSTRACT].extend(Passage(sentence, tag) for sentence in sentences(text))
    document.parts[LINKS].extend(Passage(_link(link.title, link.url), tag) for link in item.links)
    return document


def sentences(text: str) -> list[str]:
    """A plain text in pieces: sentences, lines."""
    return [piece.strip() for piece in _SENTENCE.split(clean(text)) if piece.strip()]


def _link(title: str, url: str) -> str:
    """A link as people read it: its title, and the words of its address."""
    parts = urlsplit(url)
    path = " ".join(re.split(r"[/_\-.+]+", unquote(parts.path)))
    return clean(" ".join(filter(None, (title, (parts.hostname or "").removeprefix("www."), path.strip()))))


def _pages(
    pages: Sequence[DeckPage], place: int, times: dict[tuple[str, int], tuple[int, int]], otherwise: str
) -> Iterator[Passage]:
    """One passage a page. Slides are often in another language than the talk: their own words tell."""
    tag = _guess(" ".join(page.text for page in pages), otherwise)
    for page in pages:
        start, end = times.get((page.deck_id, page.number), (None, None))
        text = page.text if page.title in page.text else f"{page.title}\n{page.text}"
        yield Passage(clean(text), tag, at_ms=start, end_ms=end, deck=place, page=page.number)


def _guess(text: str, otherwise: str) -> str:
    return guess_language(map(fold, words(text)), otherwise)


def _cues(track: CaptionTrack) -> Iterator[Passage]:
    """One passage a cue, in order of time."""
    for start_ms, end_ms, text, *_settings in sorted(track.cues, key=lambda cue: cue[:2]):
        plain = " ".join(clean(unescape(_TAG.sub("", text))).split())
        if plain:
            yield Passage(plain, track.language, at_ms=start_ms, end_ms=end_ms)


def _cut(document: Document) -> Document:
    """At most as many passages as have numbers; what is beyond is not found."""
    left = MOST
    for part in document.parts:
        del part[left:]
        left -= len(part)
    return document


def stem_language(passage: Passage) -> str:
    """The language a passage's words are stemmed in."""
    return language_of(passage.language)
