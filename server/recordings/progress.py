"""What listeners are told of a recording."""

from typing import Any

from server.recordings.models import Recording


def change_of(recording: Recording) -> dict[str, Any]:
    """The announcement of a recording's present state."""
    return {
        "kind": "recording",
        "id": recording.id,
        "session": recording.session_id,
        "state": recording.state,
        "progress": round(recording.progress, 4),
        "next_progress": round(recording.next_progress, 4) if recording.next_generation is not None else None,
        "playable": recording.playable,
        "published": recording.published_at is not None,
        "error": recording.error_code,
    }
