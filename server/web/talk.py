"""One session as its page shows it: the talk, what may be watched of it, the talks before and after."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.core.secrets import Keyring
from server.events.models import Event
from server.live.live_view import rooms_on_air
from server.playback.errors import NothingToWatch
from server.playback.models import CaptionTrack
from server.playback.schemas import playback_view
from server.playback.watch import Watchable, watch_session
from server.recordings.models import CANCELLED, Recording
from server.recordings.queries import recordings_of_sessions
from server.session_media import read_talk_chapters
from server.sessions.queries import Item, get_session, programme_of
from server.slides.queries import read_session_decks
from server.slides.sight import sight_of
from server.web.decks import Beside, DeckShown, beside_of, decks_shown
from server.web.programme import live_url, speaker_names
from server.web.shown import CaptionName, Link, Neighbour, PlaybackShown, TalkView
from server.web.transcript import Transcript, language_label, transcript_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPage:
    """Everything the talk page shows."""

    talk: TalkView
    playback: PlaybackShown | None
    before: Neighbour | None = None
    after: Neighbour | None = None
    slides: tuple[DeckShown, ...] = ()
    beside: Beside | None = None  # pages beside the video; None where the page has no place for them
    may_upload_slides: bool = False
    live_url: str = ""  # the live page of its room, while it is on there
    transcript: Transcript | None = None


def playback_shown(found: Watchable) -> PlaybackShown:
    """What the player starts from, in the form of the API."""
    view = playback_view(found)
    return PlaybackShown(
        hls=view.hls,
        duration_ms=view.duration_ms,
        poster=view.poster or "",
        captions=tuple(
            CaptionName(track.language, track.label or language_label(track.language), track.src or "")
            for track in view.captions
        ),
        chapters_src=view.chapters_src or "",
        has_picture=found.recording.plan.get("rungs") != [],
        published_at=found.recording.published_at,
        for_script=msgspec.to_builtins(view),
    )


def talk_view(item: Item, recording: Recording | None, *, actor: Actor, notice: str = "") -> TalkView:
    """A session in full."""
    session, event = item.session, item.event
    return TalkView(
        id=session.id,
        slug=session.slug,
        url=f"/{event.slug}/sessions/{session.slug}",
        title=session.title,
        event_id=event.id,
        event_slug=event.slug,
        event_title=event.title,
        time_zone=event.time_zone,
        visibility=event.visibility,
        subtitle=session.subtitle,
        abstract=session.abstract,
        description=session.description,
        language=session.language,
        licence=session.licence,
        room=item.room.name if item.room else "",
        room_slug=item.room.slug if item.room else "",
        track=item.track.name if item.track else "",
        starts_at=session.starts_at,
        duration_ms=session.duration_ms,
        speakers=speaker_names(item),
        links=tuple(Link(link.kind, link.url, link.title) for link in item.links),
        notice=notice,
        may_edit=can(actor, Action.EDIT_SESSION, item.subject),
        recording_state=recording.state if recording and recording.state != CANCELLED else "",
        recording_progress=recording.progress if recording else 0.0,
    )


def neighbours(programme: list[Item], item: Item) -> tuple[Neighbour | None, Neighbour | None]:
    """The talks before and after in the same room; without a room, in the whole programme."""
    line = [other for other in programme if item.room is None or (other.room and other.room.id == item.room.id)]
    at = next((place for place, other in enumerate(line) if other.session.id == item.session.id), None)
    if at is None:
        return None, None
    return (
        _neighbour(line[at - 1]) if at > 0 else None,
        _neighbour(line[at + 1]) if at + 1 < len(line) else None,
    )


def _neighbour(item: Item) -> Neighbour:
    return Neighbour(f"/{item.event.slug}/sessions/{item.session.slug}", item.session.title)


async def read_talk(
    db: Db,
    actor: Actor,
    event: Event,
    ref: str,
    *,
    keyring: Keyring,
    moment: datetime,
    large: str = "",
    words: tuple[str, str] = ("", ""),
) -> TalkPage:
    """The session of this event with this id or slug. `large` is what has the large place, `words` the languages the
    transcript is wanted in and the page is in. Raises SessionNotFound."""
    item = await get_session(db, ref, actor=actor, event=event, details=True)
    playback, talk, tracks = await _watch(db, actor, item, keyring=keyring, moment=moment)
    slides, beside = await _slides(db, actor, item, keyring=keyring, moment=moment, large=large)
    before, after = neighbours(await programme_of(db, actor, event, details=False), item)
    # What has a recording is over; the page of it does not ask.
    on_air = await rooms_on_air(db, event.id) if playback is None and item.room is not None else {}
    is_on = any(one.session == item.session.id for one in on_air.values())
    return TalkPage(
        talk=talk,
        playback=playback,
        before=before,
        after=after,
        slides=slides,
        beside=beside,
        may_upload_slides=can(actor, Action.UPLOAD_SLIDES, item.subject),
        live_url=live_url(item) if is_on else "",
        transcript=transcript_of(tracks, wanted=words[0], page=words[1], talk=talk.language),
    )


async def read_embed(
    db: Db, actor: Actor, event: Event, ref: str, *, keyring: Keyring, moment: datetime, with_slides: bool
) -> TalkPage:
    """A session as another site's frame shows it: what may be watched, and its slides when asked for."""
    item = await get_session(db, ref, actor=actor, event=event, details=True)
    playback, talk, _tracks = await _watch(db, actor, item, keyring=keyring, moment=moment)
    if not with_slides:
        return TalkPage(talk=talk, playback=playback)
    _, beside = await _slides(db, actor, item, keyring=keyring, moment=moment)
    return TalkPage(talk=talk, playback=playback, beside=beside)


async def _watch(
    db: Db, actor: Actor, item: Item, *, keyring: Keyring, moment: datetime
) -> tuple[PlaybackShown | None, TalkView, list[CaptionTrack]]:
    """What may be watched, the talk, and its captions: none where nothing may be watched."""
    try:
        found = await watch_session(db, actor, item, keyring=keyring, moment=moment, read_chapters=read_talk_chapters)
    except NothingToWatch:
        recording = (await recordings_of_sessions(db, actor, [item.session.id])).get(item.session.id)
        return None, talk_view(item, recording, actor=actor), []
    return playback_shown(found), talk_view(item, found.recording, actor=actor), found.captions


async def _slides(
    db: Db, actor: Actor, item: Item, *, keyring: Keyring, moment: datetime, large: str = ""
) -> tuple[tuple[DeckShown, ...], Beside | None]:
    """The files of the slides, and their pages. Where nobody has brought any, only who may has a place for pages."""
    found = await read_session_decks(db, item.session.id)
    sight = sight_of(actor, item, keyring=keyring, moment=moment)
    if not found.shown and not sight.may_upload:
        return (), None
    return decks_shown(found, sight), beside_of(found, sight, large=large)
