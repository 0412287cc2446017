"""The chapters of a recording as far as people wrote them or slides show them, for whoever plays it."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, select

from server.core.db import Db
from server.media.chapters import Chapter
from server.recordings.models import Recording
from server.slides.models import SlideSync
from server.slides.sync_found import Moved, chapters_in
from server.slides.sync_inputs import timeline_of
from server.slides.sync_place import View, place_chapters

# Without what was found, which is large, and made once: it is asked for with every page that plays something.
_OF_SESSION = select(SlideSync.chapters, SlideSync.chapters_said, SlideSync.moved).where(
    SlideSync.session_id == bindparam("session")
)


@dataclass(frozen=True, slots=True)
class TalkChapters:
    """A person's list (None: there is none), and the guess; on the recording's timeline."""

    said: list[Chapter] | None
    guessed: list[Chapter]


async def read_chapters(db: Db, recording: Recording) -> TalkChapters:
    """Of the session this is a recording of; one statement."""
    row = (await db.execute(_OF_SESSION, {"session": recording.session_id})).one_or_none()
    timeline = timeline_of(recording)
    if row is None or timeline is None:
        return TalkChapters(None, [])
    view = View(
        timeline=timeline,
        duration_ms=recording.duration_ms or 0,
        decks=frozenset(),
        moved=msgspec.convert(row.moved, dict[str, Moved]),
    )
    said = place_chapters(view, chapters_in(row.chapters_said)) if row.chapters_said is not None else None
    return TalkChapters(said, place_chapters(view, chapters_in(row.chapters)))
