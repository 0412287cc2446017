"""What a session's media are in the API, composed for the web process: recordings and captions, and slides.

Playback and slides do not know each other; here the two meet.
"""

from collections.abc import Mapping, Sequence

import msgspec

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.playback.chapters import OtherChapters
from server.playback.download_schemas import DownloadView
from server.playback.session_media import read_session_media
from server.recordings.models import Recording
from server.sessions.licence import allows_download
from server.sessions.media import DeckBrief, SessionMedia
from server.slides.chapters_read import read_chapters
from server.slides.kinds import KINDS, safe_name
from server.slides.queries import ShownDecks, shown_of_sessions
from server.slides.schemas import deck_url


def _brief(shown: ShownDecks, actor: Actor) -> DeckBrief:
    """The first deck, which most sessions have alone; `pages` are those of all."""
    deck = shown.decks[0]
    may_download = can(actor, Action.UPLOAD_SLIDES, shown.subject) or allows_download(shown.licence, deck.downloadable)
    return DeckBrief(
        id=deck.id,
        filename=safe_name(deck.filename, deck.kind),
        content_type=KINDS[deck.kind].content_type,
        size_bytes=deck.size_bytes,
        url=deck_url(deck) if may_download else None,
        state=deck.state,
        pages=sum(one.page_count for one in shown.decks),
    )


async def read_media_and_slides(db: Db, actor: Actor, session_ids: Sequence[str]) -> Mapping[str, SessionMedia]:
    """The media of several sessions in three statements; whoever may see a session may look at its slides."""
    media = dict(await read_session_media(db, actor, session_ids))
    for session_id, shown in (await shown_of_sessions(db, session_ids)).items():
        media[session_id] = msgspec.structs.replace(media.get(session_id, SessionMedia()), slides=_brief(shown, actor))
    return media


async def count_slide_pages(db: Db, session_id: str) -> int:
    """How many pages of slides are shown with a session."""
    shown = (await shown_of_sessions(db, [session_id])).get(session_id)
    return sum(deck.page_count for deck in shown.decks) if shown else 0


async def list_slide_files(db: Db, actor: Actor, session_id: str) -> list[DownloadView]:
    """The files of slides that this asker may download."""
    shown = (await shown_of_sessions(db, [session_id])).get(session_id)
    if shown is None:
        return []
    owns = can(actor, Action.UPLOAD_SLIDES, shown.subject)
    return [
        DownloadView(
            kind="slides",
            content_type=KINDS[deck.kind].content_type,
            filename=safe_name(deck.filename, deck.kind),
            state="ready",
            size_bytes=deck.size_bytes,
            url=deck_url(deck),
        )
        for deck in shown.decks
        if owns or allows_download(shown.licence, deck.downloadable)
    ]


async def read_talk_chapters(db: Db, recording: Recording) -> OtherChapters:
    """What people wrote and slides show of a recording's chapters, for playback."""
    found = await read_chapters(db, recording)
    return OtherChapters(said=found.said, guessed=found.guessed)
