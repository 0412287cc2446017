"""What recordings and captions add to a session in the API: the reader the root hands to the sessions' routes."""

from collections.abc import Mapping, Sequence

from server.accounts.actor import Actor
from server.core.db import Db
from server.playback.queries import caption_tracks_of_sessions
from server.recordings.models import Recording
from server.recordings.queries import progress_of, recordings_of_sessions
from server.sessions.media import CaptionsBrief, RecordingBrief, SessionMedia


def _brief(recording: Recording, progress: float) -> RecordingBrief:
    return RecordingBrief(
        id=recording.id,
        state=recording.state,
        playable=recording.playable,
        published=recording.published_at is not None,
        progress=round(progress, 4),
        duration_ms=recording.duration_ms,
    )


async def read_session_media(db: Db, actor: Actor, session_ids: Sequence[str]) -> Mapping[str, SessionMedia]:
    """The media of several sessions in two statements, three while a recording is being received."""
    recordings = await recordings_of_sessions(db, actor, session_ids)
    progress = await progress_of(db, list(recordings.values()))
    tracks = await caption_tracks_of_sessions(db, session_ids)
    return {
        session_id: SessionMedia(
            recording=_brief(found, progress[found.id]) if (found := recordings.get(session_id)) else None,
            captions=[
                CaptionsBrief(id=track.id, language=track.language, label=track.label)
                for track in tracks.get(session_id, [])
            ],
        )
        for session_id in {*recordings, *tracks}
    }
