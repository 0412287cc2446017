"""How uploads look in the API."""

from datetime import datetime

from msgspec import Struct

from server.uploads.changes import share
from server.uploads.models import Upload


class ErrorView(Struct):
    """Why an upload failed: a stable code and a sentence."""

    code: str
    detail: str


class UploadView(Struct):
    """An upload as the studio shows it. `progress` is 0…1; `result_id` is what it has become."""

    id: str
    event: str
    session: str
    purpose: str
    filename: str
    language: str
    state: str
    offset_bytes: int
    length_bytes: int | None
    progress: float | None
    result_id: str | None
    error: ErrorView | None
    created_at: datetime
    expires_at: datetime | None


def upload_view(upload: Upload) -> UploadView:
    """The row as a view."""
    error = ErrorView(upload.error_code, upload.error_detail or "") if upload.error_code else None
    return UploadView(
        id=upload.id,
        event=upload.event_id,
        session=upload.session_id,
        purpose=upload.purpose,
        filename=upload.filename,
        language=upload.language,
        state=upload.state,
        offset_bytes=upload.offset_bytes,
        length_bytes=upload.length_bytes,
        progress=share(upload.offset_bytes, upload.length_bytes),
        result_id=upload.result_id,
        error=error,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
    )
