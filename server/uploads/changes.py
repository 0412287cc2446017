"""What listeners of an event are told of its uploads."""

from typing import Any

from server.uploads.hold import Hold
from server.uploads.models import RECEIVING, Upload


def share(offset_bytes: int, length_bytes: int | None) -> float | None:
    """How much of a file has come, 0…1; None while its length is not known."""
    return round(offset_bytes / length_bytes, 4) if length_bytes else None


def change_of(upload: Upload) -> dict[str, Any]:
    """The state of an upload."""
    return {
        "kind": "upload",
        "id": upload.id,
        "session": upload.session_id,
        "purpose": upload.purpose,
        "state": upload.state,
        "progress": share(upload.offset_bytes, upload.length_bytes),
        "result_id": upload.result_id,
    }


def change_of_progress(hold: Hold, offset_bytes: int) -> dict[str, Any]:
    """How far an upload is that is being written to."""
    return {
        "kind": "upload",
        "id": hold.upload_id,
        "session": hold.session_id,
        "state": RECEIVING,
        "progress": share(offset_bytes, hold.length_bytes),
    }
