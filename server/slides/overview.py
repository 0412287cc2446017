"""How the slides of many sessions are, for a board of them: three statements, whatever their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.core.db import Db
from server.recordings.models import Recording
from server.slides.models import CueEdit, SlideSync
from server.slides.queries import SessionDecks, shown_of_sessions
from server.slides.sync_shown import beside_of, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One session's slides: `state` as in the API, how many stretches a person should check, and whether there is a
    recording to keep step with."""

    state: str
    unsure: int
    has_recording: bool


async def overviews_of(
    db: Db, session_ids: Sequence[str], recordings: Mapping[str, Recording]
) -> Mapping[str, Overview]:
    """Of every session that has slides, with the recording that is shown of it, by session."""
    shown = await shown_of_sessions(db, session_ids)
    ids = list(shown)
    syncs = {row.session_id: row for row in await db.scalars(select(SlideSync).where(SlideSync.session_id.in_(ids)))}
    edits: dict[str, list[CueEdit]] = {}
    counted = select(CueEdit).where(CueEdit.session_id.in_(ids), CueEdit.undone_at.is_(None))
    for edit in await db.scalars(counted.order_by(CueEdit.session_id, CueEdit.number)):
        edits.setdefault(edit.session_id, []).append(edit)
    found = {}
    for session_id, one in shown.items():
        decks = SessionDecks(shown=one.decks, versions={})
        recording = recordings.get(session_id)
        beside = beside_of(decks, syncs.get(session_id), recording, edits.get(session_id, ()))
        state, _progress = state_of(beside)
        found[session_id] = Overview(
            state=state, unsure=len(beside.doubts) if state == "ready" else 0, has_recording=recording is not None
        )
    return found
